"""The kind `decision`: which of its branches carries what came in. Its output is what came in, unchanged.

The expression gives a boolean, which stands for the branches `true` and `false`, or the name of a branch. What matches
no branch goes to the default branch, and to the output `default` where none is set.
"""

from flows.expressions import ExpressionError, Json
from runs.errors import TaskFailure
from runs.kinds.executor import Done
from runs.kinds.jsonpaths import found_by
from runs.kinds.texts import Names, evaluated, failure, text_setting
from runs.plan import Step
from web.deferred_translation import kept as _

EXPRESSION = frozenset({"", "expression", "minijinja", "jinja", "jinja2"})


def value_of(step: Step, names: Names, prev: Json) -> Done:
    """Choose a branch. Raises `TaskFailure` ("expression")."""
    return Done(prev, frozenset({branch_of(step, _answer(step, names, prev))}))


def branch_of(step: Step, answer: Json) -> str:
    """Return the output for what the expression gave."""
    name = answer
    if isinstance(answer, bool):
        name = "true" if answer else "false"
    elif isinstance(answer, (int, float)):
        name = str(int(answer)) if answer == int(answer) else str(answer)
    branches = [port for port in step.outputs if port != "default"]
    if isinstance(name, str) and name in branches:
        return name
    default = text_setting(step.settings, "default_branch")
    return default if default in branches else "default"


def _answer(step: Step, names: Names, prev: Json) -> Json:
    language = text_setting(step.settings, "language").lower()
    text = text_setting(step.settings, "expression")
    if language in EXPRESSION:
        return evaluated(text, names)
    if language != "jsonpath":
        sentence = _("Conditions in “%(language)s” cannot be run: use an expression or JSONPath.")
        raise TaskFailure("expression", sentence % {"language": language[:100]})
    found = found_by(text, prev)
    if isinstance(found, ExpressionError):
        raise failure(found)
    if found.is_single and len(found.values) == 1:
        value = found.values[0]
        return value if isinstance(value, (bool, str, int, float)) else value is not None
    return bool(found.values)
