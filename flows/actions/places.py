"""Free places on the canvas for what an action adds, near what it is about. Pixels of the canvas."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.document import Graph, Node

GAP = 24
AISLE = 72
"""Between columns: room for the curve of an edge."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.y + self.height


def around(nodes: Iterable[Node]) -> Rect:
    """Return the rectangle around nodes; there is at least one."""
    found = list(nodes)
    left, top = min(node.x for node in found), min(node.y for node in found)
    right = max(node.x + node.width for node in found)
    return Rect(left, top, right - left, max(node.y + node.height for node in found) - top)


def free_top(graph: Graph, wanted: Rect, *, among: str | None = None) -> float:
    """Return the first y from that of `wanted` on at which it covers no node; groups do not count.

    One pass over the nodes, sorted from top to bottom. `among`: the group in which it will lie.
    """
    top = wanted.y
    for node in _in_the_way(graph, wanted, among):
        if node.y - GAP >= top + wanted.height:
            break
        top = max(top, node.y + node.height + GAP)
    return top


def column(graph: Graph, node: Node, sizes: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return places for boxes in a column to the right of a node, centred on it as far as there is room."""
    height = sum(size[1] for size in sizes) + GAP * (len(sizes) - 1)
    x = node.x + node.width + AISLE
    wanted = Rect(x, node.y + (node.height - height) / 2, max(size[0] for size in sizes), height)
    top = free_top(graph, wanted, among=node.parent)
    places = []
    for _width, high in sizes:
        places.append((x, top))
        top += high + GAP
    return places


def _in_the_way(graph: Graph, wanted: Rect, among: str | None) -> list[Node]:
    nodes = (node for node in graph.nodes() if node.kind != "group" and node.id != among)
    found = [
        node
        for node in nodes
        if wanted.x - GAP < node.x + node.width
        and node.x < wanted.right + GAP
        and wanted.y - GAP < node.y + node.height
    ]
    return sorted(found, key=lambda node: node.y)
