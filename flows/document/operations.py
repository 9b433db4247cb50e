"""The closed vocabulary of edits.

Every edit, from a socket, a form, a program or an undo, is one value of `Operation`. The log holds `Record`s:
operations, and the two that write a whole graph and cannot be submitted. What is named `set` on the wire is `changes`
here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypedDict

from flows.document.elements import Edge, Node


class NodeChanges(TypedDict, total=False):
    """The properties of a node that an edit names. In `settings`, None removes a key."""

    label: str
    description: str
    colour: str
    parent: str | None
    enabled: bool
    settings: Mapping[str, object]


class EdgeChanges(TypedDict, total=False):
    """The properties of an edge that an edit names."""

    label: str
    animated: bool


class FlowChanges(TypedDict, total=False):
    """The properties of the flow that an edit names."""

    title: str
    description: str


@dataclass(frozen=True, slots=True)
class AddNode:
    node: Node


@dataclass(frozen=True, slots=True)
class MoveNode:
    id: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ResizeNode:
    id: str
    width: float
    height: float
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True, slots=True)
class EditNode:
    id: str
    changes: NodeChanges


@dataclass(frozen=True, slots=True)
class RemoveNode:
    id: str


@dataclass(frozen=True, slots=True)
class AddEdge:
    edge: Edge


@dataclass(frozen=True, slots=True)
class EditEdge:
    id: str
    changes: EdgeChanges


@dataclass(frozen=True, slots=True)
class RemoveEdge:
    id: str


@dataclass(frozen=True, slots=True)
class EditFlow:
    changes: FlowChanges


SingleOperation: TypeAlias = (
    AddNode | MoveNode | ResizeNode | EditNode | RemoveNode | AddEdge | EditEdge | RemoveEdge | EditFlow
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Several operations at once: all or none. If it need not be `whole`, what is asked of elements that are gone is
    left out and the rest is done; a record is always whole."""

    operations: tuple[SingleOperation, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class CreateFlow:
    title: str
    description: str
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplaceGraph:
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


Operation: TypeAlias = SingleOperation | Batch
Record: TypeAlias = Operation | CreateFlow | ReplaceGraph
