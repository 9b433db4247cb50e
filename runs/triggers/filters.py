"""Which events of a sensor start a run: its setting `filters`.

An object names what must be so: each key is a path into the event ("order.state"), its value what stands there; a list
is any of these, an object goes on inside. A text is an expression over the event as `input`. A list is all its parts.
"""

from collections.abc import Mapping

from flows.document.json import same_json
from flows.expressions import ExpressionError, Json, check_condition, evaluate
from web.deferred_translation import kept as _
from web.errors import Problem

_NOTHING = object()


def check_filters(filters: object) -> None:
    """Refuse what is no filter. Raises `Problem("invalid")`."""
    for one in filters if isinstance(filters, list) else [filters]:
        if isinstance(one, str) and one.strip():
            if check_condition(one) is not None:
                raise Problem("invalid", _("filters: not an expression: %(text)s") % {"text": one[:100]})
        elif one not in (None, "") and not isinstance(one, Mapping):
            raise Problem("invalid", _("filters: an object, an expression, or a list of these"))


def matches(filters: object, event: Json) -> bool:
    """Tell whether an event is wanted. What cannot be evaluated for it does not match."""
    parts = filters if isinstance(filters, list) else [filters]
    return all(_matches(part, event) for part in parts)


def _matches(part: object, event: Json) -> bool:
    if isinstance(part, str) and part.strip():
        result = evaluate(part, {"input": event, "item": event, "prev": event})
        return not isinstance(result, ExpressionError) and bool(result)
    if not isinstance(part, Mapping):
        return True
    return all(_is(wanted, _at(event, path)) for path, wanted in part.items())


def _is(wanted: object, found: object) -> bool:
    if found is _NOTHING:
        return wanted is None
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(_is(inner, _at(found, key)) for key, inner in wanted.items())
    if isinstance(wanted, list):
        return any(_is(one, found) for one in wanted) or same_json(wanted, found)
    if isinstance(wanted, str) and isinstance(found, (bool, int, float)):
        return wanted == (str(found).lower() if isinstance(found, bool) else str(found))
    return same_json(wanted, found)


def _at(event: object, path: str) -> object:
    if isinstance(event, Mapping) and path in event:
        return event[path]
    for key in path.split("."):
        if not isinstance(event, Mapping) or key not in event:
            return _NOTHING
        event = event[key]
    return event
