"""Where imported nodes stand: as the file says, laid out where it does not, and beside what a flow holds already.

A file without places is laid out, and so is one whose nodes all stand on one spot; any other keeps its places.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from flows.autolayout import Box, arrange
from flows.document import Edge, Node, ports_of
from flows.document.json import is_within, round_coordinate
from flows.interchange.assemble import Assembled

GAP = 80
_PADDING = 24


@dataclass(frozen=True, slots=True)
class Bounds:
    """The box that nodes fill."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> "Bounds | None":
        """Return what the nodes fill; None without any."""
        some = list(nodes)
        if not some:
            return None
        return cls(
            min(node.x for node in some),
            min(node.y for node in some),
            max(node.x + node.width for node in some),
            max(node.y + node.height for node in some),
        )

    def shifts(self, other: "Bounds") -> Iterable[tuple[float, float]]:
        """Yield how far another box may go to lie beside this one: right, left, below, above."""
        yield self.right + GAP - other.left, self.top - other.top
        yield self.left - GAP - other.right, self.top - other.top
        yield self.left - other.left, self.bottom + GAP - other.top
        yield self.left - other.left, self.top - GAP - other.bottom


def placed(graph: Assembled) -> tuple[Node, ...]:
    """Return the nodes, each with its place."""
    spots = {(node.x, node.y) for node in graph.nodes}
    if not graph.nodes:
        return ()
    if len(graph.unplaced) == len(graph.nodes) or (len(spots) == 1 and len(graph.nodes) > 1):
        return _arranged(graph.nodes, graph.edges, graph.direction)
    nodes = _groups_fitted(graph)
    if not graph.unplaced:
        return nodes
    fixed = Bounds.of(node for node in nodes if node.id not in graph.unplaced)
    loose = _arranged([node for node in nodes if node.id in graph.unplaced], graph.edges, graph.direction)
    by_id = {node.id: node for node in beside(loose, fixed, below=True)}
    return tuple(by_id.get(node.id, node) for node in nodes)


def beside(nodes: Sequence[Node], there: Bounds | None, *, below: bool = False) -> tuple[Node, ...]:
    """Return the nodes to the right of what is there, tops aligned; elsewhere beside it where the canvas ends.

    Where nothing is there they stay.
    """
    own = Bounds.of(nodes)
    if there is None or own is None:
        return tuple(nodes)
    shifts = list(there.shifts(own))
    for dx, dy in shifts[2:] + shifts[:2] if below else shifts:
        corners = (own.left + dx, own.right + dx, own.top + dy, own.bottom + dy)
        if all(is_within(corner) for corner in corners):
            return tuple(node.at(round_coordinate(node.x + dx), round_coordinate(node.y + dy)) for node in nodes)
    return tuple(nodes)


def _arranged(nodes: Sequence[Node], edges: Iterable[Edge], direction: str) -> tuple[Node, ...]:
    ids = {node.id for node in nodes}
    boxes = [
        Box(
            node.id,
            node.width,
            node.height,
            node.parent if node.parent in ids else None,
            node.kind == "group",
            node.kind == "note",
        )
        for node in nodes
    ]
    outputs = {node.id: {port: place for place, port in enumerate(ports_of(node).outputs)} for node in nodes}
    links = [
        (edge.source, edge.target, outputs[edge.source].get(edge.source_port, 0))
        for edge in edges
        if edge.source in ids and edge.target in ids
    ]
    places = arrange(boxes, links, direction=direction)
    return tuple(
        node.at(
            round_coordinate(places[node.id].x),
            round_coordinate(places[node.id].y),
            round_coordinate(places[node.id].width),
            round_coordinate(places[node.id].height),
        )
        for node in nodes
    )


def _groups_fitted(graph: Assembled) -> tuple[Node, ...]:
    """Let each group that has a place and no size hold its members, the innermost first."""
    unsized = [node for node in graph.nodes if node.kind == "group" and node.id in graph.unsized - graph.unplaced]
    if not unsized:
        return graph.nodes
    nodes = {node.id: node for node in graph.nodes}
    members: dict[str, list[str]] = {}
    for node in graph.nodes:
        if node.parent is not None and node.id not in graph.unplaced:
            members.setdefault(node.parent, []).append(node.id)
    for group in sorted(unsized, key=lambda group: -_depth(group, nodes)):
        inside = Bounds.of(nodes[id] for id in members.get(group.id, ()))
        if inside is not None:
            nodes[group.id] = replace(
                group,
                width=round_coordinate(max(group.width, inside.right + _PADDING - group.x)),
                height=round_coordinate(max(group.height, inside.bottom + _PADDING - group.y)),
            )
    return tuple(nodes[node.id] for node in graph.nodes)


def _depth(node: Node, nodes: Mapping[str, Node]) -> int:
    depth = 0
    while node.parent is not None:
        node, depth = nodes[node.parent], depth + 1
    return depth
