"""How the page shows what is hovered, selected by me and by others, light and dark; and where its tools lie."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.colours import PEOPLE_COLOURS
from tests.browser.computed import Row, differing
from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage, rect
from tests.browser.looks import edge
from tests.browser.nodes import TWO

LINK = [{"id": "e", "source": "a", "target": "b"}]
BOB = ".avatars li:nth-child(2) .avatar[data-person]"
DOTS: list[Row] = [
    ("[data-canvas]", "background-image", "radial-gradient(circle at center, var(--grid) 1px, transparent 1.4px)")
]
SELECTED: list[Row] = [
    ("#n-a", "border", "1px solid var(--accent)"),
    ("#n-a", "box-shadow", "0 0 0 1px var(--accent), var(--shadow-2)"),
]
HOVERED: list[Row] = [
    ("#n-b", "border", "1px solid var(--control)"),
    ("#n-b", "box-shadow", "var(--shadow-2)"),
    ("#n-b .port", "border-color", "var(--accent)"),
    ("#n-b .port", "background-color", "var(--node)"),
]


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def alice(flow_of: Flow, opened: Open, theme: str) -> EditorPage:
    return opened("alice", flow_of(TWO, LINK), color_scheme=theme)


def zoom(tab: EditorPage, *steps: str) -> None:
    """Zoom by the buttons, step by step."""
    for percent in steps:
        tab.page.locator("[data-tool=zoom-out]" if int(percent[:-1]) < 100 else "[data-tool=zoom-in]").click()
        expect(tab.page.locator("[data-zoom-text]")).to_have_text(percent)


def test_the_grid_is_dotted(alice: EditorPage) -> None:
    canvas = alice.page.locator("[data-canvas]")
    assert differing(alice, DOTS) == []
    expect(canvas).to_have_css("background-size", "24px 24px")
    zoom(alice, "80%", "64%", "51%")
    expect(canvas).to_have_css("background-size", re.compile(r"^24\.5\d*px"))  # every second dot of before
    assert differing(alice, DOTS) == []
    zoom(alice, "41%", "33%")
    expect(canvas).not_to_have_css("background-size", "0px 0px")
    zoom(alice, "26%")
    expect(canvas).to_have_css("background-size", "0px 0px")  # below 30 % there are none


def test_an_edge_shows_that_it_is_hovered_and_selected(alice: EditorPage) -> None:
    assert differing(alice, drawn("var(--edge)", "1.6px")) == []
    at = alice.centre(alice.page.locator("#e-e .edge-line"))
    alice.page.mouse.move(*at)
    assert differing(alice, drawn("var(--edge-hover)", "2.2px")) == []
    alice.page.mouse.click(*at)
    expect(edge(alice, "e")).to_have_attribute("data-selected", "")
    alice.page.mouse.move(at[0], at[1] + 200)
    assert differing(alice, drawn("var(--accent)", "2.2px")) == []


def drawn(colour: str, width: str) -> list[Row]:
    """Return how an edge is drawn, line and arrow head."""
    line, head = "#e-e .edge-line", "#e-e .edge-arrow"
    return [(line, "stroke", colour), (line, "stroke-width", width), (head, "fill", colour), (head, "stroke", colour)]


def test_a_node_shows_that_it_is_hovered_and_selected(alice: EditorPage) -> None:
    before = rect(alice.page.locator("#n-b"))
    alice.page.locator("#n-a .node-second").click()
    alice.page.locator("#n-b .node-second").hover()
    assert differing(alice, SELECTED + HOVERED) == []
    assert rect(alice.page.locator("#n-b")) == before


def test_an_output_shows_that_it_carries_an_edge_and_that_one_could_go_there(alice: EditorPage) -> None:
    port, output = "#n-a [data-direction=out]", alice.page.locator("#n-a [data-direction=out]")
    assert differing(alice, [(port, "background-color", "var(--control)")]) == []
    for target, colour in (("snapped", "var(--accent)"), ("valid", "var(--node)"), ("invalid", "var(--node)")):
        output.evaluate("(port, target) => { port.dataset.target = target; }", target)
        assert differing(alice, [(port, "background-color", colour)]) == []


def test_an_input_is_seen_only_when_it_may_be_wanted_with_forced_colours_too(opened: Open, flow_of: Flow) -> None:
    tab = opened("alice", flow_of(TWO, LINK), forced_colors="active")
    port = tab.page.locator("#n-b [data-direction=in]")
    expect(port).to_have_css("border-top-color", "rgba(0, 0, 0, 0)")
    tab.page.locator("#n-b .node-second").hover()
    expect(port).not_to_have_css("border-top-color", "rgba(0, 0, 0, 0)")


def test_the_head_of_a_panel_has_room_for_what_it_says(alice: EditorPage) -> None:
    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("Control+a")
    title = alice.page.locator(".panel-title", has_text="2 nodes")
    expect(title.locator("p")).to_have_text("Changes apply to all selected nodes")
    head, inner = rect(alice.page.locator(".panel-head", has=title)), rect(title)
    assert inner["y"] - head["y"] >= 8
    assert bottom(head) - bottom(inner) >= 8


def test_the_tools_are_bottom_left_and_the_minimap_bottom_right(alice: EditorPage) -> None:
    canvas, tools, map = (rect(alice.page.locator(f"[data-{part}]")) for part in ("canvas", "tools", "minimap"))
    assert tools["x"] - canvas["x"] == bottom(canvas) - bottom(tools) == 12
    assert right(canvas) - right(map) == bottom(canvas) - bottom(map) == 12
    names = [tool.get_attribute("data-tool") for tool in alice.page.locator("[data-tools] [data-tool]").all()]
    assert names == ["zoom-out", "zoom-reset", "zoom-in", "fit", "undo", "redo", "lock", "minimap"]


def right(box: Any) -> float:
    return float(box["x"] + box["width"])


def bottom(box: Any) -> float:
    return float(box["y"] + box["height"])


@pytest.mark.parametrize("steps", [[], ["80%", "64%", "51%"], ["125%", "156%", "195%"]], ids=["100%", "51%", "195%"])
def test_what_others_select_wears_two_pixels_of_their_colour(steps: list[str], alice: EditorPage, opened: Open) -> None:
    zoom(alice, *steps)
    bob = opened("bob", alice.flow)
    bob.page.locator("#n-a .node-second").click()
    node, outline = alice.page.locator("#n-a"), alice.page.locator(".outline")
    expect(outline).to_be_visible()
    colour = PEOPLE_COLOURS.index(alice.page.locator(BOB).get_attribute("data-person-colour") or "") + 1
    scale = outline.evaluate("line => getComputedStyle(line).getPropertyValue('--zoom')")
    lines = [
        (".outline", "box-shadow", f"inset 0 0 0 calc(2px / {scale}) var(--person-line-{colour})"),
        (BOB, "box-shadow", f"0 0 0 2px var(--surface), 0 0 0 4px var(--person-line-{colour})"),
    ]
    assert differing(alice, lines) == []
    outer, inner = rect(outline), rect(node)
    assert inner["x"] - outer["x"] == pytest.approx(5, abs=0.1)
    assert right(outer) - right(inner) == pytest.approx(5, abs=0.1)
