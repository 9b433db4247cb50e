"""What runs keep of a flow goes with it, for good (`flows.commands.purging`)."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from flows.commands.purging import delete_rows, delete_some
from runs.commands.storage import uncount_all
from runs.commands.timers import end_without_flow
from runs.commands.transaction import in_run
from runs.models import (
    Attempt,
    Blob,
    Checkpoint,
    Forgetting,
    MemoryEntry,
    Notice,
    Plan,
    Question,
    Run,
    RunEvent,
    Secret,
    Task,
    Trigger,
    TriggerEvent,
)
from web.database_time import database_time


def forget_some(flow_id: UUID, limit: int) -> bool:
    """Delete so many rows of what there may be thousands of; tell whether there were any.

    Runs that are still open end first, or a worker would go on with what has lost its checkpoints.
    """
    still_open = list(Run.objects.filter(flow=flow_id, state__in=Run.OPEN).values_list("pk", flat=True)[:limit])
    for run_id in still_open:
        in_run(run_id, database_time(), end_without_flow)
    if still_open:
        return True
    events = list(RunEvent.objects.filter(run__flow=flow_id).order_by().values_list("pk", "run")[:limit])
    if events:
        runs = {run for _event, run in events}
        Forgetting.objects.bulk_create(Forgetting(run=run) for run in sorted(runs))
        delete_rows(RunEvent.objects.filter(pk__in=[event for event, _run in events]))
        Forgetting.objects.filter(run__in=runs).delete()
        return True
    return any(delete_some(rows, limit) for rows in _many(flow_id))


def forget_flow(flow_id: UUID) -> None:
    """Delete all of a flow's runs, with their events, and its triggers, secrets, memory and notices."""
    runs = Run.objects.filter(flow=flow_id)
    ids = list(runs.select_for_update().values_list("pk", flat=True))
    uncount_all(flow_id)
    Forgetting.objects.bulk_create(Forgetting(run=id) for id in ids)
    for rows in (
        RunEvent.objects.filter(run__flow=flow_id),
        *_many(flow_id),
        Trigger.objects.filter(flow=flow_id),
        Secret.objects.filter(flow=flow_id),
        runs,
        Plan.objects.filter(flow=flow_id),
    ):
        delete_rows(rows)
    Forgetting.objects.filter(run__in=ids).delete()


def _many(flow_id: UUID) -> "tuple[QuerySet[Any], ...]":
    """Return what there may be thousands of beside events, in an order in which it may go."""
    return (
        Attempt.objects.filter(task__run__flow=flow_id),
        Checkpoint.objects.filter(task__run__flow=flow_id),
        Question.objects.filter(run__flow=flow_id),
        Task.objects.filter(run__flow=flow_id),
        Blob.objects.filter(run__flow=flow_id),
        MemoryEntry.objects.filter(flow=flow_id),
        TriggerEvent.objects.filter(trigger__flow=flow_id),
        Notice.objects.filter(flow=flow_id),
    )
