"""Which of a person's steps they can take back, and which of their undos: read off their own changes alone.

A step is one gesture, batch, paste or call: a run of their own changes, one right after the other, that were given one
name; a change without a name is a step by itself. What other people do in between does not part a run, whatever the
person does themself does, an undo too.

Nothing is kept but the log: every undo says where the step that it takes back began, every redo which undo. Read from
the newest backwards, an undo leads to there, so what lies between is skipped; anything else is a step. A new edit ends
what can be redone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

LONGEST = 1_000
"""Changes in one step: a longer run is taken back in parts, so that undoing a day's typing does not take minutes."""


@dataclass(frozen=True, slots=True)
class OwnChange:
    """One version that a person made; `step` is the name that it was given."""

    version: int
    via: str
    undo_of: int | None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class UndoStep:
    """The versions of one step, newest first."""

    versions: tuple[int, ...]

    @property
    def first(self) -> int:
        """Where the step began."""
        return self.versions[-1]


def undo_steps(changes: Sequence[OwnChange], limit: int, *, after: int = 0) -> list[UndoStep]:
    """Return the steps that can be taken back, newest first. `changes` are all the person's own, newest first.

    What was undone and can be done again counts towards the limit: at most `limit` steps go back, however often. What
    began at version `after` or before is out of reach, all of it.
    """
    room = limit - len(redo_steps(changes, limit, after=after))
    return _within_reach(_walk(changes, over="undo", until=None), max(room, 0), after)


def redo_steps(changes: Sequence[OwnChange], limit: int, *, after: int = 0) -> list[UndoStep]:
    """Return the undos that can be taken back, newest first."""
    return _within_reach(_walk(changes, over="redo", until="undo"), limit, after)


def _within_reach(steps: Iterator[UndoStep], limit: int, after: int) -> list[UndoStep]:
    return list(islice(takewhile(lambda step: step.first > after, steps), limit))


def _walk(changes: Sequence[OwnChange], *, over: str, until: str | None) -> Iterator[UndoStep]:
    """Go backwards over what was taken back; with `until`, only as long as changes are of that kind."""
    at = 0
    while at < len(changes):
        change = changes[at]
        if change.via == over and change.undo_of is not None:
            at = bisect_left(changes, 1 - change.undo_of, key=lambda one: -one.version)
        elif until is None or change.via == until:
            run = _run(changes, at)
            yield UndoStep(tuple(one.version for one in run))
            at += len(run)
        else:
            return


def _run(changes: Sequence[OwnChange], at: int) -> list[OwnChange]:
    name = changes[at].step
    if name is None:
        return [changes[at]]
    return list(takewhile(lambda one: one.step == name, islice(changes, at, at + LONGEST)))
