"""A worker's hold on a task: taken, kept alive by what it saves, given back, lost.

Everything is said under a claim, a number of the task; who says it under an older one is fenced.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from uuid import UUID

from flows import limits
from flows.errors import NotFound
from flows.expressions import Json
from runs import hooks
from runs.commands.attempts import UNSTORABLE, begin_attempt, close_attempt
from runs.commands.ending import conclude
from runs.commands.following import Following
from runs.commands.handing import account_of, read_work_id, work_id
from runs.commands.locked_run import RUNS, LockedRun, State
from runs.commands.queueing import may_start, queue
from runs.commands.reading import Reading, read_inputs
from runs.commands.results import Claimed
from runs.commands.rows import Rows
from runs.commands.transaction import in_run
from runs.errors import Fenced, TaskFailure
from runs.keys import run_of
from runs.models import Attempt, Checkpoint, Run, Task
from runs.values import load_all, stored
from web.deferred_translation import kept as _

MOST_LOSSES = 3
LONGEST_NAME = 200
MOST_CHECKPOINTS = 1_000
LEAST_PROGRESS = 0.01
CHECKPOINTS = Rows(Checkpoint)


def claim_task(id: str, worker: str, *, now: datetime) -> Claimed | None:
    """Begin a task for a worker: it is running, with a new attempt. None if that claim is over, or the run is.

    The same claim twice for one worker is the same hold (the engine calls at least once). A task whose run is paused is
    not begun; it is handed again when the run goes on. An inline task, queued since there was no time for it, is
    executed here and gives None.
    """
    return claim_all([id], worker, now=now)[0]


def claim_all(ids: Sequence[str], worker: str, *, now: datetime) -> list[Claimed | None]:
    """Begin several tasks for a worker, in the order of their ids; those of one run in one transaction."""
    by_run: dict[UUID, list[tuple[int, str, int]]] = {}
    for index, id in enumerate(ids):
        with suppress(NotFound, ValueError):
            key, claim = read_work_id(id)
            by_run.setdefault(run_of(key), []).append((index, key, claim))
    claimed: list[Claimed | None] = [None] * len(ids)
    for run, asked in by_run.items():
        with suppress(NotFound):  # the run is gone
            begun = in_run(run, now, partial(_claim_each, asked=asked, worker=worker))
            for index, locked, task, reading in begun:
                claimed[index] = _claimed(locked, task, reading, now)
    return claimed


def save_checkpoint(claimed: Claimed, name: str, value: Json, *, now: datetime) -> None:
    """Keep a named value. Raises `Fenced` if the task is another's, `TaskFailure` if it is no value or has no room."""
    if not 0 < len(name) <= LONGEST_NAME or UNSTORABLE.search(name):
        raise TaskFailure("internal", _("A checkpoint’s name has 1 to %(most)d characters.") % {"most": LONGEST_NAME})
    kept = stored(value)

    def save(locked: LockedRun) -> None:
        task = _held(locked, claimed.task, claimed.claim)
        if task is None:
            raise Fenced
        known = {one.name: one.number for one in CHECKPOINTS.where("task_id = %s", [task.key])}
        if name not in known and len(known) >= MOST_CHECKPOINTS:
            raise TaskFailure(
                "limit_reached", _("A task has at most %(most)d checkpoints.") % {"most": MOST_CHECKPOINTS}
            )
        number = known.get(name, max(known.values(), default=0) + 1)
        locked.expect_room(kept)
        values = {"number": number, "value": locked.keep(kept), "at": now}
        Checkpoint.objects.update_or_create(task=task, name=name, defaults=values)
        locked.tell("checkpoint", task, state=task.state, attempt=task.attempt, name=name, number=number)

    in_run(claimed.run, now, save)


def expect_held(claimed: Claimed) -> None:
    """Keep a task under this claim until the transaction around ends; it locks the run, so call it before all else.

    Raises `Fenced` if the task is another's, or has ended.
    """
    running = Task.objects.filter(key=claimed.task, claim=claimed.claim, state=State.RUNNING)
    if not RUNS.keyed([claimed.run], lock=True) or not running.exists():
        raise Fenced


def report_progress(claimed: Claimed, progress: float, *, now: datetime) -> None:
    """Say how far a task is, 0 to 1; it never falls. What is fenced says nothing."""

    def report(locked: LockedRun) -> None:
        task = _held(locked, claimed.task, claimed.claim)
        reached = min(max(progress, 0.0), 0.99)
        if task is not None and reached - task.progress >= LEAST_PROGRESS:
            task.progress = reached
            locked.change(task)
            locked.tell("task_progress", task, state=task.state, attempt=task.attempt, progress=reached)

    in_run(claimed.run, now, report)


def release(id: str, *, now: datetime) -> bool:
    """Give a running task back, for a worker that drains: a new claim, queued again, no try counted. False: fenced."""
    return _take_back(id, now, _release)


def lose(id: str, *, now: datetime) -> bool:
    """Take a running task from a dead worker: a new claim, queued again; the third loss ends it (`lost`).

    False if the claim is over, so that many may call.
    """
    return _take_back(id, now, _lose)


def not_wanted(ids: Collection[str]) -> frozenset[str]:
    """Return which of these held ids are to end: cancelled, or fenced."""
    held = dict(read_work_id(id) for id in ids)
    running = Task.objects.filter(key__in=held, state=State.RUNNING).values_list("key", "claim")
    wanted = {work_id(key, claim) for key, claim in running}
    return frozenset(id for id in ids if id not in wanted)


def _claim_each(
    locked: LockedRun, *, asked: Sequence[tuple[int, str, int]], worker: str
) -> list[tuple[int, LockedRun, Task, Reading]]:
    locked.read_keys(key for _index, key, _claim in asked)
    following = Following(locked)
    begun: list[tuple[int, LockedRun, Task, Reading]] = []
    for index, key, claim in asked:
        with suppress(NotFound):  # the task is gone
            if (one := _claim(following, key=key, claim=claim, worker=worker)) is not None:
                begun.append((index, *one))
    following.carry_on()
    return begun


def _claim(following: Following, *, key: str, claim: int, worker: str) -> tuple[LockedRun, Task, Reading] | None:
    locked = following.locked
    task = locked.task(key)
    if task.claim != claim or locked.run.state in Run.ENDED:
        return None
    if task.state == State.RUNNING and task.worker == worker and task.kind != "loop":
        return locked, task, read_inputs(locked, task)
    if task.state != State.QUEUED:
        return None
    if not may_start(locked.run):
        locked.withdraw(task)
        locked.move(task, State.READY, "task_ready")
        return None
    return _begin(following, task, worker)


def _begin(following: Following, task: Task, worker: str) -> tuple[LockedRun, Task, Reading] | None:
    """Begin a queued task, unless it ends here: its result is an earlier one, or it is an inline one."""
    locked = following.locked
    if following.take_up(task):
        return None
    if locked.plan.steps[task.node].is_inline:
        following.execute(task, worker)
        return None
    begin_attempt(locked, task, worker)
    try:
        reading = read_inputs(locked, task)
        task.result_key, task.reason, task.due_at = reading.key(locked), "", None
    except TaskFailure as failure:
        following.fail(task, failure)
        return None
    locked.move(task, State.RUNNING, "task_started", worker=worker)
    return locked, task, reading


def _claimed(locked: LockedRun, task: Task, reading: Reading, now: datetime) -> Claimed:
    names, prev = reading.values(locked)
    saved = CHECKPOINTS.where("task_id = %s", [task.key])
    values = load_all(locked.run.pk, [one.value for one in saved])
    most = limits.current().task_seconds * 1_000
    seconds = min(reading.step.timeout_ms or most, most) / 1_000
    if locked.run.deadline is not None:
        seconds = min(seconds, (locked.run.deadline - now).total_seconds())
    return Claimed(
        id=work_id(task.key, task.claim),
        task=task.key,
        claim=task.claim,
        worker=task.worker,
        attempt=task.attempt,
        run=locked.run.pk,
        flow=locked.run.flow_id,
        step=reading.step,
        path=task.path,
        names=names,
        prev=prev,
        seconds=seconds,
        checkpoints=dict(zip((one.name for one in saved), values, strict=True)),
        account=account_of(locked.run),
    )


def _held(locked: LockedRun, key: str, claim: int) -> Task | None:
    """Return a task that runs under this claim."""
    task = locked.task(key)
    return task if task.state == State.RUNNING and task.claim == claim and task.kind != "loop" else None


def _take_back(id: str, now: datetime, how: Callable[[LockedRun, Task], None]) -> bool:
    def take(locked: LockedRun) -> bool:
        task = _held(locked, key, claim)
        if task is None:
            return False
        how(locked, task)
        return True

    try:
        key, claim = read_work_id(id)
        return in_run(run_of(key), now, take)
    except (NotFound, ValueError):
        return False


def _release(locked: LockedRun, task: Task) -> None:
    close_attempt(locked, task, state=Attempt.State.CANCELLED, ended_at=locked.now)
    _again(locked, task)


def _lose(locked: LockedRun, task: Task) -> None:
    task.losses += 1
    worker = task.worker
    hooks.tell(locked.run, "worker.lost", task=task.key, node=task.node, worker=worker)
    if task.losses >= MOST_LOSSES:
        locked.tell("task_lost", task, state=task.state, attempt=task.attempt, worker=worker)
        following = Following(locked)
        sentence = _("The worker was lost %(count)d times while it was at this.") % {"count": task.losses}
        following.fail(task, TaskFailure("lost", sentence))
        following.carry_on()
        return
    close_attempt(locked, task, state=Attempt.State.LOST, error_code="lost", ended_at=locked.now)
    locked.tell("task_lost", task, state=State.QUEUED, attempt=task.attempt, worker=worker)
    _again(locked, task)


def _again(locked: LockedRun, task: Task) -> None:
    """Let another worker begin a task: queued, or ready while the run lets nothing start."""
    locked.withdraw(task)
    if may_start(locked.run):
        queue(locked, task)
    else:
        locked.move(task, State.READY, "task_ready")
        conclude(locked)
