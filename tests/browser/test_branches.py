"""A branch keeps its edges while it is renamed; what goes along with an edit is said at once, with Undo."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import AT_ONCE_MS, EditorPage

NODES = [
    {"id": "d", "kind": "decision", "x": 0, "y": 0, "label": "Route", "settings": {"branches": ["yes", "no"]}},
    {"id": "a", "kind": "agent", "x": 300, "y": 0, "label": "Plan"},
    {"id": "b", "kind": "agent", "x": 300, "y": 140, "label": "Tell"},
]
EDGES = [
    {"id": "e1", "source": "d", "target": "a", "source_port": "yes", "label": "go", "animated": True},
    {"id": "e2", "source": "d", "target": "b", "source_port": "no"},
]
# A pause in typing is over at once, so that what waits for one does not wait any more.
NO_PAUSE = "() => { const wait = setTimeout; window.setTimeout = (run, ms) => wait(run, ms === 400 ? 0 : ms); }"
EVERY_TIMER_IS_OVER = "() => new Promise((done) => setTimeout(() => setTimeout(done)))"
BOX = {"id": "g", "kind": "group", "x": -40, "y": 220, "width": 300, "height": 200, "label": "Box"}
INSIDE = {"id": "in", "kind": "skill", "x": 0, "y": 280, "label": "Inside", "parent": "g"}


@pytest.fixture
def alice(flow_of: Callable[..., str], opened: Open) -> EditorPage:
    return opened("alice", flow_of([*NODES, BOX, INSIDE], EDGES))


def open_branches(tab: EditorPage) -> Locator:
    tab.node("Route").locator(".node-second").click()
    field = tab.field("settings.branches")
    field.click()
    return field


def ports(tab: EditorPage) -> dict[str, Any]:
    return {edge["id"]: edge["source_port"] for edge in tab.settled().stored()["edges"]}


def told(tab: EditorPage, text: str) -> Locator:
    toast = tab.page.locator("[data-toasts] .toast", has_text=text)
    expect(toast).to_be_visible()
    return toast


def test_half_a_name_is_nobodys_branch(alice: EditorPage) -> None:
    version = alice.settled().stored()["version"]
    open_branches(alice).press("Control+a")
    alice.page.evaluate(NO_PAUSE)
    for part in ("app", "rove\nrej", "ect"):
        alice.page.keyboard.type(part)
        alice.page.evaluate(EVERY_TIMER_IS_OVER)
    stored = alice.stored()
    assert (stored["version"], stored["nodes"][0]["settings"]["branches"]) == (version, ["yes", "no"])
    expect(alice.page.locator("[data-sync]")).not_to_contain_text("All changes saved")
    alice.page.keyboard.press("Tab")
    assert ports(alice) == {"e1": "approve", "e2": "reject"}
    stored = alice.stored()
    assert (stored["edges"][0]["label"], stored["edges"][0]["animated"]) == ("go", True)
    assert stored["version"] == version + 1, "one step"
    expect(alice.page.locator("[data-toasts] .toast")).to_have_count(0, timeout=AT_ONCE_MS)
    alice.page.locator("[data-tool=undo]").click()
    expect(alice.port("Route", "yes")).to_be_visible()
    assert ports(alice) == {"e1": "yes", "e2": "no"}


def test_what_goes_with_a_branch_is_told_and_can_be_had_back(alice: EditorPage) -> None:
    open_branches(alice).fill("yes")
    alice.page.keyboard.press("Tab")
    undo = told(alice, "1 edge was removed too.").get_by_role("button", name="Undo")
    assert ports(alice) == {"e1": "yes"}
    undo.click()
    expect(alice.edges).to_have_count(2)
    assert ports(alice) == {"e1": "yes", "e2": "no"}


def test_what_goes_with_a_node_is_told_until_the_next_edit(alice: EditorPage) -> None:
    alice.node("Route").locator(".node-second").click()
    alice.page.keyboard.press("Delete")
    toast = told(alice, "2 edges were removed too.")
    alice.node("Tell").locator(".node-second").click()
    alice.page.keyboard.press("ArrowRight")
    expect(toast).to_have_count(0, timeout=AT_ONCE_MS)


def test_members_that_a_deleted_group_leaves_behind_are_told(alice: EditorPage) -> None:
    alice.node("Box").locator("[data-node-label]").click()
    alice.page.keyboard.press("Delete")
    told(alice, "1 node is no longer in the group.").get_by_role("button", name="Undo").click()
    expect(alice.node("Box")).to_be_visible()
    assert next(node for node in alice.settled().stored()["nodes"] if node["id"] == "in")["parent"] == "g"


def test_ungrouping_is_what_was_asked_for(alice: EditorPage) -> None:
    alice.node("Box").locator("[data-node-label]").click()
    alice.page.keyboard.press("Control+Shift+g")
    expect(alice.node("Box")).to_have_count(0)
    assert next(node for node in alice.settled().stored()["nodes"] if node["id"] == "in")["parent"] is None
    expect(alice.page.locator("[data-toasts] .toast")).to_have_count(0, timeout=AT_ONCE_MS)
