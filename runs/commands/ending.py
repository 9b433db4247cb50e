"""How a run stops: halted by a failure, waiting for people, and at its end."""

from collections.abc import Callable, Iterable

from runs import hooks
from runs.commands.locked_run import LOOPS, LockedRun, State
from runs.errors import TaskFailure
from runs.models import Attempt, Question, Run, Task
from runs.plan.state import Halt
from runs.values import load_texts, stored_text
from web.deferred_translation import kept as _
from web.deferred_translation import stored

UNDER_WAY = (State.READY, State.QUEUED, State.RUNNING, State.BACKING_OFF, State.ASKING)
"""States of a task that was ready and has not ended."""


def conclude(locked: LockedRun) -> None:
    """End a run of which nothing is left to do, and say whether it waits for people."""
    run = locked.run
    if run.state in Run.ENDED or not run.made:
        return
    if run.halt == "fail":
        if not _busy(locked):
            end_run(locked, Run.State.FAILED, run.reason)
    elif not run.halt and (run.unfinished <= 0 or (run.state != Run.State.PAUSED and not _moves(locked))):
        end_run(locked, *_end_of(locked))
    elif run.state in (Run.State.RUNNING, Run.State.WAITING):
        _tell_waiting(locked)


def halt_run(locked: LockedRun, halt: Halt, task: Task | None = None) -> None:
    """Let nothing start any more: "fail" ends the run when nothing runs, "pause" waits for people."""
    run = locked.run
    if run.halt == "fail" or run.state in Run.ENDED:
        return
    run.halt = halt
    run.reason = _failure_of(task) if task is not None else ""
    withdraw_all(locked, asking=halt == "fail")
    if halt == "pause":
        run.state = Run.State.PAUSED
        locked.tell("run_paused", state=run.state, reason=run.reason)


def withdraw_all(locked: LockedRun, *, asking: bool = False, but: Callable[[Task], bool] | None = None) -> None:
    """Take back all that has not begun, `but` some; it is ready, and starts when the run goes on."""
    states = [State.QUEUED, State.BACKING_OFF, *([State.ASKING] if asking else [])]
    for task in tasks_in(locked, states):
        if but is not None and but(task):
            continue
        if task.state == State.ASKING:
            _withdraw_question(locked, task)
        locked.withdraw(task)
        task.due_at = None
        locked.move(task, State.READY, "task_ready")


def _withdraw_question(locked: LockedRun, task: Task) -> None:
    """Ask no more, also what was asked a moment ago and is not written yet."""
    locked.questions = [one for one in locked.questions if one.task_id != task.pk]
    Question.objects.filter(task=task, answered_at=None).delete()


def tasks_in(locked: LockedRun, states: Iterable[str]) -> list[Task]:
    """Return the tasks that are in one of some states by now, in the order of their priority."""
    found = locked.load(Task.objects.filter(run=locked.run, state__in=list(states)))
    known = {task.key: task for task in [*found, *locked.tasks.values()]}
    return sorted((task for task in known.values() if task.state in states), key=lambda task: task.priority)


def stop_run(locked: LockedRun, state: str, reason: str = "") -> None:
    """End a run at once: what is unfinished is cancelled, and who is at something hears of it."""
    run = locked.run
    waiting = Task.objects.filter(run=run, state=State.WAITING)
    gone = waiting.update(state=State.CANCELLED, ended_at=locked.now)
    locked.counts[State.WAITING] -= gone
    locked.counts[State.CANCELLED] += gone
    Attempt.objects.filter(task__run=run, state=Attempt.State.RUNNING).update(
        state=Attempt.State.CANCELLED, ended_at=locked.now
    )
    Question.objects.filter(run=run, answered_at=None).delete()
    for task in tasks_in(locked, UNDER_WAY):
        if task.kind != "loop":
            locked.withdraw(task)
        locked.move(task, State.CANCELLED, "task_cancelled")
    run.unfinished = 0
    end_run(locked, state, reason)


def end_run(locked: LockedRun, state: str, reason: str = "") -> None:
    """End a run; what had not begun stays as it is if the run failed, since it may be retried.

    One whose output cannot be kept has failed.
    """
    run = locked.run
    if state in (Run.State.DONE, Run.State.DONE_WITH_FAILURES):
        try:
            run.progress, run.output = 1.0, _output(locked)
        except TaskFailure as failure:
            state, reason = Run.State.FAILED, stored(failure.message)
    run.state, run.reason, run.ended_at = state, reason, locked.now
    locked.tell("run_ended", state=run.state, reason=reason)
    if state != Run.State.CANCELLED:
        hooks.tell(run, "run.failed" if state == Run.State.FAILED else "run.done")


def _busy(locked: LockedRun) -> int:
    counts = locked.counts
    return counts[State.RUNNING] - counts[LOOPS] + counts[State.QUEUED] + counts[State.BACKING_OFF]


def _moves(locked: LockedRun) -> int:
    """Count what may still bring something about."""
    return _busy(locked) + locked.counts[State.READY] + locked.counts[State.ASKING]


def _end_of(locked: LockedRun) -> tuple[str, str]:
    """Return how a run ends of which nothing can go on, and why: failed, if what follows a failure is undecided."""
    failed = tasks_in(locked, [State.FAILED]) if locked.counts[State.FAILED] else []
    undecided = [task for task in failed if not task.ports]
    if locked.counts[State.CANCELLED]:  # the run was cut off, and some of it tried again
        return Run.State.FAILED, stored(_("The run took longer than it may."))
    if undecided or locked.run.unfinished > 0:
        return Run.State.FAILED, _failure_of(undecided[0]) if undecided else ""
    return Run.State.DONE_WITH_FAILURES if failed else Run.State.DONE, ""


def _failure_of(task: Task) -> str:
    return stored(_("“%(what)s” failed.") % {"what": (task.label or task.node)[:200]})


def _tell_waiting(locked: LockedRun) -> None:
    run = locked.run
    waits = bool(locked.counts[State.ASKING]) and not _busy(locked)
    wanted = Run.State.WAITING if waits else Run.State.RUNNING
    if run.state != wanted:
        run.state = wanted
        reason = stored(_("Waits for an answer.")) if waits else ""
        locked.tell("run_paused" if waits else "run_resumed", state=wanted, reason=reason)


def _output(locked: LockedRun) -> str | None:
    """Return the only output's value, else an object of all by node; they stand in rows as canonical JSON.

    Raises `TaskFailure` where that object cannot be kept.
    """
    nodes = sorted(step.id for step in locked.plan.steps.values() if step.kind == "output" and step.loop is None)
    tasks = locked.read("", nodes)
    outputs = {node: task.output for node, task in tasks.items() if task.state == State.DONE}
    if len(nodes) == 1:
        return outputs.get(nodes[0])
    if not outputs:
        return None
    texts = load_texts(locked.run.pk, outputs.values(), locked.blobs)
    whole = "{" + ",".join(f'"{node}":{text}' for node, text in zip(outputs, texts, strict=True)) + "}"
    value = stored_text(whole)
    locked.expect_room(value)
    return locked.keep(value)
