"""How a step is run, as its node's settings say it: its join, tries, time and what a failure does.

Older flows say some of it by other names; those keep their meaning. What cannot be read is as if it were not set: that
it does not fit is told by validation, and a run with such a setting does not start.
"""

from collections.abc import Mapping
from typing import Final, TypedDict

from flows.document import KINDS
from flows.expressions import Json
from runs.plan.steps import Ask, Criticality, Join, OnError

TRIES: Final = 3
"""How many further tries there are where a step is to be tried again and says no number."""
FULL_PYTHON: Final = "full_python"
"""The label of a worker that has a sandbox for full Python."""
_OLD_RETRIES: Final = ("retry_count", "retry_attempts", "max_retries")
_RETRIES: Final = ("retries", *_OLD_RETRIES)
_ON_ERROR: Final[Mapping[Json, OnError]] = {
    "stop": "stop",
    "throw": "stop",
    "null": "null",
    "return_null": "null",
    "go_on": "go_on",
    "continue": "go_on",
    "retry": "retry",
    "leave": "leave",
    "break": "leave",
}
_OF_LOOPS: Final[Mapping[OnError, OnError]] = {"null": "go_on", "retry": "stop"}


class RunSettings(TypedDict):
    """The fields of a step that settings say."""

    join: Join
    criticality: Criticality
    runs_on: tuple[str, ...]
    timeout_ms: int | None
    retries: int
    on_error: OnError
    reuse: bool
    ask_first: Ask | None


def run_settings(kind: str, settings: Mapping[str, Json]) -> RunSettings:
    """Read how a step is run."""
    on_error = _ON_ERROR.get(_text(_set_or_default(kind, settings, "on_error")), "stop")
    if kind == "loop":
        on_error = _OF_LOOPS.get(on_error, on_error)
    elif on_error == "leave":
        on_error = "stop"
    return {
        "join": _join(settings.get("join")),
        "criticality": _criticality(settings.get("criticality")),
        "runs_on": _labels(kind, settings),
        "timeout_ms": _count(_set_or_default(kind, settings, "timeout_ms")) or None,
        "retries": _retries(kind, settings, on_error),
        "on_error": on_error,
        "reuse": settings.get("reuse") is not False,
        "ask_first": _ask(settings.get("ask_first")),
    }


def _labels(kind: str, settings: Mapping[str, Json]) -> tuple[str, ...]:
    """Return what a worker must have; a skill in full Python needs one that can run it."""
    given = _names(settings.get("runs_on"))
    is_full = kind == "skill" and settings.get("runtime") == "full"
    return tuple(sorted({*given, FULL_PYTHON})) if is_full else given


def _retries(kind: str, settings: Mapping[str, Json], on_error: OnError) -> int:
    for name in _RETRIES:
        if (count := _count(settings.get(name))) is not None:
            return count
    if on_error == "retry":
        return TRIES
    return next((count for name in _OLD_RETRIES if (count := _count(_default(kind, name))) is not None), 0)


def _set_or_default(kind: str, settings: Mapping[str, Json], name: str) -> object:
    value = settings.get(name)
    return _default(kind, name) if value is None else value


def _default(kind: str, name: str) -> object:
    setting = KINDS[kind].setting(name)
    return None if setting is None else setting.default


def _join(value: object) -> Join:
    match value:
        case "every":
            return "every"
        case "any":
            return "any"
        case str() if value.isdecimal() and int(value) > 0:
            return int(value)
        case int() if not isinstance(value, bool) and value > 0:
            return value
        case _:
            return "arrived"


def _criticality(value: object) -> Criticality:
    match value:
        case "critical":
            return "critical"
        case "optional":
            return "optional"
        case _:
            return "normal"


def _names(value: object) -> tuple[str, ...]:
    """Read names from a list, or from one text with commas; in order, each once."""
    given = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else ()
    return tuple(sorted({name.strip() for name in given if isinstance(name, str) and name.strip()}))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _ask(value: object) -> Ask | None:
    if not isinstance(value, dict):
        return None
    who, form, question = value.get("who"), value.get("form"), value.get("question")
    return Ask(
        question=question if isinstance(question, str) else "",
        who=(_names(who) if isinstance(who, (list, tuple)) else ()) or "editors",
        form=_form(form),
        timeout_ms=_count(value.get("timeout_ms")) or None,
    )


def _form(form: object) -> tuple[dict[str, Json], ...]:
    """Read the fields of a form as a list: a bare name is a field of text, an object has them by name."""
    if isinstance(form, Mapping):
        return tuple(_field(name, field) for name, field in form.items())
    given = form if isinstance(form, (list, tuple)) else ()
    fields = (_field(one, None) if isinstance(one, str) else one for one in given)
    return tuple(dict(field) for field in fields if isinstance(field, Mapping))


def _field(name: str, given: object) -> dict[str, Json]:
    match given:
        case Mapping():
            return {**given, "name": name}
        case str():
            return {"name": name, "type": given}
        case _:
            return {"name": name}
