"""Runs as programs and pages read them: rows as JSON, a fixed number of queries however many rows there are.

Values stay text from row to answer. What a task was given is not kept: it is what stands in the rows before it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast
from uuid import UUID

import orjson

from accounts.principals import Principal
from flows.access import Role, get_flow_for
from flows.actors import actor_json
from flows.errors import NotFound
from runs.commands.locked_run import TASKS
from runs.keys import task_key
from runs.kinds import item_of
from runs.models import Attempt, Checkpoint, Question, Run, RunEvent, Task
from runs.plan import Key, Plan, Reads, Result, decode_ports, prev_of, reads_of, slot_state
from runs.plans import plan_of
from runs.values import encode, load
from web.deferred_translation import MARK_IN_JSON, said, said_in

Row: TypeAlias = dict[str, object]


def run_for(principal: Principal, run_id: UUID, role: Role = Role.VIEWER) -> Run:
    """Return a run to a person with a role in its flow. Raises `NotFound` and `Forbidden`."""
    run = Run.objects.filter(pk=run_id).select_related("actor").first()
    if run is None:
        raise NotFound
    get_flow_for(principal, run.flow_id, role)
    return run


def run_row(run: Run) -> Row:
    """Return a run as the contract has it."""
    counts = json.loads(run.counts)
    return {
        "id": str(run.pk),
        "flow": str(run.flow_id),
        "version": run.version,
        "name": run.name,
        "state": run.state,
        "reason": said(run.reason),
        "trigger": run.trigger,
        "actor": run.actor and actor_json(run.actor.pk, run.actor.name, is_guest=run.actor.is_guest),
        "input": fragment(run.input),
        "output": fragment(run.output),
        "progress": run.progress,
        "counts": {state: counts.get(state, 0) for state in Task.State.values},
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "again_of": None if run.again_of_id is None else str(run.again_of_id),
        "seq": run.seq,
    }


def task_rows(run: Run, tasks: Sequence[Task]) -> list[Row]:
    """Return tasks as the contract has them, with what they were given and their checkpoints."""
    inputs = _inputs(run, tasks)
    saved: dict[str, list[Row]] = defaultdict(list)
    for one in Checkpoint.objects.filter(task__in=[task.key for task in tasks]).order_by("number").defer("value"):
        saved[one.task_id].append(checkpoint_row(one))
    return [_task_row(task, inputs[task.key], saved[task.key]) for task in tasks]


def attempt_row(attempt: Attempt) -> Row:
    """Return a try as the contract has it."""
    return {
        "number": attempt.number,
        "worker": attempt.worker or None,
        "state": attempt.state,
        "error": _error(attempt),
        "usage": fragment(attempt.usage),
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
    }


def checkpoint_row(checkpoint: Checkpoint) -> Row:
    """Return a checkpoint as the contract has it."""
    return {"name": checkpoint.name, "number": checkpoint.number, "at": checkpoint.at}


def event_row(event: RunEvent) -> Row:
    """Return an event as the contract has it."""
    return {
        "seq": event.seq,
        "kind": event.kind,
        "task": event.task or None,
        "node": event.node or None,
        "data": _told(event.data),
        "at": event.at,
    }


def question_row(question: Question) -> Row:
    """Return a question as the contract has it."""
    return {
        "id": str(question.pk),
        "run": str(question.run_id),
        "task": question.task_id,
        "node": question.task.node,
        "flow": str(question.flow_id),
        "question": question.question,
        "form": fragment(question.form),
        "asked_at": question.asked_at,
        "until": question.until,
        "answered_at": question.answered_at,
    }


def input_of(run: Run, task: Task) -> str | None:
    """Return what a task was or is given, as far as it is there, as a column would hold it."""
    return _inputs(run, [task])[task.key]


def fragment(text: str | None) -> orjson.Fragment | None:
    """Return a column's JSON as it goes into an answer."""
    return None if text is None else orjson.Fragment(text)


def _error(one: Task | Attempt) -> Row | None:
    return {"code": one.error_code, "message": said(one.error_message)} if one.error_code else None


def _told(data: str) -> orjson.Fragment | Mapping[str, object] | None:
    """Return what an event says, its sentences in the language of now."""
    return said_in(json.loads(data)) if MARK_IN_JSON in data else fragment(data)


def _task_row(task: Task, given: str | None, checkpoints: list[Row]) -> Row:
    return {
        "id": task.key,
        "node": task.node,
        "path": task.path,
        "kind": task.kind,
        "label": task.label,
        "state": task.state,
        "reason": said(task.reason),
        "attempt": task.attempt,
        "worker": task.worker or None,
        "progress": task.progress,
        "reused": task.reused,
        "input": fragment(given),
        "output": fragment(task.output),
        "error": _error(task),
        "checkpoints": checkpoints,
        "usage": fragment(task.usage),
        "started_at": task.started_at,
        "ended_at": task.ended_at,
    }


def _inputs(run: Run, tasks: Sequence[Task]) -> dict[str, str | None]:
    """Return what each task was or is given, as far as it is there, as a column would hold it."""
    plan = plan_of(run)
    reads = {task.key: reads_of(plan, task.node, task.path) for task in tasks}
    wanted = {key for one in reads.values() for key in (*one.before, *(loop for loop, _index in one.loops[-1:]))}
    rows = _rows(run, wanted)
    return {task.key: _input(run, plan, task, reads[task.key], rows) for task in tasks}


def _rows(run: Run, keys: Iterable[Key]) -> dict[Key, Task]:
    found = TASKS.keyed([task_key(run.pk, node, path) for node, path in keys])
    return {(task.node, task.path): task for task in found}


def _input(run: Run, plan: Plan, task: Task, reads: Reads, rows: Mapping[Key, Task]) -> str | None:
    results = {key: _result(rows[key]) for key in reads.before if key in rows}
    if not any(result.ports for result in results.values()) and not reads.takes_item:
        return None
    item = _item(run, plan, reads, rows) if reads.takes_item else None
    given = prev_of(plan, task.node, task.path, results, item)
    if isinstance(given, list):
        return f"[{','.join(cast('str | None', one) or 'null' for one in given)}]"
    return cast("str | None", given)


def _result(task: Task) -> Result:
    return Result(slot_state(task.state), decode_ports(task.ports), task.output)


def _item(run: Run, plan: Plan, reads: Reads, rows: Mapping[Key, Task]) -> str | None:
    key, index = reads.loops[-1]
    loop = rows.get(key)
    if loop is None or loop.items is None:
        return None
    items: Any = load(run.pk, loop.items)
    return encode(item_of(plan.steps[key[0]], items, index, None))
