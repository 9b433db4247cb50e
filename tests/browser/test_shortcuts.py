"""Keys to commands, each that no other test presses on its way; and those that stay the browser's."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.nodes import agent

NODES = [
    {"id": "ask", "kind": "input", "x": 0, "y": 0, "label": "Ask", "settings": {"type": "text"}},
    agent("Plan", 240, 40),
    {"id": "tell", "kind": "output", "x": 480, "y": 80, "label": "Tell"},
]
EDGES = [{"id": "e1", "source": "ask", "target": "Plan"}, {"id": "e2", "source": "Plan", "target": "tell"}]
TAKEN = """keys => keys.filter((key) => {
  const init = {key, code: `Key${key.toUpperCase()}`, ctrlKey: true, bubbles: true, cancelable: true};
  return !document.querySelector("[data-canvas]").dispatchEvent(new KeyboardEvent("keydown", init));
})"""


@pytest.fixture
def alice(flow_of: Flow, opened: Open) -> EditorPage:
    tab = opened("alice", flow_of(NODES, EDGES), permissions=["clipboard-read", "clipboard-write"])
    tab.node("Plan").locator(".node-second").click()
    return tab


def places(tab: EditorPage) -> dict[str, tuple[float, float]]:
    return {node["id"]: (node["x"], node["y"]) for node in tab.settled().stored()["nodes"]}


def test_keys_zoom_and_fit_the_view(alice: EditorPage) -> None:
    zoom = alice.page.locator("[data-zoom-text]")
    for keys, shown in (
        *(("Control+=", "125%"), ("Control+-", "100%"), ("Control+-", "80%"), ("Control+0", "100%")),
        *(("Shift+Digit2", "150%"), ("Shift+Digit1", "100%")),
    ):
        alice.page.keyboard.press(keys)
        expect(zoom).to_have_text(shown)


def test_keys_move_align_cut_and_bring_back(alice: EditorPage) -> None:
    press = alice.page.keyboard.press
    press("Shift+ArrowRight")
    press("ArrowDown")
    assert places(alice)["Plan"] == (240 + 32, 48)
    press("Control+a")
    press("Control+Shift+ArrowUp")
    assert {y for _x, y in places(alice).values()} == {0}
    press("Control+x")
    expect(alice.nodes).to_have_count(0)
    press("Control+z")
    expect(alice.nodes).to_have_count(3)
    expect(alice.edges).to_have_count(2)
    press("Control+y")
    expect(alice.nodes).to_have_count(0)


def test_delete_and_reconnect_closes_the_gap(alice: EditorPage) -> None:
    alice.page.keyboard.press("Control+Backspace")
    expect(alice.node("Plan")).to_have_count(0)
    expect(alice.page.locator("[data-edge-id][data-source=ask][data-target=tell]")).to_have_count(1)


def test_keys_lock_export_and_run(alice: EditorPage) -> None:
    press = alice.page.keyboard.press
    press("Control+Shift+l")
    expect(alice.root).to_have_attribute("data-locked", "")
    press("Delete")
    press("Control+Shift+l")
    expect(alice.root).not_to_have_attribute("data-locked", "")
    expect(alice.node("Plan")).to_be_visible()
    press("Control+e")
    dialog = alice.page.locator("#dialog[open]")
    expect(dialog.locator(":focus")).to_have_attribute("name", "format")
    press("Escape")
    expect(dialog).to_have_count(0)
    press("Control+Enter")
    expect(dialog.locator("textarea")).to_be_focused()


def test_the_browser_keeps_its_keys_and_letters_mean_nothing_outside_the_canvas(alice: EditorPage) -> None:
    assert alice.page.evaluate(TAKEN, ["w", "t", "l", "r"]) == []
    alice.page.locator("[data-tool=fit]").focus()
    for letter in "co/":
        alice.page.keyboard.press(letter)
    alice.field("label").fill("c o / ?")
    expect(alice.page.locator("dialog[open]")).to_have_count(0)
    expect(alice.page.locator("[role=treeitem]:visible")).to_have_count(0)
