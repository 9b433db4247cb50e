"""Answers of the API that go into a message as they came.

The library would read and write a result three times over, and each time holds up every thread of the process: for a
flow of ten thousand nodes 100 ms in all. It gets a mark instead, and where that is the message is cut open.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson

from web.give_way import give_way

PIECE = 131_072
"""Characters or bytes that are handled in one go, between which other threads have their turn."""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """The objects of one message, as JSON, by the marks that stand for them."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def mark(self, content: bytes) -> str:
        """Return what stands for an object; as a text too."""
        mark = uuid4().hex
        self.objects[mark] = content
        return mark

    def structured(self, mark: str) -> dict[str, Any]:
        """Return what stands for an object where the library wants one."""
        return {"verbatim": mark}

    def filled(self, message: bytes) -> Iterator[bytes]:
        """Give a message, piece by piece, with the objects where their marks are."""
        places: dict[bytes, tuple[Callable[[bytes], Iterator[bytes]], bytes]] = {}
        for mark, content in self.objects.items():
            places[orjson.dumps(self.structured(mark))] = _cut, content
            places[orjson.dumps(mark)] = _quoted, content
        for part in re.split(b"(%s)" % b"|".join(map(re.escape, places)), message):
            if part in places:
                written, content = places[part]
                yield from written(content)
            else:
                yield part


def _cut(content: bytes) -> Iterator[bytes]:
    return (content[at : at + PIECE] for at in range(0, len(content), PIECE))


def _quoted(content: bytes) -> Iterator[bytes]:
    """Give JSON as a text in JSON."""
    text = content.decode()
    yield b'"'
    for at in range(0, len(text), PIECE):
        give_way()
        yield orjson.dumps(text[at : at + PIECE])[1:-1]
    yield b'"'
