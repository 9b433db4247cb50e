"""What a refused operation affects: all that its author may have changed on screen already, and must see as it is now.

More than it names: a group takes its members along, a removed node its edges, a decision the edges of its branches.
That is asked only of a graph in memory: a refusal must never make the database read for it.
"""

from collections.abc import Iterator
from typing import TypeAlias

from flows.document import (
    Batch,
    CreateFlow,
    EditNode,
    Graph,
    MoveNode,
    Record,
    RemoveNode,
    ReplaceGraph,
    SingleOperation,
    mentioned,
)
from flows.submission import Redo, Refused, Undo

Ids: TypeAlias = frozenset[str]


def affected(operation: Record | Undo | Redo | Refused, graph: Graph | None) -> tuple[Ids, Ids]:
    """Return the ids of nodes and edges that an operation affects; without a graph, only those that it names."""
    match operation:
        case Refused(nodes=named_nodes, edges=named_edges):
            return named_nodes, named_edges
        case CreateFlow() | ReplaceGraph() | Undo() | Redo():
            return frozenset(), frozenset()
    nodes, edges = map(set, mentioned(operation))
    if graph is None:
        return frozenset(nodes), frozenset(edges)
    for single in operation.operations if isinstance(operation, Batch) else (operation,):
        more_nodes, more_edges = _taken_along(single, graph)
        nodes |= more_nodes
        edges |= more_edges
    return frozenset(nodes), frozenset(edges)


def _taken_along(operation: SingleOperation, graph: Graph) -> tuple[set[str], set[str]]:
    match operation:
        case MoveNode(id):
            return set(_descendants(id, graph)), set()
        case RemoveNode(id):
            return {node.id for node in graph.members_of(id)}, {edge.id for edge in graph.edges_of(id)}
        case EditNode(id, changes) if "settings" in changes and "branches" in changes["settings"]:
            return set(), {edge.id for edge in graph.edges_of(id)}
        case _:
            return set(), set()


def _descendants(group_id: str, graph: Graph) -> Iterator[str]:
    open_groups = [group_id]
    while open_groups:
        for node in graph.members_of(open_groups.pop()):
            yield node.id
            if node.kind == "group":
                open_groups.append(node.id)
