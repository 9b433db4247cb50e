"""What follows from a task's end, carried out: tasks started, inline ones executed, loops opened and closed.

The planner says what follows; this does it on the rows of a locked run. Inline kinds are executed here, for a short
time only, since everybody waits for the lock: what is left is queued for a worker like any other task.
"""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from flows import limits
from runs import hooks
from runs import plan as planner
from runs.commands.asking import ask, must_ask
from runs.commands.attempts import LONGEST_CODE, begin_attempt, end_attempt, message_of
from runs.commands.defects import as_task_failure
from runs.commands.ending import conclude, halt_run, tasks_in
from runs.commands.locked_run import PROMISED, LockedRun, State, error_of
from runs.commands.queueing import back_off, may_start, queue
from runs.commands.reading import Reading, read_inputs, result_at
from runs.commands.results_of_loops import first_failure, results_text
from runs.commands.reuse import may_reuse, reusable
from runs.errors import TaskFailure
from runs.kinds import INLINE, goes_on, iterations
from runs.kinds.executor import Done
from runs.models import Task
from runs.plan import DONE, FAILED, SKIPPED, Closing, End, Moves, Slot, Step, Turn
from runs.values import Stored, decode, stored, stored_text
from web.deferred_translation import kept as _
from web.deferred_translation import said

INLINE_TASKS = 200
INLINE_SECONDS = 0.06
"""Of this thread's own time."""
NEVER_AGAIN = frozenset({"cancelled", "limit_reached", "too_large", "answer_timeout", "lost"})


@dataclass(slots=True)
class Following:
    """The consequences that are being carried out in one transaction."""

    locked: LockedRun
    left: int = field(default_factory=lambda: INLINE_TASKS)
    until: float = field(default_factory=lambda: time.thread_time() + INLINE_SECONDS)
    _todo: deque[Callable[[], None]] = field(default_factory=deque)

    def follow(self, moves: Moves) -> None:
        """Carry out moves and all that follows, and end the run if nothing is left."""
        self._take(moves)
        self.carry_on()

    def carry_on(self) -> None:
        """Do what is still to be done, and end the run if nothing is left."""
        while self._todo:
            self._todo.popleft()()
        conclude(self.locked)

    def start(self, task: Task) -> None:
        """Start a task that is ready, if the run lets anything start."""
        self._todo.append(lambda: self._start(task))

    def finish(self, task: Task, done: Done) -> None:
        """End a task that gave something; a value that cannot be kept makes it fail."""
        try:
            value = stored(done.value)
            self.locked.expect_room(value)
        except TaskFailure as failure:
            self.fail(task, failure)
            return
        end_attempt(self.locked, task, usage=done.usage)
        task.usage = json.dumps(dict(done.usage))
        self._finish(task, value, done.ports)

    def fail(self, task: Task, failure: TaskFailure) -> None:
        """Let a task try again later, or fail."""
        step = self.locked.plan.steps[task.node]
        end_attempt(self.locked, task, failure, usage=failure.usage)
        task.usage = json.dumps(dict(failure.usage)) if failure.usage else task.usage
        task.error_code, task.error_message = failure.code[:LONGEST_CODE], message_of(failure)
        task.tries += 1
        if failure.code != "lost":
            task.losses = 0  # those in a row count
        if self._may_try_again(step, task, failure):
            back_off(self.locked, task, failure)
        else:
            self._fail(task)

    def start_all(self) -> None:
        """Start all that is ready."""
        for task in tasks_in(self.locked, [State.READY]):
            self.start(task)

    def skip(self, task: Task) -> None:
        """End a task that a person refused."""
        self._take(self._ended(task, SKIPPED))

    def retry(self, task: Task) -> None:
        """Take up a task that failed, from its first try."""
        task.tries, task.losses, task.is_dead_letter, task.ended_at = 0, 0, False, None
        task.error_code = task.error_message = ""
        locked = self.locked
        if task.scope:  # a loop that is asked again; of others the try begins with their work
            begin_attempt(locked, task)
        self._take(planner.retried(locked.plan, locked.board, task.node, task.path))

    # What the planner says.

    def _take(self, moves: Moves, task: Task | None = None) -> None:
        locked = self.locked
        locked.take(moves)
        for key in moves.skipped:
            self._was_skipped(locked.tasks[key])
        for key in moves.reopened:
            self._reopen(locked.tasks[key], moves.slots[key])
        for key in moves.ready:
            locked.move(locked.tasks[key], State.READY)
            self.start(locked.tasks[key])
        for turn in moves.turns:
            self._todo.append(self._deferred_turn(turn))
        for closing in moves.closings:
            self._todo.append(self._deferred_closing(closing))
        if moves.halt:
            halt_run(locked, moves.halt, task)

    def _reopen(self, task: Task, slot: Slot) -> None:
        """Take back the end of a task that is tried again or waits again, or of a loop that is open again."""
        task.ended_at, task.is_dead_letter = None, False
        task.error_code = task.error_message = ""
        if slot.scope is not None:
            self.locked.move(task, State.RUNNING, "task_retried", done=task.done, total=task.total)
        else:
            self.locked.move(task, State.READY if slot.state == "ready" else State.WAITING, "task_retried")

    def _was_skipped(self, task: Task) -> None:
        if task.state != State.SKIPPED:
            self.locked.move(task, State.SKIPPED, "task_skipped")

    def _ended(self, task: Task, end: End) -> Moves:
        return planner.ended(self.locked.plan, self.locked.board, task.node, task.path, end)

    # Starting.

    def _start(self, task: Task) -> None:
        locked = self.locked
        if task.state != State.READY or not may_start(locked.run):
            return
        step = locked.plan.steps[task.node]
        task.reason = ""
        if may_reuse(locked, step):
            if not self._has_time():
                queue(locked, task)  # the worker that claims it looks for the earlier result
                return
            if self._reuse(task):
                return
        if step.ask_first is not None and must_ask(task):
            ask(locked, task, step.ask_first)
        elif step.is_inline and self._has_time():
            self.execute(task)
        else:
            queue(locked, task)

    def take_up(self, task: Task) -> bool:
        """Do for a task that was queued for want of time what comes before it begins; tell whether it is not to."""
        step = self.locked.plan.steps[task.node]
        if not may_reuse(self.locked, step):
            return False
        if self._reuse(task):
            return True
        if step.ask_first is None or not must_ask(task):
            return False
        ask(self.locked, task, step.ask_first)
        return True

    def _has_time(self) -> bool:
        self.left -= 1
        return self.left >= 0 and time.thread_time() < self.until

    def _reuse(self, task: Task) -> bool:
        try:
            key = read_inputs(self.locked, task).key(self.locked)
        except TaskFailure:  # told where it is executed
            return False
        earlier = reusable(self.locked, task, key)
        if earlier is None:
            return False
        value, ports = earlier
        try:
            self.locked.expect_room(value)
        except TaskFailure:
            return False
        task.result_key, task.reused, task.started_at = key, True, self.locked.now
        self._finish(task, value, ports)
        return True

    def execute(self, task: Task, worker: str = "") -> None:
        """Execute an inline task; `worker` is whose it is, if it was queued for want of time."""
        locked = self.locked
        step = locked.plan.steps[task.node]
        begin_attempt(locked, task, worker)
        try:
            reading = read_inputs(locked, task)
            names, prev = reading.values(locked)
            if step.kind == "loop":
                self._open(task, step, reading)
                return
            task.result_key = reading.key(locked)
            done = as_task_failure(lambda: INLINE[step.kind](step, names, prev))
            if step.kind == "output":
                hooks.tell_output(locked.run, task, step, names, done.value)
        except TaskFailure as failure:
            self.fail(task, failure)
            return
        self.finish(task, done)

    # Loops.

    def _open(self, task: Task, step: Step, reading: Reading) -> None:
        locked = self.locked
        names, prev = reading.values(locked)
        items = as_task_failure(lambda: iterations(step, names, prev))
        total = None if items is None else len(items)
        if items is None and not as_task_failure(lambda: goes_on(step, names, index=0, previous=None)):
            total = 0
        self._expect_room(step, total)
        kept = None if items is None else stored(items)
        if kept is not None:
            locked.expect_room(kept)
        task.items, task.worker = None if kept is None else locked.keep(kept), ""
        locked.move(task, State.RUNNING, "task_started", done=0, total=total or 0)
        self._take(planner.opened(locked.plan, locked.board, task.node, task.path, total=total))

    def _expect_room(self, step: Step, total: int | None) -> None:
        most = limits.current().tasks_per_run
        tasks = len(self.locked.plan.layout.bodies[step.id]) * (1 if total is None else total)
        if self.locked.run.made + self.locked.counts[PROMISED] + tasks > most:
            raise TaskFailure("limit_reached", _("A run has at most %(most)d tasks.") % {"most": most})

    def _deferred_turn(self, turn: Turn) -> Callable[[], None]:
        return lambda: self._turn(turn)

    def _deferred_closing(self, closing: Closing) -> Callable[[], None]:
        return lambda: self._close(closing)

    def _turn(self, turn: Turn) -> None:
        locked = self.locked
        task = locked.tasks[turn.loop, turn.path]
        if task.state in Task.ENDED:
            return
        step = locked.plan.steps[turn.loop]
        try:
            names, _prev = read_inputs(locked, task).values(locked)
            previous, item = (
                decode(result_at(locked, turn.loop, turn.path, index)) for index in (turn.done - 1, turn.done - 2)
            )
            more = as_task_failure(lambda: goes_on(step, names, index=turn.done, previous=previous, item=item))
            if more:
                self._expect_room(step, None)
        except TaskFailure as failure:
            self.fail(task, failure)
            return
        self._take(planner.turned(locked.plan, locked.board, turn.loop, turn.path, goes_on=more))

    def _close(self, closing: Closing) -> None:
        locked = self.locked
        task = locked.tasks[closing.loop, closing.path]
        if task.state in Task.ENDED:
            return
        try:
            if closing.has_failed:
                why = first_failure(locked, closing)
                raise TaskFailure(why.error_code, said(why.error_message)) if why else TaskFailure("internal", "")
            value = stored_text(results_text(locked, closing))
            locked.expect_room(value)
        except TaskFailure as failure:
            self.fail(task, failure)
            return
        end_attempt(locked, task)
        self._finish(task, value, None)

    # Ending.

    def _finish(self, task: Task, value: Stored, ports: frozenset[str] | None) -> None:
        locked = self.locked
        task.output, task.progress = locked.keep(value), 1.0
        task.error_code = task.error_message = ""
        more: dict[str, object] = {"reused": True} if task.reused else {}
        if task.kind == "loop":
            more |= {"done": task.done, "total": task.total}
        moves = self._ended(task, DONE if ports is None else End("done", ports))
        locked.move(task, State.DONE, "task_done", **more)
        self._take(moves)

    def _fail(self, task: Task) -> None:
        locked = self.locked
        moves = self._ended(task, FAILED)
        slot = moves.slots[task.node, task.path]
        state = State.DONE if slot.state == "done" else State.FAILED
        task.is_dead_letter = state == State.FAILED and not slot.ports and not slot.has_failed_inside
        task.output = "null" if slot.ports is not None else None
        kind = "task_failed" if state == State.FAILED else "task_done"
        locked.move(task, state, kind, error=error_of(task))
        self._take(moves, task)

    def _may_try_again(self, step: Step, task: Task, failure: TaskFailure) -> bool:
        if step.is_inline or failure.code in NEVER_AGAIN or self.locked.run.halt == "fail":
            return False
        return task.tries <= step.retries and (failure.is_retryable or step.on_error == "retry")
