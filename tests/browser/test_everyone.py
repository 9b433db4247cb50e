"""For everyone: no accessibility finding, a phone in the hand, and a flow too large to draw whole."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.conftest import Open

Flow = Callable[..., str]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SMALL = [
    {"id": "a", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "b", "kind": "decision", "x": 0, "y": 120, "label": "Route", "settings": {"branches": ["yes", "no"]}},
    {"id": "c", "kind": "note", "x": 160, "y": 0, "label": "Mind", "settings": {"text": "the *gap*"}},
    {"id": "g", "kind": "group", "x": 0, "y": 280, "label": "Frame"},
    {"id": "d", "kind": "agent", "x": 16, "y": 340, "label": "Plan", "parent": "g", "enabled": False},
]
LINKS = [
    {"id": "e", "source": "a", "target": "b", "label": "first"},
    {"id": "f", "source": "b", "source_port": "yes", "target": "d"},
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(flow_of: Flow, opened: Open, scheme: str) -> None:
    alice = opened("alice", flow_of(SMALL, LINKS), color_scheme=scheme)
    assert findings(alice.page) == []
    alice.node("Route").click()
    expect(alice.field("settings.branches")).to_be_visible()
    assert findings(alice.page) == []
    alice.page.keyboard.press("Escape")
    alice.page.locator("[data-canvas]").click(button="right", position={"x": 30, "y": 30})
    expect(alice.page.locator("[role=menu]")).to_be_visible()
    assert findings(alice.page) == []


def test_a_phone_selects_edits_and_adds(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(SMALL, LINKS)
    alice = opened("alice", flow, **PHONE)
    alice.node("Ask").tap()
    panel = alice.page.locator("[data-panel=inspector]")
    expect(panel).to_have_attribute("data-open", "")
    alice.page.locator("[data-command=raise]").tap()
    expect(panel).to_have_attribute("data-sheet", "half")
    alice.field("label").fill("Asked by thumb")
    alice.page.locator("[data-command=deselect]").tap()
    expect(panel).not_to_have_attribute("data-open", "")
    expect(alice.node("Asked by thumb")).to_be_visible()
    alice.page.locator("[data-tool=add]").tap()
    alice.page.locator("[role=option][data-value=api]").tap()
    expect(alice.nodes).to_have_count(6)
    alice.settled()
    assert findings(alice.page) == []


def test_a_large_flow_is_drawn_as_far_as_it_is_seen(flow_of: Flow, opened: Open) -> None:
    nodes = [
        {"id": f"n{at}", "kind": "skill", "x": at % 60 * 200, "y": at // 60 * 120, "label": f"Node {at}"}
        for at in range(2400)
    ]
    edges = [{"id": f"e{at}", "source": f"n{at}", "target": f"n{at + 1}"} for at in range(2399)]
    flow = flow_of(nodes, edges)
    alice, bob = opened("alice", flow), opened("bob", flow)
    for tab in (alice, bob):
        expect(tab.page.locator(".overview, [data-node-id]").first).to_be_attached()
        tab.page.locator("[data-tool=zoom-reset]").click()
        expect(tab.page.locator("[data-zoom-text]")).to_have_text("100%")
        expect(tab.nodes).not_to_have_count(0)
        assert tab.nodes.count() < 600
        # The page came with the first screen alone; now the rest is here too.
        expect(tab.page.locator("[data-sync]")).to_contain_text("All changes saved")
    alice.page.locator("[data-tool=fit]").click()
    expect(alice.nodes).to_have_count(0)
    expect(alice.page.locator(".overview")).to_be_visible()
    alice.page.locator("[data-tool=zoom-reset]").click()
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("100%")
    expect(alice.node("Node 1410")).to_be_in_viewport()
    shown = "n1410"
    bob.operate(
        {"kind": "edit_node", "id": shown, "set": {"label": "Found you"}},
        {"kind": "move_node", "id": "n2399", "x": 0, "y": -400},
    )
    expect(alice.node("Found you")).to_be_attached()
