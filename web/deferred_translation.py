"""A sentence that is kept and read later, maybe by somebody who reads another language than who made it.

`kept` stands where `gettext` would: what it returns is a text like others, in the language of the moment, that still
knows its template and what was put into that. `stored` is what a column or an event holds of it, `said` reads that in
the language of whoever looks. Any other text is stored and said as it is.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from django.utils.translation import gettext

Value: TypeAlias = str | int | float
MARK = '{"say":'
MARK_IN_JSON = json.dumps(MARK)[1:-1]
_PLACE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


class Kept(str):
    """A text made of a template of the catalogue and named values. Made by `kept`."""

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, values: Mapping[str, Value]) -> "Kept":
        """Say it in the language of now."""
        made = super().__new__(cls, _filled(gettext(template) if template else "", values))
        made.template, made.values = template, values
        return made

    def __getnewargs__(self) -> tuple[str, Mapping[str, Value]]:  # type: ignore[override]
        """Return what a copy is made of."""
        return self.template, self.values

    def __mod__(self, values: Any) -> "Kept":
        """Put values into the places of the template, as `%` does."""
        return Kept(self.template, {name: _value(value) for name, value in values.items()})

    def format(self, *_places: object, **values: object) -> "Kept":
        """Put values into the places of the template, as `str.format` does."""
        return Kept(self.template, {name: _value(value) for name, value in values.items()})


def kept(template: str) -> Kept:
    """Return a sentence of the catalogue, to put values into."""
    return Kept(template, {})


def changed(text: str, change: Callable[[str], str]) -> str:
    """Change what was put into a sentence, and nothing of its own words; all of any other text."""
    if not isinstance(text, Kept):
        return change(text)
    values = {name: changed(value, change) if isinstance(value, str) else value for name, value in text.values.items()}
    return Kept(text.template, values)


def stored(text: str) -> str:
    """Return what is kept of a text."""
    if isinstance(text, Kept):
        return json.dumps(parts_of(text), ensure_ascii=False, separators=(",", ":"))
    return stored(Kept("%(text)s", {"text": text})) if text.startswith(MARK) else text


def said(text: str) -> str:
    """Return what `stored` kept, in the language of now."""
    if not text.startswith(MARK):
        return text
    try:
        read = joined(json.loads(text))
    except (ValueError, RecursionError):
        return text
    return text if read is None else read


def said_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with all sentences that it or its objects keep in the language of now."""
    return {name: _said_value(value) for name, value in data.items()}


def parts_of(text: Kept) -> dict[str, Any]:
    """Return template and values of a sentence, as JSON has them."""
    values = {name: parts_of(value) if isinstance(value, Kept) else value for name, value in text.values.items()}
    return {"say": text.template, "with": values}


def joined(parts: object) -> Kept | None:
    """Return the sentence of such parts, in the language of now; None if they are none."""
    match parts:
        case {"say": str(template), "with": dict(values)}:
            return Kept(template, {name: _read_value(value) for name, value in values.items()})
        case _:
            return None


def _said_value(value: Any) -> Any:
    if isinstance(value, dict):
        return said_in(value)
    return said(value) if isinstance(value, str) else value


def _read_value(value: object) -> Value:
    if isinstance(value, dict):
        return joined(value) or ""
    return _value(value)


def _value(value: object) -> Value:
    return value if isinstance(value, str | int | float) else str(value)


def _filled(template: str, values: Mapping[str, Value]) -> str:
    """Fill in names alone: a template can say nothing of widths, or of what a value has inside."""

    def put(place: "re.Match[str]") -> str:
        name = place[1] or place[2]
        return str(values[name]) if name in values else place[0]

    return _PLACE.sub(put, template)
