"""Evaluates conditions and templates in minijinja, bounded in steps, in memory and in what a text may reach.

No loaders, no Python objects, no functions of the engine that write a value down many times: `map` and `range` are
ours, `batch` and `slice` are not there. Each evaluation sees its values through its own `Meter`, so nothing that a text
does is seen outside it. What goes wrong comes back as an `ExpressionError`.
"""

import json
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

from minijinja import Environment, TemplateError

from flows.expressions.errors import ExpressionError, ExpressionReason, error_at
from flows.expressions.filters import unknown_filter
from flows.expressions.language import KEPT, OPERAND, Prepared, prepared
from flows.expressions.values import ENGINE_ERRORS, Exhausted, Json, Meter, NotJson, guarded, plain, written

FUEL = 100_000
RANGE = 10_000
RESULT = 4 * 1024 * 1024
"""The longest text, in characters, that an evaluation may give."""

Result: TypeAlias = Json | ExpressionError

_WITHOUT_FILTERS = ("batch", "slice", "pprint", "zip", "chain", "format", "safe", "escape", "e", "indent")
_WITHOUT_GLOBALS = ("debug", "namespace", "cycler", "joiner", "dict")
_OPEN, _CLOSE = "\x01{", "}\x01"
_AROUND = f"{_OPEN} ", f"\n{_CLOSE}"
"""With white space: a sign next to a delimiter would be read as part of it."""


class _Local(threading.local):
    """One environment a thread: the engine's calls into Python must find their own evaluation."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.environment = _environment(lambda: self.meter)


class _Missing:
    """Stands for a value that is not there."""

    __slots__ = ()


class _OperandError(ValueError):
    """`*` was asked of a list or an object."""


MISSING = _Missing()


def check_condition(text: str) -> ExpressionError | None:
    """Tell what is wrong with the form of a condition, or None."""
    reading = _read_condition(text)
    return reading if isinstance(reading, ExpressionError) else None


def check_template(text: str) -> ExpressionError | None:
    """Tell what is wrong with the form of a template, or None."""
    reading = _read_template(text)
    return reading if isinstance(reading, ExpressionError) else None


def evaluate(text: str, context: Mapping[str, object]) -> Result:
    """Evaluate a condition or another expression to JSON, or to what is wrong."""
    reading = _read_condition(text)
    if isinstance(reading, ExpressionError):
        return reading
    found = _run(reading, context, lambda environment, names: environment.eval_expr(_whole(reading), **names), 1)
    if isinstance(found, ExpressionError):
        return found
    if found is MISSING:
        return error_at(ExpressionReason.UNDEFINED, text[:200], text, 0)
    try:
        return plain(found, _local.meter)
    except NotJson:
        return error_at(ExpressionReason.NOT_JSON, "", text, 0)
    except Exhausted:
        return error_at(ExpressionReason.TOO_MUCH_WORK, "", text, 0)


def render(text: str, context: Mapping[str, object]) -> str | ExpressionError:
    """Fill in a template, or tell what is wrong."""
    reading = _read_template(text)
    if isinstance(reading, ExpressionError):
        return reading
    found = _run(reading, context, lambda environment, names: environment.render_str(reading.engine_text, **names), 0)
    if isinstance(found, ExpressionError):
        return found
    rendered = str(found)
    if len(rendered) > RESULT:
        return error_at(ExpressionReason.TOO_MUCH_WORK, "", text, 0)
    return rendered


def unknown_names(text: str, *, is_template: bool) -> frozenset[str]:
    """Return the names that a well-formed text uses without making them itself."""
    reading = prepared(text, is_template=is_template)
    if isinstance(reading, ExpressionError):
        return frozenset()
    whole = reading.engine_text if is_template else reading.engine_text.join(_AROUND)
    environment = _local.environment if is_template else _checking.environment
    try:
        return frozenset(environment.undeclared_variables_in_str(whole)) - {"loop", "range"}
    except TemplateError:
        return frozenset()


def _whole(reading: Prepared) -> str:
    return f"({reading.engine_text}\n)|default(missing_)"


_Call: TypeAlias = Callable[[Environment, Mapping[str, object]], object]


def _run(reading: Prepared, context: Mapping[str, object], call: _Call, shift: int) -> object:
    local = _local
    local.meter = Meter()
    names = {name: guarded(value, local.meter) for name, value in context.items()}
    try:
        found = call(local.environment, names if not shift else names | {"missing_": MISSING})
    except TemplateError as error:
        return _failed(reading, error, shift, is_spent=local.meter.is_spent)
    except NotJson:
        return error_at(ExpressionReason.NOT_JSON, "", reading.text, 0)
    except Exhausted:
        return error_at(ExpressionReason.TOO_MUCH_WORK, "", reading.text, 0)
    except ENGINE_ERRORS as error:
        reason = ExpressionReason.TOO_MUCH_WORK if local.meter.is_spent else ExpressionReason.FAILED
        return error_at(reason, str(error)[:200], reading.text, 0)
    return error_at(ExpressionReason.TOO_MUCH_WORK, "", reading.text, 0) if local.meter.is_spent else found


def _failed(reading: Prepared, error: TemplateError, shift: int, *, is_spent: bool) -> ExpressionError:
    said = (error.detail or error.message)[:200]
    if is_spent or error.kind == "OutOfFuel":
        reason = ExpressionReason.TOO_MUCH_WORK
    elif error.kind == "UndefinedError":
        reason = ExpressionReason.UNDEFINED
    else:
        reason = ExpressionReason.SYNTAX if error.kind == "SyntaxError" else ExpressionReason.FAILED
    place = error.range
    if place is None:
        return ExpressionError(reason, said, max(1, error.line or 1), 1)
    return error_at(reason, said, reading.text, reading.place(max(0, place[0] - shift)))


def _read_condition(text: str) -> Prepared | ExpressionError:
    return (_kept if len(text) <= KEPT else _read)(text, is_template=False)


def _read_template(text: str) -> Prepared | ExpressionError:
    return (_kept if len(text) <= KEPT else _read)(text, is_template=True)


def _read(text: str, *, is_template: bool) -> Prepared | ExpressionError:
    reading = prepared(text, is_template=is_template)
    return _parsed(reading, "", "") if is_template else _parsed(reading, *_AROUND)


def _parsed(reading: Prepared | ExpressionError, before: str, after: str) -> Prepared | ExpressionError:
    if isinstance(reading, ExpressionError):
        return reading
    environment = _checking.environment if before else _local.environment
    try:
        environment.undeclared_variables_in_str(f"{before}{reading.engine_text}{after}")
    except TemplateError as error:
        return _failed(reading, error, len(before), is_spent=False)
    return unknown_filter(reading, has_filter=_has_filter, has_test=_has_test) or reading


@lru_cache(maxsize=256)
def _has_filter(name: str) -> bool:
    return _knows(f"1|{name}", "UnknownFilter")


@lru_cache(maxsize=256)
def _has_test(name: str) -> bool:
    return _knows(f"1 is {name}", "UnknownTest")


def _knows(text: str, unknown: str) -> bool:
    """Ask the engine for something; whatever else is wrong with that, it is there."""
    local = _local
    local.meter = Meter()
    try:
        local.environment.eval_expr(text)
    except TemplateError as error:
        return error.kind != unknown
    except ENGINE_ERRORS:
        return True
    return True


def _environment(meter: Callable[[], Meter]) -> Environment:
    """Make an environment; `meter` returns that of the evaluation under way."""
    made = Environment(pycompat=False, debug=False, fuel=FUEL, undefined_behavior="strict")
    made.auto_escape_callback = lambda _name: False
    for name in _WITHOUT_FILTERS:
        made.remove_filter(name)
    for name in _WITHOUT_GLOBALS:
        made.remove_global(name)
    made.add_filter(OPERAND, _operand)
    made.add_filter("map", lambda values, name="", attribute="": _mapped(values, name, attribute, meter()))
    made.add_filter("tojson", lambda value, indent=None: _dumped(value, indent, meter()))
    made.finalizer = lambda value: written(value, meter())
    made.add_global("range", lambda *bounds: _range(meter(), *bounds))
    return made


def _operand(value: object) -> object:
    if isinstance(value, (int, float, str)):
        return value
    raise _OperandError("* takes numbers, or a text and a number")


def _range(meter: Meter, *bounds: int) -> object:
    numbers = range(*bounds)
    meter.reads -= min(len(numbers), RANGE)
    if len(numbers) > RANGE or meter.is_spent:
        raise ValueError(f"range: at most {RANGE} numbers")
    return guarded(list(numbers), meter)


def _mapped(values: object, name: str, attribute: str, meter: Meter) -> object:
    if not name and not attribute:
        raise ValueError("map: a filter's name or attribute= is needed")
    given = plain(values, meter)
    if not isinstance(given, (list, dict)):
        raise TypeError("map: a list is needed")
    if attribute:
        return guarded([_attribute(one, attribute) for one in given], meter)
    if name not in _MAPPERS:
        raise ValueError(f"map: one of {', '.join(_MAPPERS)}")
    return guarded([_MAPPERS[name](one) for one in given], meter)


def _attribute(value: Json, path: str) -> Json:
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            raise LookupError(f"map: an item has no {key}")
        value = value[key]
    return value


def _dumped(value: object, indent: object, meter: Meter) -> str:
    if isinstance(value, str) or value is None:
        return json.dumps(value, ensure_ascii=False)
    return written(value, meter, 2 if indent else None)


_MAPPERS: Mapping[str, Callable[[Json], Json]] = {
    "string": lambda value: value if isinstance(value, str) else _text(value),
    "int": lambda value: int(_scalar(value)),
    "float": lambda value: float(_scalar(value)),
    "upper": lambda value: _text(value).upper(),
    "lower": lambda value: _text(value).lower(),
    "trim": lambda value: _text(value).strip(),
    "length": lambda value: len(value) if isinstance(value, (str, list, dict)) else 0,
}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else str(_scalar(value))


def _scalar(value: Json) -> str | int | float:
    if value is None or isinstance(value, (list, dict)):
        raise TypeError("map: a number or text is needed")
    return value


class _Checking(threading.local):
    """Reads conditions: its delimiters are none that a text can hold."""

    def __init__(self) -> None:
        self.environment = _environment(Meter)
        self.environment.variable_start_string, self.environment.variable_end_string = _OPEN, _CLOSE


_kept = lru_cache(maxsize=2048)(_read)
_local, _checking = _Local(), _Checking()
