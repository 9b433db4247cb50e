"""A flow's graph, read from its rows only where it is asked.

The rules ask for a few elements by id, for the edges of a node, for the members of a group. `prefetch` reads what a
whole batch will ask in a few queries; what it did not foresee is one indexed query each, with a node all groups that
it lies in, with a group all that it holds. Lives inside one transaction that holds the flow's lock, so what was read
once is still so.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, zip_longest
from typing import Any, Protocol, TypeVar
from uuid import UUID

from flows.document import (
    AddEdge,
    AddNode,
    Batch,
    CreateFlow,
    Edge,
    EdgeChanges,
    EditEdge,
    EditNode,
    Ends,
    FlowProperties,
    GraphDifference,
    MoveNode,
    Node,
    Record,
    RemoveNode,
    ReplaceGraph,
    default_output,
)
from flows.models import FlowEdge, FlowNode
from flows.storage.sql import Row, key_of, key_value, places, select
from flows.storage.store import EDGE_COLUMNS, NODE_COLUMNS, Shared, edge_of, node_of

T = TypeVar("T")

_MOVING = frozenset({"source", "target", "source_port", "target_port"})
_KEYS_PER_QUERY = 10_000  # SQLite takes 32,766 parameters, and edges are asked for by three lists of keys


_NODES, _EDGES = FlowNode._meta.db_table, FlowEdge._meta.db_table
_ABOVE = f"""WITH RECURSIVE above (key) AS (
    SELECT key FROM {_NODES} WHERE key IN ({{keys}})
    UNION SELECT node.parent_id FROM above CROSS JOIN {_NODES} AS node
    WHERE node.key = above.key AND node.parent_id IS NOT NULL
) SELECT key FROM above{{limit}}"""  # noqa: S608  (our names)
_BELOW = f"""WITH RECURSIVE below (key) AS (
    SELECT key FROM {_NODES} WHERE parent_id IN ({{keys}})
    UNION SELECT node.key FROM below CROSS JOIN {_NODES} AS node WHERE node.parent_id = below.key
) SELECT key FROM below{{limit}}"""  # noqa: S608
_SELECT = "SELECT {columns} FROM {table} WHERE {condition} ORDER BY ordinal"
_SELECT_FEW = """SELECT {columns} FROM (
    SELECT {columns}, ordinal FROM {table} WHERE {condition} LIMIT {most}
) AS few ORDER BY ordinal"""
_BETWEEN = f"""WITH asked (source, target, source_port, target_port) AS (VALUES {{rows}})
SELECT edge.key FROM asked CROSS JOIN {_EDGES} AS edge WHERE edge.source_id = asked.source
AND edge.target_id = asked.target AND edge.source_port = asked.source_port
AND edge.target_port = asked.target_port"""  # noqa: S608


class FlowHead(Protocol):
    """What a flow's own row tells of its graph."""

    id: UUID
    title: str
    description: str
    node_count: int
    edge_count: int


class TooManyRows(Exception):  # noqa: N818  (a normal answer, not an error)
    """More rows are asked for than may be read here."""


class StoredGraph:
    """A `Graph` over rows.

    It reads at most `most_rows`, if that is given, and raises `TooManyRows` before it reads many more.
    """

    def __init__(self, flow: FlowHead, *, most_rows: int | None = None) -> None:
        self._flow_id, self._most_rows = flow.id, most_rows
        self.properties = FlowProperties(flow.title, flow.description)
        self.node_count = flow.node_count
        self.edge_count = flow.edge_count
        self._nodes: dict[str, Node | None] = {}
        self._edges: dict[str, Edge | None] = {}
        self._edges_of: dict[str, list[Edge]] = {}
        self._between: dict[Ends, Edge | None] = {}
        self._members_of: dict[str, list[Node]] = {}
        self._shared = Shared()
        self.rows_read = 0
        self._all_nodes: list[Node] | None = None
        self._all_edges: list[Edge] | None = None

    def prefetch(self, records: Iterable[Record]) -> None:
        """Read what the rules will ask to apply the records."""
        asked = _Asked()
        for record in _flat(records):
            asked.add(record)
        self._read_nodes(asked.nodes, asked.inside)
        asked.holding |= {id for id, parent in asked.entering if not self._lies_in(parent, id)}
        groups = {id for id in asked.holding if (node := self._nodes[id]) and node.kind == "group"}
        self._read_members(groups)
        self._read_edges(asked.edges, asked.connected)
        self._read_between(self._foreseen_ends(asked))

    def foresee(self, nodes: Collection[str]) -> None:
        """Read nodes that will be asked for."""
        self._read_nodes(nodes)

    def node(self, id: str, /) -> Node | None:
        """Return a node, or None."""
        if id not in self._nodes:
            self._read_nodes((), {id})
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

    def edge_between(self, ends: Ends, /) -> Edge | None:
        """Return the edge with these ends, or None."""
        if ends not in self._between and self._all_edges is None and not self._lacks_a_node(ends):
            self._read_between({ends})
        return self._between.get(ends)

    def members_of(self, group_id: str, /) -> list[Node]:
        """Return the nodes whose parent is the group."""
        if group_id not in self._members_of:
            self._read_members({group_id})
        return self._members_of[group_id]

    def nodes(self) -> list[Node]:
        """Return every node."""
        if self._all_nodes is None:
            self._all_nodes = self._select_nodes("flow_id = %s", [key_value(self._flow_id)])
        return self._all_nodes

    def edges(self) -> list[Edge]:
        """Return every edge."""
        if self._all_edges is None:
            self._all_edges = self._select_edges("flow_id = %s", [key_value(self._flow_id)])
        return self._all_edges

    def _lies_in(self, id: str, group: str) -> bool:
        """Tell whether a node is a group or lies in it, by the rows that were read: a group cannot go into that."""
        above: str | None = id
        passed: set[str] = set()
        while above is not None and above != group and above not in passed:
            passed.add(above)
            node = self._nodes.get(above)
            above = node.parent if node else None
        return above == group

    def _lacks_a_node(self, ends: Ends) -> bool:
        """Tell whether a node is known not to be there, as one that is only coming: it has no edges."""
        return any(self._nodes.get(id, self) is None for id in ends[:2])

    def _foreseen_ends(self, asked: "_Asked") -> set[Ends]:
        """Return the connections that will be asked for; a port that is not given depends on its node."""
        moved = (replace(edge, **changes) for id, changes in asked.moved if (edge := self._edges[id]))
        return {
            (edge.source, edge.target, edge.source_port or default_output(source), edge.target_port or "in")
            for edge in (*asked.connections, *moved)
            if (source := self._nodes.get(edge.source))
        }

    def _read_nodes(self, ids: Collection[str], inside: Collection[str] = ()) -> None:
        """Read nodes; of those `inside`, all groups in which they lie as well."""
        self._nodes |= dict.fromkeys([*ids, *inside])
        for some in _chunks(ids):
            self._select_nodes(f"key IN ({places(len(some))})", self._keys(some))
        for some in _chunks(inside):
            self._select_nodes(self._found_by(_ABOVE, len(some)), self._keys(some))

    def _read_edges(self, ids: Collection[str], connected: Collection[str] = ()) -> None:
        """Read edges by their own ids, and those of the connected nodes."""
        self._edges |= dict.fromkeys(ids)
        nothing: list[str] = []
        for some, ends in zip_longest(_chunks(ids), _chunks(connected), fillvalue=nothing):
            asked = (("key", some), ("source_id", ends), ("target_id", ends))
            condition = " OR ".join(f"{name} IN ({places(len(given))})" for name, given in asked if given)
            edges = self._select_edges(condition, [key for _, given in asked for key in self._keys(given)])
            found: dict[str, list[Edge]] = {id: [] for id in ends}
            for edge in edges:
                for end in found.keys() & {edge.source, edge.target}:
                    found[end].append(edge)
            self._edges_of |= found

    def _read_between(self, ends: Collection[Ends]) -> None:
        self._between |= dict.fromkeys(ends)
        for some in _chunks(ends, 4):
            rows = ", ".join(["(%s, %s, %s, %s)"] * len(some))
            values = [value for source, target, *ports in some for value in (*self._keys((source, target)), *ports)]
            self._select_edges(f"key IN ({_BETWEEN.format(rows=rows)})", values)

    def _read_members(self, groups: Collection[str]) -> None:
        """Read all that lies in groups, and in the groups in them."""
        for some in _chunks(groups):
            nodes = self._select_nodes(self._found_by(_BELOW, len(some)), self._keys(some))
            found: dict[str, list[Node]] = {id: [] for id in some}
            found |= {node.id: [] for node in nodes if node.kind == "group"}
            for node in nodes:
                if node.parent is not None:
                    found[node.parent].append(node)
            self._members_of |= found

    def _keys(self, ids: Iterable[str]) -> list[str]:
        return [key_of(self._flow_id, id) for id in ids]

    def _found_by(self, statement: str, count: int) -> str:
        """Return the condition that a row is among what a recursive query finds, which stops when that is too much."""
        limit = "" if self._most_rows is None else f" LIMIT {self._room + 1}"
        return f"key IN ({statement.format(keys=places(count), limit=limit)})"

    def _select_nodes(self, condition: str, values: Sequence[Any]) -> list[Node]:
        nodes = [
            node_of(row, self._shared) for row in self._select(FlowNode._meta.db_table, NODE_COLUMNS, condition, values)
        ]
        self._nodes |= {node.id: node for node in nodes}
        return nodes

    def _select_edges(self, condition: str, values: Sequence[Any]) -> list[Edge]:
        edges = [
            edge_of(row, self._shared) for row in self._select(FlowEdge._meta.db_table, EDGE_COLUMNS, condition, values)
        ]
        self._edges |= {edge.id: edge for edge in edges}
        self._between |= {edge.ends: edge for edge in edges}
        return edges

    def _select(self, table: str, columns: Sequence[str], condition: str, values: Sequence[Any]) -> list[Row]:
        given = {"table": table, "columns": ", ".join(columns), "condition": condition}
        if self._most_rows is None:
            rows = select(_SELECT.format(**given), values)
        else:
            rows = select(_SELECT_FEW.format(**given, most=self._room + 1), values)
        self.rows_read += len(rows)
        if self._most_rows is not None and self.rows_read > self._most_rows:
            raise TooManyRows
        return rows

    @property
    def _room(self) -> int:
        """How many rows may still be read."""
        return max(0, (self._most_rows or 0) - self.rows_read)


class _Asked:
    """What the rules will ask for, record by record."""

    def __init__(self) -> None:
        self.nodes: set[str] = set()
        self.edges: set[str] = set()
        self.inside: set[str] = set()
        self.holding: set[str] = set()
        self.connected: set[str] = set()
        self.connections: list[Edge] = []
        self.moved: list[tuple[str, EdgeChanges]] = []
        self.entering: list[tuple[str, str]] = []

    def add(self, record: Record) -> None:
        """Note what one record needs."""
        nodes, edges = record.references()
        self.nodes |= nodes
        self.edges |= edges
        match record:
            case AddEdge(edge):
                self.connections.append(edge)
            case EditEdge(id, changes) if not changes.keys().isdisjoint(_MOVING):
                self.moved.append((id, changes))
            case MoveNode(id):
                self.holding.add(id)
            case RemoveNode(id):
                self.holding.add(id)
                self.connected.add(id)
            case AddNode(node) if node.kind == "group" and node.parent is not None:
                self.inside.add(node.parent)
            case EditNode(id, node_changes):
                if "branches" in node_changes.get("settings", ()):
                    self.connected.add(id)
                if node_changes.get("parent") is not None:
                    self.inside |= {id, str(node_changes["parent"])}
                    self.entering.append((id, str(node_changes["parent"])))


def _flat(records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        match record:
            case Batch(operations):
                yield from operations
            case CreateFlow() | ReplaceGraph() | GraphDifference():
                continue
            case _:
                yield record


def _chunks(items: Iterable[T], parameters: int = 1) -> Iterator[list[T]]:
    """Part what is asked for, by as many parameters as one thing takes."""
    iterator = iter(items)
    while chunk := list(islice(iterator, _KEYS_PER_QUERY // parameters)):
        yield chunk
