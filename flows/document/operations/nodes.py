"""The operations on nodes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self, cast

from flows.document.element_json import decode_node, decode_node_changes, encode_node
from flows.document.elements import Edge, Node, NodeChanges
from flows.document.errors import Reason, Rejected, invalid
from flows.document.graph import Effect, Graph, Pair, pair_of
from flows.document.json import (
    Json,
    check_keys,
    is_within,
    read_coordinate,
    read_id,
    read_size,
    round_coordinate,
    same_json,
)
from flows.document.kinds.ports import ports_of
from flows.document.kinds.settings import check_bytes, check_types
from flows.document.limits import DocumentLimits
from flows.document.operations.edges import AddEdge
from flows.document.operations.operation import (
    NOTHING,
    Applied,
    References,
    SingleOperation,
    known_node,
    node_ids,
)

_ADD = frozenset({"kind", "node"})
_MOVE = frozenset({"kind", "id", "x", "y"})
_RESIZE = frozenset({"kind", "id", "width", "height"})
_PLACE = frozenset({"x", "y"})
_EDIT = frozenset({"kind", "id", "set"})
_REMOVE = frozenset({"kind", "id"})


@dataclass(frozen=True, slots=True)
class AddNode(SingleOperation):
    """Add a node under a new id."""

    kind: ClassVar[str] = "add_node"
    node: Node

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        check_keys(fields, cls.kind, _ADD)
        return cls(decode_node(fields["node"], limits))

    def encode(self) -> Json:
        return {"kind": self.kind, "node": encode_node(self.node)}

    def references(self) -> References:
        return node_ids(self.node.id, self.node.parent)

    def apply(self, graph: Graph, limits: DocumentLimits) -> Applied:
        node = self.node
        if graph.node(node.id) is not None:
            raise Rejected("duplicate_id", Reason.NODE_EXISTS, id=node.id)
        if node.parent is not None:
            _check_parent(graph, node, node.parent, limits)
        if graph.node_count >= limits.nodes:
            raise Rejected("limit_reached", Reason.TOO_MANY_NODES, most=limits.nodes)
        return Applied(Effect({node.id: Pair(None, node)}), self, (RemoveNode(node.id),))

    def without(self, group: str) -> "AddNode | None":
        return AddNode(replace(self.node, parent=None)) if self.node.parent == group else None


@dataclass(frozen=True, slots=True)
class MoveNode(SingleOperation):
    """Move a node; a group takes all that is in it along by the same distance."""

    kind: ClassVar[str] = "move_node"
    id: str
    x: float
    y: float

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        check_keys(fields, cls.kind, _MOVE)
        return cls(read_id(fields["id"], "id"), read_coordinate(fields["x"], "x"), read_coordinate(fields["y"], "y"))

    def encode(self) -> Json:
        return {"kind": self.kind, "id": self.id, "x": self.x, "y": self.y}

    def references(self) -> References:
        return node_ids(self.id)

    def affected(self, graph: Graph) -> References:
        return frozenset({self.id, *(member.id for member in _descendants(graph, self.id))}), NOTHING

    def apply(self, graph: Graph, limits: DocumentLimits) -> Applied:
        node = known_node(graph, self.id)
        inverse = (MoveNode(node.id, node.x, node.y),)
        dx, dy = self.x - node.x, self.y - node.y
        if not dx and not dy:
            return Applied(Effect(), self, inverse)
        nodes = {node.id: Pair(node, node.at(self.x, self.y))}
        if node.kind == "group":
            for member in _descendants(graph, node.id):
                x, y = round_coordinate(member.x + dx), round_coordinate(member.y + dy)
                if not (is_within(x) and is_within(y)):
                    raise invalid(Reason.OUT_OF_BOUNDS, id=member.id)
                nodes[member.id] = Pair(member, member.at(x, y))
        return Applied(Effect(nodes), self, inverse)


@dataclass(frozen=True, slots=True)
class ResizeNode(SingleOperation):
    """Give a node another size, and place if it says one; members of a group stay."""

    kind: ClassVar[str] = "resize_node"
    id: str
    width: float
    height: float
    x: float | None = None
    y: float | None = None

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        check_keys(fields, cls.kind, _RESIZE, _PLACE)
        return cls(
            read_id(fields["id"], "id"),
            read_size(fields["width"], "width"),
            read_size(fields["height"], "height"),
            read_coordinate(fields["x"], "x") if "x" in fields else None,
            read_coordinate(fields["y"], "y") if "y" in fields else None,
        )

    def encode(self) -> Json:
        place = {name: value for name, value in (("x", self.x), ("y", self.y)) if value is not None}
        return {"kind": self.kind, "id": self.id, "width": self.width, "height": self.height, **place}

    def references(self) -> References:
        return node_ids(self.id)

    def apply(self, graph: Graph, limits: DocumentLimits) -> Applied:
        node = known_node(graph, self.id)
        x, y = node.x if self.x is None else self.x, node.y if self.y is None else self.y
        place = (None if self.x is None else node.x, None if self.y is None else node.y)
        inverse = ResizeNode(node.id, node.width, node.height, *place)
        return Applied(_change(node, node.at(x, y, self.width, self.height)), self, (inverse,))


@dataclass(frozen=True, slots=True)
class EditNode(SingleOperation):
    """Set the named properties. A branch that goes takes its edges along."""

    kind: ClassVar[str] = "edit_node"
    id: str
    changes: NodeChanges

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        check_keys(fields, cls.kind, _EDIT)
        return cls(read_id(fields["id"], "id"), decode_node_changes(fields["set"], limits))

    def encode(self) -> Json:
        return {"kind": self.kind, "id": self.id, "set": dict(self.changes)}

    def references(self) -> References:
        return node_ids(self.id, self.changes.get("parent"))

    def affected(self, graph: Graph) -> References:
        nodes, edges = self.references()
        if "branches" in self.changes.get("settings", {}):
            edges = frozenset(edge.id for edge in graph.edges_of(self.id))
        return nodes, edges

    def apply(self, graph: Graph, limits: DocumentLimits) -> Applied:
        node, changes = known_node(graph, self.id), self.changes
        parent = changes.get("parent")
        if parent is not None:
            _check_parent(graph, node, parent, limits)
        after = node.edited(changes)
        if "settings" in changes:
            check_bytes(after.settings, limits)
            check_types(node.kind, _newly_set(node, changes["settings"]), limits)
        lost = _edges_of_lost_ports(graph, node, after)
        inverse = EditNode(node.id, _undoing(node, changes))
        return Applied(_change(node, after, lost), self, (inverse, *(AddEdge(edge) for edge in lost)))

    def without(self, group: str) -> "EditNode | None":
        if self.changes.get("parent") != group or self.id == group:
            return None
        return EditNode(self.id, cast(NodeChanges, {**self.changes, "parent": None}))


@dataclass(frozen=True, slots=True)
class RemoveNode(SingleOperation):
    """Remove a node and its edges, and free its members."""

    kind: ClassVar[str] = "remove_node"
    id: str

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        check_keys(fields, cls.kind, _REMOVE)
        return cls(read_id(fields["id"], "id"))

    def encode(self) -> Json:
        return {"kind": self.kind, "id": self.id}

    def references(self) -> References:
        return node_ids(self.id)

    def affected(self, graph: Graph) -> References:
        members = (node.id for node in graph.members_of(self.id))
        return frozenset({self.id, *members}), frozenset(edge.id for edge in graph.edges_of(self.id))

    def apply(self, graph: Graph, limits: DocumentLimits) -> Applied:
        node = known_node(graph, self.id)
        edges = list(graph.edges_of(node.id))
        members = list(graph.members_of(node.id)) if node.kind == "group" else []
        nodes: dict[str, Pair[Node]] = {node.id: Pair(node, None)}
        nodes |= {member.id: Pair(member, replace(member, parent=None)) for member in members}
        inverse: list[SingleOperation] = [AddNode(node)]
        inverse += [EditNode(member.id, {"parent": node.id}) for member in members]
        inverse += [AddEdge(edge) for edge in edges]
        return Applied(Effect(nodes, {edge.id: Pair(edge, None) for edge in edges}), self, tuple(inverse))


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


def _descendants(graph: Graph, group: str) -> Iterator[Node]:
    open_groups = [group]
    while open_groups:
        for member in graph.members_of(open_groups.pop()):
            yield member
            if member.kind == "group":
                open_groups.append(member.id)


def _check_parent(graph: Graph, node: Node, parent_id: str, limits: DocumentLimits) -> None:
    if parent_id == node.id:
        raise invalid(Reason.GROUP_IN_ITSELF, id=node.id)
    parent = known_node(graph, parent_id)
    if parent.kind != "group":
        raise invalid(Reason.NOT_A_GROUP, id=parent_id)
    if node.kind != "group":
        return
    above = 1
    for group in _ancestors(graph, parent):
        if group.id == node.id:
            raise invalid(Reason.GROUP_IN_ITSELF, id=node.id)
        above += 1
    most = limits.nesting
    if above + graph.node_count < most or above + _height(graph, node) <= most:
        return
    now = graph.node(node.id)
    if now is None or above > sum(1 for _ in _ancestors(graph, now)):  # what is too deep already may come up
        raise Rejected("limit_reached", Reason.NESTED_TOO_DEEP, most=most)


def _ancestors(graph: Graph, node: Node) -> Iterator[Node]:
    while node.parent is not None:
        node = known_node(graph, node.parent)
        yield node


def _height(graph: Graph, group: Node) -> int:
    """Return how many groups lie in each other, the outermost being this one."""
    height, level = 0, [group.id]
    while level:
        height += 1
        level = [member.id for id in level for member in graph.members_of(id) if member.kind == "group"]
    return height
