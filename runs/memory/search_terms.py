"""The words of a value: what it is found by. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from flows.expressions import Json
from flows.search import folded

MOST_WORDS: Final = 2_000
MOST_TEXT: Final = 100_000
"""Words, and characters of text, by which one value is found."""
LONGEST: Final = 40
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """Return the different words of a text, in order, folded."""
    found = (word[:LONGEST] for word in _WORD.findall(folded(text[:MOST_TEXT])))
    return list(dict.fromkeys(found))[:MOST_WORDS]


def text_of_value(value: Json, fields: Sequence[str] = ()) -> str:
    """Return all text in a value; of an object only some fields, where they are named and there."""
    if isinstance(value, dict) and (named := [value[name] for name in fields if name in value]):
        return "\n".join(_texts(named))
    return "\n".join(_texts(value))


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case bool() | None:
            return
        case int() | float():
            yield str(value)
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for item in value.values():
                yield from _texts(item)
