"""Server-sent events, read from the bytes of an answer as they come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `name` is "" where the server gave none."""

    name: str
    data: str


def events(parts: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of a stream. One that was cut off before its end is not there."""
    name, held = "", list[str]()
    for line in _lines(parts):
        if not line:
            if held:
                yield Event(name, "\n".join(held))
            name, held = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            held.append(value)
        elif field == "event":
            name = value


def _lines(parts: Iterable[bytes]) -> Iterator[str]:
    pieces = list[bytes]()
    for part in parts:
        first, *others = part.replace(b"\r", b"").split(b"\n")
        pieces.append(first)
        for other in others:
            yield b"".join(pieces).decode("utf-8", "replace")
            pieces = [other]
