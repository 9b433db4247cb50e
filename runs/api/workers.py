"""Workers by REST, for staff: which there are, how they are, and bringing one to its end gently."""

import json as text
from datetime import datetime, timedelta
from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Schema

from flows.api.answers import json
from flows.errors import NotFound
from runs.api.providers import check_staff
from runs.errors import WrongState
from runs.models import Worker
from runs.work import registry
from runs.work.heartbeat_storage import LIVING
from web.database_time import database_time
from web.errors import answers
from web.router import Router

router = Router(tags=["workers"])

RECENT = timedelta(days=1)
MOST = 200


class WorkerOut(Schema):
    """`running` counts the tasks it is at; `beat_at` is when it last said that it lives."""

    id: str
    host: str
    release: str
    labels: list[str]
    capacity: int
    running: int
    state: Literal["starting", "ready", "draining", "gone", "dead", "ousted"]
    health: Literal["healthy", "degraded", "unhealthy"]
    beat_at: datetime
    started_at: datetime


class WorkersOut(Schema):
    items: list[WorkerOut]


@router.get("/workers", **answers({200: WorkersOut}, "forbidden"))
def list_workers(request: HttpRequest) -> HttpResponse:
    """List the workers that live, and those that ended within a day, the newest first; staff only."""
    check_staff(request)
    now = database_time()
    rows = Worker.objects.filter(ended_at=None) | Worker.objects.filter(ended_at__gte=now - RECENT)
    return json({"items": [_worker(row) for row in rows.order_by("-started_at", "pk")[:MOST]]})


@router.post("/workers/{worker_id}/drain", **answers({200: WorkerOut}, "forbidden", "not_found", "wrong_state"))
def drain_worker(request: HttpRequest, worker_id: str) -> HttpResponse:
    """Let a worker end what it is at, begin nothing more, and leave; staff only."""
    check_staff(request)
    now = database_time()
    row = Worker.objects.filter(pk=worker_id).first()
    if row is None:
        raise NotFound(_("No such worker."))
    if row.state != Worker.State.DRAINING and not registry.move(worker_id, Worker.State.DRAINING, now):
        raise WrongState(_("This worker has ended."))
    row.refresh_from_db()
    return json(_worker(row))


def _worker(row: Worker) -> dict[str, object]:
    """Return a worker as its row says; on SQLite its beat is the time of a file."""
    is_living = row.state in LIVING
    return {
        "id": row.pk,
        "host": row.host,
        "release": row.release,
        "labels": text.loads(row.labels),
        "capacity": row.capacity,
        "running": len(text.loads(row.holds)) if is_living else 0,
        "state": row.state,
        "health": row.health,
        "beat_at": registry.beat_of(row) if is_living else row.beat_at,
        "started_at": row.started_at,
    }
