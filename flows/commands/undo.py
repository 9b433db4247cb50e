"""A person's undo and redo, inside a command: their steps and what has happened since, read from the log.

Two kinds of rows are read: the person's own changes, to know their steps (`own_changes`); and every change from now
back to where the step began, newest first and no further, to know what it changed and what others have written since.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from flows import limits as helix_limits
from flows.commands.locked_flow import LockedFlow
from flows.commands.own_changes import changed_by_another_client, steps_of
from flows.commands.refusal_cache import Refusal, RefusalCache
from flows.commands.undo_budget import UndoBudget, UndoBudgets
from flows.document import Draft, Graph, PastVersion, Rejected, Undone, UndoStep, selective_undo
from flows.errors import FlowReason
from flows.log.reverse import backwards
from flows.submission import AppliedChange, RedoRequest, UndoRequest

_budgets = UndoBudgets()
_refusals = RefusalCache()


@dataclass(frozen=True, slots=True)
class Progress:
    """A transaction so far: `base` is the graph at the flow's logged version, `draft` what `applied` has made of it."""

    flow: LockedFlow
    base: Graph
    draft: Draft
    applied: Sequence[AppliedChange]


class UndoAvailability(NamedTuple):
    """Whether a person has steps to undo and undos to redo; what others wrote may yet stand in the way."""

    can_undo: bool
    can_redo: bool


def undo_or_redo(
    request: UndoRequest | RedoRequest, progress: Progress, *, actor: int | None, client: str | None
) -> Undone:
    """Undo a person's last step, or redo their last undo.

    A late request undoes nothing that `client` could not know of (`request.at`). Raises `Rejected`: with
    `nothing_to_undo` if there is nothing, with `rate_limited` if the person's requests have walked too far too often.
    """
    if actor is None:
        raise Rejected(*_nothing(request))
    steps = _steps(request, progress, actor, client)
    flow, is_first = progress.flow, not progress.applied
    if is_first and (refusal := _refusals.find(flow.id, actor, request, flow.digest)):
        raise Rejected(*refusal)
    budget = _budgets.of(flow.id, actor)
    if not budget.has_room(time.monotonic()):
        raise Rejected("rate_limited", FlowReason.UNDO_TOO_OFTEN)
    undone = selective_undo(progress.draft, _past(progress, budget), steps, actor, helix_limits.current())
    if isinstance(undone, Undone):
        return undone
    refusal = _nothing(request, is_theirs=bool(undone))
    if is_first:
        _refusals.add(flow.id, actor, request, flow.digest, refusal)
    raise Rejected(*refusal)


def undo_availability(actor: int, flow_id: UUID, version: int) -> UndoAvailability:
    """Tell whether a person has something to undo and to redo in a flow at `version`."""
    steps = steps_of(actor, flow_id, version)
    return UndoAvailability(bool(steps.undo), bool(steps.redo))


def _steps(
    request: UndoRequest | RedoRequest, progress: Progress, actor: int, client: str | None
) -> Sequence[UndoStep]:
    """Return the steps that the request may take back, newest first. Raises `Rejected` if there are none."""
    flow, applied = progress.flow, progress.applied
    if request.at is not None and changed_by_another_client(actor, flow.id, request.at, client, applied):
        raise Rejected("nothing_to_undo", FlowReason.CHANGED_ELSEWHERE)
    steps = steps_of(actor, flow.id, flow.version, applied)
    wanted = steps.undo if isinstance(request, UndoRequest) else steps.redo
    if not wanted:
        raise Rejected(*_nothing(request))
    return wanted


def _past(progress: Progress, budget: UndoBudget) -> Iterator[PastVersion]:
    """Yield every version, newest first: those of this transaction, then those of the log, at the budget's expense."""
    logged = backwards(progress.flow.id, progress.flow.version, progress.base)
    for entry, size in chain(_just_applied(progress.applied), logged):
        budget.spend(size)
        yield entry


def _just_applied(applied: Sequence[AppliedChange]) -> Iterable[tuple[PastVersion, int]]:
    return ((PastVersion(head.version, head.actor, outcome.inverse), 0) for head, outcome in reversed(applied))


def _nothing(request: UndoRequest | RedoRequest, *, is_theirs: bool = False) -> Refusal:
    if is_theirs:
        return "nothing_to_undo", FlowReason.CHANGED_BY_OTHERS
    is_undo = isinstance(request, UndoRequest)
    return "nothing_to_undo", FlowReason.NOTHING_TO_UNDO if is_undo else FlowReason.NOTHING_TO_REDO
