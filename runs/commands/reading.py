"""What a task reads of others: first as texts of rows, which name its result; as values only where it is executed.

`Reads` of the planner says which rows; one query reads those that are not in memory. The texts are canonical JSON (or
name a blob by its hash), so equal texts are equal inputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flows.expressions import Json
from flows.validation.texts import mentions_in
from runs.commands.locked_run import LockedRun, State
from runs.kinds import item_of, loop_type, version_of
from runs.models import Question, Task
from runs.plan import (
    Key,
    Reads,
    Result,
    Step,
    decode_ports,
    iteration_keys,
    nodes_of,
    prev_of,
    reads_of,
    result_key,
    result_of_iteration,
    slot_state,
)
from runs.secrets import secrets_used_by, versions_of
from runs.values import decode, encode, hash_of, load_texts

Texts = Mapping[Key, Result]


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a task reads, as texts."""

    step: Step
    path: str
    reads: Reads
    results: Texts
    prev: Json
    item: str | None
    index: int | None
    input: str | None
    answer: str | None
    about_run: Mapping[str, Json]

    def key(self, locked: LockedRun) -> str:
        """Return the key of the result that follows from all this."""
        names = _names_in(self.step)
        nodes: list[Json] = [[key[0], self.results[key].value] for key in self.reads.nodes if key in self.results]
        inputs: dict[str, Json] = {"nodes": nodes, "prev": self.prev, "item": self.item, "answer": self.answer}
        if "input" in names or self.step.kind in ("input", "sensor"):
            inputs["input"] = self.input
        if "index" in names:
            inputs["index"] = self.index
        if "run" in names:
            inputs["run"] = dict(self.about_run)
        used = secrets_used_by(self.step.kind, self.step.settings)
        secrets = versions_of(locked.run.flow_id, used)
        hashes = {name: hash_of(value) for name, value in inputs.items()}
        return result_key(self.step, version=version_of(self.step.kind), secrets=secrets, inputs=hashes)

    def values(self, locked: LockedRun) -> tuple[dict[str, Json], Json]:
        """Return the names of its expressions, and `prev`."""
        return _values(self, locked)


def read_inputs(locked: LockedRun, task: Task) -> Reading:
    """Read what a task is made from."""
    step, path = locked.plan.steps[task.node], task.path
    reads = reads_of(locked.plan, task.node, path)
    results = _results(locked, reads.keys)
    item, index = None, None
    if reads.loops:
        (loop, outer), index = reads.loops[-1]
        item = _item(locked, locked.read(outer, (loop,))[loop], index)
    prev = prev_of(locked.plan, task.node, path, results, item)
    run = locked.run
    about: dict[str, Json] = {"id": str(run.pk), "version": run.version, "name": run.name, "trigger": run.trigger}
    return Reading(step, path, reads, results, prev, item, index, run.input, _answer(step, task), about)


def result_at(locked: LockedRun, loop: str, path: str, index: int) -> str:
    """Return the result of an iteration as JSON; null for one that was not, or failed and was gone on from."""
    if index < 0:
        return "null"
    keys = iteration_keys(locked.plan, loop, path, index)
    found = {key[0]: result for key, result in _results(locked, keys).items()}
    return joined(locked, result_of_iteration(locked.plan, loop, found))


def joined(locked: LockedRun, texts: Json) -> str:
    """Return the JSON of one text, or of a list of texts."""
    if isinstance(texts, list):
        return f"[{','.join(load_texts(locked.run.pk, cast('list[str]', texts), locked.blobs))}]"
    return load_texts(locked.run.pk, [cast("str | None", texts)], locked.blobs)[0]


def _values(reading: Reading, locked: LockedRun) -> tuple[dict[str, Json], Json]:
    def value(text: Json) -> Json:
        return None if text is None else locked.value(cast("str", text))

    prev = [value(text) for text in reading.prev] if isinstance(reading.prev, list) else value(reading.prev)
    results = {key: Result(result.state, result.ports, value(result.value)) for key, result in reading.results.items()}
    about = dict(reading.about_run)
    if reading.answer is not None:
        about["answer"] = decode(reading.answer)
    names: dict[str, Json] = {
        "input": value(reading.input),
        "nodes": cast("Json", nodes_of(reading.reads, results)),
        "prev": prev,
        "run": about,
    }
    if reading.index is not None:
        names |= {"item": value(reading.item), "index": reading.index}
    return names, prev


def _results(locked: LockedRun, keys: tuple[Key, ...]) -> dict[Key, Result]:
    by_path: dict[str, list[str]] = {}
    for node, path in keys:
        by_path.setdefault(path, []).append(node)
    rows = {(node, path): task for path in by_path for node, task in locked.read(path, by_path[path]).items()}
    found = {key: _result(task) for key, task in rows.items() if task.state in (State.DONE, State.FAILED)}
    return {key: result for key, result in found.items() if result.counts}


def _result(task: Task) -> Result:
    value = task.output if task.state == State.DONE else "null"
    return Result(slot_state(task.state), decode_ports(task.ports), value)


def _item(locked: LockedRun, loop: Task, index: int) -> str:
    if loop.items is None:
        return result_at(locked, loop.node, loop.path, index - 1)
    step, items = locked.plan.steps[loop.node], cast("list[Json]", locked.value(loop.items))
    previous: Json = None
    if loop_type(step) != "for_each":
        previous = decode(result_at(locked, loop.node, loop.path, index - 1))
    return encode(item_of(step, items, index, previous))


def _answer(step: Step, task: Task) -> str | None:
    if step.ask_first is None or not step.ask_first.form:
        return None
    answered = Question.objects.filter(task=task).exclude(answered_at=None).order_by("-asked_at")
    return answered.values_list("value", flat=True).first()


def _names_in(step: Step) -> set[str]:
    """Return the names that a step reads; an agent without a prompt is told the run's input unasked."""
    names = {name for one in mentions_in(step.kind, step.settings) for name in one.references.names}
    return names | {"input"} if step.kind == "agent" and not step.settings.get("prompt") else names
