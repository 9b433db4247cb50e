"""What an action is: a description for people, and a pure function.

`compute` gets a `Task` and returns operations: values of `flows.document`, or JSON as a client submits it. It reads the
flow and writes nothing; whatever it returns is checked like anything else that is submitted. What it cannot do it
refuses with `Rejected`; what it leaves out it names in a `Plan`. One that takes long calls `task.advance` between its
steps, which tells how far it is and ends it when it is cancelled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from flows.document import Graph, Node, Setting, SingleOperation, Skipped

On: TypeAlias = Literal["node", "selection", "flow"]
Step: TypeAlias = SingleOperation | Mapping[str, object]
Progress: TypeAlias = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Task:
    """What an action is asked to do, on a flow that it may read.

    `nodes` are those it is asked about: the node, the selection, or none for the whole flow. `parameters` are complete
    and of their types. `advance` takes how much is done, from 0 to 1.
    """

    graph: Graph
    nodes: tuple[Node, ...]
    parameters: Mapping[str, object]
    advance: Progress

    @property
    def node(self) -> Node:
        """The first node it is about."""
        return self.nodes[0]

    def number(self, name: str) -> int:
        """Return a parameter that is a whole number."""
        value = self.parameters[name]
        return value if isinstance(value, int) else 0

    def text(self, name: str) -> str:
        """Return a parameter that is a text or a choice."""
        return str(self.parameters[name])

    def names(self, name: str) -> tuple[str, ...]:
        """Return a parameter that is a list of names."""
        value = self.parameters[name]
        return tuple(str(one) for one in value) if isinstance(value, (list, tuple)) else ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Operations to be done in their order, and what was left out."""

    operations: Sequence[Step]
    skipped: tuple[Skipped, ...] = ()


Compute: TypeAlias = Callable[[Task], Plan | Sequence[Step]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action. `kinds` are those of the node it is `on`, None for all; titles are English and translated when shown.

    `asks`: a page asks for its parameters first, instead of using their defaults. `may_be_empty`: one on a selection
    that is about the whole flow if nothing is selected. `long`: on a large flow it runs as a job.
    """

    id: str
    title: str
    description: str
    on: On
    compute: Compute
    kinds: frozenset[str] | None = None
    parameters: tuple[Setting, ...] = ()
    long: bool = False
    asks: bool = False
    may_be_empty: bool = False
