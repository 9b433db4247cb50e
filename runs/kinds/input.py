"""The kind `input`: what a run is given. Checked once, when the run is started; its task only takes its part of it.

A run's input is one object: the fields of all form nodes by name, and for each text, file or json node a key of its id.
Whatever else is in it stays: expressions may ask for it.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flows.expressions import Json
from runs.errors import TaskFailure
from runs.kinds.executor import Done
from runs.kinds.fields import Field, check_form, fields_of
from runs.kinds.texts import Names, text_setting
from runs.plan import Plan, Step
from runs.schemas import misfit
from web.deferred_translation import kept as _

LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class InputProblem:
    """What is wrong with a run's input: the node, its field or "", a code for programs and a sentence for people."""

    node: str
    field: str
    code: str
    message: str

    def as_json(self) -> dict[str, Json]:
        """Return the problem as the contract's answers show it."""
        return {"node": self.node, "field": self.field, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class CheckedInput:
    """A run's input with all defaults, the value of each input node, and what is wrong: then nothing starts."""

    input: dict[str, Json] = field(default_factory=dict)
    values: dict[str, Json] = field(default_factory=dict)
    problems: tuple[InputProblem, ...] = ()


def check_inputs(plan: Plan, given: object, *, is_event: bool = False) -> CheckedInput:
    """Check what a run is given against all its input nodes.

    An event of a sensor (`is_event`) fits no form: then nothing is needed, and what is missing is its default or null.
    """
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        if is_event:
            return CheckedInput({}, {}, ())
        return CheckedInput(problems=(InputProblem("", "", "invalid", _("The input must be an object.")),))
    whole, values, problems = dict(given), dict[str, Json](), list[InputProblem]()
    for step in plan.steps.values():
        if step.kind == "input" and step.enabled:
            value, wrong = _checked(step, given)
            values[step.id] = value
            whole.update(value if _type(step) == "form" and isinstance(value, dict) else {step.id: value})
            problems += [] if is_event else wrong
    return CheckedInput(whole, values, tuple(problems))


def value_of(step: Step, names: Names, prev: Json) -> Done:
    """Return a node's part of the run's input."""
    given = names.get("input")
    known = given if isinstance(given, dict) else {}
    if _type(step) != "form":
        return Done(known.get(step.id))
    return Done({one.name: known.get(one.name) for one in form_of(step)})


def form_of(step: Step) -> tuple[Field, ...]:
    """Return the fields that a run is asked for by this node, with the defaults that it names apart."""
    defaults = step.settings.get("default_values")
    fields = fields_of(step.settings.get("fields"))
    if not isinstance(defaults, Mapping):
        return fields
    return tuple(
        Field(one.name, one.title, one.type, one.is_required, defaults[one.name], one.enum, one.minimum, one.maximum)
        if one.default is None and defaults.get(one.name) is not None
        else one
        for one in fields
    )


def _type(step: Step) -> str:
    return text_setting(step.settings, "type", "form")


def _checked(step: Step, given: Mapping[str, Json]) -> tuple[Json, list[InputProblem]]:
    if _type(step) == "form":
        values, wrong = check_form(form_of(step), given)
        problems = [InputProblem(step.id, one.field, one.code, one.message) for one in wrong]
        return values, problems or list(_against_rules(step, values))
    value = given.get(step.id)
    if value is None:
        value = _default(step)
    if value is None:
        rules = step.settings.get("validation_rules")
        is_needed = isinstance(rules, Mapping) and rules.get("required") is True
        sentence = _("An input is needed for “%(node)s”.") % {"node": (step.label or step.id)[:100]}
        return None, [InputProblem(step.id, "", "required", sentence)] if is_needed else []
    wrong_type = _wrong_type(_type(step), value)
    if wrong_type:
        return value, [InputProblem(step.id, "", "invalid", wrong_type)]
    return value, list(_against_rules(step, value))


def _default(step: Step) -> Json:
    default = step.settings.get("default_values")
    if isinstance(default, dict) and step.id in default:
        return default[step.id]
    if _type(step) == "text" and not isinstance(default, str):
        return None
    return default or None


def _wrong_type(kind: str, value: Json) -> str:
    match kind:
        case "text" if not isinstance(value, str):
            return _("A text is needed.")
        case "file":
            return _wrong_file(value)
    return ""


def _wrong_file(value: Json) -> str:
    if not isinstance(value, dict) or not set(value) <= _FILE_KEYS:
        return _("A file is needed: an object with name, type and data.")
    name, data, kind = value.get("name"), value.get("data"), value.get("type", "")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not isinstance(kind, str):
        return _("A file is needed: an object with name, type and data.")
    try:
        base64.b64decode(data if isinstance(data, str) else "-", validate=True)
    except (binascii.Error, ValueError):
        return _("The file’s data must be base64.")
    return ""


_FILE_KEYS = {"name", "type", "data"}


def _against_rules(step: Step, value: Json) -> Iterator[InputProblem]:
    """Check the rules: of a form, a JSON Schema by field or one of the whole; of others, one of the value."""
    rules = step.settings.get("validation_rules")
    if not isinstance(rules, Mapping) or not rules:
        return
    parts: list[tuple[str, Json, object]]
    fields = {one.name for one in form_of(step)} if _type(step) == "form" else set[str]()
    if isinstance(value, dict) and fields and set(rules) <= fields:
        parts = [(name, value[name], rule) for name, rule in rules.items() if value.get(name) is not None]
    else:
        parts = [("", value, _rule(rules))]
    for name, part, rule in parts:
        if wrong := _misfit(part, rule):
            yield InputProblem(step.id, name, "invalid", wrong)


def _misfit(value: Json, rule: object) -> str:
    try:
        return misfit(value, rule)
    except TaskFailure as failure:
        return failure.message


def _rule(rules: Mapping[str, object]) -> dict[str, object]:
    """Return rules as a schema: `required: true` is ours, and says that there must be a value."""
    return {name: rule for name, rule in rules.items() if name != "required" or not isinstance(rule, bool)}
