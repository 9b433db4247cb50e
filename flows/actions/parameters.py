"""The parameters of a call: of their types, within their bounds, and complete."""

from collections.abc import Mapping

from flows.actions.action import Action
from flows.document import Reason, Rejected, Setting
from flows.document.json import quoted
from flows.document.kinds.settings import check_setting


def read_parameters(action: Action, given: object) -> dict[str, object]:
    """Return all parameters of an action, defaults filled in. Raises `Rejected` for unknown or unfitting ones."""
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise Rejected("invalid", Reason.NOT_AN_OBJECT, name="parameters")
    known = {parameter.name: parameter for parameter in action.parameters}
    for name in given:
        if name not in known:
            raise Rejected("invalid", Reason.UNKNOWN_KEY, name="parameters", key=quoted(name))
    return {name: _read(parameter, given) for name, parameter in known.items()}


def _read(parameter: Setting, given: Mapping[str, object]) -> object:
    value = given.get(parameter.name)
    if value is None:
        return parameter.default
    try:
        check_setting(parameter, value)
    except Rejected as refusal:
        values = {**refusal.values, "name": f"parameters.{parameter.name}"}
        raise Rejected(refusal.code, refusal.reason, missing=None, **values) from None
    return value
