"""The rows of a flow's runs, read for its live session: the last runs, and what happened in some after an event.

What is read belongs together: a run's row and its events, or its tasks, are of one instant. A reader that is far behind
gets the tasks as they are instead of all that made them so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from flows.document import parse_json
from flows.storage.store import consistent_read
from runs.models import Run, RunEvent, Task
from sessions.live.run_fold import TaskChange, change_of, percent

LAST_RUNS = 20
MOST_EVENTS = 2_000
FIELDS = ("pk", "version", "state", "progress", "seq", "created_at")


@dataclass(frozen=True, slots=True)
class RunHead:
    """A run as its row says it."""

    id: str
    version: int
    state: str
    progress: float
    seq: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RunNews:
    """What happened in a run; `is_whole`: its tasks as they are, not only what changed."""

    head: RunHead
    changes: list[TaskChange]
    is_whole: bool


def last_runs(flow_id: UUID) -> list[RunHead]:
    """Read the flow's last runs, the newest first."""
    return [_head(row) for row in _rows(flow_id)[:LAST_RUNS]]


def read_news(flow_id: UUID, since: Mapping[str, int]) -> dict[str, RunNews]:
    """Read what happened in runs of a flow after an event of each. Unknown ones are left out."""
    with consistent_read():
        heads = [_head(row) for row in _rows(flow_id).filter(pk__in=since)]
        return {head.id: _news(head, since[head.id]) for head in heads}


def _rows(flow_id: UUID) -> "QuerySet[Run, tuple[UUID, int, str, float, int, datetime]]":
    return Run.objects.filter(flow_id=flow_id).order_by("-created_at", "-id").values_list(*FIELDS)


def _head(row: tuple[UUID, int, str, float, int, datetime]) -> RunHead:
    return RunHead(str(row[0]), *row[1:])


def _news(head: RunHead, since: int) -> RunNews:
    if head.seq - since > MOST_EVENTS:
        return RunNews(head, _tasks(head), is_whole=True)
    rows = RunEvent.objects.filter(run_id=head.id, seq__gt=since).order_by("seq")
    events = rows.values_list("seq", "kind", "task", "node", "data")
    read = (change_of(seq, kind, task, node, _object(data)) for seq, kind, task, node, data in events)
    return RunNews(head, [change for change in read if change is not None], is_whole=False)


def _tasks(head: RunHead) -> list[TaskChange]:
    columns = ("key", "node", "state", "attempt", "done", "total", "error_message", "reason", "progress")
    rows = Task.objects.filter(run_id=head.id).order_by("path", "node").values_list(*columns)
    return [
        TaskChange(
            head.seq, key, node, state, attempt, (done, total) if total else None, error or reason or percent(at)
        )
        for key, node, state, attempt, done, total, error, reason, at in rows
    ]


def _object(text: str) -> Mapping[str, object]:
    read = parse_json(text)
    return read if isinstance(read, dict) else {}
