"""Expressions and templates in settings, as executors use them: what is wrong with one is the task's failure.

A setting of free JSON may hold templates in any string. An object `{"$secret": "NAME"}` is not looked into: only what
is meant for secrets resolves it (`flows.validation.secrets`).
"""

from collections.abc import Mapping

from flows.expressions import ExpressionError, Json, evaluate, render
from flows.problem_sentences import expression_sentence
from runs.errors import TaskFailure

Names = Mapping[str, Json]


def evaluated(text: str, names: Names) -> Json:
    """Return what an expression gives. Raises `TaskFailure` ("expression")."""
    found = evaluate(text, names)
    if isinstance(found, ExpressionError):
        raise failure(found)
    return found


def filled(text: str, names: Names) -> str:
    """Fill in a template. Raises `TaskFailure` ("expression")."""
    if "{" not in text:
        return text
    found = render(text, names)
    if isinstance(found, ExpressionError):
        raise failure(found)
    return found


def filled_json(value: object, names: Names) -> Json:
    """Fill in every string of a JSON value. Raises `TaskFailure` ("expression")."""
    match value:
        case str():
            return filled(value, names)
        case dict() if len(value) == 1 and isinstance(name := value.get("$secret"), str):
            return {"$secret": name}
        case dict():
            return {str(key): filled_json(item, names) for key, item in value.items()}
        case list() | tuple():
            return [filled_json(item, names) for item in value]
        case bool() | int() | float():
            return value
        case _:
            return None


def text_setting(settings: Mapping[str, object], name: str, default: str = "") -> str:
    """Return a setting that is text; anything else counts as not set."""
    value = settings.get(name)
    return value if isinstance(value, str) and value.strip() else default


def whole_setting(settings: Mapping[str, object], name: str, default: int) -> int:
    """Return a setting that is a whole number; anything else counts as not set."""
    value = settings.get(name)
    return value if type(value) is int else default


def failure(error: ExpressionError) -> TaskFailure:
    """Return a task's failure that says what is wrong with an expression."""
    return TaskFailure("expression", expression_sentence(error))
