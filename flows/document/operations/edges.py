"""The operations on edges."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Self, cast

from flows.document.element_json import decode_edge, decode_edge_changes, encode_edge
from flows.document.elements import Edge, EdgeChanges, Node
from flows.document.errors import Reason, Rejected
from flows.document.graph import Effect, Graph, Pair, pair_of
from flows.document.json import Json, check_keys, read_id
from flows.document.kinds.ports import default_output, ports_of
from flows.document.limits import DocumentLimits
from flows.document.operations.operation import (
    NOTHING,
    Applied,
    References,
    SingleOperation,
    known_edge,
    known_node,
    node_ids,
)

_ADD = frozenset({"kind", "edge"})
_EDIT = frozenset({"kind", "id", "set"})
_REMOVE = frozenset({"kind", "id"})


@dataclass(frozen=True, slots=True)
class AddEdge(SingleOperation):
    """Connect two ports under a new id."""

    kind: ClassVar[str] = "add_edge"
    edge: Edge

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        check_keys(fields, cls.kind, _ADD)
        return cls(decode_edge(fields["edge"], limits))

    def encode(self) -> Json:
        return {"kind": self.kind, "edge": encode_edge(self.edge)}

    def references(self) -> References:
        return frozenset((self.edge.source, self.edge.target)), frozenset((self.edge.id,))

    def apply(self, graph: Graph, limits: DocumentLimits) -> Applied:
        if graph.edge(self.edge.id) is not None:
            raise Rejected("duplicate_id", Reason.EDGE_EXISTS, id=self.edge.id)
        edge = _connected(graph, self.edge)
        if graph.edge_count >= limits.edges:
            raise Rejected("limit_reached", Reason.TOO_MANY_EDGES, most=limits.edges)
        return Applied(Effect({}, {edge.id: Pair(None, edge)}), AddEdge(edge), (RemoveEdge(edge.id),))


@dataclass(frozen=True, slots=True)
class EditEdge(SingleOperation):
    """Set the named properties of an edge. An end that moves leaves its other properties as they are.

    Ports that are not named are kept: where only the node of an end moves, the new node must have the port.
    """

    kind: ClassVar[str] = "edit_edge"
    id: str
    changes: EdgeChanges

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        check_keys(fields, cls.kind, _EDIT)
        return cls(read_id(fields["id"], "id"), decode_edge_changes(fields["set"], limits))

    def encode(self) -> Json:
        return {"kind": self.kind, "id": self.id, "set": dict(self.changes)}

    def references(self) -> References:
        return node_ids(self.changes.get("source"), self.changes.get("target"))[0], frozenset((self.id,))

    def apply(self, graph: Graph, limits: DocumentLimits) -> Applied:
        edge = known_edge(graph, self.id)
        after = replace(edge, **self.changes)
        if after.ends != edge.ends:
            _connected(graph, after)
        pair = pair_of(edge, after)
        inverse = cast(EdgeChanges, {name: getattr(edge, name) for name in self.changes})
        return Applied(Effect({}, {edge.id: pair} if pair else {}), self, (EditEdge(edge.id, inverse),))


@dataclass(frozen=True, slots=True)
class RemoveEdge(SingleOperation):
    """Remove an edge."""

    kind: ClassVar[str] = "remove_edge"
    id: str

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        check_keys(fields, cls.kind, _REMOVE)
        return cls(read_id(fields["id"], "id"))

    def encode(self) -> Json:
        return {"kind": self.kind, "id": self.id}

    def references(self) -> References:
        return NOTHING, frozenset((self.id,))

    def apply(self, graph: Graph, limits: DocumentLimits) -> Applied:
        edge = known_edge(graph, self.id)
        return Applied(Effect({}, {edge.id: Pair(edge, None)}), self, (AddEdge(edge),))


def connect(edge: Edge, source: Node, target: Node) -> Edge:
    """Return the edge with its ports filled in; refuse it if the nodes at its ends do not have them."""
    if source.id == target.id:
        raise Rejected("self_loop", Reason.SELF_LOOP, id=source.id)
    source_port, target_port = edge.source_port or default_output(source), edge.target_port or "in"
    _check_port(source, source_port, ports_of(source).outputs, Reason.NO_OUTPUT)
    _check_port(target, target_port, ports_of(target).inputs, Reason.NO_INPUT)
    if (source_port, target_port) == (edge.source_port, edge.target_port):
        return edge
    return replace(edge, source_port=source_port, target_port=target_port)


def _connected(graph: Graph, edge: Edge) -> Edge:
    """Connect an edge in a graph where no other may connect the same."""
    complete = connect(edge, known_node(graph, edge.source), known_node(graph, edge.target))
    other = graph.edge_between(complete.ends)
    if other is not None and other.id != edge.id:
        raise Rejected("duplicate_edge", Reason.ALREADY_CONNECTED, source=edge.source, target=edge.target)
    return complete


def _check_port(node: Node, port: str, ports: Iterable[str], lacking: Reason) -> None:
    if port not in ports:
        raise Rejected("unknown_port", lacking, id=node.id, port=port)
