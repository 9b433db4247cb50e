"""Copying and pasting: every copy is seen and stands where it was put, and no clipboard breaks the page."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import DRAWN, EditorPage, rect, wait_until
from tests.browser.nodes import PLAN, SEARCH

FRAME = {"id": "g", "kind": "group", "x": 0, "y": 0, "width": 400, "height": 300, "label": "Frame"}
INSIDE = {"id": "plan", "kind": "agent", "x": 96, "y": 96, "label": "Plan", "parent": "g"}
CLIPBOARD = ["clipboard-read", "clipboard-write"]
PASTE = """text => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  document.body.dispatchEvent(new ClipboardEvent("paste", {bubbles: true, cancelable: true, clipboardData}));
}"""
MENU = "[role=menu]:not([hidden])"
# All places at which a node is drawn from now on.
NOTE_PLACES = """(selector) => {
  globalThis.places = new Set();
  const note = () => {
    const {x, y} = document.querySelector(selector).getBoundingClientRect();
    globalThis.places.add(`${x} ${y}`);
    requestAnimationFrame(note);
  };
  note();
}"""


def places(tab: EditorPage) -> list[tuple[float, float]]:
    return [(node["x"], node["y"]) for node in tab.settled().stored()["nodes"]]


def copied(tab: EditorPage) -> None:
    tab.node("Plan").click(position={"x": 8, "y": 8})
    tab.page.keyboard.press("Control+c")


def test_what_is_pasted_three_times_is_seen_three_times(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]), permissions=CLIPBOARD)
    copied(alice)
    alice.page.mouse.move(700, 600)
    for count in (2, 3, 4):
        alice.page.keyboard.press("Control+v")
        expect(alice.nodes).to_have_count(count)
    assert len(set(places(alice))) == 4


def test_a_copy_pasted_on_its_source_stands_beside_it(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]), permissions=CLIPBOARD)
    copied(alice)
    alice.page.mouse.move(*alice.centre(alice.node("Plan")))
    alice.page.keyboard.press("Control+v")
    expect(alice.nodes).to_have_count(2)
    (x, y), (right, low) = sorted(places(alice))
    assert (right - x, low - y) == (32, 32)


def test_a_node_duplicated_twice_stands_in_three_places(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    for count in (2, 3):
        alice.page.locator("#n-plan").click(position={"x": 8, "y": 8})
        alice.page.keyboard.press("Control+d")
        expect(alice.nodes).to_have_count(count)
    assert len(set(places(alice))) == 3


@pytest.mark.parametrize(("by", "home"), [((600, 240), None), ((80, 100), "g")], ids=["out of it", "inside"])
def test_a_copy_dragged_with_alt_belongs_to_the_frame_it_is_dropped_in(
    by: tuple[int, int], home: str | None, flow_of: Flow, opened: Open
) -> None:
    alice = opened("alice", flow_of([FRAME, INSIDE]))
    x, y = alice.centre(alice.page.locator("#n-plan"))
    alice.page.keyboard.down("Alt")
    alice.drag((x, y), (x + by[0], y + by[1]))
    alice.page.keyboard.up("Alt")
    expect(alice.nodes).to_have_count(3)
    nodes = {node["id"]: node for node in alice.settled().stored()["nodes"]}
    [copy] = [node for id, node in nodes.items() if id not in {"g", "plan"}]
    assert nodes["plan"]["parent"] == "g"
    assert copy["parent"] == home


def test_while_copies_are_dragged_what_is_copied_stays_for_all(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([FRAME, INSIDE])
    alice, bob = opened("alice", flow), opened("bob", flow)
    expect(alice.page.locator("[data-person]")).to_have_count(2)
    plan, copies = alice.page.locator("#n-plan"), alice.page.locator(".copies > i")
    bob.page.evaluate(NOTE_PLACES, "#n-plan")
    before = rect(plan)
    x, y = alice.centre(plan)
    alice.page.keyboard.down("Alt")
    alice.drag((x, y), (x + 304, y + 240), drop=False)
    expect(copies).to_have_count(1)
    alice.page.evaluate(DRAWN)
    assert rect(plan) == before
    assert rect(copies) == before | {"x": before["x"] + 304, "y": before["y"] + 240}
    expect(plan).not_to_have_attribute("data-dragging", "")
    expect(alice.page.locator("[data-canvas]")).to_have_css("cursor", "copy")
    expect(bob.page.locator(".outline .tag")).to_have_text("Alice")
    alice.page.mouse.up()
    alice.page.keyboard.up("Alt")
    expect(copies).to_have_count(0)
    expect(bob.nodes).to_have_count(3)
    assert (INSIDE["x"] + 304, INSIDE["y"] + 240) in places(alice)
    assert bob.page.evaluate("globalThis.places.size") == 1


def test_alt_in_the_middle_of_a_drag_changes_between_moving_and_copying(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN])
    alice, bob = opened("alice", flow), opened("bob", flow)
    expect(alice.page.locator("[data-person]")).to_have_count(2)
    plan, copies = alice.node("Plan"), alice.page.locator(".copies")
    home, moved = re.compile(r"translate\(96px, 96px\)"), re.compile(r"translate\(336px, 256px\)")
    x, y = alice.centre(plan)
    alice.drag((x, y), (x + 240, y + 160), drop=False)
    for _ in range(2):
        for tab in (alice, bob):
            expect(tab.node("Plan")).to_have_attribute("style", moved)
        alice.page.keyboard.down("Alt")
        expect(copies).to_have_attribute("style", re.compile(r"translate\(240px, 160px\)"))
        for tab in (alice, bob):
            expect(tab.node("Plan")).to_have_attribute("style", home)
        alice.page.keyboard.up("Alt")
        expect(copies).to_have_count(0)
    alice.page.mouse.up()
    assert places(alice) == [(336, 256)]


def test_escape_takes_a_drag_of_copies_back(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    version = alice.stored()["version"]
    alice.page.keyboard.press("Control+a")
    x, y = alice.centre(alice.node("Plan"))
    alice.page.keyboard.down("Alt")
    alice.drag((x, y), (x + 100, y + 200), drop=False)
    expect(alice.page.locator(".copies > i")).to_have_count(2)
    alice.page.keyboard.press("Escape")
    expect(alice.page.locator(".copies, [data-copying], [data-dragging], [data-gesture]")).to_have_count(0)
    alice.page.mouse.up()
    alice.page.keyboard.up("Alt")
    assert alice.settled().stored()["version"] == version


def test_copies_can_be_made_with_the_menu_alone(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]), permissions=CLIPBOARD)
    alice.node("Plan").click(button="right", position={"x": 8, "y": 8})
    copy = alice.page.locator(MENU).get_by_role("menuitem", name="Copy")
    expect(copy.locator("kbd")).to_have_text("Ctrl+C")
    copy.click()
    alice.page.mouse.click(800, 600, button="right")
    paste = alice.page.locator(MENU).get_by_role("menuitem", name="Paste")
    expect(paste.locator("kbd")).to_have_text("Ctrl+V")
    paste.click()
    expect(alice.nodes).to_have_count(2)
    x, y = alice.settled().centre(alice.page.locator("[data-node-id][data-selected]"))
    assert (x, y) == pytest.approx((800, 600), abs=5)


def test_the_menu_pastes_what_was_copied_here_where_the_browser_hides_its_clipboard(
    flow_of: Flow, opened: Open
) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    alice.page.evaluate("delete Navigator.prototype.clipboard")
    alice.page.mouse.click(800, 600, button="right")
    alice.page.locator(MENU).get_by_role("menuitem", name="Paste").click()
    expect(alice.page.locator(".toast")).to_contain_text("Press Ctrl+V")
    copied(alice)
    alice.page.mouse.click(800, 600, button="right")
    alice.page.locator(MENU).get_by_role("menuitem", name="Paste").click()
    expect(alice.nodes).to_have_count(3)


def test_a_viewer_copies_with_the_menu_but_is_offered_no_paste(flow_of: Flow, opened: Open) -> None:
    vera = opened("vera", flow_of([PLAN]), state="read-only", permissions=CLIPBOARD)
    vera.node("Plan").click(button="right", position={"x": 8, "y": 8})
    expect(vera.page.locator(MENU).get_by_role("menuitem", name="Paste")).to_have_count(0)
    vera.page.locator(MENU).get_by_role("menuitem", name="Copy").click()
    wait_until(vera.page, "async () => (await navigator.clipboard.readText()).includes('Plan')")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "There are no copied nodes to paste"),
        ('{"helix":1,"nodes":[null]}', "the copied nodes are damaged"),
        ('{"helix":1,"nodes":[{"id":"a","kind":"robot","x":0,"y":0}]}', "the copied nodes are damaged"),
        ('{"helix":1,"nodes":[{"id":"a","kind":"agent","x":"0","y":0}]}', "the copied nodes are damaged"),
        ('{"helix":1,"nodes":[{"id":"a","kind":"group","x":0,"y":0,"parent":"a"}]}', "the copied nodes are damaged"),
        ('{"helix":1,"nodes":[{"id":"a","kind":"agent","x":0,"y":0}],"edges":7}', "the copied nodes are damaged"),
    ],
)
def test_a_spoilt_clipboard_is_refused_with_a_reason(text: str, words: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    alice.page.evaluate(PASTE, text)
    expect(alice.page.locator(".toast")).to_contain_text(words)
    expect(alice.nodes).to_have_count(1)


def test_a_clipboard_that_holds_more_than_we_know_is_taken(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    node = {"id": "a", "kind": "decision", "x": 0, "y": 0, "future": {"x": 1}, "settings": {"branches": ["yes"]}}
    edge = {"source": "a", "target": "nowhere", "source_port": "yes", "target_port": "in"}
    alice.page.evaluate(PASTE, json.dumps({"helix": 1, "nodes": [node], "edges": [edge], "more": 1}))
    expect(alice.nodes).to_have_count(2)
    alice.settled()
    assert len(alice.stored()["nodes"]) == 2


def test_nothing_is_pasted_behind_a_dialog(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]), permissions=CLIPBOARD)
    copied(alice)
    alice.page.locator("[data-tool=help]").click()
    alice.page.keyboard.press("Control+v")
    alice.page.keyboard.press("Escape")
    alice.page.keyboard.press("Control+v")
    expect(alice.nodes).to_have_count(2)


@pytest.mark.parametrize("collapsed", [True, False], ids=["collapsed", "open"])
def test_a_group_is_cut_with_what_is_in_it_and_comes_back_once(collapsed: bool, flow_of: Flow, opened: Open) -> None:
    frame = FRAME | {"settings": {"collapsed": collapsed}}
    alice = opened("alice", flow_of([frame, INSIDE, SEARCH | {"x": 600}]), permissions=CLIPBOARD)
    alice.node("Frame").locator("[data-node-label]").click()
    alice.page.keyboard.press("Control+x")
    expect(alice.page.locator(".toast")).to_contain_text("Deleted")
    assert [node["label"] for node in alice.settled().stored()["nodes"]] == ["Search"]
    alice.page.keyboard.press("Control+v")
    assert sorted(node["label"] for node in alice.settled().stored()["nodes"]) == ["Frame", "Plan", "Search"]
    alice.page.keyboard.press("Control+z")
    alice.page.keyboard.press("Control+z")
    assert {node["id"]: node["parent"] for node in alice.settled().stored()["nodes"]} == {
        "g": None,
        "plan": "g",
        "search": None,
    }
