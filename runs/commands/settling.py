"""The end of an attempt, and all that follows from it, in one transaction under the run's lock."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from flows.errors import NotFound
from runs.commands.following import Following
from runs.commands.locked_run import LockedRun, State
from runs.commands.results import Claimed
from runs.commands.transaction import in_run
from runs.errors import TaskFailure
from runs.kinds.executor import Done
from runs.models import Attempt

Result = tuple[Claimed, Done | TaskFailure]


def settle(claimed: Claimed, result: Done | TaskFailure, *, now: datetime) -> bool:
    """Write how an attempt ended and what follows. False: the claim is over, and only that is written (fenced)."""
    return settle_all([(claimed, result)], now=now)[0]


def settle_all(results: Sequence[Result], *, now: datetime) -> list[bool]:
    """Settle several attempts; those of one run in one transaction."""
    by_run: dict[UUID, list[int]] = {}
    for index, (claimed, _result) in enumerate(results):
        by_run.setdefault(claimed.run, []).append(index)
    settled = [False] * len(results)
    for run, indexes in by_run.items():
        try:
            answers = in_run(run, now, partial(_settle, [results[index] for index in indexes]))
        except NotFound:  # the run is gone
            continue
        for index, answer in zip(indexes, answers, strict=True):
            settled[index] = answer
    return settled


def _settle(results: Sequence[Result], locked: LockedRun) -> list[bool]:
    following = Following(locked)
    locked.read_keys(claimed.task for claimed, _result in results)
    answers = [_end(following, claimed, result) for claimed, result in results]
    following.carry_on()
    return answers


def _end(following: Following, claimed: Claimed, result: Done | TaskFailure) -> bool:
    task = following.locked.task(claimed.task)
    if task.state != State.RUNNING or task.claim != claimed.claim:
        _fence(following.locked, claimed)
        return False
    if isinstance(result, TaskFailure):
        following.fail(task, result)
    else:
        following.finish(task, result)
    return True


def _fence(locked: LockedRun, claimed: Claimed) -> None:
    """Note that a result came too late, unless nobody wanted it any more."""
    states = (Attempt.State.RUNNING, Attempt.State.LOST)
    late = Attempt.objects.filter(task=claimed.task, claim=claimed.claim, state__in=states)
    if late.update(state=Attempt.State.FENCED, ended_at=locked.now):
        task = locked.task(claimed.task)
        locked.tell("task_fenced", task, state=task.state, attempt=claimed.attempt, worker=claimed.worker)
