"""What time alone brings about: tries that are due, questions nobody answered, runs that took too long.

Each run is a transaction of its own; a second one finds nothing left to do.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import Q

from flows import limits
from runs.commands.ending import stop_run
from runs.commands.following import Following
from runs.commands.locked_run import LockedRun, State
from runs.commands.queueing import LONGEST, may_start, queue
from runs.commands.transaction import apart, in_run
from runs.errors import TaskFailure
from runs.models import Question, Run, Task
from web.database_time import AHEAD, has_come
from web.deferred_translation import kept as _
from web.deferred_translation import stored


def due(now: datetime, *, limit: int = 200, is_steady: bool = True) -> int:
    """Queue what has backed off, end what was not answered, and runs past their deadline or of flows that were deleted.

    While the time is not steady nothing is ended by it. Return of how many runs something was done.
    """
    is_due = _is_due(now, is_steady)
    waiting = Task.objects.filter(is_due).order_by("due_at")
    runs = list(dict.fromkeys(waiting.values_list("run_id", flat=True)[:limit]))
    unfinished = Run.objects.filter(state__in=Run.OPEN)
    late = unfinished.filter(_is_late(now)).values_list("pk", flat=True)[: limit if is_steady else 0]
    orphans = unfinished.filter(flow__deleted_at__isnull=False).values_list("pk", flat=True)[:limit]
    done = sum(_in(run, now, partial(_tasks_due, is_due)) for run in runs)
    done += sum(_in(run, now, _too_late) for run in late)
    return done + sum(_in(run, now, end_without_flow) for run in orphans)


def _in(run: UUID, now: datetime, command: Callable[[LockedRun], bool]) -> bool:
    return apart("due_failed", run, lambda: in_run(run, now, command), False)


def _is_due(now: datetime, is_steady: bool) -> Q:
    """Say which tasks are due. What has backed off waits no longer than it may, by whatever clock it was told to.

    The states stand for themselves: from each by itself SQLite would not know that the index holds it.
    """
    backed_off = Q(has_come("due_at", now, now + LONGEST + AHEAD), state=State.BACKING_OFF)
    is_due = backed_off | Q(state=State.ASKING, due_at__lte=now) if is_steady else backed_off
    return Q(is_due, state__in=[State.BACKING_OFF, State.ASKING])


def _tasks_due(is_due: Q, locked: LockedRun) -> bool:
    if locked.run.state in Run.ENDED:
        return False
    found = Task.objects.filter(is_due, run=locked.run).order_by("priority")
    tasks, following = locked.load(found), Following(locked)
    for task in tasks:
        task.due_at = None
        if task.state == State.ASKING:
            Question.objects.filter(task=task, answered_at=None).delete()
            following.fail(task, TaskFailure("answer_timeout", _("Nobody answered in time.")))
        elif may_start(locked.run):
            queue(locked, task)
        else:
            locked.move(task, State.READY, "task_ready")
    following.carry_on()
    return bool(tasks)


def _too_late(locked: LockedRun) -> bool:
    if locked.run.state not in Run.OPEN or not Run.objects.filter(_is_late(locked.now), pk=locked.run.pk).exists():
        return False
    stop_run(locked, Run.State.FAILED, stored(_("The run took longer than it may.")))
    return True


def _is_late(now: datetime) -> Q:
    """Say which runs took too long. One that stands still does so no longer than runs that ended are kept."""
    kept = timedelta(days=limits.current().runs_kept_days)
    return Q(state=Run.State.RUNNING, deadline__lte=now) | Q(deadline__lte=now - kept)


def end_without_flow(locked: LockedRun) -> bool:
    """End a run whose flow was deleted; tell whether it was still open."""
    if locked.run.state in Run.ENDED:
        return False
    stop_run(locked, Run.State.CANCELLED, stored(_("The flow was deleted.")))
    return True
