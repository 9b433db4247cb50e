"""Read a draw.io file: the shapes of its pages as nodes, its lines as edges, its pages side by side."""

from collections.abc import Sequence

from django.utils.translation import gettext_noop

from flows.interchange.budget import Budget
from flows.interchange.drawing import name_branches, settle_kinds
from flows.interchange.drawio.cells import Drawing, Shape, draw, ours_of
from flows.interchange.drawio.nodes import NodeReader, label_of
from flows.interchange.drawio.pages import Page, read_pages
from flows.interchange.drawio.tally import Tally
from flows.interchange.neutral import NeutralEdge, NeutralFlow, NeutralNode
from flows.interchange.report import Report

PAGE_GAP = 160
NAMELESS = ("Page-", "Seite-", "Página-")
_LONGEST_HEADING = 60


def read(data: bytes, budget: Budget, report: Report) -> NeutralFlow:
    """Read a file. Raises `UnreadableError` if it is none of draw.io's, `TooMuchError` beyond the budget."""
    pages = read_pages(data, budget)
    flow = NeutralFlow(title=_title(pages[0]), description=_of_root(pages[0], "description"))
    tally = Tally()
    nodes = NodeReader(budget, report, tally)
    taken: set[str] = set()
    right: float | None = None
    for number, page in enumerate(pages, 1):
        drawing = draw(page, number, taken, budget)
        first = len(flow.nodes)
        for shape in drawing.nodes():
            budget.add_node()
            flow.nodes.append(nodes.node(shape))
        for shape in drawing.edges():
            budget.add_edge()
            flow.edges.append(_edge(shape, drawing, tally))
        _tell_layers(drawing, tally)
        right = _set_beside(page.name or str(number), flow.nodes[first:], right, tally)
    tally.tell(report)
    settle_kinds(flow, report)
    name_branches(flow)
    for node in flow.nodes:
        _move_long_text(node)
    return flow


def _title(page: Page) -> str:
    """Return the name of a page's tab, unless it is draw.io's default name."""
    return _of_root(page, "title") if page.name.startswith(NAMELESS) else page.name


def _of_root(page: Page, name: str) -> str:
    return ours_of(page.cells[0]).get(name, "") if page.cells else ""


def _edge(shape: Shape, drawing: Drawing, tally: Tally) -> NeutralEdge:
    """Return an edge as it is drawn; it may end anywhere, or nowhere."""
    said, ours = shape.cell.said, ours_of(shape.cell)
    source, target = (drawing.names.get(said.get(end, ""), said.get(end, "")) for end in ("source", "target"))
    written = "\n".join(label for one in (shape, *shape.labels) if (label := one.label))
    edge = NeutralEdge(source, target, label=label_of(written, ours), key=ours.get("id", shape.key))
    edge.source_port, edge.target_port = ours.get("port", ""), ours.get("target_port", "")
    edge.animated = shape.style.get("flowAnimation") == "1"
    if not ours:
        _tell_line(shape, tally)
    return edge


def _tell_line(shape: Shape, tally: Tally) -> None:
    style, key = shape.style, shape.key
    has_start, has_end = style.get("startArrow", "none") != "none", style.get("endArrow", "classic") != "none"
    if has_start and has_end:
        tally.approximate("edge", key, gettext_noop("It has arrows at both ends."))
    elif has_start:
        tally.approximate("edge", key, gettext_noop("Its arrow points back."))
    elif not has_end:
        tally.approximate("edge", key, gettext_noop("It has no arrow."))
    if style.said or shape.cell.bends:
        tally.drop("style", key, gettext_noop("Lines are drawn as all are here."))


def _tell_layers(drawing: Drawing, tally: Tally) -> None:
    for layer in drawing.layers[1:]:
        tally.approximate("property", layer.label or layer.id, gettext_noop("Layers are put together."))
    for layer in drawing.layers:
        if layer.said.get("visible") == "0":
            why = gettext_noop("The layer is hidden in the file and shown here.")
            tally.approximate("property", layer.label or layer.id, why)


def _set_beside(name: str, nodes: Sequence[NeutralNode], right: float | None, tally: Tally) -> float | None:
    """Move a page's nodes to the right of the pages before; return where it ends."""
    if not nodes:
        return right
    places = [node.x for node in nodes if node.x is not None]
    by = 0.0
    if right is not None:
        tally.approximate("page", name, gettext_noop("Pages are put beside each other."))
        by = right + PAGE_GAP - min(places, default=0)
    ends = [0.0 if right is None else right]
    for node in nodes:
        if node.x is not None:
            node.x += by
            ends.append(node.x + (node.width or 0))
    return max(ends)


def _move_long_text(node: NeutralNode) -> None:
    """Let a note that says more than a heading say it as its text."""
    is_long = len(node.label) > _LONGEST_HEADING or "\n" in node.label
    if node.kind == "note" and is_long and node.imported and "text" not in node.settings:
        node.label, node.settings["text"] = "", node.label
