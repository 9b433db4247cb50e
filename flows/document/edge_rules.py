"""What each operation on an edge does, and when it is refused."""

from collections.abc import Iterable

from flows.document.effect import Effect, Pair, pair_of
from flows.document.elements import Edge, Node
from flows.document.errors import Reason, Rejected
from flows.document.graph import Graph
from flows.document.limits import DocumentLimits
from flows.document.node_rules import known_node
from flows.document.operations import AddEdge, EdgeChanges, EditEdge, RemoveEdge
from flows.document.outcome import Step
from flows.document.ports import default_output, ports_of


def add_edge(graph: Graph, operation: AddEdge, limits: DocumentLimits) -> Step:
    """Connect two ports under a new id."""
    if graph.edge(operation.edge.id) is not None:
        raise Rejected("duplicate_id", Reason.EDGE_EXISTS, id=operation.edge.id)
    source = known_node(graph, operation.edge.source)
    target = known_node(graph, operation.edge.target)
    edge = connect(operation.edge, source, target)
    if any(ends(other) == ends(edge) for other in graph.edges_of(edge.source)):
        raise Rejected("duplicate_edge", Reason.ALREADY_CONNECTED, source=edge.source, target=edge.target)
    if graph.edge_count >= limits.edges:
        raise Rejected("limit_reached", Reason.TOO_MANY_EDGES, most=limits.edges)
    return Step(Effect({}, {edge.id: Pair(None, edge)}), AddEdge(edge), (RemoveEdge(edge.id),))


def edit_edge(graph: Graph, operation: EditEdge) -> Step:
    """Set the named properties of an edge."""
    edge, changes = _known_edge(graph, operation.id), operation.changes
    label, animated = changes.get("label", edge.label), changes.get("animated", edge.animated)
    after = Edge(edge.id, edge.source, edge.target, edge.source_port, edge.target_port, label, animated)
    pair = pair_of(edge, after)
    inverse: EdgeChanges = {}
    if "label" in changes:
        inverse["label"] = edge.label
    if "animated" in changes:
        inverse["animated"] = edge.animated
    return Step(Effect({}, {edge.id: pair} if pair else {}), operation, (EditEdge(edge.id, inverse),))


def remove_edge(graph: Graph, operation: RemoveEdge) -> Step:
    """Remove an edge."""
    edge = _known_edge(graph, operation.id)
    return Step(Effect({}, {edge.id: Pair(edge, None)}), operation, (AddEdge(edge),))


def connect(edge: Edge, source: Node, target: Node) -> Edge:
    """Fill in the ports an edge does not name, and refuse one that its nodes do not have."""
    if source.id == target.id:
        raise Rejected("self_loop", Reason.SELF_LOOP, id=source.id)
    source_port, target_port = edge.source_port or default_output(source), edge.target_port or "in"
    _check_port(source, source_port, ports_of(source).outputs, Reason.NO_OUTPUT)
    _check_port(target, target_port, ports_of(target).inputs, Reason.NO_INPUT)
    if (source_port, target_port) == (edge.source_port, edge.target_port):
        return edge
    return Edge(edge.id, edge.source, edge.target, source_port, target_port, edge.label, edge.animated)


def ends(edge: Edge) -> tuple[str, str, str, str]:
    """Return what no two edges may have in common."""
    return edge.source, edge.source_port, edge.target, edge.target_port


def _check_port(node: Node, port: str, ports: Iterable[str], lacking: Reason) -> None:
    if port not in ports:
        raise Rejected("unknown_port", lacking, id=node.id, port=port)


def _known_edge(graph: Graph, id: str) -> Edge:
    edge = graph.edge(id)
    if edge is None:
        raise Rejected("unknown_edge", Reason.UNKNOWN_EDGE, missing=("edge", id), id=id)
    return edge
