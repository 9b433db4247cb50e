"""Where everything on the canvas stands before any script has run, as a linked style sheet.

A strict content policy forbids inline styles, so the page links this sheet, addressed by the flow's version and kept by
the browser. It holds numbers, ids and checked colours only: nothing that a person can phrase. Scripts take over by
writing `element.style` from the same data attributes, which beats these rules without conflict.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from flows.document import KINDS, Edge, Graph, Node, edge_path
from flows.rendering.collapsed import drawn, is_hidden, stand_ins

MARGIN = 48
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The box around all nodes, in world pixels."""

    x: float
    y: float
    width: float
    height: float


def bounds(nodes: Iterable[Node]) -> Bounds:
    """Return the box around nodes; an empty one at the origin when there are none."""
    boxes = [(node.x, node.y, node.x + node.width, node.y + node.height) for node in nodes]
    if not boxes:
        return Bounds(0, 0, 0, 0)
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    return Bounds(left, top, max(box[2] for box in boxes) - left, max(box[3] for box in boxes) - top)


def layout_css(document: Graph) -> str:
    """Return the rules that put nodes and edge labels in their places and the flow into the middle of the canvas."""
    stored = list(document.nodes())
    hidden = stand_ins(stored)
    nodes = {node.id: drawn(node) for node in stored}
    shown = nodes | hidden
    lines = [_world(bounds(shown.values())), *map(_node, nodes.values())]
    lines += (_label(edge, shown) for edge in document.edges() if edge.label)
    if hidden:
        edges = (edge.id for edge in document.edges() if is_hidden(edge, hidden))
        lines.append(_hidden([*(f"#n-{id}" for id in hidden), *(f"#e-{id},#l-{id}" for id in edges)]))
    return "\n".join(lines) + "\n"


def _world(box: Bounds) -> str:
    """Centre what fits and start at the top left corner of what does not, so that all of it can be scrolled to."""
    x = f"calc(max({MARGIN}px, (100cqw - {_n(box.width)}px) / 2) - {_n(box.x)}px)"
    y = f"calc(max({MARGIN}px, (100cqh - {_n(box.height)}px) / 2) - {_n(box.y)}px)"
    extent = f"width:{_n(box.width + 2 * MARGIN)}px;height:{_n(box.height + 2 * MARGIN)}px"
    return f"[data-world]{{transform:translate({x},{y})}}\n[data-extent]{{{extent}}}"


def _node(node: Node) -> str:
    own = node.colour.lower() != KINDS[node.kind].colour and COLOUR.fullmatch(node.colour)
    colour = f";--colour:{node.colour}" if own else ""
    place = f"transform:translate({_n(node.x)}px,{_n(node.y)}px);width:{_n(node.width)}px;height:{_n(node.height)}px"
    return f"#n-{node.id}{{{place}{colour}}}"


def _hidden(selectors: Iterable[str]) -> str:
    """Hide what is inside collapsed groups until scripts take it away."""
    return f"[data-world]:not([data-drawn]) :is({','.join(selectors)}){{display:none}}"


def _label(edge: Edge, nodes: dict[str, Node]) -> str:
    x, y = edge_path(nodes[edge.source], edge.source_port, nodes[edge.target], edge.target_port).middle
    return f"#l-{edge.id}{{transform:translate({_n(x)}px,{_n(y)}px) translate(-50%,-50%)}}"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
