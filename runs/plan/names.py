"""What a task's expressions see of other tasks, and which rows have to be read for it: no more than it mentions.

`prev` is the result of the only step before; where several led here and carried something, the list of their results in
the plan's order. For the first steps of a loop's body it is the item. `nodes` holds the results of steps outside all
loops, or in the same iteration as the task; what is inside another loop is seen through that loop's result.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.expressions import Json
from flows.validation.texts import mentions_in
from runs.plan.layout import loops_around
from runs.plan.paths import around, depth_of, inside, outwards
from runs.plan.plan import Plan
from runs.plan.state import Key, State
from runs.plan.steps import Step


@dataclass(frozen=True, slots=True)
class Reads:
    """The tasks whose rows are to be read: `nodes` for the texts, `before` for `prev`, `loops` for `item` and `index`.

    `loops` are all around the task, the innermost last, with the index of the iteration in each. `takes_item`: the item
    of the innermost one is `prev`, or among it.
    """

    nodes: tuple[Key, ...] = ()
    before: tuple[Key, ...] = ()
    loops: tuple[tuple[Key, int], ...] = ()
    takes_item: bool = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """All whose result may be needed, each once."""
        return tuple(dict.fromkeys((*self.nodes, *self.before)))


@dataclass(frozen=True, slots=True)
class Result:
    """A task that ended: how, the ports that carried it on, and its value; null where it failed or was skipped."""

    state: State
    ports: tuple[str, ...] | None
    value: Json

    @property
    def counts(self) -> bool:
        """Whether there is a result: the task is done, or failed and goes on with null."""
        return self.state == "done" or (self.state == "failed" and bool(self.ports))


def reads_of(plan: Plan, node: str, path: str) -> Reads:
    """Say which rows a task needs to be executed."""
    step = plan.steps[node]
    sources = _sources(plan, node)
    return Reads(
        nodes=tuple(_key(plan, id, path) for id in _mentioned(plan, step)),
        before=tuple(_key(plan, id, path) for id in sources if id != step.loop),
        loops=_loops(plan, step, path),
        takes_item=step.loop is not None and step.loop in sources,
    )


def prev_of(plan: Plan, node: str, path: str, results: Mapping[Key, Result], item: Json = None) -> Json:
    """Return `prev` of a task; `results` holds those of `Reads.before` that have ended, `item` that of the loop."""
    step, found = plan.steps[node], list[Json]()
    for source in _sources(plan, node):
        if source == step.loop:
            found.append(item)
            continue
        result = results.get(_key(plan, source, path))
        ports = (result.ports or ()) if result is not None else ()
        if result is not None and any(
            wire.source_port in ports for wire in plan.layout.before[node] if wire.source == source
        ):
            found.append(result.value)
    return _one_or_all(found)


def nodes_of(reads: Reads, results: Mapping[Key, Result]) -> dict[str, Json]:
    """Return `nodes` of a task: `{id: {"output": value}}` of those that ended with a result."""
    return {key[0]: {"output": results[key].value} for key in reads.nodes if key in results and results[key].counts}


def result_steps(plan: Plan, loop: str) -> tuple[str, ...]:
    """Return the steps whose results are those of an iteration: what leads back to the loop, else the last ones."""
    layout = plan.layout
    back = {wire.source for wire in layout.back[loop]}
    body = layout.bodies[loop]
    if back:
        return tuple(id for id in body if id in back)
    return tuple(id for id in body if not layout.onward[id] and not layout.inward[id])


def spoiling_steps(plan: Plan, loop: str) -> tuple[str, ...]:
    """Return the steps right in a loop's body whose failure makes their iteration fail, and its result null."""
    return tuple(id for id in plan.layout.bodies[loop] if plan.steps[id].spoils)


def result_of_iteration(plan: Plan, loop: str, results: Mapping[str, Result]) -> Json:
    """Return the result of an iteration that did not fail; `results` holds those of `result_steps` by step.

    It is the only result, or the list of those where several ended with one; null where there is none.
    """
    back: dict[str, set[str]] = {}
    for wire in plan.layout.back[loop]:
        back.setdefault(wire.source, set()).add(wire.source_port)
    found = list[Json]()
    for id in result_steps(plan, loop):
        result = results.get(id)
        if result is not None and result.counts and (not back or back[id] & set(result.ports or ())):
            found.append(result.value)
    return _one_or_all(found)


def iteration_keys(plan: Plan, loop: str, path: str, index: int) -> tuple[Key, ...]:
    """Return the tasks that give the result of one iteration."""
    return tuple((id, inside(path, index)) for id in result_steps(plan, loop))


def _one_or_all(found: Sequence[Json]) -> Json:
    return None if not found else found[0] if len(found) == 1 else list(found)


def _sources(plan: Plan, node: str) -> list[str]:
    """Return the enabled steps before one, each once, in the plan's order."""
    sources = {wire.source for wire in plan.layout.before[node]}
    return [id for id in plan.layout.sorted(sources) if plan.steps[id].enabled]


def _mentioned(plan: Plan, step: Step) -> Iterator[str]:
    mentions = [one.references for one in mentions_in(step.kind, step.settings)]
    wanted = {id for one in mentions for id in one.nodes} - {step.id}
    if any(one.is_open for one in mentions):
        wanted |= _upstream(plan, step.id)
    outside = {None, *loops_around(plan.steps, step.id)}
    for id in plan.layout.sorted(wanted & plan.steps.keys()):
        if plan.steps[id].enabled and plan.steps[id].loop in outside:
            yield id


def _upstream(plan: Plan, node: str) -> set[str]:
    """Return all that leads to a step, or to a loop around it."""
    found, waiting = set[str](), [node, *loops_around(plan.steps, node)]
    while waiting:
        sources = {wire.source for wire in plan.layout.before[waiting.pop()]} - found
        found |= sources
        waiting += sources
    return found - {*loops_around(plan.steps, node)}


def _key(plan: Plan, id: str, path: str) -> Key:
    depth = len(list(loops_around(plan.steps, id)))
    return id, outwards(path, min(depth, depth_of(path)))


def _loops(plan: Plan, step: Step, path: str) -> tuple[tuple[Key, int], ...]:
    found = list[tuple[Key, int]]()
    for loop in loops_around(plan.steps, step.id):
        path, index = around(path)
        found.append(((loop, path), index))
    return tuple(reversed(found))
