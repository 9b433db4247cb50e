"""What each operation on a node does, and when it is refused."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from flows.document.canonical import same_json
from flows.document.effect import Effect, Pair, pair_of
from flows.document.elements import Edge, Node
from flows.document.errors import Reason, Rejected, invalid
from flows.document.graph import Graph
from flows.document.limits import DocumentLimits
from flows.document.operations import (
    AddEdge,
    AddNode,
    EditNode,
    MoveNode,
    NodeChanges,
    RemoveNode,
    ResizeNode,
    SingleOperation,
)
from flows.document.outcome import Step
from flows.document.ports import ports_of
from flows.document.settings import check_bytes, check_types
from flows.document.values import is_within, round_coordinate


def add_node(graph: Graph, operation: AddNode, limits: DocumentLimits) -> Step:
    """Add a node under a new id."""
    node = operation.node
    if graph.node(node.id) is not None:
        raise Rejected("duplicate_id", Reason.NODE_EXISTS, id=node.id)
    if node.parent is not None:
        _check_parent(graph, node, node.parent)
    if graph.node_count >= limits.nodes:
        raise Rejected("limit_reached", Reason.TOO_MANY_NODES, most=limits.nodes)
    return Step(Effect({node.id: Pair(None, node)}), operation, (RemoveNode(node.id),))


def move_node(graph: Graph, operation: MoveNode) -> Step:
    """Move a node; a group takes all that is in it along by the same distance."""
    node = known_node(graph, operation.id)
    inverse = (MoveNode(node.id, node.x, node.y),)
    dx, dy = operation.x - node.x, operation.y - node.y
    if not dx and not dy:
        return Step(Effect(), operation, inverse)
    nodes = {node.id: Pair(node, place(node, operation.x, operation.y))}
    if node.kind == "group":
        for member in _descendants(graph, node):
            x, y = round_coordinate(member.x + dx), round_coordinate(member.y + dy)
            if not (is_within(x) and is_within(y)):
                raise invalid(Reason.OUT_OF_BOUNDS, id=member.id)
            nodes[member.id] = Pair(member, place(member, x, y))
    return Step(Effect(nodes), operation, inverse)


def resize_node(graph: Graph, operation: ResizeNode) -> Step:
    """Give a node another size, and place if it says one; members of a group stay."""
    node = known_node(graph, operation.id)
    after = place(
        node,
        node.x if operation.x is None else operation.x,
        node.y if operation.y is None else operation.y,
        operation.width,
        operation.height,
    )
    inverse = ResizeNode(
        node.id,
        node.width,
        node.height,
        None if operation.x is None else node.x,
        None if operation.y is None else node.y,
    )
    return Step(_change(node, after), operation, (inverse,))


def edit_node(graph: Graph, operation: EditNode, limits: DocumentLimits) -> Step:
    """Set the named properties. A branch that goes takes its edges along."""
    node, changes = known_node(graph, operation.id), operation.changes
    parent = changes.get("parent")
    if parent is not None:
        _check_parent(graph, node, parent)
    after = _edited(node, changes)
    if "settings" in changes:
        check_bytes(after.settings, limits)
        check_types(node.kind, _newly_set(node, changes["settings"]), limits)
    lost = _edges_of_lost_ports(graph, node, after)
    effect = _change(node, after, lost)
    inverse = EditNode(node.id, _undoing(node, changes))
    return Step(effect, operation, (inverse, *(AddEdge(edge) for edge in lost)))


def remove_node(graph: Graph, operation: RemoveNode) -> Step:
    """Remove a node and its edges, and free its members."""
    node = known_node(graph, operation.id)
    edges = list(graph.edges_of(node.id))
    members = list(graph.members_of(node.id)) if node.kind == "group" else []
    nodes: dict[str, Pair[Node]] = {node.id: Pair(node, None)}
    for member in members:
        nodes[member.id] = Pair(member, _edited(member, {"parent": None}))
    inverse: list[SingleOperation] = [AddNode(node)]
    inverse += [EditNode(member.id, {"parent": node.id}) for member in members]
    inverse += [AddEdge(edge) for edge in edges]
    return Step(Effect(nodes, {edge.id: Pair(edge, None) for edge in edges}), operation, tuple(inverse))


def known_node(graph: Graph, id: str) -> Node:
    """Return a node that must exist."""
    node = graph.node(id)
    if node is None:
        raise Rejected("unknown_node", Reason.UNKNOWN_NODE, missing=("node", id), id=id)
    return node


def place(node: Node, x: float, y: float, width: float | None = None, height: float | None = None) -> Node:
    """Return the node at another place, and in another size if one is given."""
    return Node(
        node.id,
        node.kind,
        x,
        y,
        node.width if width is None else width,
        node.height if height is None else height,
        node.label,
        node.description,
        node.colour,
        node.parent,
        node.enabled,
        node.settings,
    )


def _edited(node: Node, changes: NodeChanges) -> Node:
    settings = node.settings
    if "settings" in changes:
        merged = {**settings, **changes["settings"]}
        settings = {name: value for name, value in merged.items() if value is not None}
    return Node(
        node.id,
        node.kind,
        node.x,
        node.y,
        node.width,
        node.height,
        changes.get("label", node.label),
        changes.get("description", node.description),
        changes.get("colour", node.colour),
        changes.get("parent", node.parent),
        changes.get("enabled", node.enabled),
        settings,
    )


def _newly_set(node: Node, settings: Mapping[str, object]) -> dict[str, object]:
    """Leave out what is only removed: a key that the catalogue has dropped can always go."""
    return {name: value for name, value in settings.items() if value is not None or name not in node.settings}


def _undoing(node: Node, changes: NodeChanges) -> NodeChanges:
    inverse = cast(NodeChanges, {name: getattr(node, name) for name in changes if name != "settings"})
    if "settings" in changes:
        inverse["settings"] = {name: node.settings.get(name) for name in changes["settings"]}
    return inverse


def _change(before: Node, after: Node, lost: Sequence[Edge] = ()) -> Effect:
    pair = pair_of(before, after)
    return Effect({before.id: pair} if pair else {}, {edge.id: Pair(edge, None) for edge in lost})


def _edges_of_lost_ports(graph: Graph, before: Node, after: Node) -> list[Edge]:
    if before.kind != "decision" or same_json(before.settings.get("branches"), after.settings.get("branches")):
        return []
    lost = set(ports_of(before).outputs) - set(ports_of(after).outputs)
    if not lost:
        return []
    return [edge for edge in graph.edges_of(before.id) if edge.source == before.id and edge.source_port in lost]


def _descendants(graph: Graph, group: Node) -> Iterator[Node]:
    open_groups = [group.id]
    while open_groups:
        for member in graph.members_of(open_groups.pop()):
            yield member
            if member.kind == "group":
                open_groups.append(member.id)


def _check_parent(graph: Graph, node: Node, parent_id: str) -> None:
    parent = known_node(graph, parent_id) if parent_id != node.id else None
    if parent is None:
        raise invalid(Reason.GROUP_IN_ITSELF, id=node.id)
    if parent.kind != "group":
        raise invalid(Reason.NOT_A_GROUP, id=parent_id)
    while node.kind == "group" and parent.parent is not None:
        parent = known_node(graph, parent.parent)
        if parent.id == node.id:
            raise invalid(Reason.GROUP_IN_ITSELF, id=node.id)
