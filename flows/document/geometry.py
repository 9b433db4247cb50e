"""Where ports stand, and the curve of an edge, by the design sheet.

The browser draws the same curve while something is dragged, so `static/js/lib/geometry.js` is this module's twin:
`tests/vectors/curves.json` holds both to one answer. Numbers are rounded to a tenth of a pixel, half up, as both
languages do alike.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from flows.document.elements import Node
from flows.document.kinds.ports import BRANCH_MARGIN, BRANCH_PITCH, FIRST_BRANCH, ports_of

Point: TypeAlias = tuple[float, float]
HEADER = 44
LINE_END = 9
ARROW_TIP = 1.5
ARROW_LENGTH = 8.5
ARROW_HALF = 4.5
FOLDED_WIDTH = 208


@dataclass(frozen=True, slots=True)
class Curve:
    """The line's and the arrow head's SVG path, and the point at half of the line's length."""

    d: str
    arrow: str
    middle: Point


def folded(width: float, height: float) -> tuple[float, float]:
    """Return how large a collapsed group of this size is drawn: as its header."""
    return min(width, FOLDED_WIDTH), min(height, HEADER)


def edge_path(source: Node, source_port: str, target: Node, target_port: str) -> Curve:
    """Draw the curve between two ports."""
    return curve_between(port_point(source, source_port, "out"), port_point(target, target_port, "in"))


def curve_between(start: Point, end: Point) -> Curve:
    """Draw the curve from an output's centre to an input's, level at both ends.

    Both handles are level and equally long, so the curve is symmetric about the middle between its ends: that point
    is at half of its length exactly.
    """
    (x1, y1), (x2, y2) = start, end
    stop, tip = x2 - LINE_END, x2 - ARROW_TIP
    base = tip - ARROW_LENGTH
    k = _handle(x2 - x1)
    d = f"M{_n(x1)} {_n(y1)}C{_n(x1 + k)} {_n(y1)} {_n(stop - k)} {_n(y2)} {_n(stop)} {_n(y2)}"
    arrow = f"M{_n(base)} {_n(y2 - ARROW_HALF)}L{_n(tip)} {_n(y2)}L{_n(base)} {_n(y2 + ARROW_HALF)}Z"
    return Curve(d, arrow, (_round((x1 + stop) / 2), _round((y1 + y2) / 2)))


def port_point(node: Node, port: str, direction: Literal["in", "out"]) -> Point:
    """Return the centre of a port: on the left border for an input, on the right for an output."""
    if direction == "in":
        return node.x, node.y + node.height / 2
    outputs = ports_of(node).outputs
    index = outputs.index(port) if port in outputs else 0
    offset = port_offset(node.height, index, max(len(outputs), 1), branches=node.kind == "decision")
    return node.x + node.width, node.y + offset


def port_offset(height: float, index: int, count: int, *, branches: bool) -> float:
    """Return how far below the node's top an output is.

    Branches begin below the header, 20 apart; in too low a node they share what is below it. Other outputs stand around
    the node's centre.
    """
    if not branches:
        return height / 2 + (index - (count - 1) / 2) * min(BRANCH_PITCH, height / max(count, 1))
    if FIRST_BRANCH + BRANCH_PITCH * (count - 1) + BRANCH_MARGIN <= height:
        return FIRST_BRANCH + BRANCH_PITCH * index
    top = HEADER if height > HEADER else 0
    return top + (height - top) * (index + 0.5) / max(count, 1)


def _handle(dx: float) -> float:
    if dx < 0:
        return min(80 - dx / 8, 240)
    return min(max(28, dx / 2), 120)


def _round(value: float) -> float:
    tenths = math.floor(value * 10 + 0.5)
    return tenths // 10 if tenths % 10 == 0 else tenths / 10


def _n(value: float) -> str:
    return str(_round(value))
