"""What is told to the engine beneath, after the commit: what to hand to workers, and what nobody is to begin.

A process with a worker installs its engine here; where there is none, or it fails, the sweep of another process finds
what was not handed (`unhanded`). So nothing here may fail a command.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import transaction

from runs.engine.engine import Handed, RunEngine, queue_of
from runs.models import Run, Task
from web.database_time import AHEAD, has_come

GRACE = timedelta(seconds=2)
"""So long the process that made a task has to hand it, before a sweep does."""

log = structlog.get_logger(__name__)
_installed: list[RunEngine] = []


def install_engine(engine: RunEngine | None) -> None:
    """Say which engine this process hands to; None takes it away."""
    _installed[:] = [] if engine is None else [engine]


def work_id(key: str, claim: int) -> str:
    """Return the id that the engine knows a task by, under one claim."""
    return f"{key}#{claim}"


def read_work_id(id: str) -> tuple[str, int]:
    """Return task key and claim of an id. Raises ValueError."""
    key, _, claim = id.rpartition("#")
    return key, int(claim)


def handed_of(task: Task, run: Run) -> Handed:
    """Return a queued task of a run as the engine takes it."""
    queue = queue_of(task.labels.split(",") if task.labels else ())
    return Handed(work_id(task.key, task.claim), queue, task.priority, account=account_of(run))


def account_of(run: Run) -> str:
    """Return on whose account a run takes places of workers: who answers for it; where nobody does, its flow's."""
    return f"flow {run.flow_id.hex}" if run.responsible_id is None else f"person {run.responsible_id}"


def tell_engine(hand: Sequence[Handed], cancel: Sequence[str] = (), *, now: datetime) -> None:
    """Hand and cancel work, at once or when the transaction around commits."""
    if hand or cancel:
        transaction.on_commit(partial(_tell, tuple(hand), tuple(cancel), now), robust=True)


def unhanded(now: datetime, limit: int = 500) -> list[Handed]:
    """Return what is queued and was not handed, the oldest runs first; for the sweep."""
    has_waited = has_come("due_at", now - GRACE, now + AHEAD)
    waiting = Task.objects.filter(has_waited, state=Task.State.QUEUED, handed_at=None).select_related("run")
    return [handed_of(task, task.run) for task in waiting.order_by("due_at", "priority")[:limit]]


def mark_handed(work: Sequence[Handed], *, now: datetime) -> None:
    """Note that the engine has taken work."""
    by_claim: dict[int, list[str]] = {}
    for key, claim in (read_work_id(one.id) for one in work):
        by_claim.setdefault(claim, []).append(key)
    waiting = Task.objects.filter(state=Task.State.QUEUED, handed_at=None)
    for claim, keys in by_claim.items():
        waiting.filter(claim=claim, key__in=keys).update(handed_at=now)


def _tell(hand: tuple[Handed, ...], cancel: tuple[str, ...], now: datetime) -> None:
    for engine in _installed:
        try:
            if hand:
                engine.hand(hand, partial(mark_handed, hand, now=now))
            if cancel:
                engine.cancel(cancel)
        except Exception:  # the sweep hands again; the command has happened
            log.exception("hand_over_failed", tasks=len(hand))
