"""Whether there are workers for what is queued: told on the tasks, and a critical one without makes its run wait."""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from runs.commands.ending import withdraw_all
from runs.commands.following import Following
from runs.commands.locked_run import LockedRun, State
from runs.commands.transaction import apart, in_run
from runs.models import Run, Task
from web.deferred_translation import kept as _
from web.deferred_translation import said, stored


def match_workers(labels: Collection[frozenset[str]], *, now: datetime) -> None:
    """Say of queued tasks that no living worker can take them, or take that back; `labels` are those of the living.

    A critical one pauses its run, which goes on by itself when a worker comes.
    """
    queued = Task.objects.filter(state=State.QUEUED)
    wanted = list(queued.values_list("labels", flat=True).distinct())
    reasons = {text: _reason(text, labels) for text in wanted}
    without = [text for text in wanted if reasons[text]]
    with_worker = [text for text in wanted if not reasons[text]]
    unsaid = queued.filter(labels__in=without, reason="")
    outdated = queued.filter(labels__in=with_worker).exclude(reason="")
    runs = set(unsaid.values_list("run_id", flat=True)) | set(outdated.values_list("run_id", flat=True))
    for run in runs | _no_longer_stuck():
        _in(run, now, lambda locked: _tell(locked, reasons))


def _no_longer_stuck() -> set[UUID]:
    """Return the runs that wait for a worker although what they wait for is queued no more: it was taken back."""
    stuck = Task.objects.filter(run=OuterRef("pk"), state=State.QUEUED, criticality="critical").exclude(reason="")
    waiting = Run.objects.filter(~Exists(stuck.exclude(labels="")), state=Run.State.PAUSED, halt="worker")
    return set(waiting.values_list("pk", flat=True))


def _reason(text: str, living: Collection[frozenset[str]]) -> str:
    """Return why no worker can take tasks with these labels; "" if one can."""
    wanted = frozenset(text.split(",")) if text else frozenset[str]()
    if any(wanted <= one for one in living):
        return ""
    if not wanted:
        return stored(_("no worker"))
    missing = wanted - frozenset[str]().union(*living)
    return stored(_("no worker with %(labels)s") % {"labels": ", ".join(sorted(missing or wanted))})


def _in(run: UUID, now: datetime, command: Callable[[LockedRun], None]) -> None:
    apart("match_failed", run, lambda: in_run(run, now, command), None)


def _tell(locked: LockedRun, reasons: dict[str, str]) -> None:
    run = locked.run
    if run.state in Run.ENDED:
        return
    queued = locked.load(Task.objects.filter(run=run, state=State.QUEUED).order_by("priority"))
    for task in queued:
        reason = reasons.get(task.labels, task.reason)
        if reason != task.reason:
            task.reason = reason
            locked.change(task)
            locked.tell("task_queued", task, state=task.state, attempt=task.attempt, reason=reason)
    stuck = next((task for task in queued if task.reason and task.labels and task.criticality == "critical"), None)
    if stuck is not None and not run.halt and run.state != Run.State.PAUSED:
        _pause(locked, stuck)
    elif stuck is None and run.halt == "worker":
        _resume(locked)


def _pause(locked: LockedRun, stuck: Task) -> None:
    run = locked.run
    run.halt, run.state = "worker", Run.State.PAUSED
    what = {"what": stuck.label or stuck.node, "why": said(stuck.reason)}
    run.reason = stored(_("%(what)s: %(why)s") % what)
    withdraw_all(locked, but=lambda task: bool(task.reason))
    locked.tell("run_paused", state=run.state, reason=run.reason)


def _resume(locked: LockedRun) -> None:
    run = locked.run
    run.halt, run.reason, run.state = "", "", Run.State.RUNNING
    locked.tell("run_resumed", state=run.state)
    following = Following(locked)
    following.start_all()
    following.carry_on()
