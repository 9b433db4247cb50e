"""How each kind of node is executed: one module a kind.

`INLINE` are those that the settling transaction executes itself: pure functions of the step, the names of its
expressions and what came in. `EXECUTORS` are all of them, each with the version that is part of its result key: raise
it when the same settings and inputs give another result. Loops are not in it: the planner opens their iterations, with
`iterations` and `goes_on`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from flows.expressions import Json
from runs.kinds import agent, api, decision, input, memory, output, sensor, skill, transform
from runs.kinds.executor import Done, Executor, Work
from runs.kinds.fields import Field, FieldProblem, check_form, fields_of
from runs.kinds.input import CheckedInput, InputProblem, check_inputs, form_of
from runs.kinds.loop import KNOWN, goes_on, item_of, iterations, loop_type, most_iterations
from runs.kinds.output import OutputDelivery, deliveries_of
from runs.kinds.texts import Names
from runs.plan import Step

__all__ = [
    "EXECUTORS",
    "INLINE",
    "KNOWN",
    "CheckedInput",
    "Done",
    "Executor",
    "Field",
    "FieldProblem",
    "InlineExecutor",
    "InputProblem",
    "Names",
    "OutputDelivery",
    "Registered",
    "Work",
    "check_form",
    "check_inputs",
    "deliveries_of",
    "fields_of",
    "form_of",
    "goes_on",
    "item_of",
    "iterations",
    "loop_type",
    "most_iterations",
    "version_of",
]


class InlineExecutor(Protocol):
    """Executes one kind of step without anything outside. Raises `TaskFailure`."""

    def __call__(self, step: Step, names: Names, prev: Json) -> Done: ...


@dataclass(frozen=True, slots=True)
class Registered:
    """An executor and its version."""

    execute: Executor
    version: int = 1


INLINE: Mapping[str, InlineExecutor] = MappingProxyType(
    {
        "input": input.value_of,
        "sensor": sensor.value_of,
        "transform": transform.value_of,
        "decision": decision.value_of,
        "output": output.value_of,
    }
)


def _on_a_worker(execute: InlineExecutor) -> Registered:
    return Registered(lambda work: execute(work.step, work.names, work.prev))


EXECUTORS: Mapping[str, Registered] = MappingProxyType(
    {
        **{kind: _on_a_worker(execute) for kind, execute in INLINE.items()},
        "api": Registered(api.execute),
        "agent": Registered(agent.execute, agent.VERSION),
        "memory": Registered(memory.execute),
        "skill": Registered(skill.execute),
    }
)


def version_of(kind: str) -> int:
    """Return the version of a kind's executor; 0 for one that has none of its own."""
    registered = EXECUTORS.get(kind)
    return registered.version if registered else 0
