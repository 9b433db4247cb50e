"""Adding: after what is selected, into an edge, at a port; always connected, in free room, as one step of undo."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage, rect
from tests.browser.test_everyone import PHONE
from tests.browser.views import still

Flow = Callable[..., str]
NODES = [
    {"id": "a", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "b", "kind": "decision", "x": 240, "y": 0, "label": "Route", "settings": {"branches": ["yes", "no"]}},
    {"id": "c", "kind": "output", "x": 640, "y": 0, "label": "Tell"},
    {"id": "g", "kind": "group", "x": 0, "y": 320, "width": 400, "height": 240, "label": "Box"},
]
EDGES = [
    {"id": "e1", "source": "a", "target": "b"},
    {"id": "e2", "source": "b", "source_port": "yes", "target": "c"},
]
ROOM = 40
# The view glides there by script, which no animation tells of.
ABOVE_THE_TOOLS = """() => document.querySelector("#n-b").getBoundingClientRect().bottom
  <= document.querySelector("[data-tools]").getBoundingClientRect().top"""


@pytest.fixture
def alice(flow_of: Flow, opened: Open) -> EditorPage:
    return opened("alice", flow_of(NODES, EDGES))


def held(tab: EditorPage) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """The nodes by label, and the edges as (source, port, target) by label."""
    stored = tab.settled().stored()
    labels = {node["id"]: node["label"] for node in stored["nodes"]}
    edges = [(labels[edge["source"]], edge["source_port"], labels[edge["target"]]) for edge in stored["edges"]]
    return {node["label"]: node for node in stored["nodes"]}, edges


def has_room(node: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    return all(
        node["x"] >= other["x"] + other["width"] + ROOM
        or other["x"] >= node["x"] + node["width"] + ROOM
        or node["y"] >= other["y"] + other["height"] + ROOM
        or other["y"] >= node["y"] + node["height"] + ROOM
        for other in others
        if other["id"] != node["id"] and other["kind"] != "group"
    )


@pytest.mark.parametrize("key", ["Tab", "/"])
def test_a_key_adds_after_the_selected_node_and_connects_it(alice: EditorPage, key: str) -> None:
    alice.node("Route").locator(".node-second").click()
    alice.page.keyboard.press(key)
    picker = alice.page.locator("dialog.picker")
    expect(picker.get_by_role("option")).to_have_count(12)
    expect(picker.get_by_role("group")).to_have_count(4)
    listbox = picker.get_by_role("listbox")
    assert listbox.evaluate("list => list.scrollHeight <= list.clientHeight"), "all kinds without scrolling"
    assert picker.evaluate("it => getComputedStyle(it, '::backdrop').backgroundColor") == "rgba(0, 0, 0, 0)"
    node, box = rect(alice.node("Route")), rect(picker)
    assert 0 < box["x"] - node["x"] - node["width"] < 40, "beside the selection"
    assert findings(alice.page) == []
    alice.page.keyboard.type("ski")
    expect(picker.get_by_role("option").filter(visible=True)).to_have_text(["Skill"])
    alice.page.keyboard.press("Enter")
    expect(alice.node("Skill")).to_be_focused()
    nodes, edges = held(alice)
    assert ("Route", "no", "Skill") in edges, "its first free output"
    assert nodes["Skill"]["x"] >= nodes["Route"]["x"] + nodes["Route"]["width"] + ROOM
    assert has_room(nodes["Skill"], list(nodes.values()))
    alice.page.keyboard.press("/")
    expect(picker.get_by_role("combobox")).to_have_value("")
    alice.page.keyboard.press("Escape")
    alice.page.keyboard.press("Control+z")
    expect(alice.node("Skill")).to_have_count(0)
    assert len(held(alice)[1]) == 2, "one step"


def test_the_plus_of_a_hovered_edge_adds_into_it(alice: EditorPage) -> None:
    x, y = alice.centre(alice.page.locator("#e-e2 .edge-line"))
    alice.page.mouse.move(x, y)
    plus = alice.page.locator("[data-plus][data-edge=e2]")
    expect(plus).to_be_visible()
    plus.click()
    options = alice.page.locator("dialog.picker").get_by_role("option")
    expect(options.get_by_text("Note", exact=True)).to_have_count(0)
    options.get_by_text("Transform").click()
    _, edges = held(alice)
    assert ("Route", "yes", "Transform") in edges
    assert ("Transform", "out", "Tell") in edges
    assert len(edges) == 3


def test_the_plus_at_a_free_port_adds_there(alice: EditorPage) -> None:
    alice.node("Route").locator(".node-second").hover()
    expect(alice.page.locator("[data-plus][data-port=no]")).to_be_visible()
    expect(alice.page.locator("[data-plus][data-port=yes]")).to_have_count(0)
    alice.page.locator("[data-plus][data-port=default]").click()
    alice.page.locator("dialog.picker").get_by_role("option", name="Skill").click()
    assert ("Route", "default", "Skill") in held(alice)[1]


def test_an_edge_and_a_group_light_up_and_take_what_is_dropped(alice: EditorPage) -> None:
    kinds = alice.page.locator("[data-palette-kind=skill]")
    edge = alice.page.locator("#e-e2")
    alice.drag(kinds, alice.centre(edge.locator(".edge-line")), drop=False)
    expect(edge).to_have_attribute("data-drop", "")
    alice.page.mouse.up()
    expect(edge).not_to_have_attribute("data-drop", "")
    assert {("Route", "yes", "Skill"), ("Skill", "out", "Tell")} <= set(held(alice)[1])
    group = alice.node("Box")
    alice.drag(alice.page.locator("[data-palette-kind=memory]"), alice.centre(group), drop=False)
    expect(group).to_have_attribute("data-drop", "")
    alice.page.mouse.up()
    assert held(alice)[0]["Memory"]["parent"] == "g"
    alice.drag(alice.node("Ask"), alice.centre(group), drop=False)
    expect(group).to_have_attribute("data-drop", "")
    alice.page.keyboard.press("Escape")
    expect(group).not_to_have_attribute("data-drop", "")
    alice.page.mouse.up()


def test_on_a_phone_the_picker_is_a_sheet_and_nothing_covers_what_was_added(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES), **PHONE)
    alice.node("Route").locator(".node-head").tap()
    tools, sheet = alice.page.locator("[data-tools]"), alice.page.locator("[data-panel=inspector]")
    for height in ("peek", "half"):
        expect(sheet).to_have_attribute("data-sheet", height)
        expect(alice.root).to_have_attribute("data-lifted", height)
        still(alice.page)
        alice.page.wait_for_function(ABOVE_THE_TOOLS)
        low, top = rect(tools), rect(sheet)
        node = rect(alice.node("Route"))
        assert low["y"] + low["height"] <= top["y"], "tools float above the sheet"
        assert node["y"] >= 0 and node["y"] + node["height"] <= low["y"], "the node is not covered"
        if height == "peek":
            alice.page.locator("[data-command=raise]").tap()
    alice.page.locator("[data-tool=add]").tap()
    picker = alice.page.locator("dialog.picker")
    expect(picker).to_be_visible()
    still(alice.page)
    box = rect(picker)
    assert (box["x"], box["width"]) == (0, 390) and box["y"] + box["height"] == pytest.approx(844, abs=1)
    expect(alice.page.locator("kbd").filter(visible=True)).to_have_count(0)
    picker.get_by_role("option", name="Skill").tap()
    assert ("Route", "no", "Skill") in held(alice)[1]
    still(alice.page)
    expect(alice.node("Skill")).to_be_in_viewport(ratio=1)
