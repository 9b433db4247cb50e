"""A collapsed group hides what is in it, for everybody and wherever it would show; its edges end at the group."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from flows.document import DEFAULT_LIMITS, decode_node, edge_path
from tests.browser.conftest import WINDOW, Open
from tests.browser.editor_page import EditorPage

Flow = Callable[..., str]
BOX: dict[str, Any] = {"id": "g", "kind": "group", "x": 200, "y": 0, "width": 300, "height": 300, "label": "Box"}
NODES = [
    {"id": "a", "kind": "input", "x": 0, "y": 100, "label": "Ask"},
    BOX,
    {"id": "b", "kind": "agent", "x": 220, "y": 60, "label": "Plan", "parent": "g"},
    {"id": "c", "kind": "skill", "x": 220, "y": 180, "label": "Seek", "parent": "g"},
]
EDGES = [{"id": "e1", "source": "a", "target": "b", "label": "enters"}, {"id": "e2", "source": "b", "target": "c"}]


@pytest.fixture
def flow(flow_of: Flow) -> str:
    return flow_of(NODES, EDGES)


def shut(tab: EditorPage) -> None:
    """The group is drawn as closed."""
    expect(tab.page.locator("#n-g[data-collapsed]")).to_be_visible()
    expect(tab.page.locator("#n-g")).to_have_css("height", "44px")
    expect(tab.page.locator("#n-g")).to_have_attribute("data-height", "300")
    for hidden in ("#n-b", "#n-c", "#e-e2"):
        expect(tab.page.locator(hidden)).not_to_be_visible()
    expect(tab.page.locator("#n-g .node-count")).to_have_text("2")
    expect(tab.page.locator("#e-e1 .edge-line")).to_have_attribute("d", entering())
    expect(tab.page.locator("#l-e1")).to_be_visible()


def wide(tab: EditorPage) -> None:
    """The group is drawn as open."""
    expect(tab.page.locator("#n-g:not([data-collapsed])")).to_be_visible()
    for shown in ("#n-b", "#n-c"):
        expect(tab.page.locator(shown)).to_be_visible()
    expect(tab.page.locator("#e-e2")).to_be_attached()


def entering() -> str:
    ask, box = (decode_node({**node}, DEFAULT_LIMITS) for node in NODES[:2])
    return edge_path(ask, "out", replace(box, width=208, height=44), "in").d


def collapsed(tab: EditorPage) -> object:
    box = next(node for node in tab.settled().stored()["nodes"] if node["id"] == "g")
    return box["settings"].get("collapsed", False)


def by_button(tab: EditorPage) -> None:
    tab.page.locator("#n-g .group-toggle").click()


def by_key(tab: EditorPage) -> None:
    tab.node("Box").locator("[data-node-label]").click()
    tab.page.keyboard.press(".")


def by_menu(tab: EditorPage) -> None:
    is_shut = tab.page.locator("#n-g").get_attribute("data-collapsed") is not None
    tab.node("Box").locator("[data-node-label]").click(button="right")
    tab.page.get_by_role("menuitem", name="Expand" if is_shut else "Collapse").click()


@pytest.mark.parametrize("toggle", [by_button, by_key, by_menu])
def test_it_closes_and_opens_for_everybody(flow: str, opened: Open, toggle: Callable[[EditorPage], None]) -> None:
    alice, bob = opened("alice", flow), opened("bob", flow)
    toggle(alice)
    shut(alice)
    assert collapsed(alice) is True
    shut(bob)
    toggle(alice)
    wide(alice)
    assert collapsed(alice) is False
    wide(bob)


@pytest.mark.parametrize("has_scripts", [False, True])
def test_it_is_closed_from_the_first_paint_on(
    flow_of: Flow, context_for: Callable[..., BrowserContext], has_scripts: bool
) -> None:
    flow = flow_of([NODES[0], BOX | {"settings": {"collapsed": True}}, *NODES[2:]], EDGES)
    alice = EditorPage(context_for("alice", viewport=WINDOW, java_script_enabled=has_scripts), flow)
    shut(alice)
    expect(alice.page.locator("#n-g")).to_have_attribute("aria-label", "Box, Group, collapsed")
    expect(alice.page.locator("#inspector, [data-canvas]").get_by_role("link", name="Seek")).to_have_count(0)


def test_what_is_hidden_is_not_selected_and_moves_along(flow: str, opened: Open) -> None:
    alice = opened("alice", flow)
    alice.node("Plan").click()
    by_button(alice)
    expect(alice.page.locator("[data-selected]")).to_have_attribute("data-node-id", "g")
    alice.page.locator("[data-canvas]").press("Control+a")
    expect(alice.page.locator("[data-selected]")).to_have_count(2)
    by_key(alice)
    wide(alice)
    by_key(alice)
    alice.page.keyboard.press("ArrowRight")
    assert {node["id"]: node["x"] for node in alice.settled().stored()["nodes"]} == {
        "a": 0,
        "g": 208,
        "b": 228,
        "c": 228,
    }
    by_key(alice)
    wide(alice)


def test_a_drag_by_its_button_moves_it_and_closes_nothing(flow: str, opened: Open) -> None:
    alice = opened("alice", flow)
    x, y = alice.centre(alice.page.locator("#n-g .group-toggle"))
    alice.drag((x, y), (x + 80, y + 80))
    group = next(node for node in alice.settled().stored()["nodes"] if node["id"] == "g")
    assert (group["x"], group["y"], group["settings"]) == (BOX["x"] + 80, BOX["y"] + 80, {})
    wide(alice)


def test_what_comes_back_hidden_is_not_selected_but_its_group_is(flow: str, opened: Open) -> None:
    alice = opened("alice", flow)
    by_key(alice)
    shut(alice.settled())
    alice.settled().operate({"kind": "remove_node", "id": "c"})
    expect(alice.page.locator("#n-g .node-count")).to_have_text("1")
    alice.page.keyboard.press("Control+z")
    expect(alice.page.locator("#n-g .node-count")).to_have_text("2")
    expect(alice.page.locator("[data-inspector-form]")).to_have_attribute("data-node", "g")
    expect(alice.page.locator("[data-selected]")).to_have_attribute("data-node-id", "g")


def test_an_edge_cannot_end_at_it_and_says_why(flow: str, opened: Open) -> None:
    alice = opened("alice", flow)
    by_key(alice)
    shut(alice)
    alice.drag(alice.port("Ask", "out"), alice.node("Box"), drop=False)
    expect(alice.page.locator(".reason")).to_have_text("Has no input")
    alice.page.mouse.up()
    expect(alice.page.locator("dialog[open]")).to_have_count(0)
    expect(alice.page.locator(".reason")).to_have_count(0)
    assert len(alice.settled().stored()["edges"]) == 2
