"""A whole flow: by the layers of the page, or as one string of fragments."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from flows.document import Graph, Node
from flows.rendering.edges import edge_html, label_html
from flows.rendering.markup import joined
from flows.rendering.nodes import node_html


@dataclass(frozen=True, slots=True)
class Canvas:
    """The fragments of one flow, by the layer they belong to."""

    groups: SafeString
    edges: SafeString
    labels: SafeString
    nodes: SafeString


def canvas(document: Graph) -> Canvas:
    """Render a whole flow by layers.

    Nodes and edges lie in the document's order. Groups are stacked by what they are, so that every page agrees whatever
    order they came in: a child above its parent, a smaller one above a larger (`static/js/canvas/renderer.js` too).
    """
    nodes = list(document.nodes())
    by_id = {node.id: node for node in nodes}
    counts = _member_counts(nodes)
    groups = sorted(
        (node for node in nodes if node.kind == "group"),
        key=lambda node: (_depth(node, by_id), -node.width * node.height, node.id),
    )
    edges = list(document.edges())
    return Canvas(
        groups=joined(node_html(group, counts.get(group.id, 0)) for group in groups),
        edges=joined(edge_html(edge, by_id[edge.source], by_id[edge.target]) for edge in edges),
        labels=joined(label_html(edge) for edge in edges if edge.label),
        nodes=joined(node_html(node) for node in nodes if node.kind != "group"),
    )


def whole(document: Graph) -> SafeString:
    """Render a whole flow as one string of fragments, as the patcher takes it."""
    layers, flow = canvas(document), document.properties
    return format_html(
        '<helix-flow data-title="{}" data-description="{}"></helix-flow>{}<svg>{}</svg>{}{}',
        flow.title,
        flow.description,
        layers.groups,
        layers.edges,
        layers.labels,
        layers.nodes,
    )


def _member_counts(nodes: Iterable[Node]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for node in nodes:
        if node.parent:
            counts[node.parent] = counts.get(node.parent, 0) + 1
    return counts


def _depth(node: Node, by_id: dict[str, Node]) -> int:
    depth, parent = 0, node.parent
    while parent and depth < len(by_id):
        above = by_id.get(parent)
        depth, parent = depth + 1, above.parent if above else None
    return depth
