"""Tasks that wait for a worker: at once, or after a pause."""

import random
from datetime import timedelta

from runs.commands.locked_run import LockedRun, State, error_of
from runs.errors import TaskFailure
from runs.models import Run, Task

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
LONGEST_ASKED_PAUSE = 3_600.0
"""Seconds; the last is what another side may ask for."""
LONGEST = timedelta(seconds=max(LONGEST_PAUSE, LONGEST_ASKED_PAUSE))


def may_start(run: Run) -> bool:
    """Tell whether a run lets tasks start."""
    return run.state in (Run.State.RUNNING, Run.State.WAITING) and not run.halt


def queue(locked: LockedRun, task: Task) -> None:
    """Queue a task for a worker; it is handed after the commit."""
    task.claim += 1
    task.handed_at, task.due_at, task.worker = None, locked.now, ""
    locked.move(task, State.QUEUED, "task_queued")


def back_off(locked: LockedRun, task: Task, failure: TaskFailure) -> None:
    """Let a task wait before its next try: longer each time, at random below that, or as the other side asks."""
    most = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(task.tries - 1, 20))
    pause = random.uniform(0, most)  # noqa: S311  (full jitter)
    if failure.retry_after is not None:
        pause = max(pause, min(failure.retry_after, LONGEST_ASKED_PAUSE))
    locked.withdraw(task)
    task.due_at = locked.now + timedelta(seconds=pause)
    locked.move(task, State.BACKING_OFF, "task_backing_off", error=error_of(task), due_at=task.due_at.isoformat())
