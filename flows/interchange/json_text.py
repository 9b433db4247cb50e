"""JSON from outside, with the line of what is wrong in it."""

import json

import orjson
from django.utils.translation import gettext as _

from flows.interchange.budget import TooMuchError, UnreadableError

MOST_VALUES = 600_000
"""How many commas and brackets a file may have: a value takes some 100 bytes of memory, an empty list 3 of a file."""


def parse_json_file(data: bytes, *, most_values: int | None = None) -> object:
    """Parse a file of JSON in UTF-8, with or without a byte order mark. Raises `UnreadableError` with its place.

    Raises `TooMuchError` before memory is spent on more than `most_values` values.
    """
    if most_values is not None and sum(map(data.count, (b",", b"[", b"{"))) > most_values:
        raise TooMuchError("values", most_values)
    text = data.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise UnreadableError(_("The file is empty."))
    try:
        parsed: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _unreadable(text, error) from None
    return parsed


def _unreadable(text: bytes, error: json.JSONDecodeError) -> UnreadableError:
    try:
        text.decode()
    except UnicodeDecodeError as wrong:
        line = text.count(b"\n", 0, wrong.start) + 1
        return UnreadableError(_("This is not UTF-8 text."), line=line)
    if "recursion" in error.msg:
        return UnreadableError(_("This is nested too deep."))
    return UnreadableError(_("This is not valid JSON."), line=error.lineno, column=error.colno)
