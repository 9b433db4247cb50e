"""One run under its lock: what was read of it, what was changed, and at the end all of it written at once.

Tasks are read only when something touches them, so what a command costs does not grow with the run. Nothing here
decides anything; `runs.commands.following` does, with the planner.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from flows.errors import NotFound
from flows.expressions import Json
from flows.publish import hint_run, publish_after_commit
from runs.commands.handing import handed_of, tell_engine, work_id
from runs.commands.rows import Rows
from runs.commands.storage import EVENT_BYTES, STEP, Kept, count, kept_of
from runs.engine.engine import Handed
from runs.keys import read_key, task_key
from runs.models import Attempt, Question, Run, RunEvent, Task
from runs.plan import (
    Key,
    Moves,
    Overlay,
    Plan,
    Slot,
    decode_ports,
    decode_scope,
    encode_ports,
    encode_scope,
    slot_state,
)
from runs.plans import plan_of
from runs.values import Stored, decode, load, reference, size_of, write_blobs

State = Task.State
LOOPS, PROMISED = "loops", "promised"
RUNS, TASKS, EVENTS, ATTEMPTS = Rows(Run), Rows(Task), Rows(RunEvent), Rows(Attempt)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is told after the commit."""

    run: UUID
    flow: UUID
    seq: int
    handed: tuple[Handed, ...]
    cancelled: tuple[str, ...]
    at: datetime
    has_events: bool

    def tell(self) -> None:
        """Tell the engine and those who follow the flow."""
        tell_engine(self.handed, self.cancelled, now=self.at)
        if self.has_events:
            publish_after_commit(hint_run(self.run, self.flow, self.seq))


@dataclass(slots=True)
class LockedRun:
    """A run whose row is locked, with the changes so far."""

    run: Run
    now: datetime
    plan: Plan
    tasks: dict[Key, Task] = field(default_factory=dict)
    blobs: list[Stored] = field(default_factory=list)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    added: int = 0
    board: Overlay = field(init=False)
    counts: Counter[str] = field(init=False)
    _kept: Kept | None = None
    _before: dict[Key, dict[str, object]] = field(default_factory=dict)
    _run_before: dict[str, object] = field(default_factory=dict)
    _changed: dict[Key, Task] = field(default_factory=dict)
    _events: list[RunEvent] = field(default_factory=list)
    _cancelled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board = Overlay(self)
        self._run_before = RUNS.state_of(self.run)
        self.counts = Counter(json.loads(self.run.counts))

    def slots(self, keys: Collection[Key]) -> Mapping[Key, Slot]:
        """Read slots, for the planner; one query for those not read yet."""
        missing = [task_key(self.run.pk, *key) for key in keys if key not in self.tasks]
        if missing:
            self.load(TASKS.keyed(missing))
        return {key: slot_of(self.tasks[key]) for key in keys}

    def read(self, path: str, nodes: Collection[str]) -> dict[str, Task]:
        """Return tasks as they are by now, with one query for those not read yet; what is not there is left out."""
        missing = [task_key(self.run.pk, node, path) for node in nodes if (node, path) not in self.tasks]
        if missing:
            self.load(TASKS.keyed(missing))
        return {node: self.tasks[node, path] for node in nodes if (node, path) in self.tasks}

    def task(self, key: str) -> Task:
        """Return one task by its key. Raises `NotFound`."""
        node, path = read_key(key, self.run.pk)
        found = self.read(path, (node,)).get(node)
        if found is None:
            raise NotFound
        return found

    def read_keys(self, keys: Iterable[str]) -> None:
        """Read tasks by their keys with one query, for what comes."""
        known = {task.key for task in self.tasks.values()}
        self.load(TASKS.keyed([key for key in dict.fromkeys(keys) if key not in known]))

    def load(self, tasks: Iterable[Task]) -> list[Task]:
        """Take tasks that were read by another query, and return them as they are by now."""
        found = []
        for task in tasks:
            key = task.node, task.path
            if key not in self.tasks:
                self.tasks[key], self._before[key] = task, TASKS.state_of(task)
            found.append(self.tasks[key])
        return found

    def take(self, moves: Moves) -> None:
        """Lay the planner's moves over the rows."""
        self.board.take(moves)
        made = set(moves.made)
        for key, slot in moves.slots.items():
            task = self._make(slot) if key in made else self.tasks[key]
            task.pending, task.live = max(0, slot.pending), slot.live
            task.ports, task.scope = encode_ports(slot.ports), encode_scope(slot.scope)
            if slot.scope is not None:
                task.done, task.total = slot.scope.done, slot.scope.total or slot.scope.opened
            self.change(task)
        run = self.run
        run.unfinished += len(moves.made) - len(moves.ended) + len(moves.reopened)
        self.counts[PROMISED] += moves.promised
        run.has_failures = run.has_failures or moves.has_failures
        run.progress = max(run.progress, min(run.progress + moves.progress, 0.99))

    def change(self, task: Task) -> None:
        """Have a task written."""
        self._changed[task.node, task.path] = task

    def move(self, task: Task, state: str, kind: str = "", **data: object) -> None:
        """Bring a task into a state, and say so in an event."""
        self._count(task, -1)
        task.state = state
        self._count(task, +1)
        if state in Task.ENDED:
            task.ended_at, task.due_at = self.now, None
        self.change(task)
        if kind:
            self.tell(kind, task, state=state, attempt=task.attempt, **data)

    def withdraw(self, task: Task) -> None:
        """Let no worker begin or end a task under its present claim."""
        self._cancelled.append(work_id(task.key, task.claim))
        task.claim, task.worker, task.handed_at = task.claim + 1, "", None
        self.change(task)

    def tell(self, kind: str, task: Task | None = None, **data: object) -> None:
        """Add an event. When a run goes on, the time it stood still does not count as its own."""
        if kind == "run_resumed" and self.run.deadline is not None:
            self.run.deadline += self._stood_still()
        self.run.seq += 1
        event = RunEvent(run=self.run, seq=self.run.seq, kind=kind, at=self.now)
        if task is not None:
            event.task, event.node = task.key, task.node
        event.data = json.dumps(data, separators=(",", ":"))
        self.added += EVENT_BYTES + len(event.data)
        self._events.append(event)

    def expect_room(self, value: Stored) -> None:
        """Raise `TaskFailure` (`limit_reached`) where nothing more may be kept; a long value counts as a new one.

        Asks only where the totals lack a step of what the run would keep, and then once.
        """
        size = self.run.storage + self.added + self._size(value) - self.run.counted
        if size < STEP:
            return
        if self._kept is None:
            self._kept = kept_of(self.run.flow_id, self.run.responsible_id)
        self._kept.expect_room(size)

    def keep(self, value: Stored) -> str:
        """Return what a column holds of a value, whose blob is kept."""
        self.added += self._size(value)
        self.blobs.append(value)
        return value.text

    def write(self) -> Aftermath:
        """Write all that changed."""
        self.run.storage += self.added - write_blobs(self.run.pk, self.blobs)
        self.added = 0
        changed = list(self._changed.values())
        TASKS.insert([task for key, task in self._changed.items() if key not in self._before])
        for key, task in self._changed.items():
            if key in self._before:
                TASKS.update(task, self._before[key])
        ATTEMPTS.insert(list(self.attempts.values()))
        Question.objects.bulk_create(self.questions)
        EVENTS.insert(self._events)
        self.run.counts = json.dumps({name: count for name, count in self.counts.items() if count})
        count(self.run)
        RUNS.update(self.run, self._run_before)
        waiting = (task for task in changed if task.state == State.QUEUED and task.handed_at is None)
        handed = [handed_of(task, self.run) for task in waiting]
        told = tuple(handed), tuple(self._cancelled), self.now, bool(self._events)
        return Aftermath(self.run.pk, self.run.flow_id, self.run.seq, *told)

    def value(self, text: str | None) -> Json:
        """Return the value of a column, also of one whose blob is not written yet. Nobody changes it."""
        digest = reference(text)
        body = None if digest is None else next((one.body for one in self.blobs if one.hash == digest), None)
        return load(self.run.pk, text) if body is None else decode(body)

    def _size(self, value: Stored) -> int:
        """Return how many bytes more the run keeps with a value, if it has no such long one from before."""
        size = len(value.text.encode())
        is_long = value.hash is not None and value.body is not None
        if not is_long or any(one.hash == value.hash for one in self.blobs):
            return size
        return size + size_of(value.text)

    def _make(self, slot: Slot) -> Task:
        step = self.plan.steps[slot.node]
        self.run.made += 1
        task = Task(
            key=task_key(self.run.pk, slot.node, slot.path),
            run=self.run,
            node=slot.node,
            path=slot.path,
            kind=step.kind,
            label=step.label,
            labels=",".join(sorted(step.runs_on)),
            priority=self.run.made,
            criticality=step.criticality,
        )
        self.tasks[slot.key] = task
        self._count(task, +1)
        return task

    def _stood_still(self) -> timedelta:
        """Return how long a run that goes on was paused or waited for people."""
        if any(event.kind == "run_resumed" for event in self._events):
            return timedelta()
        events = RunEvent.objects.filter(run=self.run).order_by("-seq")
        went = events.filter(kind__in=["run_started", "run_resumed", "run_ended"]).values_list("seq", flat=True).first()
        since = events.filter(kind="run_paused", seq__gt=went or 0).values_list("at", flat=True).last()
        return timedelta() if since is None else max(timedelta(), self.now - since)

    def _count(self, task: Task, by: int) -> None:
        self.counts[task.state] += by
        if task.kind == "loop" and task.state == State.RUNNING:
            self.counts[LOOPS] += by


def lock_run(run_id: UUID, now: datetime) -> LockedRun:
    """Lock a run's row until the transaction ends. Raises `NotFound`."""
    found = RUNS.keyed([run_id], lock=True)
    if not found:
        raise NotFound
    return LockedRun(found[0], now, plan_of(found[0]))


def error_of(one: Task | Attempt) -> Mapping[str, Json] | None:
    """Return the error of a task or an attempt as events keep it."""
    return {"code": one.error_code, "message": one.error_message} if one.error_code else None


def slot_of(task: Task) -> Slot:
    """Return a task as the planner sees it."""
    return Slot(
        task.node,
        task.path,
        slot_state(task.state),
        task.pending,
        task.live,
        decode_ports(task.ports),
        decode_scope(task.scope),
    )
