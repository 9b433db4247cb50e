"""The records that write a graph as a whole: a flow's creation, and its replacement, which the log keeps shorter.

Nodes and edges may come in any order, a member before its group. The same rules hold as for single operations, checked
on the result as a whole. To encode one is as much work as all the rest, so it can be done before others wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self, TypeVar

from flows.document.element_json import (
    decode_edge,
    decode_graph,
    decode_node,
    decode_properties,
    encode_edge,
    encode_node,
)
from flows.document.elements import Edge, FlowProperties, Node
from flows.document.errors import Reason, Rejected, invalid
from flows.document.graph import Effect, Graph, Pair, pair_of
from flows.document.json import Json, canonical_json, check_keys
from flows.document.limits import DocumentLimits
from flows.document.operations.edges import connect
from flows.document.operations.operation import NOTHING, Outcome, Record, References

T = TypeVar("T", Node, Edge)
_REPLACE = frozenset({"kind", "nodes", "edges"})
_CREATE = _REPLACE | {"title", "description"}


@dataclass(frozen=True, slots=True)
class CreateFlow(Record):
    """Fill an empty flow. Nothing takes this back."""

    kind: ClassVar[str] = "create_flow"
    title: str
    description: str
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    encoded: str | None = field(default=None, compare=False, repr=False)

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        """Decode it from the log."""
        check_keys(fields, cls.kind, _CREATE)
        properties = decode_properties(fields["title"], fields["description"], limits)
        nodes, edges = decode_graph(fields["nodes"], fields["edges"], limits)
        return cls(properties.title, properties.description, nodes, edges)

    def encode(self) -> Json:
        head: Json = {"kind": self.kind, "title": self.title, "description": self.description}
        return head | _encoded(self.nodes, self.edges)

    def text(self) -> str:
        return canonical_json(self.encode()) if self.encoded is None else self.encoded

    def with_text(self) -> "CreateFlow":
        return replace(self, encoded=self.text())

    def references(self) -> References:
        return _ids(self.nodes), _ids(self.edges)

    def affected(self, graph: Graph) -> References:
        return NOTHING, NOTHING

    def apply(self, graph: Graph, limits: DocumentLimits) -> Outcome:
        """Say what it brings."""
        if graph.node_count or graph.edge_count:
            raise invalid(Reason.ALREADY_CREATED)
        nodes, edges = _sound(self.nodes, self.edges, graph, limits)
        effect = Effect(
            {node.id: Pair(None, node) for node in nodes},
            {edge.id: Pair(None, edge) for edge in edges},
            pair_of(graph.properties, FlowProperties(self.title, self.description)),
        )
        return Outcome(effect, CreateFlow(self.title, self.description, nodes, edges), None)


@dataclass(frozen=True, slots=True)
class ReplaceGraph(Record):
    """Replace all nodes and edges; the flow's own properties stay."""

    kind: ClassVar[str] = "replace_graph"
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    encoded: str | None = field(default=None, compare=False, repr=False)

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        """Decode it from the log."""
        check_keys(fields, cls.kind, _REPLACE)
        return cls(*decode_graph(fields["nodes"], fields["edges"], limits))

    def encode(self) -> Json:
        return {"kind": self.kind} | _encoded(self.nodes, self.edges)

    def text(self) -> str:
        return canonical_json(self.encode()) if self.encoded is None else self.encoded

    def with_text(self) -> "ReplaceGraph":
        return replace(self, encoded=self.text())

    def references(self) -> References:
        return _ids(self.nodes), _ids(self.edges)

    def affected(self, graph: Graph) -> References:
        return NOTHING, NOTHING

    def apply(self, graph: Graph, limits: DocumentLimits) -> Outcome:
        """Say what differs."""
        nodes, edges = _sound(self.nodes, self.edges, graph, limits)
        old_nodes, old_edges = tuple(graph.nodes()), tuple(graph.edges())
        effect = Effect(_differences(old_nodes, nodes), _differences(old_edges, edges))
        return Outcome(effect, ReplaceGraph(nodes, edges), ReplaceGraph(old_nodes, old_edges))


@dataclass(frozen=True, slots=True)
class GraphDifference(Record):
    """A replacement as the log keeps it: an id stands for an element that is the same before and after.

    It does what the whole one does, and its outcome is the whole one's.
    """

    kind: ClassVar[str] = "graph_difference"
    nodes: tuple[Node | str, ...]
    edges: tuple[Edge | str, ...]

    @classmethod
    def of(cls, whole: ReplaceGraph, effect: Effect) -> Self:
        """Shorten a replacement, or its inverse; `effect` is what it changes."""
        nodes = tuple(node if node.id in effect.nodes else node.id for node in whole.nodes)
        return cls(nodes, tuple(edge if edge.id in effect.edges else edge.id for edge in whole.edges))

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        """Decode it from the log."""
        check_keys(fields, cls.kind, _REPLACE)
        nodes = (node if isinstance(node, str) else decode_node(node, limits) for node in _items(fields["nodes"]))
        edges = (edge if isinstance(edge, str) else decode_edge(edge, limits) for edge in _items(fields["edges"]))
        return cls(tuple(nodes), tuple(edges))

    def encode(self) -> Json:
        nodes = [node if isinstance(node, str) else encode_node(node) for node in self.nodes]
        edges = [edge if isinstance(edge, str) else encode_edge(edge) for edge in self.edges]
        return {"kind": self.kind, "nodes": nodes, "edges": edges}

    def references(self) -> References:
        return NOTHING, NOTHING

    def whole(self, graph: Graph) -> ReplaceGraph:
        """Return what it stands for, on the graph that it replaces. Raises `Rejected` on one that lacks something."""
        nodes = {node.id: node for node in graph.nodes()}
        edges = {edge.id: edge for edge in graph.edges()}
        try:
            return ReplaceGraph(
                tuple(nodes[node] if isinstance(node, str) else node for node in self.nodes),
                tuple(edges[edge] if isinstance(edge, str) else edge for edge in self.edges),
            )
        except KeyError as missing:
            raise Rejected("unknown_node", Reason.UNKNOWN_NODE, id=missing.args[0]) from None

    def apply(self, graph: Graph, limits: DocumentLimits) -> Outcome:
        """Say what differs."""
        return self.whole(graph).apply(graph, limits)


def _items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise invalid(Reason.NOT_A_GRAPH)
    return value


def _encoded(nodes: Iterable[Node], edges: Iterable[Edge]) -> Json:
    return {"nodes": [encode_node(node) for node in nodes], "edges": [encode_edge(edge) for edge in edges]}


def _ids(elements: Iterable[Node | Edge]) -> frozenset[str]:
    return frozenset(element.id for element in elements)


def _sound(
    nodes: tuple[Node, ...], edges: tuple[Edge, ...], graph: Graph, limits: DocumentLimits
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    if len(nodes) > limits.nodes:
        raise Rejected("limit_reached", Reason.TOO_MANY_NODES, most=limits.nodes)
    if len(edges) > limits.edges:
        raise Rejected("limit_reached", Reason.TOO_MANY_EDGES, most=limits.edges)
    by_id = _by_id(nodes, Reason.NODE_TWICE)
    _by_id(edges, Reason.EDGE_TWICE)
    _check_parents(by_id, graph, limits)
    return nodes, tuple(_connected(edges, by_id))


def _by_id(elements: Iterable[T], twice: Reason) -> dict[str, T]:
    found: dict[str, T] = {}
    for element in elements:
        if element.id in found:
            raise Rejected("duplicate_id", twice, id=element.id)
        found[element.id] = element
    return found


def _check_parents(nodes: dict[str, Node], graph: Graph, limits: DocumentLimits) -> None:
    """Refuse circles, and groups too deep in each other unless they already were."""
    depths = _depths(nodes)
    deep = [id for id, depth in depths.items() if depth > limits.nesting and nodes[id].kind == "group"]
    if not deep:
        return
    before = _depths({node.id: node for node in graph.nodes()})
    if any(depths[id] > before.get(id, 0) for id in deep):
        raise Rejected("limit_reached", Reason.NESTED_TOO_DEEP, most=limits.nesting)


def _depths(nodes: dict[str, Node]) -> dict[str, int]:
    """Return for each group how many lie in each other down to it; refuse circles."""
    depths: dict[str, int] = {}
    for node in nodes.values():
        path: dict[str, None] = {}
        step: Node | None = node
        while step is not None and step.id not in depths:
            if step.id in path:
                raise invalid(Reason.GROUP_IN_ITSELF, id=step.id)
            path[step.id] = None
            step = _parent(nodes, step)
        depth = depths[step.id] if step is not None else 0
        for id in reversed(path):
            depth += nodes[id].kind == "group"
            depths[id] = depth
    return depths


def _parent(nodes: dict[str, Node], node: Node) -> Node | None:
    if node.parent is None:
        return None
    parent = nodes.get(node.parent)
    if parent is None:
        raise Rejected("unknown_node", Reason.UNKNOWN_NODE, id=node.parent)
    if parent.kind != "group":
        raise invalid(Reason.NOT_A_GROUP, id=parent.id)
    return parent


def _connected(edges: Iterable[Edge], nodes: dict[str, Node]) -> Iterable[Edge]:
    taken: set[tuple[str, str, str, str]] = set()
    for edge in edges:
        for id in (edge.source, edge.target):
            if id not in nodes:
                raise Rejected("unknown_node", Reason.UNKNOWN_NODE, id=id)
        complete = connect(edge, nodes[edge.source], nodes[edge.target])
        if complete.ends in taken:
            raise Rejected("duplicate_edge", Reason.ALREADY_CONNECTED, source=edge.source, target=edge.target)
        taken.add(complete.ends)
        yield complete


def _differences(old: Iterable[T], new: Iterable[T]) -> dict[str, Pair[T]]:
    before = {element.id: element for element in old}
    pairs: dict[str, Pair[T]] = {}
    for element in new:
        pair = pair_of(before.pop(element.id, None), element)
        if pair is not None:
            pairs[element.id] = pair
    return pairs | {id: Pair(element, None) for id, element in before.items()}
