"""Edges under a real mouse: which port an end takes where a node has several, and how near a line is hit."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage, rect
from tests.browser.looks import edge, pick_edge
from tests.browser.nodes import TWO

NODES = [
    {"id": "ask", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "tell", "kind": "output", "x": 480, "y": 0, "label": "Tell"},
    {"id": "route", "kind": "decision", "x": 240, "y": 160, "label": "Route", "settings": {"branches": ["yes", "no"]}},
]
ASKED = {"id": "e", "source": "ask", "target": "tell"}
ROUTED = {"id": "known", "source": "route", "source_port": "yes", "target": "tell"}
LINK = [{"id": "e", "source": "a", "target": "b"}]


@pytest.mark.parametrize("port", ["yes", "no", "default"])
def test_an_end_takes_the_port_below_the_pointer(port: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, [ASKED]))
    pick_edge(alice, "e")
    alice.drag(alice.page.locator(".edge-end[data-end=source]"), alice.port("Route", port))
    expect(edge(alice, "e")).to_have_attribute("data-source-port", port)
    assert sources(alice)["e"] == ("route", port)


@pytest.mark.parametrize(("known", "port"), [([], "yes"), ([ROUTED], "no")], ids=["the first", "the first that fits"])
def test_an_end_takes_the_first_port_that_fits_of_a_node(
    known: list[dict[str, str]], port: str, flow_of: Flow, opened: Open
) -> None:
    alice = opened("alice", flow_of(NODES, [ASKED, *known]))
    pick_edge(alice, "e")
    route = rect(alice.node("Route"))
    alice.drag(alice.page.locator(".edge-end[data-end=source]"), (route["x"] + 40, route["y"] + route["height"] - 20))
    expect(edge(alice, "e")).to_have_attribute("data-source-port", port)
    assert sources(alice)["e"] == ("route", port)


def sources(tab: EditorPage) -> dict[str, tuple[str, str]]:
    """Return at which port of which node each edge begins."""
    return {one["id"]: (one["source"], one["source_port"]) for one in tab.settled().stored()["edges"]}


@pytest.mark.parametrize(
    "steps", [[], ["80%"], ["80%", "64%", "51%"], ["125%", "156%"]], ids=lambda steps: (steps or ["100%"])[-1]
)
def test_a_line_is_hit_up_to_8_px_beside_it(steps: list[str], flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(TWO, LINK))
    for percent in steps:
        alice.page.locator("[data-tool=zoom-in]" if int(percent[:-1]) > 100 else "[data-tool=zoom-out]").click()
        expect(alice.page.locator("[data-zoom-text]")).to_have_text(percent)
    line, selected = alice.page.locator("#e-e .edge-line"), alice.page.locator("#e-e[data-selected]")
    at_rest = line.evaluate("line => getComputedStyle(line).stroke")
    box = rect(line)
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    for by in (-20, 20):
        alice.page.mouse.move(x, y + by)
        expect(line).to_have_css("stroke", at_rest)
        alice.page.mouse.click(x, y + by)
        expect(selected).to_have_count(0)
    for by in (-7, 7):
        alice.page.mouse.move(x, y + by)
        expect(line).not_to_have_css("stroke", at_rest)
        alice.page.mouse.click(x, y + by)
        expect(selected).to_have_count(1)
        alice.page.keyboard.press("Escape")
        expect(selected).to_have_count(0)
