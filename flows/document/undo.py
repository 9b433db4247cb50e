"""Take back a person's last step, and leave alone what others have written since.

The log is walked back from its end by its inverses, so what every version changed is known exactly, cascades and the
members of moved groups included, without keeping it anywhere. On the way what others wrote is gathered; a step of the
person's own, all its versions together (`reversal`), is brought back as far as it is free of that (`restoring`), and
passed over if nothing of it is. To redo is to take back an undo: the same walk, other steps.

"Written" is meant strictly: what somebody wrote and took back was written too. So whatever several people undo, in any
order, all of them can redo, and the flow is as it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.document.apply import apply
from flows.document.draft import Draft
from flows.document.errors import Reason, Rejected
from flows.document.graph import Graph
from flows.document.left import Left
from flows.document.limits import NO_LIMITS, DocumentLimits
from flows.document.operations import Record
from flows.document.outcome import Outcome
from flows.document.own_steps import Step
from flows.document.reversal import Reversal
from flows.document.written import Written


@dataclass(frozen=True, slots=True)
class Past:
    """One version, as the walk back sees it. Without an inverse the walk ends there."""

    version: int
    actor: int | None
    inverse: Record | None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What takes a step back, the version where it began, and what of it, and of those passed over, is left alone."""

    outcome: Outcome
    undo_of: int
    left: tuple[Left, ...]


def take_back(
    graph: Graph, past: Iterable[Past], steps: Sequence[Step], actor: int, limits: DocumentLimits
) -> TakenBack | tuple[Left, ...]:
    """Take back the first of `steps` of which anything can be; without any, return what stands in the way.

    `past` are the versions from the graph's own downwards, newest first; `steps` are the actor's, newest first. Raises
    `Rejected("limit_reached")` if what comes back has no room.
    """
    waiting, left = list(reversed(steps)), list[Left]()
    draft, others, reversal = Draft(graph), Written(), Reversal(graph)
    for entry in past if waiting else ():
        if entry.inverse is None:
            break
        back = apply(draft, entry.inverse, NO_LIMITS).effect
        draft.advance(back)
        step = waiting[-1]
        if entry.version == step.versions[reversal.count]:
            reversal.add(entry.inverse, back, others)
            if entry.version > step.first:
                continue
            left += reversal.left
            if outcome := reversal.outcome():
                _check_room(graph, reversal.draft, limits)
                return TakenBack(outcome, step.first, tuple(left))
            waiting.pop()
            if not waiting:
                break
            reversal = Reversal(graph)
        elif entry.actor != actor:
            others.add(back)
    return tuple(left)


def _check_room(graph: Graph, after: Draft, limits: DocumentLimits) -> None:
    for reason, before, count, most in (
        (Reason.TOO_MANY_NODES, graph.node_count, after.node_count, limits.nodes),
        (Reason.TOO_MANY_EDGES, graph.edge_count, after.edge_count, limits.edges),
    ):
        if before < count > most:
            raise Rejected("limit_reached", reason, most=most)
