"""Which elements an operation names: what a store reads beforehand, and what a refused author is shown as it is now."""

from typing import TypeAlias, assert_never

from flows.document.errors import Rejected
from flows.document.operations import (
    AddEdge,
    AddNode,
    Batch,
    CreateFlow,
    EditEdge,
    EditFlow,
    EditNode,
    MoveNode,
    Record,
    RemoveEdge,
    RemoveNode,
    ReplaceGraph,
    ResizeNode,
)
from flows.document.values import read_id

Mentioned: TypeAlias = tuple[frozenset[str], frozenset[str]]


def mentioned(record: Record) -> Mentioned:
    """Return the ids of nodes and the ids of edges that a record names."""
    nodes: set[str] = set()
    edges: set[str] = set()
    _collect(record, nodes, edges)
    return frozenset(nodes), frozenset(edges)


def mentioned_on_wire(value: object) -> Mentioned:
    """Return the ids that an undecodable operation names, as far as they can be made out."""
    nodes: set[str] = set()
    edges: set[str] = set()
    fields = value if isinstance(value, dict) else {}
    inner = fields.get("operations")
    for operation in inner if isinstance(inner, list) else [fields]:
        if isinstance(operation, dict):
            _collect_from_wire(operation, nodes, edges)
    return frozenset(nodes), frozenset(edges)


def _collect(record: Record, nodes: set[str], edges: set[str]) -> None:
    match record:
        case MoveNode(id) | ResizeNode(id) | RemoveNode(id):
            nodes.add(id)
        case EditNode(id, changes):
            nodes.add(id)
            _add(nodes, changes.get("parent"))
        case AddNode(node):
            nodes.add(node.id)
            _add(nodes, node.parent)
        case AddEdge(edge):
            edges.add(edge.id)
            nodes.update((edge.source, edge.target))
        case EditEdge(id) | RemoveEdge(id):
            edges.add(id)
        case EditFlow():
            pass
        case Batch(operations):
            for operation in operations:
                _collect(operation, nodes, edges)
        case CreateFlow() | ReplaceGraph():
            nodes.update(node.id for node in record.nodes)
            edges.update(edge.id for edge in record.edges)
        case _:
            assert_never(record)


def _collect_from_wire(fields: dict[object, object], nodes: set[str], edges: set[str]) -> None:
    kind = fields.get("kind")
    _add(edges if kind in ("edit_edge", "remove_edge") else nodes, fields.get("id"))
    node, edge, changes = fields.get("node"), fields.get("edge"), fields.get("set")
    if isinstance(node, dict):
        _add(nodes, node.get("id"))
        _add(nodes, node.get("parent"))
    if isinstance(edge, dict):
        _add(edges, edge.get("id"))
        _add(nodes, edge.get("source"))
        _add(nodes, edge.get("target"))
    if isinstance(changes, dict):
        _add(nodes, changes.get("parent"))


def _add(ids: set[str], value: object) -> None:
    try:
        ids.add(read_id(value, "id"))
    except Rejected:
        return
