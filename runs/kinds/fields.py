"""Forms: the fields of an input, and of what people are asked. Pure.

A form is a list of `{name, title?, type, required?, default?, enum?, minimum?, maximum?}`; a bare name is a field of
text. `type` is one of `TYPES`; for text and lists, `minimum` and `maximum` count characters and members.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.expressions import Json
from web.deferred_translation import kept as _

TYPES = ("string", "number", "integer", "boolean", "array", "object", "json")
_ALIASES = {
    "": "string",
    "text": "string",
    "long_text": "string",
    "textarea": "string",
    "email": "string",
    "url": "string",
    "date": "string",
    "select": "string",
    "choice": "string",
    "float": "number",
    "int": "integer",
    "bool": "boolean",
    "checkbox": "boolean",
    "list": "array",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; `default` is None where there is none."""

    name: str
    title: str
    type: str = "string"
    is_required: bool = False
    default: Json = None
    enum: tuple[Json, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field that was given: `code` for programs, `message` for people."""

    field: str
    code: str
    message: str


def fields_of(form: object) -> tuple[Field, ...]:
    """Read a form; what is no field is left out, of two with one name the first counts."""
    found: dict[str, Field] = {}
    for entry in _entries(form):
        field = _field(entry)
        if field is not None:
            found.setdefault(field.name, field)
    return tuple(found.values())


def check_form(fields: Sequence[Field], given: object) -> tuple[dict[str, Json], list[FieldProblem]]:
    """Return the values of a form, with defaults for what was not given, and what is wrong with them.

    What is not a field is left out.
    """
    if not isinstance(given, Mapping):
        return {}, [FieldProblem("", "invalid", _("An object is needed: a value for each field."))]
    values, problems = dict[str, Json](), list[FieldProblem]()
    for field in fields:
        value = given.get(field.name)
        if value is None or (value == "" and field.type != "string"):
            value = field.default
        if value is None or (value == "" and field.is_required):
            values[field.name] = value
            if field.is_required:
                problems.append(FieldProblem(field.name, "required", _("%(field)s is needed.") % _called(field)))
            continue
        values[field.name] = value
        if wrong := _misfit(field, value):
            problems.append(FieldProblem(field.name, "invalid", wrong))
    return values, problems


def schema_of(fields: Sequence[Field]) -> dict[str, Json]:
    """Return a form as a JSON Schema."""
    properties: dict[str, Json] = {field.name: _property(field) for field in fields}
    return {
        "type": "object",
        "properties": properties,
        "required": [field.name for field in fields if field.is_required and field.default is None],
    }


def _entries(form: object) -> Iterator[Mapping[str, object]]:
    if isinstance(form, Mapping):
        for name, entry in form.items():
            match entry:
                case Mapping():
                    yield {"name": name, **entry}
                case str():
                    yield {"name": name, "type": entry}
                case _:
                    yield {"name": name}
    elif isinstance(form, (list, tuple)):
        for entry in form:
            if isinstance(entry, str):
                yield {"name": entry}
            elif isinstance(entry, Mapping):
                yield entry


def _field(entry: Mapping[str, object]) -> Field | None:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        return None
    title, enum = entry.get("title"), entry.get("enum")
    kind = str(entry.get("type") or "string").lower()
    return Field(
        name,
        title if isinstance(title, str) and title else name,
        kind if kind in TYPES else _ALIASES.get(kind, "json"),
        entry.get("required") is True,
        entry.get("default"),  # type: ignore[arg-type]
        tuple(enum) if isinstance(enum, (list, tuple)) else (),
        _bound(entry.get("minimum")),
        _bound(entry.get("maximum")),
    )


def _bound(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) else None


def _misfit(field: Field, value: Json) -> str:
    if not _is_of_type(field.type, value):
        return _TYPE_SENTENCES[field.type]() % _called(field)
    if field.enum and not any(type(value) is type(one) and value == one for one in field.enum):
        return _("%(field)s: one of %(choices)s is needed.") % (
            _called(field) | {"choices": ", ".join(map(str, field.enum))[:200]}
        )
    measured = _measure(value)
    if measured is None:
        return ""
    if field.minimum is not None and measured < field.minimum:
        return _("%(field)s: at least %(bound)s.") % (_called(field) | {"bound": f"{field.minimum:g}"})
    if field.maximum is not None and measured > field.maximum:
        return _("%(field)s: at most %(bound)s.") % (_called(field) | {"bound": f"{field.maximum:g}"})
    return ""


def _is_of_type(kind: str, value: Json) -> bool:
    if kind in ("integer", "number"):
        is_finite = type(value) is int or (type(value) is float and math.isfinite(value))
        return is_finite and (kind == "number" or value == int(value))  # type: ignore[arg-type]
    return kind == "json" or isinstance(value, _PYTHON[kind])


_PYTHON: Mapping[str, type] = {"string": str, "boolean": bool, "array": list, "object": dict}
_TYPE_SENTENCES = {
    "string": lambda: _("%(field)s: a text is needed."),
    "boolean": lambda: _("%(field)s: true or false is needed."),
    "integer": lambda: _("%(field)s: a whole number is needed."),
    "number": lambda: _("%(field)s: a number is needed."),
    "array": lambda: _("%(field)s: a list is needed."),
    "object": lambda: _("%(field)s: an object is needed."),
}


def _measure(value: Json) -> float | None:
    match value:
        case bool() | None | dict():
            return None
        case int() | float():
            return value
        case str() | list():
            return len(value)


def _called(field: Field) -> dict[str, str]:
    return {"field": field.title[:100]}


def _property(field: Field) -> Json:
    made: dict[str, Json] = {"title": field.title}
    if field.type != "json":
        made["type"] = field.type
    if field.default is not None:
        made["default"] = field.default
    if field.enum:
        made["enum"] = list(field.enum)
    low, high = _BOUNDS.get(field.type, ("", ""))
    if low and field.minimum is not None:
        made[low] = field.minimum
    if high and field.maximum is not None:
        made[high] = field.maximum
    return made


_BOUNDS = {
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum"),
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
}
