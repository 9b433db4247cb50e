"""What a person typed into a form, read back into the difference that it makes.

A form may stand open for long. It carries a mark of each text that it showed, and only what differs from that counts as
typed: what others have changed meanwhile is not put back by a person who never touched it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from flows.document import Rejected, parse_json, same_json
from flows.pages.forms.fields import Field, Section, Typed, written
from flows.pages.forms.numbers import read_number

ABSENT = object()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person typed: the difference it makes, and what could not be read, by field."""

    changes: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def with_errors(sections: Iterable[Section], errors: Mapping[str, str], typed: QueryDict) -> tuple[Section, ...]:
    """Return the sections with what was typed still in them, and what is wrong with it beside it."""
    return tuple(
        replace(section, fields=tuple(_again(one, errors, typed) for one in section.fields)) for section in sections
    )


def marks(sections: Iterable[Section], **more: str) -> str:
    """Return marks of all that a form shows, for the form to carry; `more` are texts that are no section's."""
    texts = {one.name: one.text for section in sections for one in section.fields} | more
    return json.dumps({name: _mark(text) for name, text in texts.items()}, separators=(",", ":"))


def is_touched(typed: QueryDict, name: str, text: str) -> bool:
    """Tell whether a field says something else than when it was shown; without a mark it counts as touched."""
    try:
        shown = json.loads(typed.get("shown", "{}"))
    except ValueError:
        return True
    return not isinstance(shown, dict) or shown.get(name) != _mark(text)


def read(sections: Iterable[Section], typed: QueryDict) -> Reading:
    """Read what was typed into the difference to what the fields hold. What was not touched stays as it is."""
    reading = Reading()
    for one in (one for section in sections for one in section.fields):
        if one.name not in typed and not (one.type == "boolean" and f"{one.name}.sent" in typed):
            continue
        if not is_touched(typed, one.name, _said(one, typed)):
            continue
        try:
            value = parsed(one.type, typed.get(one.name, ""))
        except ValueError as error:
            reading.errors[one.name] = str(error)
            continue
        if one.is_outside(value):
            reading.errors[one.name] = one.bounds
            continue
        if value is ABSENT and not one.name.startswith("settings."):
            value = ""
        if not _same(one, value):
            _put(reading.changes, one.name, None if value is ABSENT else value)
    return reading


def parsed(type: str, text: str) -> object:
    """Read a field's text; `ABSENT` when it is empty. Raises ValueError with a sentence for people."""
    text = text.replace("\r\n", "\n")
    if type == "boolean":
        return text.lower() in {"on", "true", "1"}
    if not text.strip():
        return ABSENT
    match type:
        case "integer" | "number":
            return read_number(text, is_whole=type == "integer")
        case "names":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "json":
            try:
                return parse_json(text)
            except Rejected:
                raise ValueError(_("Not valid JSON")) from None
        case _:
            return int(text) if type == "choice" and re.fullmatch("[0-9]{1,6}", text) else text


def _same(one: Field, value: object) -> bool:
    if value is ABSENT:
        return one.text == ""
    held = list(one.value) if isinstance(one.value, tuple) else one.value
    return same_json(held, value)


def _put(changes: dict[str, Any], name: str, value: object) -> None:
    head, _dot, setting = name.partition(".")
    if setting:
        changes.setdefault(head, {})[setting] = value
    else:
        changes[head] = value


def _said(one: Field, typed: QueryDict) -> str:
    """Return a field's text as it would have been shown."""
    text = typed.get(one.name, "").replace("\r\n", "\n")
    return written(one.type, parsed(one.type, text)) if one.type == "boolean" else text


def _mark(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _again(one: Field, errors: Mapping[str, str], typed: QueryDict) -> Field:
    value = one.value if one.type == "boolean" or one.name not in typed else Typed(typed[one.name])
    return replace(one, value=value, error=errors.get(one.name, ""))
