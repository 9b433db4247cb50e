"""A person's undo and redo, inside a command: their steps and what has happened since, read from the log.

Two kinds of rows are read: the person's own changes, to know their steps (`steps`); and every change from now back to
where the step began, newest first and no further, to know what it changed and what others have written since.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import chain
from uuid import UUID

from flows import limits as helix_limits
from flows.commands.locked_flow import LockedFlow
from flows.commands.undo_budget import Refusal, UndoBudget, UndoBudgets
from flows.commands.undo_steps import Applied, steps_of, went_on_elsewhere
from flows.document import (
    Draft,
    Graph,
    PastVersion,
    Rejected,
    Undone,
    selective_undo,
)
from flows.errors import FlowReason
from flows.log.reverse import backwards
from flows.submission import Redo, Undo

_budgets = UndoBudgets()


def take_back_for(
    actor: int | None,
    request: Undo | Redo,
    *,
    client: str | None,
    flow: LockedFlow,
    applied: Applied,
    draft: Draft,
    base: Graph,
) -> Undone:
    """Take back a person's last step, or their last undo.

    What comes late takes back nothing that `client` could not know of (`request.at`). The log holds everything up to
    the flow's version, `base` is the graph there; `applied` is what was done since, in this transaction, and `draft` is
    where that leads. Raises `Rejected`: with `nothing_to_undo` if there is nothing, with `rate_limited` if the person
    has made us search too far too often.
    """
    if actor is None:
        raise Rejected(*_nothing(request))
    if request.at is not None and went_on_elsewhere(actor, flow.id, request.at, client, applied):
        raise Rejected("nothing_to_undo", FlowReason.CHANGED_ELSEWHERE)
    steps = steps_of(actor, flow.id, flow.version, applied)
    wanted = steps.undo if isinstance(request, Undo) else steps.redo
    if not wanted:
        raise Rejected(*_nothing(request))
    budget = _budgets.of(flow.id, actor)
    if not applied and (refusal := budget.refused_at(flow.digest, type(request))):
        raise Rejected(*refusal)
    if not budget.has_room(time.monotonic()):
        raise Rejected("rate_limited", FlowReason.UNDO_TOO_OFTEN)
    past = chain(_just_applied(applied), backwards(flow.id, flow.version, base))
    taken = selective_undo(draft, _counted(past, budget), wanted, actor, helix_limits.current())
    if isinstance(taken, Undone):
        return taken
    refusal = _nothing(request, is_theirs=bool(taken))
    if not applied:
        budget.refuse(flow.digest, type(request), refusal)
    raise Rejected(*refusal)


def can_take_back(actor: int, flow_id: UUID, version: int) -> tuple[bool, bool]:
    """Tell whether a person has steps to undo and to redo in a flow; what others wrote may yet stand in the way."""
    steps = steps_of(actor, flow_id, version)
    return bool(steps.undo), bool(steps.redo)


def _just_applied(applied: Applied) -> Iterable[tuple[PastVersion, int]]:
    return ((PastVersion(head.version, head.actor, outcome.inverse), 0) for head, outcome in reversed(applied))


def _counted(past: Iterable[tuple[PastVersion, int]], budget: UndoBudget) -> Iterator[PastVersion]:
    for entry, size in past:
        budget.spend(size)
        yield entry


def _nothing(request: Undo | Redo, *, is_theirs: bool = False) -> Refusal:
    if is_theirs:
        return "nothing_to_undo", FlowReason.CHANGED_BY_OTHERS
    return "nothing_to_undo", FlowReason.NOTHING_TO_UNDO if isinstance(request, Undo) else FlowReason.NOTHING_TO_REDO
