"""The one place that knows the markup of what is on the canvas.

The page, the canvas over HTTP, broadcasts and refusals all join the same fragments, so a flow built from fragments
reads exactly as one freshly rendered. They are the same for everybody: what is mine is added in the browser. A fragment
depends on its value alone and is cached by it; a Django template would cost fifteen times as much (149 µs: measured).
It also carries what only the inspector shows, so that a browser can fill a form without asking.

Everything is escaped by `format_html`. There are no inline styles: places stand in `flows.layout` until scripts take
over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from flows.document import (
    KINDS,
    Edge,
    Effect,
    Graph,
    Kind,
    Node,
    Pair,
    Ports,
    canonical_json,
    curve_between,
    footer,
    port_point,
    ports_of,
    second_line,
)
from flows.document.effect import moved_only
from flows.fragments import kept
from flows.notes import note_html

PORTS = 1_024
SPOKEN_LABEL = 80
LONG_LABEL = 24
EMPTY = SafeString("")


@dataclass(frozen=True, slots=True)
class Canvas:
    """The fragments of one flow, by the layer they belong to."""

    groups: SafeString
    edges: SafeString
    labels: SafeString
    nodes: SafeString


@kept
def node_html(node: Node, members: int = 0) -> SafeString:
    """Render a node; `members` is how many children a group has."""
    return format_html(
        '<helix-node id="n-{id}" data-node-id="{id}" data-kind="{kind}" data-x="{x}" data-y="{y}" data-width="{width}"'
        ' data-height="{height}" data-parent="{parent}" data-label="{label}"{content}{colour}{state} role="group"'
        ' aria-label="{name}" tabindex="-1">{body}{ports}</helix-node>',
        id=node.id,
        kind=node.kind,
        x=node.x,
        y=node.y,
        width=node.width,
        height=node.height,
        parent=node.parent or "",
        label=node.label,
        content=_content(node),
        colour=_colour(node),
        state=_state(node),
        name=spoken_name(node),
        body=_body(node, members),
        ports=_ports(ports_of(node), node.kind == "decision"),
    )


@kept
def edge_html(edge: Edge, source: Node, target: Node) -> SafeString:
    """Render an edge between the nodes at its ends, without its label."""
    start, end = port_point(source, edge.source_port, "out"), port_point(target, edge.target_port, "in")
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
        animated=_flag("data-animated", edge.animated),
        disabled=_flag("data-disabled", not (source.enabled and target.enabled)),
        spoken=f"{source.label[:SPOKEN_LABEL]} → {target.label[:SPOKEN_LABEL]}",
        d=curve.d,
        arrow=curve.arrow,
    )


@kept
def label_html(edge: Edge) -> SafeString:
    """Render an edge's label, or nothing when it has none."""
    if not edge.label:
        return EMPTY
    return format_html('<div id="l-{}" class="edge-label" data-label-of="{}">{}</div>', edge.id, edge.id, edge.label)


def fragments(effect: Effect, graph: Graph) -> SafeString:
    """Render what an effect changed, as one string for the patcher; `graph` is the flow after it.

    What only moved is left out: geometry travels as numbers. A node that is now high enough for its footer, or no more,
    is rendered again, and so is a group whose members changed, for its count.
    """
    return _join(_fragments(effect, graph))


def state_html(node_ids: Iterable[str], edge_ids: Iterable[str], graph: Graph) -> SafeString:
    """Render these elements as they are now; what does not exist is told to be gone."""
    return _join((*_nodes_now(sorted(node_ids), graph), *_edges_now(sorted(edge_ids), graph)))


def canvas(document: Graph) -> Canvas:
    """Render a whole flow by layers; groups in the order of their nesting, so that a child lies above its parent."""
    nodes = list(document.nodes())
    by_id = {node.id: node for node in nodes}
    counts = _member_counts(nodes)
    groups = sorted((node for node in nodes if node.kind == "group"), key=lambda node: _depth(node, by_id))
    edges = list(document.edges())
    return Canvas(
        groups=_join(node_html(group, counts.get(group.id, 0)) for group in groups),
        edges=_join(edge_html(edge, by_id[edge.source], by_id[edge.target]) for edge in edges),
        labels=_join(label_html(edge) for edge in edges if edge.label),
        nodes=_join(node_html(node) for node in nodes if node.kind != "group"),
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


@cache
def blanks() -> tuple[tuple[str, SafeString], ...]:
    """Render a fresh node of each kind, for scripts to clone."""
    return tuple((kind.name, node_html(fresh(kind))) for kind in KINDS.values())


def fresh(kind: Kind) -> Node:
    """Return what a kind is before anybody has touched it."""
    return Node("new", kind.name, 0, 0, kind.width, kind.height, kind.title, "", kind.colour, None, True, {})


def spoken_name(node: Node) -> str:
    """Say what a node is to somebody who cannot see it: label, kind, and whether it is off."""
    parts = [node.label[:SPOKEN_LABEL], KINDS[node.kind].title]
    return ", ".join(part for part in (*parts, "" if node.enabled else "off") if part)


def _content(node: Node) -> SafeString:
    """Tell description and settings, where there are any.

    JSON is full of double quotes, each five bytes longer when escaped: so its attribute stands in single ones, and
    only they are escaped.
    """
    description = format_html(' data-description="{}"', node.description) if node.description else EMPTY
    if not node.settings:
        return description
    settings = escape(canonical_json(dict(node.settings))).replace("&quot;", '"')
    return SafeString(f"{description} data-settings='{settings}'")


def _colour(node: Node) -> SafeString:
    own = node.colour.lower() != KINDS[node.kind].colour
    return format_html(' data-colour="{}"', node.colour) if own else EMPTY


def _state(node: Node) -> SafeString:
    disabled = _flag("data-disabled", not node.enabled)
    collapsed = _flag("data-collapsed", node.kind == "group" and node.settings.get("collapsed") is True)
    return format_html("{}{}", disabled, collapsed)


def _flag(name: str, is_set: bool) -> SafeString:
    return format_html(" {}", name) if is_set else EMPTY


def _body(node: Node, members: int) -> SafeString:
    if node.kind == "group":
        return format_html('{}<span class="node-count">{}</span>', _label(node), members)
    if node.kind == "note":
        text = node.settings.get("text")
        return format_html(
            '{}<div class="note-text" hx-ignore>{}</div>',
            _label(node),
            note_html(text if isinstance(text, str) else ""),
        )
    return format_html(
        '<span class="node-head"><span class="chip chip-{}"></span><span class="node-text">{}'
        '<span class="node-second">{}</span></span></span>{}',
        node.kind,
        _label(node),
        second_line(node),
        _footer(node),
    )


def _label(node: Node) -> SafeString:
    if len(node.label) > LONG_LABEL:
        return format_html('<span class="node-label" data-node-label title="{}">{}</span>', node.label, node.label)
    return format_html('<span class="node-label" data-node-label>{}</span>', node.label)


def _footer(node: Node) -> SafeString:
    values = footer(node)
    return format_html('<span class="node-footer"><span>{}</span><span>{}</span></span>', *values) if values else EMPTY


@lru_cache(PORTS)
def _ports(ports: Ports, is_decision: bool) -> SafeString:
    row = '<span class="port" data-port="{}" data-direction="in"></span>'
    inputs = format_html_join("", row, ((name,) for name in ports.inputs))
    if len(ports.outputs) < 2 and not is_decision:
        row = '<span class="port" data-port="{}" data-direction="out"></span>'
        return format_html("{}{}", inputs, format_html_join("", row, ((name,) for name in ports.outputs)))
    row = (
        '<span class="branch"><span class="branch-name">{}</span>'
        '<span class="port" data-port="{}" data-direction="out" title="{}"></span></span>'
    )
    rows = format_html_join("", row, ((name, name, name) for name in ports.outputs))
    return format_html('{}<span class="branches">{}</span>', inputs, rows)


def _fragments(effect: Effect, graph: Graph) -> Iterator[SafeString]:
    changed = {id for id, pair in effect.nodes.items() if not moved_only(pair) or _has_other_footer(pair)}
    parents = {
        node.parent
        for id in changed
        for node in (effect.nodes[id].before, effect.nodes[id].after)
        if node and node.parent
    }
    yield from _edges_gone(effect)
    yield from _nodes_now(sorted(changed), graph)
    yield from _nodes_now((id for id in sorted(parents - changed) if graph.node(id)), graph)
    edges = {id for id, pair in effect.edges.items() if pair.after} | _edges_of_switched(effect, graph)
    yield from _edges_now(sorted(edges), graph)
    if effect.flow and effect.flow.after:
        flow = effect.flow.after
        yield format_html(
            '<helix-flow data-title="{}" data-description="{}"></helix-flow>', flow.title, flow.description
        )


def _has_other_footer(pair: Pair[Node]) -> bool:
    before, after = pair.before, pair.after
    return before is not None and after is not None and footer(before) != footer(after)


def _edges_of_switched(effect: Effect, graph: Graph) -> set[str]:
    """Return the edges of nodes that were turned on or off: they are drawn dotted."""
    pairs = ((id, pair.before, pair.after) for id, pair in effect.nodes.items())
    switched = [id for id, before, after in pairs if before and after and before.enabled != after.enabled]
    return {edge.id for id in switched for edge in graph.edges_of(id)}


def _edges_gone(effect: Effect) -> Iterator[SafeString]:
    for id, pair in sorted(effect.edges.items()):
        if pair.after is None:
            yield format_html('<helix-gone data-edge-id="{}"></helix-gone>', id)


def _nodes_now(ids: Iterable[str], graph: Graph) -> Iterator[SafeString]:
    for id in ids:
        if node := graph.node(id):
            yield node_html(node, len(list(graph.members_of(id))) if node.kind == "group" else 0)
        else:
            yield format_html('<helix-gone data-node-id="{}"></helix-gone>', id)


def _edges_now(ids: Iterable[str], graph: Graph) -> Iterator[SafeString]:
    for id in ids:
        edge = graph.edge(id)
        source, target = (graph.node(edge.source), graph.node(edge.target)) if edge else (None, None)
        if edge and source and target:
            yield format_html("<svg>{}</svg>{}", edge_html(edge, source, target), label_html(edge))
        else:
            yield format_html('<helix-gone data-edge-id="{}"></helix-gone>', id)


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


def _join(parts: Iterable[SafeString]) -> SafeString:
    """Join what is escaped already; escaping it again, piece by piece, would cost as much as the cache saves."""
    return SafeString("".join(parts))
