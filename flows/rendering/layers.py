"""A whole flow: by the layers of the page, or as one string of fragments.

Groups and notes lie behind edges and the other nodes, because they are about what stands on them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeAlias

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from flows.document import Edge, Graph, Node
from flows.rendering.collapsed import stand_ins
from flows.rendering.edges import edge_html, label_html
from flows.rendering.fragment_cache import packed, unkept
from flows.rendering.markup import joined
from flows.rendering.nodes import node_html
from web.give_way import give_way

MOST_KEPT = 2_000
"""A rendering of a flow with more nodes is kept in compressed pieces: as fragments it takes 10 KB a node."""
_PIECE = 100
"""Elements in one piece."""
BEHIND = frozenset({"group", "note"})
"""The kinds that lie behind all others."""

Render: TypeAlias = Callable[..., SafeString]
Shown: TypeAlias = tuple[Node | Edge | int | None, ...]


@dataclass(frozen=True, slots=True)
class Canvas:
    """The fragments of one flow, by the layer they belong to."""

    groups: SafeString
    edges: SafeString
    labels: SafeString
    nodes: SafeString


def canvas(document: Graph) -> Canvas:
    """Render a whole flow by layers.

    Nodes and edges lie in the document's order. Groups and notes are stacked by what they are, so that every page
    agrees whatever order they came in: a child above its parent, a smaller one above a larger
    (`static/js/canvas/renderer.js` too).
    """
    return Canvas(*(joined(render(*shown) for shown in elements) for render, elements in _layers(document)))


def whole(document: Graph) -> bytes:
    """Render a whole flow as one string of fragments in UTF-8, as the patcher takes it, put together part by part."""
    flow = document.properties
    head = format_html('<helix-flow data-title="{}" data-description="{}"></helix-flow>', flow.title, flow.description)
    rendered = _in_pieces if document.node_count > MOST_KEPT else _in_fragments
    groups, edges, labels, nodes = (rendered(*layer) for layer in _layers(document))
    return b"".join((head.encode(), *groups, b"<svg>", *edges, b"</svg>", *labels, *nodes))


def _in_fragments(render: Render, elements: Iterator[Shown]) -> Iterator[bytes]:
    while some := list(islice(elements, _PIECE)):
        give_way()
        yield "".join([render(*shown) for shown in some]).encode()


def _in_pieces(render: Render, elements: Iterator[Shown]) -> Iterator[bytes]:
    """Render pieces of a large flow and keep them compressed: one edit has one piece rendered again."""
    while some := list(islice(elements, _PIECE)):
        give_way()
        yield packed((render.__name__, get_language(), some), partial(_unkept, render, some))


def _unkept(render: Render, elements: Iterable[Shown]) -> bytes:
    with unkept():
        return "".join([render(*shown) for shown in elements]).encode()


def _layers(document: Graph) -> tuple[tuple[Render, Iterator[Shown]], ...]:
    """Return what renders groups, edges, their labels and the other nodes, and for each of those what it is given."""
    nodes = list(document.nodes())
    by_id = {node.id: node for node in nodes}
    counts = member_counts(nodes)
    behind = stacked((node for node in nodes if node.kind in BEHIND), depths_of(by_id))
    edges, hidden = list(document.edges()), stand_ins(nodes)
    return (
        (node_html, ((node, counts.get(node.id, 0)) for node in behind)),
        (edge_html, (_ends(edge, by_id, hidden) for edge in edges)),
        (label_html, ((edge,) for edge in edges if edge.label)),
        (node_html, ((node,) for node in nodes if node.kind not in BEHIND)),
    )


def stacked(behind: Iterable[Node], depths: Mapping[str, int]) -> list[Node]:
    """Sort groups and notes from the lowest to the highest; `depths` says in how many groups each lies."""
    return sorted(behind, key=lambda node: (depths[node.id], -node.width * node.height, node.id))


def _ends(edge: Edge, by_id: Mapping[str, Node], hidden: Mapping[str, Node]) -> Shown:
    """Return an edge with the nodes at its ends, and the groups that stand in for these, if there are any."""
    source, target = by_id[edge.source], by_id[edge.target]
    if not hidden:
        return edge, source, target
    return edge, source, target, hidden.get(source.id), hidden.get(target.id)


def member_counts(nodes: Iterable[Node]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for node in nodes:
        if node.parent:
            counts[node.parent] = counts.get(node.parent, 0) + 1
    return counts


def depths_of(nodes: Mapping[str, Node]) -> dict[str, int]:
    """Return in how many groups each node lies, in one pass."""
    depths: dict[str, int] = {}
    for id in nodes:
        path: dict[str, None] = {}
        step: str | None = id
        while step and step in nodes and step not in depths and step not in path:
            path[step] = None
            step = nodes[step].parent
        depth = depths[step] + 1 if step and step in depths else 0
        for above in reversed(path):
            depths[above] = depth
            depth += 1
    return depths
