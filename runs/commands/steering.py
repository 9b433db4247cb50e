"""What people do with a run: cancel, pause, resume, retry, roll back. Editors only; what carries a run on takes what
starting it does (`runs.by_link`).

Each counts as an operation of theirs, and raises `NotFound`, `Forbidden`, `Problem` (`rate_limited`; `limit_reached`
where more would be kept than may be), and `WrongState` for what the state does not allow.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from accounts.principals import Principal, user_id_of
from flows import limits
from flows.access import Role, get_flow_for
from flows.errors import NotFound
from flows.rates import count_operations
from runs.commands.attempts import close_attempt
from runs.commands.ending import conclude, stop_run, withdraw_all
from runs.commands.following import Following
from runs.commands.locked_run import LockedRun, State, slot_of
from runs.commands.open_runs import expect_few_of, expect_few_open
from runs.commands.queueing import may_start, queue
from runs.commands.storage import EVENT_BYTES, expect_room
from runs.commands.transaction import in_run_for
from runs.errors import WrongState
from runs.keys import run_of
from runs.models import Attempt, Checkpoint, Run, Task

STARTED = (Run.State.WAITING, Run.State.RUNNING)
RETRIABLE = (*Run.OPEN, Run.State.FAILED, Run.State.DONE_WITH_FAILURES)


def cancel_run(principal: Principal, run_id: UUID, *, now: datetime | None = None) -> Run:
    """End a run: nothing starts any more, and what runs is told to stop."""

    def cancel(locked: LockedRun) -> Run:
        _expect(locked, Run.OPEN)
        stop_run(locked, Run.State.CANCELLED)
        return locked.run

    return in_run_for(principal, run_id, now, cancel)


def pause_run(principal: Principal, run_id: UUID, *, now: datetime | None = None) -> Run:
    """Let what runs end, and start nothing."""

    def pause(locked: LockedRun) -> Run:
        _expect(locked, STARTED)
        if locked.run.halt:
            raise WrongState
        locked.run.state, locked.run.reason = Run.State.PAUSED, ""
        locked.tell("run_paused", state=locked.run.state, reason="")
        withdraw_all(locked)
        return locked.run

    return in_run_for(principal, run_id, now, pause)


def resume_run(principal: Principal, run_id: UUID, *, now: datetime | None = None) -> Run:
    """Go on; a critical task whose failure paused the run is tried again."""

    def resume(locked: LockedRun) -> Run:
        _expect(locked, (Run.State.PAUSED,))
        failed = _stopping(locked) if locked.run.halt == "pause" else []
        _go_on(locked, failed)
        return locked.run

    return in_run_for(principal, run_id, now, resume, carries_on=True)


def retry_run(
    principal: Principal, run_id: UUID, tasks: Collection[str] | None = None, *, now: datetime | None = None
) -> Run:
    """Try dead letters of a run again, all of them or those that are named, in the same run."""
    return _retry(principal, run_id, tasks, now=now, operations=1)


def _retry(
    principal: Principal, run_id: UUID, tasks: Collection[str] | None, *, now: datetime | None, operations: int
) -> Run:
    def retry(locked: LockedRun) -> Run:
        _expect(locked, RETRIABLE)
        if tasks is None:
            found = locked.load(Task.objects.filter(run=locked.run, is_dead_letter=True).order_by("priority"))
        else:
            found = [locked.task(key) for key in dict.fromkeys(tasks)]
        if not found or not all(may_retry(locked.run, task) for task in found):
            raise WrongState(_("Only tasks that failed can be tried again."))
        _expect_few_open(principal, locked.run)
        _go_on(locked, found)
        return locked.run

    return in_run_for(principal, run_id, now, retry, carries_on=True, operations=operations)


def retry_dead_letters(principal: Principal, tasks: Collection[str], *, now: datetime | None = None) -> list[Run]:
    """Try dead letters of several runs again, each an operation; none of them if one is known not to be allowed.

    Raises `NotFound` and `Forbidden`, whichever of the runs it is, `WrongState` where one of them does not go on, and
    `Problem` (`rate_limited`, `limit_reached`).
    """
    count_operations(user_id_of(principal), len(tasks))
    by_run: dict[UUID, list[str]] = {}
    for key in dict.fromkeys(tasks):
        by_run.setdefault(run_of(key), []).append(key)
    known = Run.objects.filter(pk__in=list(by_run))
    for flow_id in known.order_by().values_list("flow", flat=True).distinct():
        try:
            get_flow_for(principal, flow_id, Role.EDITOR)
        except NotFound:
            raise NotFound(_("No such task.")) from None  # as for one that never was
    if Task.objects.filter(key__in=list(tasks), is_dead_letter=True).count() != len(set(tasks)):
        raise NotFound(_("No such task."))
    if known.exclude(state__in=RETRIABLE).exists():
        raise WrongState
    for flow_id, responsible in known.order_by().values_list("flow", "responsible").distinct():
        expect_room(flow_id, responsible, EVENT_BYTES)
    ended = known.filter(state__in=Run.ENDED).order_by()
    for flow_id, count in ended.values_list("flow").annotate(Count("pk")):
        expect_few_open(flow_id, None, count)
    person = user_id_of(principal)
    if (own := ended.filter(actor=person).count()) and person is not None:
        expect_few_of(person, own)
    return [_retry(principal, run_id, keys, now=now, operations=0) for run_id, keys in by_run.items()]


def roll_back(principal: Principal, run_id: UUID, task: str, checkpoint: int, *, now: datetime | None = None) -> Task:
    """Begin a task anew at one of its checkpoints, which is kept; later ones go."""

    def back(locked: LockedRun) -> Task:
        _expect(locked, RETRIABLE)
        found = locked.task(task)
        saved = Checkpoint.objects.filter(task=found)
        if not saved.filter(number=checkpoint).exists():
            raise NotFound(_("No such checkpoint."))
        if not may_roll_back(locked.run, found):
            raise WrongState(_("Only a task that runs or failed can be rolled back."))
        saved.filter(number__gt=checkpoint).delete()
        locked.tell("task_rolled_back", found, state=found.state, attempt=found.attempt, checkpoint=checkpoint)
        if found.state == State.FAILED:
            _expect_few_open(principal, locked.run)
            _go_on(locked, [found])
        else:
            _begin_anew(locked, found)
        return found

    return in_run_for(principal, run_id, now, back, carries_on=True)


def may_retry(run: Run, task: Task) -> bool:
    """Tell whether a task can be tried again."""
    return task.is_dead_letter and run.state in RETRIABLE


def may_roll_back(run: Run, task: Task) -> bool:
    """Tell whether a task can begin anew at one of its checkpoints."""
    is_open = task.state in (State.READY, State.QUEUED, State.RUNNING, State.BACKING_OFF) and task.kind != "loop"
    return may_retry(run, task) or (is_open and run.state in Run.OPEN)


def _expect(locked: LockedRun, states: Collection[str]) -> None:
    if locked.run.state not in states:
        raise WrongState


def _expect_few_open(principal: Principal, run: Run) -> None:
    """Refuse to let a run that has ended go on where there are all the unfinished ones that may be."""
    if run.state in Run.ENDED:
        person = user_id_of(principal)
        expect_few_open(run.flow_id, person if run.actor_id == person else None)


def _begin_anew(locked: LockedRun, task: Task) -> None:
    if task.state == State.RUNNING:
        close_attempt(locked, task, state=Attempt.State.CANCELLED, ended_at=locked.now)
    locked.withdraw(task)
    task.tries, task.losses, task.progress = 0, 0, 0.0
    if may_start(locked.run):
        queue(locked, task)
    else:
        locked.move(task, State.READY, "task_ready")
        conclude(locked)


def _stopping(locked: LockedRun) -> list[Task]:
    """Return the failed tasks for which nothing went on: what follows them is undecided."""
    failed = Task.objects.filter(run=locked.run, state=State.FAILED, ports="").order_by("priority")
    return [task for task in locked.load(failed) if not slot_of(task).has_failed_inside]


def _go_on(locked: LockedRun, retried: Sequence[Task]) -> None:
    """Let a run go on, with some failed tasks taken up again."""
    run = locked.run
    was_running = run.state == Run.State.RUNNING and not run.halt
    if run.state in Run.ENDED:
        run.ended_at, run.output, run.progress = None, None, min(run.progress, 0.99)
        run.deadline = locked.now + timedelta(seconds=limits.current().run_seconds)
    run.halt = run.reason = ""
    run.state = Run.State.RUNNING
    if not was_running:
        locked.tell("run_resumed", state=run.state)
    following = Following(locked)
    for task in retried:
        following.retry(task)
    following.start_all()
    following.carry_on()
