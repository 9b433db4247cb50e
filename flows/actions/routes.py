"""Ways through a flow that several actions ask for: what lies behind a node, and what belongs to it alone."""

from collections.abc import Iterable, Iterator
from uuid import uuid4

from flows.document import Edge, Graph, Node, ports_of


def new_id(prefix: str) -> str:
    """Return a fresh id; random ones do not meet."""
    return f"{prefix}_{uuid4().hex[:16]}"


def outgoing(graph: Graph, node_id: str) -> list[Edge]:
    """Return the edges that begin at a node."""
    return [edge for edge in graph.edges_of(node_id) if edge.source == node_id]


def incoming(graph: Graph, node_id: str) -> list[Edge]:
    """Return the edges that end at a node."""
    return [edge for edge in graph.edges_of(node_id) if edge.target == node_id]


def branch_of(graph: Graph, root: Node) -> list[Node]:
    """Return a node and what is reached only through it, in the order in which it is found.

    Where another way comes in, the branch ends. An edge back into the branch does not count as another way.
    """
    behind = _reached(graph, root.id)
    left_out: set[str] = set()
    open_ids = [id for id in behind if id != root.id and any(edge.source not in behind for edge in incoming(graph, id))]
    while open_ids:
        id = open_ids.pop()
        if id == root.id or id in left_out:
            continue
        left_out.add(id)
        open_ids += [edge.target for edge in outgoing(graph, id)]
    return [node for id in behind if id not in left_out and (node := graph.node(id)) is not None]


def within(graph: Graph, ids: Iterable[str]) -> Iterator[Edge]:
    """Yield the edges that begin and end at these nodes."""
    inside = set(ids)
    for id in inside:
        yield from (edge for edge in outgoing(graph, id) if edge.target in inside)


def with_members(graph: Graph, nodes: Iterable[Node]) -> list[Node]:
    """Return nodes with all that lies in the groups among them, each once, a group before its members."""
    found: dict[str, Node] = {}
    open_nodes = list(nodes)[::-1]
    while open_nodes:
        node = open_nodes.pop()
        if node.id not in found:
            found[node.id] = node
            open_nodes += graph.members_of(node.id) if node.kind == "group" else ()
    return list(found.values())


def is_executable(node: Node) -> bool:
    """Tell whether a node takes part in a run: it has ports."""
    ports = ports_of(node)
    return bool(ports.inputs or ports.outputs)


def _reached(graph: Graph, start: str) -> dict[str, None]:
    found: dict[str, None] = {}
    open_ids = [start]
    while open_ids:
        id = open_ids.pop()
        if id not in found:
            found[id] = None
            open_ids += [edge.target for edge in outgoing(graph, id)]
    return found
