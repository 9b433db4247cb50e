"""The roll of workers: their rows, how long each has been silent, and the changes of state that only one may make."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Q

from flows.expressions import Json
from runs.models import Worker, WorkerEvent
from runs.work.heartbeat_storage import LIVING
from runs.work.locks import beat_file_time
from web.write_transaction import write_transaction

ROWS_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Seen:
    """A living worker as it was seen: when it last beat, and for how many seconds it has been silent since."""

    id: str
    state: str
    labels: frozenset[str]
    lock: str
    beat: int
    beat_at: datetime
    silent: float
    started_at: datetime


def enroll(worker: Worker) -> None:
    """Write the row of a worker that starts."""
    with write_transaction():
        worker.save(force_insert=True)
        note(worker.pk, "started", worker.started_at, labels=json.loads(worker.labels), capacity=worker.capacity)


def strike(worker: str) -> None:
    """Delete the row of a worker that could not start; what it may have begun is taken over like all of the dead."""
    with write_transaction():
        Worker.objects.filter(pk=worker, state=Worker.State.STARTING).delete()


def note(worker: str, kind: str, now: datetime, **data: Json) -> None:
    """Write what befell a worker."""
    WorkerEvent.objects.create(worker_id=worker, kind=kind, data=json.dumps(data), at=now)


def move(worker: str, state: Worker.State, now: datetime, *, given: Sequence[str] = LIVING, **data: Json) -> bool:
    """Move a worker to a state, if it is in one of those given; say whether it was."""
    ended = {"ended_at": now} if state not in LIVING else {}
    with write_transaction():
        moved = Worker.objects.filter(pk=worker, state__in=given).update(state=state, **ended)
        if moved:
            note(worker, str(state), now, **data)
    return bool(moved)


def declare_dead(seen: Seen, now: datetime, **data: Json) -> bool:
    """Declare a worker dead that has not beaten since it was seen; only one caller is told yes."""
    with write_transaction():
        still = Q(pk=seen.id, state__in=LIVING, beat=seen.beat)
        declared = Worker.objects.filter(still).update(state=Worker.State.DEAD, ended_at=now)
        if declared:
            note(seen.id, "dead", now, silent=round(seen.silent, 2), **data)
    return bool(declared)


def living(now: datetime) -> list[Seen]:
    """Return all workers that count as living, the oldest first; `now` is by the database, as their beats are."""
    rows = Worker.objects.filter(state__in=LIVING).order_by("started_at", "pk")
    return [
        Seen(
            row.pk,
            row.state,
            frozenset(json.loads(row.labels)),
            row.lock,
            row.beat,
            beat_at := beat_of(row),
            (now - beat_at).total_seconds(),
            row.started_at,
        )
        for row in rows
    ]


def beat_of(row: Worker) -> datetime:
    """Return when a worker last beat; on SQLite that is the time of its lock file."""
    if connection.vendor == "postgresql":
        return row.beat_at
    seconds = beat_file_time(row.lock)
    return row.beat_at if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


def forget_old(now: datetime) -> None:
    """Delete the rows of workers that ended long ago."""
    with write_transaction():
        Worker.objects.filter(ended_at__lt=now - ROWS_KEPT).exclude(state__in=LIVING).delete()
