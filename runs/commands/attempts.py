"""Tries of a task as rows: begun under a claim, and how each ended."""

import json
import re
from collections.abc import Mapping

from flows.expressions import Json
from runs.commands.locked_run import ATTEMPTS, LockedRun
from runs.errors import TaskFailure
from runs.models import Attempt, Task
from web.deferred_translation import changed, stored

_STATES = {"timeout": Attempt.State.TIMED_OUT, "cancelled": Attempt.State.CANCELLED, "lost": Attempt.State.LOST}
LONGEST_MESSAGE = 2_000
LONGEST_CODE = 32
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def begin_attempt(locked: LockedRun, task: Task, worker: str = "") -> None:
    """Begin an attempt at a task: under a claim of its own, unless a worker has one."""
    if not worker:
        task.claim += 1
    task.attempt += 1
    task.worker, task.started_at = worker, locked.now
    locked.attempts[task.key] = Attempt(
        task=task, number=task.attempt, claim=task.claim, worker=worker, started_at=locked.now
    )


def end_attempt(
    locked: LockedRun, task: Task, failure: TaskFailure | None = None, usage: Mapping[str, Json] | None = None
) -> None:
    """Write how the attempt under a task's claim ended."""
    values = {"state": Attempt.State.DONE, "ended_at": locked.now, "usage": json.dumps(dict(usage or {}))}
    if failure is not None:
        values["state"] = _STATES.get(failure.code, Attempt.State.FAILED)
        values |= {"error_code": failure.code[:LONGEST_CODE], "error_message": message_of(failure)}
    close_attempt(locked, task, **values)


def close_attempt(locked: LockedRun, task: Task, **values: object) -> None:
    """Write values of the attempt under a task's claim."""
    begun = locked.attempts.get(task.key)
    if begun is None:
        condition = "task_id = %s AND claim = %s AND state = %s"
        ATTEMPTS.write(condition, [task.key, task.claim, Attempt.State.RUNNING], **values)
        return
    for name, value in values.items():
        setattr(begun, name, value)


def message_of(failure: TaskFailure) -> str:
    """Return what a failure says, as every database can hold it."""
    return kept_of(failure.message, LONGEST_MESSAGE)


def kept_of(text: str, most: int) -> str:
    """Return what is stored of a text, or of what was put into a sentence, as every database can hold it."""
    return stored(changed(text, lambda part: UNSTORABLE.sub("\ufffd", part[:most])))
