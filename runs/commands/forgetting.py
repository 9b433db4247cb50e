"""Old runs go, with all that belongs to them: the only place where events of runs are deleted."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from flows import limits
from runs.commands.storage import uncount
from runs.commands.transaction import apart
from runs.models import Attempt, Blob, Checkpoint, Forgetting, Plan, Question, Run, RunEvent, Task
from web.write_transaction import in_write_transaction


def forget_old_runs(now: datetime, *, limit: int = 20) -> int:
    """Delete runs that ended more than `RUNS_KEPT_DAYS` ago; return how many."""
    before = now - timedelta(days=limits.current().runs_kept_days)
    old = Run.objects.filter(ended_at__lt=before, state__in=Run.ENDED).order_by("ended_at")
    runs = list(old.values_list("pk", flat=True)[:limit])
    return sum(apart("forget_failed", run, partial(_forget, run, before), False) for run in runs)


@in_write_transaction
def _forget(run_id: UUID, before: datetime) -> bool:
    run = Run.objects.select_for_update().filter(pk=run_id, ended_at__lt=before).first()
    if run is None:
        return False
    Forgetting.objects.create(run=run_id)
    _delete(RunEvent.objects.filter(run=run))
    _delete(Attempt.objects.filter(task__run=run))
    _delete(Checkpoint.objects.filter(task__run=run))
    _delete(Question.objects.filter(run=run))
    _delete(Blob.objects.filter(run=run))
    _delete(Task.objects.filter(run=run))
    uncount(run)
    run.delete()
    Plan.objects.filter(pk=run.plan_id, runs=None).delete()
    Forgetting.objects.filter(run=run_id).delete()
    return True


def _delete(
    rows: QuerySet[RunEvent]
    | QuerySet[Attempt]
    | QuerySet[Checkpoint]
    | QuerySet[Question]
    | QuerySet[Blob]
    | QuerySet[Task],
) -> None:
    """Delete rows by one statement, without reading them first: thousands belong to a run."""
    rows._raw_delete(DEFAULT_DB_ALIAS)
