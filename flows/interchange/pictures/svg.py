"""A flow as an SVG: one self-contained file without scripts, references or styles, readable by any viewer."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flows.document import KINDS, Edge, Node, curve_between, port_point
from flows.interchange.budget import TooMuchError
from flows.interchange.neutral import ExportedFlow
from flows.interchange.pictures.drawing import Pen, aligned, box, icon_symbol, line_of_text, number, printable
from flows.interchange.pictures.nodes import Scene, card, group
from flows.interchange.pictures.notes import note
from flows.interchange.pictures.text import Font, fit, width
from flows.interchange.pictures.themes import ThemeName
from flows.interchange.report import Report
from flows.rendering.collapsed import drawn, is_hidden, stand_ins
from flows.rendering.layers import BEHIND, depths_of, member_counts, stacked
from flows.rendering.layout import Bounds, bounds

MARGIN = 32
EMPTY = Bounds(0, 0, 320, 120)
FONTS = "Inter, Inter Variable, DejaVu Sans, system-ui, sans-serif"
LABEL = Font(11.5, 500)
LABEL_HEIGHT, LABEL_SIDE, LABEL_WIDTH = 18, 8, 240
MESSAGE = Font(14, 600, -0.14)
THEMES: tuple[ThemeName, ...] = ("light", "dark")
SCALES = range(1, 5)
SECONDS = 20.0
"""Of this thread's time. 10,000 nodes take about two, unless they are large and full of text."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn flow: `width` and `height` in pixels at scale 1."""

    width: float
    height: float
    svg: str


def write(flow: ExportedFlow, report: Report, *, theme: ThemeName = "light", scale: float = 1) -> bytes:
    """Draw a flow as it stands on the canvas, `scale` times as large. Raises `ValueError` outside `SCALES`."""
    check(theme, scale)
    return draw(flow, report, theme=theme, scale=scale).svg.encode()


def check(theme: str, scale: float) -> None:
    """Raise `ValueError` for a theme that there is not, or a scale that is too small or large."""
    if theme not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}")
    if not SCALES[0] <= scale <= SCALES[-1]:
        raise ValueError(f"scale must be from {SCALES[0]} to {SCALES[-1]}")


def draw(flow: ExportedFlow, report: Report, *, theme: ThemeName = "light", scale: float = 1) -> Picture:
    """Draw a flow, at any scale above 0. Raises `TooMuchError` if that takes too long."""
    hidden = stand_ins(flow.nodes)
    shown = [drawn(node) for node in flow.nodes if node.id not in hidden]
    edges = [edge for edge in flow.edges if not is_hidden(edge, hidden)]
    box_around = bounds(shown) if shown else EMPTY
    ends = {node.id: hidden.get(node.id, node) for node in flow.nodes}
    scene = Scene(theme, frozenset((edge.source, edge.source_port) for edge in flow.edges))
    marks = [*_in_time(_layers(flow, shown, edges, ends, scene))] if flow.nodes else [_nothing(scene)]
    left, top = box_around.x - MARGIN, box_around.y - MARGIN
    wide, high = box_around.width + 2 * MARGIN, box_around.height + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(wide * scale)}" height="{number(high * scale)}"'
        f' viewBox="{number(left)} {number(top)} {number(wide)} {number(high)}" role="img" font-family="{FONTS}">'
    )
    icons = sorted({KINDS[node.kind].icon for node in shown if node.kind not in ("note", "group")})
    ground = f'<rect x="{number(left)}" y="{number(top)}" width="{number(wide)}" height="{number(high)}"'
    parts = (
        head,
        f"<title>{printable(flow.title)}</title>\n<desc>{printable(flow.description or _summary(flow))}</desc>",
        f"<defs>{''.join(map(icon_symbol, icons))}</defs>",
        f'{ground} fill="{scene.colours["canvas"]}"/>',
        *filter(None, marks),
        "</svg>\n",
    )
    return Picture(wide * scale, high * scale, "\n".join(parts))


def _in_time(marks: Iterable[str]) -> Iterator[str]:
    """Look at the clock after each mark. Raises `TooMuchError`."""
    begun = time.thread_time()
    for mark in marks:
        yield mark
        if time.thread_time() - begun > SECONDS:
            raise TooMuchError("drawing", SECONDS)


def _layers(
    flow: ExportedFlow, shown: list[Node], edges: list[Edge], ends: Mapping[str, Node], scene: Scene
) -> Iterator[str]:
    """Draw groups and notes, edges, their labels and nodes in the canvas's order, each one on a line of its own."""
    counts, depths = member_counts(flow.nodes), depths_of({node.id: node for node in flow.nodes})
    for node in stacked((node for node in shown if node.kind in BEHIND), depths):
        is_note = node.kind == "note"
        yield "".join(note(node, scene.colours) if is_note else group(node, counts.get(node.id, 0), scene))
    nodes = {node.id: node for node in flow.nodes}
    for edge in edges:
        yield _edge(edge, nodes, ends, scene.colours)
    for edge in edges:
        yield _label(edge, ends, scene.colours)
    for node in shown:
        if node.kind not in BEHIND:
            yield "".join(card(node, scene))


def _edge(edge: Edge, nodes: Mapping[str, Node], ends: Mapping[str, Node], colours: Mapping[str, str]) -> str:
    curve = curve_between(
        port_point(ends[edge.source], edge.source_port, "out"), port_point(ends[edge.target], edge.target_port, "in")
    )
    colour, wide, dashes, dim = colours["edge"], "1.6", "", ""
    if edge.animated:
        colour, wide, dashes = colours["accent"], "1.8", ' stroke-dasharray="5 5"'
    if not (nodes[edge.source].enabled and nodes[edge.target].enabled):
        dashes, dim = ' stroke-dasharray="2 5"', ' opacity="0.7"'
    line = f'<path d="{curve.d}" fill="none" stroke-width="{wide}" stroke-linecap="round"{dashes}/>'
    return f'<g stroke="{colour}"{dim}>{line}<path d="{curve.arrow}" fill="{colour}" stroke-linejoin="round"/></g>'


def _label(edge: Edge, ends: Mapping[str, Node], colours: Mapping[str, str]) -> str:
    if not edge.label.strip():
        return ""
    start = port_point(ends[edge.source], edge.source_port, "out")
    x, y = curve_between(start, port_point(ends[edge.target], edge.target_port, "in")).middle
    text = fit(edge.label, LABEL_WIDTH - 2 * LABEL_SIDE, LABEL)
    wide = width(text, LABEL) + 2 * LABEL_SIDE
    left, paints = x - wide / 2, f'fill="{colours["canvas"]}" stroke="{colours["border-2"]}"'
    pill = box((left, y - LABEL_HEIGHT / 2, wide, LABEL_HEIGHT), LABEL_HEIGHT / 2, paints)
    sides = left + LABEL_SIDE, left + wide - LABEL_SIDE
    return pill + aligned(text, sides, y + 4.1, Pen(LABEL, colours["text-2"]))


def _nothing(scene: Scene) -> str:
    pen, middle = Pen(MESSAGE, scene.colours["text-3"]), (EMPTY.width / 2, EMPTY.height / 2 + 5)
    return line_of_text(_("This flow is empty"), middle, pen, "middle")


def _summary(flow: ExportedFlow) -> str:
    nodes = ngettext("{count} node", "{count} nodes", len(flow.nodes)).format(count=len(flow.nodes))
    edges = ngettext("{count} edge", "{count} edges", len(flow.edges)).format(count=len(flow.edges))
    return f"{nodes}, {edges}"
