"""A whole flow: by the layers of the page, or as one string of fragments."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from flows.document import Edge, Graph, Node
from flows.rendering.collapsed import stand_ins
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
    depths = _depths(by_id)
    groups = sorted(
        (node for node in nodes if node.kind == "group"),
        key=lambda node: (depths[node.id], -node.width * node.height, node.id),
    )
    edges, hidden = list(document.edges()), stand_ins(nodes)
    return Canvas(
        groups=joined(node_html(group, counts.get(group.id, 0)) for group in groups),
        edges=joined(_edge(edge, by_id, hidden) for edge in edges),
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


def _edge(edge: Edge, by_id: Mapping[str, Node], hidden: Mapping[str, Node]) -> SafeString:
    source, target = by_id[edge.source], by_id[edge.target]
    if not hidden:
        return edge_html(edge, source, target)
    return edge_html(edge, source, target, hidden.get(source.id), hidden.get(target.id))


def _member_counts(nodes: Iterable[Node]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for node in nodes:
        if node.parent:
            counts[node.parent] = counts.get(node.parent, 0) + 1
    return counts


def _depths(nodes: Mapping[str, Node]) -> dict[str, int]:
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
