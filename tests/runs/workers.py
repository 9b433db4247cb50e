"""Workers that are only rows."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from runs.models import Worker
from runs.work import registry


def enrolled(id: str = "w1", *, at: datetime | None = None, **fields: Any) -> Worker:
    """Put a worker on the roll that has just beaten, on PostgreSQL."""
    now = at or timezone.now()
    given = {"host": "here", "release": "1", "capacity": 8, "lock": "1", "beat_at": now, "started_at": now, **fields}
    worker = Worker(id=id, **{"state": Worker.State.READY, **given})
    registry.enroll(worker)
    return worker
