"""Undo a person's last step, and skip what others have written since.

The log is walked back from its end by its inverses, so what every version changed is known exactly, cascades and the
members of moved groups included, without keeping it anywhere. On the way what others wrote is gathered. A step of the
person's own is taken back version by version, newest first, each on what the later ones led to and free of what others
wrote since that version: what someone wrote between two of them comes back, and what they wrote after both stays. A
step of which nothing is free is passed over. To redo is to take back an undo: the same walk, other steps.

"Written" is meant strictly: what someone wrote and took back was written too. So what several people undo, in any
order, all of them can redo, and the flow is as it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.document.draft import Draft, WorkExceeded
from flows.document.errors import Reason, Rejected
from flows.document.graph import Effect, Graph
from flows.document.limits import NO_LIMITS, DocumentLimits
from flows.document.operations import Batch, Outcome, Record, SingleOperation, apply
from flows.document.operations.operation import Skipped, each_once
from flows.document.undo.compensation import Compensation
from flows.document.undo.undo_stack import UndoStep
from flows.document.undo.write_set import WriteSet

_PARTS = 3
"""The outcome of a step of several versions may take twice what taking them back one by one has."""


@dataclass(frozen=True, slots=True)
class PastVersion:
    """One version, as the walk back sees it. Without an inverse the walk ends there."""

    version: int
    actor: int | None
    inverse: Record | None


@dataclass(frozen=True, slots=True)
class Undone:
    """What takes a step back, the version where it began, and what of it, and of those passed over, is skipped."""

    outcome: Outcome
    undo_of: int
    skipped: tuple[Skipped, ...]


def selective_undo(
    graph: Graph, past: Iterable[PastVersion], steps: Sequence[UndoStep], actor: int, limits: DocumentLimits
) -> Undone | tuple[Skipped, ...]:
    """Take back the first of `steps` of which anything can be; without any, return what stands in the way.

    `past` are the versions from the graph's own downwards, newest first; `steps` are the actor's, newest first. Of a
    step that is much work the newest part is taken back: the rest is the next step. Raises `Rejected("limit_reached")`
    if what comes back has no room, and `WorkExceeded`.
    """
    waiting, skipped = list(reversed(steps)), list[Skipped]()
    draft, others, undoing = Draft(graph), WriteSet(), _StepUndo(graph)
    for walked, entry in enumerate(past if waiting else ()):
        if entry.inverse is None:
            break
        try:
            back = _look_back(draft, entry.inverse)
        except WorkExceeded:
            if undone := undoing.undone(skipped, limits):
                return undone
            raise
        step = waiting[-1]
        if entry.version == step.versions[undoing.count]:
            if not walked and entry.version == step.first and not back.effect.is_empty:
                _check_room(graph, draft, limits)
                return Undone(back, step.first, ())  # nothing has happened since
            undoing.add(entry.version, entry.inverse, back.effect, others)
            if entry.version > step.first and not undoing.is_much_work:
                continue
            if undone := undoing.undone(skipped, limits):
                return undone
            skipped += undoing.skipped
            waiting.pop()
            if not waiting:
                break
            undoing = _StepUndo(graph)
        elif entry.actor != actor:
            others.add(back.effect)
    return tuple(skipped)


def _look_back(draft: Draft, inverse: Record) -> Outcome:
    """Take a version back on the way into the past."""
    with draft.work.looking_back():
        back = apply(draft, inverse, NO_LIMITS)
        draft.advance(back.effect)
    return back


def _check_room(graph: Graph, after: Draft, limits: DocumentLimits) -> None:
    for reason, before, count, most in (
        (Reason.TOO_MANY_NODES, graph.node_count, after.node_count, limits.nodes),
        (Reason.TOO_MANY_EDGES, graph.edge_count, after.edge_count, limits.edges),
    ):
        if before < count > most:
            raise Rejected("limit_reached", reason, most=most)


class _StepUndo:
    """What takes `count` versions back on a graph: `draft` is where that leads, `skipped` what stays as it is."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.draft = Draft(graph)
        self.skipped: list[Skipped] = []
        self.count = self._first = 0
        self._operations: list[SingleOperation] = []
        self._inverse: Record | None = None

    @property
    def is_much_work(self) -> bool:
        """Whether so much was done that there is room for the outcome, and perhaps for no more."""
        return self.draft.work.spent > self.draft.work.most // _PARTS

    def add(self, version: int, inverse: Record, back: Effect, others: WriteSet) -> None:
        """Take back one more version, by its inverse and what that leads to.

        What is skipped of it counts as others' from then on: it stays, as if it were theirs.
        """
        restored = Compensation(self.draft, back, others)
        self.count, self._first = self.count + 1, version
        if restored.skipped_names and not others.crosses(back) and _leads_to(self.draft, inverse, back):
            self._take(back, _singles(inverse), inverse)  # as it was, though not property by property
            return
        self._take(restored.draft.effect, restored.operations, None if isinstance(inverse, Batch) else inverse)
        self.skipped += restored.skipped
        others.add_skipped(back, restored.skipped_names)

    def undone(self, passed_over: Sequence[Skipped], limits: DocumentLimits) -> Undone | None:
        """Return what takes it all back, None if nothing does. Raises `Rejected` if it has no room."""
        outcome = self._outcome()
        if outcome is None:
            return None
        _check_room(self._graph, self.draft, limits)
        return Undone(outcome, self._first, each_once([*passed_over, *self.skipped]))

    def _outcome(self) -> Outcome | None:
        wanted, operations = self.draft.effect, self._operations
        if wanted.is_empty:
            return None
        if self.count == 1 and self._inverse is not None:
            whole = _leads_to(self._graph, self._inverse, wanted)
            if whole is not None:
                return whole  # may be much shorter
        if self.count > 1:
            shorter = Compensation(self._graph, wanted, WriteSet())
            operations = shorter.operations if shorter.draft.effect == wanted else operations
        return apply(self._graph, operations[0] if len(operations) == 1 else Batch(tuple(operations)), NO_LIMITS)

    def _take(self, effect: Effect, operations: Sequence[SingleOperation], inverse: Record | None) -> None:
        self.draft.advance(effect)
        self._operations += operations
        self._inverse = inverse


def _leads_to(graph: Graph, record: Record, effect: Effect) -> Outcome | None:
    """Apply a record to a graph, if it does that and nothing else."""
    try:
        outcome = apply(graph, record, NO_LIMITS)
    except Rejected:
        return None
    return outcome if outcome.effect == effect else None


def _singles(record: Record) -> Sequence[SingleOperation]:
    """List what a record consists of; a whole graph stands for itself, and alone."""
    match record:
        case Batch():
            return record.operations
        case SingleOperation():
            return (record,)
        case _:
            return ()
