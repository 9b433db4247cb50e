"""The markup of an edge and of its label, which lies in a layer of its own."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from flows.document import Edge, Node, curve_between, port_point
from flows.rendering.fragment_cache import cached, cached_by_language
from flows.rendering.markup import EMPTY, SPOKEN_LABEL, flag


@cached_by_language
def edge_html(
    edge: Edge, source: Node, target: Node, begins: Node | None = None, ends: Node | None = None
) -> SafeString:
    """Render an edge between the nodes at its ends, without its label.

    It `begins` and `ends` at the collapsed groups that stand in for these nodes, if there are any.
    """
    start = port_point(begins or source, edge.source_port, "out")
    end = port_point(ends or target, edge.target_port, "in")
    curve = curve_between(start, end)
    return format_html(
        '<g id="e-{id}" data-edge-id="{id}" data-source="{source}" data-target="{target}" data-source-port="{out}"'
        ' data-target-port="{into}" data-label="{label}"{animated}{disabled} role="img" aria-label="{spoken}">'
        '<path class="edge-hit" d="{d}"/><path class="edge-line" d="{d}"/><path class="edge-arrow" d="{arrow}"/></g>',
        id=edge.id,
        source=edge.source,
        target=edge.target,
        out=edge.source_port,
        into=edge.target_port,
        label=edge.label,
        animated=flag("data-animated", edge.animated),
        disabled=flag("data-disabled", not (source.enabled and target.enabled)),
        spoken=spoken_edge(source.label, target.label),
        d=curve.d,
        arrow=curve.arrow,
    )


def spoken_edge(source: str, target: str) -> str:
    """Describe an edge for people who cannot see it, by the labels of its ends."""
    names = {"source": source[:SPOKEN_LABEL], "target": target[:SPOKEN_LABEL]}
    return gettext("%(source)s to %(target)s, edge") % names


@cached
def label_html(edge: Edge) -> SafeString:
    """Render an edge's label, or nothing when it has none."""
    if not edge.label:
        return EMPTY
    return format_html(
        '<div id="l-{}" class="edge-label" dir="auto" translate="no" data-label-of="{}">{}</div>',
        edge.id,
        edge.id,
        edge.label,
    )
