"""The one language of conditions and templates: minijinja, and JSONPath for transforms.

Conditions are expressions, texts are templates with `{{ … }}`; both see `input`, `nodes["<id>"].output`, `prev`,
`item`, `index` and `run`. Pure: no Django, no files, no network. Nothing that a text does can hang, fill the memory or
reach Python; whatever is wrong is an `ExpressionError`, never an exception. Validation asks for form and references,
runs evaluate.
"""

from flows.expressions.errors import ExpressionError, ExpressionReason
from flows.expressions.evaluation import check_condition, check_template, evaluate, render, unknown_names
from flows.expressions.jsonpath import check_path, find
from flows.expressions.language import CONTEXT
from flows.expressions.references import References, references
from flows.expressions.values import Json

__all__ = [
    "CONTEXT",
    "ExpressionError",
    "ExpressionReason",
    "Json",
    "References",
    "check_condition",
    "check_path",
    "check_template",
    "evaluate",
    "find",
    "references",
    "render",
    "unknown_names",
]
