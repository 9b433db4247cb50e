"""A flow's graph, read from its rows only where it is asked.

The rules ask for a few elements by id, for the edges of a node, for the members of a group. `prefetch` reads what a
whole batch will ask in three queries; what it did not foresee is one indexed query each. Lives inside one transaction
that holds the flow's lock, so what was read once is still so.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice, zip_longest
from typing import Protocol
from uuid import UUID

from django.db.models import Q

from flows.document import (
    AddEdge,
    Batch,
    CreateFlow,
    Edge,
    EditEdge,
    EditNode,
    FlowProperties,
    GraphDifference,
    MoveNode,
    Node,
    Record,
    RemoveNode,
    ReplaceGraph,
)
from flows.models import FlowEdge, FlowNode
from flows.storage.rows import EDGE_COLUMNS, NODE_COLUMNS, edge_of, key_of, node_of

_KEYS_PER_QUERY = 10_000  # SQLite takes 32,766 parameters, and edges are asked for by three lists of keys


class FlowHead(Protocol):
    """What a flow's own row tells of its graph."""

    id: UUID
    title: str
    description: str
    node_count: int
    edge_count: int


class StoredGraph:
    """A `Graph` over rows."""

    def __init__(self, flow: FlowHead) -> None:
        self._flow_id = flow.id
        self.properties = FlowProperties(flow.title, flow.description)
        self.node_count = flow.node_count
        self.edge_count = flow.edge_count
        self._nodes: dict[str, Node | None] = {}
        self._edges: dict[str, Edge | None] = {}
        self._edges_of: dict[str, list[Edge]] = {}
        self._members_of: dict[str, list[Node]] = {}
        self._all_nodes: list[Node] | None = None
        self._all_edges: list[Edge] | None = None

    def prefetch(self, records: Iterable[Record]) -> None:
        """Read what the rules will ask to apply the records."""
        nodes: set[str] = set()
        edges: set[str] = set()
        connected: set[str] = set()
        holding: set[str] = set()
        for record in _flat(records):
            more_nodes, more_edges = record.references()
            nodes |= more_nodes
            edges |= more_edges
            match record:
                case AddEdge(edge):
                    connected.add(edge.source)
                case EditEdge(_, changes) if "source" in changes:
                    connected.add(changes["source"])
                case MoveNode(id):
                    holding.add(id)
                case RemoveNode(id):
                    holding.add(id)
                    connected.add(id)
                case EditNode(id, node_changes) if "branches" in node_changes.get("settings", ()):
                    connected.add(id)
        self._read_nodes(nodes)
        self._read_members({id for id in holding if (node := self._nodes[id]) and node.kind == "group"})
        self._read_edges(edges, connected)

    def foresee(self, nodes: Collection[str]) -> None:
        """Read nodes that will be asked for."""
        self._read_nodes(nodes)

    def node(self, id: str, /) -> Node | None:
        """Return a node, or None."""
        if id not in self._nodes:
            self._read_nodes({id})
        return self._nodes[id]

    def edge(self, id: str, /) -> Edge | None:
        """Return an edge, or None."""
        if id not in self._edges:
            self._read_edges({id})
        return self._edges[id]

    def edges_of(self, node_id: str, /) -> list[Edge]:
        """Return the edges that begin or end at a node."""
        if node_id not in self._edges_of:
            self._read_edges((), {node_id})
        return self._edges_of[node_id]

    def members_of(self, group_id: str, /) -> list[Node]:
        """Return the nodes whose parent is the group."""
        if group_id not in self._members_of:
            self._read_members({group_id})
        return self._members_of[group_id]

    def nodes(self) -> list[Node]:
        """Return every node."""
        if self._all_nodes is None:
            self._all_nodes = self._select_nodes(Q(flow_id=self._flow_id))
        return self._all_nodes

    def edges(self) -> list[Edge]:
        """Return every edge."""
        if self._all_edges is None:
            self._all_edges = self._select_edges(Q(flow_id=self._flow_id))
        return self._all_edges

    def _read_nodes(self, ids: Collection[str]) -> None:
        self._nodes |= dict.fromkeys(ids)
        for some in _chunks(ids):
            self._select_nodes(Q(key__in=self._keys(some)))

    def _read_edges(self, ids: Collection[str], connected: Collection[str] = ()) -> None:
        """Read edges by their own ids, and those of the connected nodes."""
        self._edges |= dict.fromkeys(ids)
        nothing: list[str] = []
        for some, ends in zip_longest(_chunks(ids), _chunks(connected), fillvalue=nothing):
            keys = self._keys(ends)
            edges = self._select_edges(Q(key__in=self._keys(some)) | Q(source_id__in=keys) | Q(target_id__in=keys))
            found: dict[str, list[Edge]] = {id: [] for id in ends}
            for edge in edges:
                for end in found.keys() & {edge.source, edge.target}:
                    found[end].append(edge)
            self._edges_of |= found

    def _read_members(self, groups: Collection[str]) -> None:
        for some in _chunks(groups):
            found: dict[str, list[Node]] = {id: [] for id in some}
            for node in self._select_nodes(Q(parent_id__in=self._keys(some))):
                if node.parent is not None:
                    found[node.parent].append(node)
            self._members_of |= found

    def _keys(self, ids: Iterable[str]) -> list[str]:
        return [key_of(self._flow_id, id) for id in ids]

    def _select_nodes(self, condition: Q) -> list[Node]:
        rows = FlowNode.objects.filter(condition).order_by("ordinal").values_list(*NODE_COLUMNS)
        nodes = [node_of(row) for row in rows]
        self._nodes |= {node.id: node for node in nodes}
        return nodes

    def _select_edges(self, condition: Q) -> list[Edge]:
        rows = FlowEdge.objects.filter(condition).order_by("ordinal").values_list(*EDGE_COLUMNS)
        edges = [edge_of(row) for row in rows]
        self._edges |= {edge.id: edge for edge in edges}
        return edges


def _flat(records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        match record:
            case Batch(operations):
                yield from operations
            case CreateFlow() | ReplaceGraph() | GraphDifference():
                continue
            case _:
                yield record


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(ids)
    while chunk := list(islice(iterator, _KEYS_PER_QUERY)):
        yield chunk
