"""Take back a person's last step, and leave alone what others have written since.

The log is walked back from its end by its inverses, so what every version changed is known exactly, cascades and the
members of moved groups included, without keeping it anywhere. On the way what others wrote is gathered; a step of the
person's own is brought back as far as it is free of that (`restoring`), and passed over if nothing of it is. To redo is
to take back an undo: the same walk, other steps.

"Written" is meant strictly: what somebody wrote and took back was written too. So whatever several people undo, in any
order, all of them can redo, and the flow is as it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.document.apply import apply
from flows.document.draft import Draft
from flows.document.effect import Effect
from flows.document.errors import Rejected
from flows.document.graph import Graph
from flows.document.left import Left
from flows.document.limits import NO_LIMITS, DocumentLimits
from flows.document.operations import Batch, Record, ReplaceGraph
from flows.document.outcome import Outcome
from flows.document.restoring import Restoration
from flows.document.written import Written


@dataclass(frozen=True, slots=True)
class Past:
    """One version, as the walk back sees it. Without an inverse the walk ends there."""

    version: int
    actor: int | None
    inverse: Record | None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What takes a step back, which version that step is, and what of it, and of those passed over, is left alone."""

    outcome: Outcome
    undo_of: int
    left: tuple[Left, ...]


def take_back(
    graph: Graph, past: Iterable[Past], steps: Sequence[int], actor: int, limits: DocumentLimits
) -> TakenBack | tuple[Left, ...]:
    """Take back the first of `steps` of which anything can be; without any, return what stands in the way.

    `past` are the versions from the graph's own downwards, newest first; `steps` are the actor's, newest first. Raises
    `Rejected("limit_reached")` if what comes back has no room.
    """
    waiting, left = list(reversed(steps)), list[Left]()
    draft, others = Draft(graph), Written()
    for entry in past if waiting else ():
        if entry.inverse is None:
            break
        back = apply(draft, entry.inverse, NO_LIMITS).effect
        draft.advance(back)
        if entry.version == waiting[-1]:
            waiting.pop()
            restored = Restoration(graph, back, others)
            left += restored.left
            if outcome := _outcome(graph, entry.inverse, back, restored, others):
                _check_room(graph, restored.draft, limits)
                return TakenBack(outcome, entry.version, tuple(left))
            if not waiting:
                break
            others.add(back)  # what is passed over stays, as if it were anybody's
        elif entry.actor != actor:
            others.add(back)
    return tuple(left)


def _outcome(graph: Graph, inverse: Record, back: Effect, restored: Restoration, others: Written) -> Outcome | None:
    """Return what brings the step back: the log's own inverse where it does just that, as it may be much shorter.

    A whole graph is put back in one go if nobody else has done anything since it was replaced.
    """
    wanted = back if isinstance(inverse, ReplaceGraph) and others.is_empty else restored.draft.effect
    if not isinstance(inverse, Batch) and not wanted.is_empty:
        try:
            outcome = apply(graph, inverse, NO_LIMITS)
        except Rejected:
            outcome = None
        if outcome is not None and outcome.effect == wanted:
            return outcome
    match restored.operations:
        case []:
            return None
        case [operation]:
            return apply(graph, operation, NO_LIMITS)
        case operations:
            return apply(graph, Batch(tuple(operations)), NO_LIMITS)


def _check_room(graph: Graph, after: Draft, limits: DocumentLimits) -> None:
    for what, before, count, most in (
        ("nodes", graph.node_count, after.node_count, limits.nodes),
        ("edges", graph.edge_count, after.edge_count, limits.edges),
    ):
        if before < count > most:
            raise Rejected("limit_reached", f"a flow has at most {most} {what}")
