"""What the built-in model makes of a text: the JSON in it, its sentences, lines, words and numbers."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from flows.expressions import Json

TEXT = 20_000
"""So many characters of a text are looked at."""
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+(?=\s|$)|[.!?]+(?=\S)[^.!?\n]*)*[.!?]*")
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
_HEADING = re.compile(r"^(?:Input|Item|Result of the step before):$", re.MULTILINE)
_ITEM = re.compile(r"^Item:\n(.*?)(?=\n\nResult of the step before:$|\Z)", re.MULTILINE | re.DOTALL)
_DECODER = json.JSONDecoder()
_DEPTH = 12
_PROSE = 3
"""A text of more words speaks for itself, without its key."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as read: what a person would read of it, and what was JSON in it by key, the last of each.

    `item` is the part that is about the item of a loop, "" without one.
    """

    text: str
    values: dict[str, Json]
    item: str = ""

    @property
    def focus(self) -> str:
        """What the text is about: the item, or all of it."""
        return self.item or self.text


def read(text: str) -> Reading:
    """Read a text, the JSON in it as lines of `key: value`."""
    text, values = text[:TEXT], dict[str, Json]()
    part = _ITEM.search(text)
    return Reading(_plain(text, values), values, _plain(part.group(1), {}) if part else "")


def _plain(text: str, values: dict[str, Json]) -> str:
    text = _HEADING.sub("", text)
    pieces, at = list[str](), 0
    for match in re.finditer(r"(?:^|(?<=\s))[{\[]", text):
        if match.start() < at:
            continue
        try:
            found, end = _DECODER.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        pieces += [text[at : match.start()], "\n".join(_lines(found, "", values, 0))]
        at = end
    plain = "".join([*pieces, text[at:]])
    return "\n".join(line.strip() for line in plain.splitlines() if line.strip())


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, in order; a line ends one."""
    return [found for match in _SENTENCE.finditer(text) if len(found := match.group().strip()) > 1]


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def numbers(text: str) -> list[float]:
    """Return the numbers of a text."""
    return [float(number) for number in _NUMBER.findall(text)][:1_000]


def _lines(value: Json, key: str, values: dict[str, Json], depth: int) -> Iterator[str]:
    """Yield what a value says; a flag says its name if it is set, and nothing if it is not."""
    if key:
        values[key] = value
    if depth > _DEPTH or value is None or value is False:
        return
    if value is True:
        yield key
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _lines(inner, str(name), values, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _lines(inner, "", values, depth + 1)
    elif isinstance(value, str):
        yield f"{key}: {value}" if key and "\n" not in value and value.count(" ") < _PROSE else value
    else:
        yield f"{key}: {value}" if key else str(value)
