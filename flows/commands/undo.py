"""A person's undo and redo, inside a command: their steps and what has happened since, read from the log.

Two kinds of rows are read: the person's own changes, to know their steps (`Steps`); and every change from now
back to where the step began, newest first and no further, to know what it changed and what others have written since.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import NamedTuple, TypeAlias
from uuid import UUID

from flows import limits as helix_limits
from flows.commands.flow_lock import LockedFlow
from flows.commands.undo_budget import UndoBudget, UndoBudgets
from flows.document import (
    Code,
    Draft,
    Graph,
    OwnChange,
    PastVersion,
    Rejected,
    Undone,
    UndoStep,
    redo_steps,
    selective_undo,
    undo_steps,
)
from flows.errors import FlowReason
from flows.log.reverse import backwards
from flows.models import Change
from flows.submission import AppliedChange, RedoRequest, UndoRequest

Refusal: TypeAlias = tuple[Code, FlowReason]
"""What a `Rejected` says. Never the exception: raised again and again, it keeps all that every raise went through."""
_MAX_REFUSALS = 4_000
MAX_VERSIONS_BACK = 5_000
FIRST_READ = 1_000
"""Changes read at first; more only if these do not hold all steps that count."""


class RefusalCache:
    """Each person's last refusals in each flow, of an undo and of a redo, with the log's digest at that time."""

    def __init__(self) -> None:
        self._refusals: OrderedDict[tuple[UUID, int, type], tuple[str, Refusal]] = OrderedDict()
        self._lock = Lock()

    def find(self, flow_id: UUID, actor: int, request: UndoRequest | RedoRequest, digest: str) -> Refusal | None:
        """Return what this was refused with, if the log still ends at this digest."""
        with self._lock:
            given_at, refusal = self._refusals.get((flow_id, actor, type(request)), ("", None))
        return refusal if given_at == digest else None

    def add(self, flow_id: UUID, actor: int, request: UndoRequest | RedoRequest, digest: str, refusal: Refusal) -> None:
        """Keep a refusal in place of the last one."""
        key = flow_id, actor, type(request)
        with self._lock:
            self._refusals[key] = digest, refusal
            self._refusals.move_to_end(key)
            if len(self._refusals) > _MAX_REFUSALS:
                self._refusals.popitem(last=False)


_budgets = UndoBudgets()
_refusals = RefusalCache()


def ignore(_chars: int) -> None:
    """Let any length of text be decoded."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A transaction so far: `base` is the graph at the flow's logged version, `draft` what `applied` has made of it."""

    flow: LockedFlow
    base: Graph
    draft: Draft
    applied: Sequence[AppliedChange]
    weigh: Callable[[int], None] = ignore
    """Told how much text of the log is to be decoded; may raise."""


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
    logged = backwards(progress.flow.id, progress.flow.version, progress.base, weigh=progress.weigh)
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


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps to undo, and undos to redo, newest first."""

    undo: list[UndoStep]
    redo: list[UndoStep]


def steps_of(actor: int, flow_id: UUID, version: int, applied: Sequence[AppliedChange] = ()) -> Steps:
    """Find a person's steps; `applied` is what was done in this transaction, after `version`."""
    most = helix_limits.current().undo
    oldest = version - MAX_VERSIONS_BACK
    for count in (FIRST_READ, MAX_VERSIONS_BACK):
        own = _own_changes(actor, flow_id, version, applied, count + 1)
        after = max(1, oldest)
        if len(own) > count:
            after = max(after, own[-1].version)
        steps = Steps(undo_steps(own, most, after=after), redo_steps(own, most, after=after))
        if len(own) <= count or own[-1].version <= oldest or len(steps.undo) + len(steps.redo) >= most:
            break
    return steps


def changed_by_another_client(
    actor: int, flow_id: UUID, since: int, client: str | None, applied: Sequence[AppliedChange]
) -> bool:
    """Tell whether a person has changed the flow after version `since` by another client than `client`."""
    if any(head.actor == actor and head.client != client for head, _ in applied if head.version > since):
        return True
    changes = Change.objects.filter(flow_id=flow_id, actor_id=actor, version__gt=since)
    return (changes if client is None else changes.exclude(client=client)).exists()


def _own_changes(
    actor: int, flow_id: UUID, version: int, applied: Sequence[AppliedChange], most: int
) -> list[OwnChange]:
    """Return a person's last changes, newest first, without the flow's creation."""
    own = [
        OwnChange(head.version, head.via, head.undo_of, head.step)
        for head, _ in reversed(applied)
        if head.actor == actor
    ]
    rows = Change.objects.filter(flow_id=flow_id, actor_id=actor, version__gt=1, version__lte=version)
    columns = rows.order_by("-version").values_list("version", "via", "undo_of", "step")
    return own + [OwnChange(*row) for row in columns[:most]]
