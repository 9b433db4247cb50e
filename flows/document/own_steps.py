"""Which of a person's changes they can take back, and which of their undos: read off their own changes alone.

Nothing is kept but the log: every undo says which version it takes back, every redo which undo. Read from the newest
backwards, an undo leads to where its step began, so what lies between is skipped; anything else is a step.
A new edit ends what can be redone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice


@dataclass(frozen=True, slots=True)
class OwnChange:
    """One version that a person made."""

    version: int
    via: str
    undo_of: int | None


def undo_steps(changes: Sequence[OwnChange], limit: int) -> list[int]:
    """Return the versions that can be taken back, newest first. `changes` are all the person's own, newest first.

    What was undone and can be done again counts towards the limit: at most `limit` steps go back, however often.
    """
    room = limit - len(redo_steps(changes, limit))
    return list(islice(_walk(changes, over="undo", until=None), max(room, 0)))


def redo_steps(changes: Sequence[OwnChange], limit: int) -> list[int]:
    """Return the undos that can be taken back, newest first."""
    return list(islice(_walk(changes, over="redo", until="undo"), limit))


def _walk(changes: Sequence[OwnChange], *, over: str, until: str | None) -> Iterator[int]:
    """Go backwards over what was taken back; with `until`, only as long as changes are of that kind."""
    at = 0
    while at < len(changes):
        change = changes[at]
        if change.via == over and change.undo_of is not None:
            at = bisect_left(changes, 1 - change.undo_of, key=lambda one: -one.version)
        elif until is None or change.via == until:
            yield change.version
            at += 1
        else:
            return
