"""One step being taken back, version by version, newest first, and the one outcome that all of that comes to.

Each version is brought back on what the later ones of its step led to, free of what others wrote since that version:
so what somebody wrote between two of them is what comes back, and what they wrote after both stays.
"""

from collections.abc import Sequence

from flows.document.apply import apply
from flows.document.draft import Draft
from flows.document.effect import Effect
from flows.document.errors import Rejected
from flows.document.graph import Graph
from flows.document.left import Left
from flows.document.limits import NO_LIMITS
from flows.document.operations import Batch, CreateFlow, Record, ReplaceGraph, SingleOperation
from flows.document.outcome import Outcome
from flows.document.restoring import Restoration
from flows.document.written import Written


class Reversal:
    """What takes `count` versions back on a graph: `draft` is where that leads, `left` what stays as it is."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.draft = Draft(graph)
        self.left: list[Left] = []
        self.count = 0
        self._operations: list[SingleOperation] = []
        self._inverse: Record | None = None

    def add(self, inverse: Record, back: Effect, others: Written) -> None:
        """Take back one more version, by its inverse and what that leads to.

        What is left alone of it counts as others' from then on: it stays, as if it were anybody's.
        """
        restored = Restoration(self.draft, back, others)
        self.count += 1
        if restored.left_names and not others.crosses(back) and _effect(self.draft, inverse) == back:
            self._take(back, _singles(inverse), inverse)  # as it was, though not property by property
            return
        self._take(restored.draft.effect, restored.operations, None if isinstance(inverse, Batch) else inverse)
        self.left += restored.left
        others.add_left(back, restored.left_names)

    def outcome(self) -> Outcome | None:
        """Return what takes it all back, None if nothing does."""
        wanted, operations = self.draft.effect, self._operations
        if wanted.is_empty:
            return None
        if self.count == 1 and self._inverse is not None and _effect(self._graph, self._inverse) == wanted:
            return apply(self._graph, self._inverse, NO_LIMITS)  # may be much shorter
        if self.count > 1:
            shorter = Restoration(self._graph, wanted, Written())
            operations = shorter.operations if shorter.draft.effect == wanted else operations
        return apply(self._graph, operations[0] if len(operations) == 1 else Batch(tuple(operations)), NO_LIMITS)

    def _take(self, effect: Effect, operations: Sequence[SingleOperation], inverse: Record | None) -> None:
        self.draft.advance(effect)
        self._operations += operations
        self._inverse = inverse


def _effect(graph: Graph, record: Record) -> Effect | None:
    try:
        return apply(graph, record, NO_LIMITS).effect
    except Rejected:
        return None


def _singles(record: Record) -> Sequence[SingleOperation]:
    """List what a record consists of; a whole graph stands for itself, and alone."""
    if isinstance(record, Batch):
        return record.operations
    return () if isinstance(record, CreateFlow | ReplaceGraph) else (record,)
