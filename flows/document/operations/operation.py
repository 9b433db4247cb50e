"""What every operation can do, and what the groups of operations share.

A record is what the log holds: an operation, or one of the two that write a whole graph. Every class of operations
knows its decoding, what it does to a graph and how that is taken back, which elements it refers to, and its encoding.
Whatever the rules do not allow raises `Rejected`; the graph is never changed.
"""

from dataclasses import dataclass
from typing import ClassVar, Self, TypeAlias

from flows.document.effect import Effect
from flows.document.elements import Edge, Node
from flows.document.errors import Reason, Rejected
from flows.document.graph import Graph
from flows.document.json import Json
from flows.document.limits import DocumentLimits

References: TypeAlias = tuple[frozenset[str], frozenset[str]]
"""The ids of nodes, and the ids of edges."""
NOTHING: frozenset[str] = frozenset()


class Record:
    """Anything that the log can hold. Not an `ABC`, which would make every `isinstance` on the way of a move slower."""

    __slots__ = ()
    kind: ClassVar[str]

    def encode(self) -> Json:
        """Encode it as the contract names it."""
        raise NotImplementedError

    def references(self) -> References:
        """Return what it names: what a store reads beforehand."""
        raise NotImplementedError

    def affected(self, graph: Graph) -> References:
        """Return what its author may have changed on screen already, and must see again if it is refused."""
        return self.references()


class SingleOperation(Record):
    """An operation that is no batch."""

    __slots__ = ()

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        """Decode it strictly: what the contract does not name is refused."""
        raise NotImplementedError

    def apply(self, graph: Graph, limits: DocumentLimits) -> "Applied":
        """Say what it does to a graph, or refuse it."""
        raise NotImplementedError

    def without(self, group: str) -> "SingleOperation | None":
        """Return the operation without a group that is gone; None if it is not about membership in it."""
        return None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a single operation does: its inverse is a sequence, so that several can be joined."""

    effect: Effect
    record: SingleOperation
    inverse: tuple[SingleOperation, ...]


def known_node(graph: Graph, id: str) -> Node:
    """Return a node that must exist."""
    node = graph.node(id)
    if node is None:
        raise Rejected("unknown_node", Reason.UNKNOWN_NODE, missing=("node", id), id=id)
    return node


def known_edge(graph: Graph, id: str) -> Edge:
    """Return an edge that must exist."""
    edge = graph.edge(id)
    if edge is None:
        raise Rejected("unknown_edge", Reason.UNKNOWN_EDGE, missing=("edge", id), id=id)
    return edge


def node_ids(*ids: str | None) -> References:
    """Refer to nodes, as far as there are any."""
    return frozenset(id for id in ids if id is not None), NOTHING
