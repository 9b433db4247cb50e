"""Settings against the catalogue: known names, right types, values within bounds.

Settings stay sparse: what was not set is not stored, so a default can improve later without touching anybody's flow.
"""

from collections.abc import Mapping
from typing import cast

from flows.document.errors import Reason, Rejected, invalid
from flows.document.json import PORT_NAME, canonical_bytes, quoted, read_json
from flows.document.kinds.catalogue import IMPORTED, Setting
from flows.document.kinds.kinds import KINDS
from flows.document.limits import NO_LIMITS, DocumentLimits


def read_settings(value: object) -> dict[str, object]:
    """Read a settings object as free JSON; None stands where a key is to be removed."""
    if not isinstance(value, dict):
        raise invalid(Reason.NOT_AN_OBJECT, name="settings")
    return cast(dict[str, object], read_json(value, "settings"))


def check_settings(kind: str, settings: Mapping[str, object], limits: DocumentLimits) -> None:
    """Refuse settings that are too many bytes (`too_large`), unknown to the kind, or out of bounds (`invalid`)."""
    check_bytes(settings, limits)
    check_types(kind, settings, limits)


def check_bytes(settings: Mapping[str, object], limits: DocumentLimits) -> None:
    """Refuse settings that are too many bytes of JSON."""
    if limits is not NO_LIMITS and settings and len(canonical_bytes(settings)) > limits.settings_bytes:
        raise Rejected("too_large", Reason.SETTINGS_TOO_LARGE, most=limits.settings_bytes)


def check_types(kind: str, settings: Mapping[str, object], limits: DocumentLimits) -> None:
    """Refuse settings that do not fit the catalogue. In the log they may be what an older catalogue allowed."""
    if limits is NO_LIMITS:
        return
    known = KINDS[kind].by_name
    for name, value in settings.items():
        setting = known.get(name)
        if setting is None:
            raise invalid(Reason.UNKNOWN_SETTING, kind=kind, setting=quoted(name))
        if setting is IMPORTED:
            _check_imported(value, limits)
        elif value is not None:
            check_setting(setting, value)


def _check_imported(value: object, limits: DocumentLimits) -> None:
    if value is not None and not isinstance(value, dict):
        raise invalid(Reason.NOT_AN_OBJECT, name="settings.imported")
    if len(canonical_bytes(value)) > limits.imported_bytes:
        raise Rejected("too_large", Reason.IMPORTED_TOO_LARGE, most=limits.imported_bytes)


def check_setting(setting: Setting, value: object) -> None:
    """Refuse a value of the wrong type or out of its bounds."""
    match setting.type:
        case "text" | "long_text":
            fits = isinstance(value, str)
        case "choice":
            fits = _is_choice(setting, value)
        case "integer":
            fits = type(value) is int and _is_within(setting, value)
        case "number":
            fits = (type(value) is int or type(value) is float) and _is_within(setting, value)
        case "boolean":
            fits = isinstance(value, bool)
        case "names":
            fits = isinstance(value, list) and _are_names(setting, value)
        case "json":
            fits = True
    if not fits:
        raise _misfit(setting)


def _is_choice(setting: Setting, value: object) -> bool:
    if type(value) is int:
        return setting.minimum is not None and _is_within(setting, value)
    return isinstance(value, str) and any(value == choice for choice, _ in setting.choices)


def _is_within(setting: Setting, value: float) -> bool:
    return (setting.minimum is None or setting.minimum <= value) and (
        setting.maximum is None or value <= setting.maximum
    )


def _are_names(setting: Setting, names: list[object]) -> bool:
    if not _is_within(setting, len(names)):
        return False
    return all(isinstance(name, str) and 0 < len(name) <= PORT_NAME for name in names) and len(set(names)) == len(names)


def _misfit(setting: Setting) -> Rejected:  # noqa: PLR0911
    name, bounds = f"settings.{setting.name}", {"low": setting.minimum, "high": setting.maximum}
    match setting.type:
        case "text" | "long_text":
            return invalid(Reason.NOT_A_STRING, name=name)
        case "choice":
            choices = tuple(choice for choice, _ in setting.choices if choice not in setting.retired)
            return invalid(Reason.NOT_A_CHOICE, name=name, choices=choices)
        case "integer":
            return invalid(Reason.NOT_AN_INTEGER, name=name, **bounds)
        case "number":
            return invalid(Reason.NOT_A_NUMBER, name=name, **bounds)
        case "boolean":
            return invalid(Reason.NOT_A_BOOLEAN, name=name)
        case "names":
            return invalid(Reason.NOT_NAMES, name=name, most=setting.maximum, longest=PORT_NAME)
        case "json":
            return invalid(Reason.NOT_JSON, name=name)
