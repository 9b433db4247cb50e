"""What was not done because it met a deletion: no word of it is lost, and the rest of it is done."""

from playwright.sync_api import expect

from tests.browser.conftest import Apart
from tests.browser.editor_page import EditorPage
from tests.browser.inspector import BLANKS_ARE_HERE, choose_called
from tests.browser.panel import back, lost, notes, panel, pill
from tests.proxy import Proxy

NODES = [
    {"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Ask"},
    {"id": "b", "kind": "agent", "x": 200, "y": 0, "label": "Plan"},
    {"id": "c", "kind": "agent", "x": 400, "y": 0, "label": "Tell"},
]
LONG = "What was written here on the train took an hour of thought, and would not be written twice. " * 2
REMOVE = {"kind": "remove_node", "id": "c"}


def places(tab: EditorPage) -> dict[str, float]:
    return {node["id"]: node["x"] for node in tab.stored()["nodes"]}


def describe(tab: EditorPage, label: str, text: str) -> None:
    choose_called(tab, label).field("description").fill(text)
    tab.page.keyboard.press("Escape")


def test_what_was_written_for_a_deleted_node_is_kept_and_can_be_put_back(apart: Apart, network: Proxy) -> None:
    alice, bob = apart(NODES)
    lost(network, alice)
    describe(alice, "Tell", LONG)
    bob.operate(REMOVE)
    back(network, alice)
    pill(alice).click()
    unsaved = notes(alice).filter(has_text="Not saved")
    expect(unsaved).to_contain_text("deleted")
    unsaved.get_by_text("Show text").click()
    expect(unsaved.get_by_text(LONG.strip())).to_be_visible()

    alice.page.reload()
    alice.live()
    pill(alice).click()
    notes(alice).get_by_role("button", name="Restore it").click()
    expect(alice.node("Tell")).to_be_visible()
    unsaved.get_by_role("button", name="Try again").click()
    expect(notes(alice)).to_have_count(0)
    alice.settled()
    [told] = [node for node in alice.stored()["nodes"] if node["id"] == "c"]
    assert told["description"].strip() == LONG.strip()


def test_what_is_written_while_the_node_is_deleted_is_kept_too(apart: Apart, network: Proxy) -> None:
    """Online: the deletion is on its way to her, her words to the server."""
    alice, bob = apart(NODES)
    alice.page.wait_for_function(BLANKS_ARE_HERE)
    network.pause()
    bob.operate(REMOVE)
    describe(alice, "Tell", LONG)
    network.resume()
    alice.settled()
    pill(alice).click()
    expect(notes(alice).filter(has_text="Not saved")).to_have_count(1)


def test_a_drag_of_several_goes_through_without_the_one_that_is_gone(apart: Apart, network: Proxy) -> None:
    alice, bob = apart(NODES)
    lost(network, alice)
    alice.page.keyboard.press("Control+a")
    alice.page.keyboard.press("ArrowRight")
    bob.operate(REMOVE)
    back(network, alice)
    assert places(alice) == {"a": 8, "b": 208}
    pill(alice).click()
    expect(notes(alice)).to_have_count(1)
    expect(notes(alice)).to_contain_text("Bob deleted Tell")
    alice.page.keyboard.press("Escape")
    alice.page.keyboard.press("Control+z")
    expect(alice.node("Ask")).to_have_attribute("data-x", "0")
    assert places(alice) == {"a": 0, "b": 200}


def test_a_new_node_outlives_the_one_it_was_connected_with(apart: Apart, network: Proxy) -> None:
    alice, bob = apart(NODES)
    lost(network, alice)
    x, y = alice.centre(alice.port("Tell", "out"))
    alice.drag((x, y), (x + 120, y + 160))
    alice.page.keyboard.press("Enter")
    expect(alice.nodes).to_have_count(4)
    bob.operate(REMOVE)
    back(network, alice)
    assert len(places(alice)) == 3
    expect(alice.nodes).to_have_count(3)
    assert alice.stored()["edges"] == []
    pill(alice).click()
    unsaved = notes(alice).filter(has_text="it was deleted")
    expect(unsaved).to_contain_text("a deleted node →")


def test_the_notes_are_worked_through_by_keyboard(apart: Apart, network: Proxy) -> None:
    alice, bob = apart(NODES)
    lost(network, alice)
    for label in ("Ask", "Plan", "Tell"):
        describe(alice, label, f"About {label}")
    for id in "abc":
        bob.operate({"kind": "edit_node", "id": id, "set": {"description": "Mine"}})
    back(network, alice)
    expect(pill(alice)).to_contain_text("3 notes")
    pill(alice).press("Enter")
    for count in (2, 1, 0):
        notes(alice).get_by_role("button", name="Dismiss").first.press("Enter")
        expect(notes(alice)).to_have_count(count)
        where = "panel => panel.contains(document.activeElement)"
        assert panel(alice).evaluate(where), "the focus stays in the panel"
    alice.page.keyboard.press("Escape")
    expect(panel(alice)).to_be_hidden()
    expect(pill(alice)).to_be_focused()
    pill(alice).press("Enter")
    panel(alice).press("Shift+Tab")
    alice.page.keyboard.press("Shift+Tab")
    expect(panel(alice)).to_be_hidden()
