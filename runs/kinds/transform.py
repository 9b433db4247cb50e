"""The kind `transform`: a template, an expression or a JSONPath makes a new value of what came in; then its schema."""

from flows.expressions import ExpressionError, Json
from runs.errors import TaskFailure
from runs.kinds.executor import Done
from runs.kinds.formats import read_as, written_as
from runs.kinds.jsonpaths import found_by
from runs.kinds.texts import Names, evaluated, failure, filled, text_setting
from runs.plan import Step
from runs.schemas import misfit
from web.deferred_translation import kept as _


def value_of(step: Step, names: Names, prev: Json) -> Done:
    """Transform what came in, or all that the text names.

    Raises `TaskFailure` ("expression", "invalid_input", "invalid_output").
    """
    settings = step.settings
    given = read_as(text_setting(settings, "input_format"), prev)
    made = _made(step, {**names, "prev": given}, given)
    value = written_as(text_setting(settings, "output_format"), made)
    if wrong := misfit(value, settings.get("validation_schema")):
        raise TaskFailure("invalid_output", wrong)
    return Done(value)


def _made(step: Step, names: Names, given: Json) -> Json:
    text = text_setting(step.settings, "transformation")
    if not text:
        return given
    match text_setting(step.settings, "type", "template"):
        case "template":
            return filled(text, names)
        case "expression":
            return evaluated(text, names)
        case "jsonpath":
            found = found_by(text, given)
            if isinstance(found, ExpressionError):
                raise failure(found)
            return found.value
        case other:
            raise TaskFailure("expression", _("There is no transformation “%(type)s”.") % {"type": other[:100]})
