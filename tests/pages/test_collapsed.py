"""A collapsed group before any script has run: its members are hidden, edges from outside end at it."""

import re

from flows.document import DEFAULT_LIMITS, Document, Edge, FlowProperties, Node, decode_node, edge_path
from flows.rendering import canvas, layout_css, spoken_name, stand_ins
from flows.rendering.collapsed import drawn
from tests.pages.marks import by_id


def node(id: str, kind: str = "agent", parent: str | None = None, **more: object) -> Node:
    return decode_node({"id": id, "kind": kind, "x": 40, "y": 80, "parent": parent, **more}, DEFAULT_LIMITS)


def group(id: str, parent: str | None = None, *, collapsed: bool) -> Node:
    return node(id, "group", parent, settings={"collapsed": collapsed}, x=500, y=300)


OUTER, INNER = group("outer", collapsed=True), group("inner", "outer", collapsed=True)
NODES = [node("a", x=900), OUTER, INNER, node("b", parent="inner"), node("c", parent="outer")]
EDGES = [
    Edge("in", "a", "b", "out", "in", "enters"),
    Edge("along", "b", "c", "out", "in"),
    Edge("out", "c", "a", "out", "in"),
]
FLOW = Document(FlowProperties(), NODES, EDGES)


def test_the_outermost_collapsed_group_stands_in() -> None:
    assert {id: shown.id for id, shown in stand_ins(NODES).items()} == {"inner": "outer", "b": "outer", "c": "outer"}
    assert stand_ins(
        [group("outer", collapsed=False), group("inner", "outer", collapsed=True), node("b", parent="inner")]
    ) == {"b": drawn(INNER)}
    assert stand_ins([group("outer", collapsed=False), node("c", parent="outer")]) == {}


def test_the_sheet_hides_members_and_what_connects_them_until_scripts_do() -> None:
    (rule,) = re.findall(r"\[data-world\]:not\(\[data-drawn\]\) :is\((.*)\)\{display:none\}", layout_css(FLOW))
    assert rule.split(",") == ["#n-inner", "#n-b", "#n-c", "#e-along", "#l-along"]
    assert "display:none" not in layout_css(Document(FlowProperties(), [NODES[0]], []))


def test_an_edge_from_outside_ends_at_the_group() -> None:
    edges, header = canvas(FLOW).edges, drawn(OUTER)
    assert (header.width, header.height) == (208, 44)
    assert f'd="{edge_path(NODES[0], "out", header, "in").d}"' in edges
    assert f'd="{edge_path(header, "out", NODES[0], "in").d}"' in edges
    assert f"M{OUTER.x + 208:g} {OUTER.y + 22:g}C" in edges
    x, y = edge_path(NODES[0], "out", header, "in").middle
    assert f"#l-in{{transform:translate({x:g}px,{y:g}px)" in layout_css(FLOW)


def test_it_is_as_large_as_its_header_and_keeps_its_size_in_the_document() -> None:
    assert "#n-outer{transform:translate(500px,300px);width:208px;height:44px}" in layout_css(FLOW)
    assert by_id(canvas(FLOW).groups, "n-outer").attributes["data-height"] == str(OUTER.height)


def test_a_collapsed_group_says_so() -> None:
    assert spoken_name(OUTER) == "Group, Group, collapsed"
    assert by_id(canvas(FLOW).groups, "n-outer").attributes["aria-label"] == "Group, Group, collapsed"
    assert 'aria-expanded="false"' in canvas(FLOW).groups
