"""Keys on other layouts and in the middle of a composition; the focus, the selection and what undo brings back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Apart, Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.inspector import form_of
from tests.browser.nodes import PLAN, REPLY, SEARCH
from tests.browser.panel import lost
from tests.proxy import Proxy

PRESSED_FOUR_TIMES = """key => {
  const press = () => new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true});
  for (let count = 0; count < 4; count += 1) document.activeElement.dispatchEvent(press());
}"""
LINK = [{"id": "e", "source": "plan", "target": "search"}]
SELECTED = "[data-node-id][data-selected]"
PRESS = """([key, code, more]) => (document.activeElement ?? document.body).dispatchEvent(
  new KeyboardEvent("keydown", {key, code, bubbles: true, cancelable: true, ...more}))"""
COMPOSING = ({"isComposing": True, "keyCode": 229}, {"isComposing": False, "keyCode": 229})
MAC = "Object.defineProperty(Navigator.prototype, 'platform', {get: () => 'MacIntel'})"


def press(tab: EditorPage, key: str, code: str, **more: object) -> None:
    tab.page.evaluate(PRESS, [key, code, more])


def selected(tab: EditorPage, *ids: str) -> None:
    expect(tab.page.locator(SELECTED)).to_have_count(len(ids))
    for id in ids:
        expect(tab.page.locator(f"#n-{id}[data-selected]")).to_have_count(1)


@pytest.mark.parametrize("letters", ["фвяс", "αδζψ", "שגזב", "شيئؤ"], ids=["Russian", "Greek", "Hebrew", "Arabic"])
def test_shortcuts_work_on_layouts_without_latin_letters(letters: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    a, d, z, c = letters
    press(alice, a, "KeyA", ctrlKey=True)
    selected(alice, "plan", "search")
    press(alice, d, "KeyD", ctrlKey=True)
    expect(alice.nodes).to_have_count(4)
    alice.settled()
    press(alice, z, "KeyZ", ctrlKey=True)
    expect(alice.nodes).to_have_count(2)
    alice.settled()
    press(alice, z.upper(), "KeyZ", ctrlKey=True, shiftKey=True)
    expect(alice.nodes).to_have_count(4)
    alice.node("Plan").first.click(position={"x": 8, "y": 8})
    press(alice, c, "KeyC")
    expect(alice.page.locator("dialog.picker")).to_be_visible()


def test_on_a_latin_layout_the_character_counts_wherever_its_key_is(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    press(alice, "q", "KeyA", ctrlKey=True)
    selected(alice)
    press(alice, "a", "KeyQ", ctrlKey=True)
    selected(alice, "plan", "search")


@pytest.mark.parametrize("how", COMPOSING, ids=["composing", "last key in Safari"])
def test_the_keys_of_a_composition_are_left_to_it(how: dict[str, object], flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    page = alice.page
    composed = [("Enter", "Enter"), ("Escape", "Escape"), ("ArrowDown", "ArrowDown"), ("Delete", "Delete")]

    def compose() -> None:
        for key, code in composed:
            press(alice, key, code, **how)

    title = page.locator("[data-flow-title]")
    title.fill("かん")
    compose()
    expect(title).to_have_value("かん")
    expect(title).to_be_focused()

    search = page.locator("[data-palette-search]")
    search.fill("agent")
    compose()
    expect(search).to_be_focused()
    expect(alice.nodes).to_have_count(2)

    alice.node("Plan").click(position={"x": 8, "y": 8})
    page.keyboard.press("F2")
    page.keyboard.type("けい")
    compose()
    expect(page.locator("#n-plan[data-renaming]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(alice.node("けい")).to_be_visible()

    page.keyboard.press("c")
    compose()
    expect(page.locator("dialog.picker")).to_be_visible()
    expect(alice.edges).to_have_count(0)
    page.keyboard.press("Escape")

    expect(form_of(alice, "plan")).to_be_visible()
    alice.field("description").fill("せつ")
    compose()
    expect(alice.field("description")).to_be_focused()
    selected(alice, "plan")


def test_the_node_that_tab_reaches_is_the_one_that_keys_mean(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH, REPLY]))
    page = alice.page
    alice.node("Search").click(position={"x": 8, "y": 8})
    page.keyboard.press("Shift+Tab")
    expect(alice.node("Plan")).to_be_focused()
    selected(alice, "plan")
    page.keyboard.press("Delete")
    expect(page.locator("#n-plan")).to_have_count(0)
    expect(alice.nodes).to_have_count(2)


def test_a_node_that_gets_the_focus_is_selected(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    alice.node("Search").click(position={"x": 8, "y": 8})
    alice.node("Plan").focus()
    selected(alice, "plan")
    alice.page.keyboard.press("Escape")
    selected(alice)
    expect(alice.page.locator("[data-canvas]")).to_be_focused()
    alice.page.keyboard.press("Tab")
    expect(alice.node("Plan")).to_be_focused()
    selected(alice, "plan")


def test_space_keeps_a_node_selected_while_tab_goes_on(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH, REPLY]))
    page = alice.page
    alice.node("Plan").focus()
    page.keyboard.press(" ")
    page.keyboard.press("Tab")
    selected(alice, "plan", "search")
    page.keyboard.press("Tab")
    selected(alice, "plan", "reply")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press(" ")
    selected(alice)
    page.keyboard.press("Delete")
    expect(alice.nodes).to_have_count(3)


def test_a_node_that_is_no_longer_selected_loses_the_focus(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    alice.node("Search").click(position={"x": 8, "y": 8})
    alice.node("Plan").click(position={"x": 8, "y": 8}, modifiers=["Shift"])
    alice.node("Plan").click(position={"x": 8, "y": 8}, modifiers=["Shift"])
    selected(alice, "search")
    alice.page.keyboard.press("Delete")
    expect(alice.page.locator("#n-search")).to_have_count(0)
    expect(alice.page.locator("#n-plan")).to_have_count(1)


def test_undo_selects_what_it_brought_back_and_redo_too(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH, REPLY], LINK))
    page = alice.page
    alice.node("Plan").click(position={"x": 8, "y": 8})
    alice.node("Search").click(position={"x": 8, "y": 8}, modifiers=["Shift"])
    page.keyboard.press("Delete")
    expect(alice.nodes).to_have_count(1)
    alice.settled()
    alice.node("Reply").click(position={"x": 8, "y": 8})
    page.keyboard.press("Control+z")
    selected(alice, "plan", "search")
    alice.settled()
    page.keyboard.press("Control+d")
    expect(alice.nodes).to_have_count(5)
    alice.settled()
    page.keyboard.press("Control+z")
    expect(alice.nodes).to_have_count(3)
    alice.settled()
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(SELECTED)).to_have_count(2)
    expect(page.locator("#n-plan[data-selected], #n-search[data-selected]")).to_have_count(0)


def test_undo_without_a_network_selects_what_it_brought_back(apart: Apart, network: Proxy) -> None:
    alice, _bob = apart([PLAN, SEARCH])
    lost(network, alice)
    alice.node("Plan").click(position={"x": 8, "y": 8})
    alice.page.keyboard.press("Delete")
    expect(alice.page.locator("#n-plan")).to_have_count(0)
    alice.page.keyboard.press("Control+z")
    selected(alice, "plan")
    alice.complaints.clear()


def test_keys_are_called_as_on_the_readers_keyboard(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    alice.page.locator("[data-canvas]").click(button="right", position={"x": 500, "y": 500})
    menu = alice.page.locator("[role=menu]:not([hidden])")
    expect(menu.locator("kbd")).to_have_text(["Tab", "Ctrl+V", "Ctrl+A", "Shift+1", "?", "Shift+L"])
    assert alice.page.locator("[data-tool=undo]").get_attribute("title") == "Undo (Ctrl+Z)"


def test_on_a_mac_they_are_called_as_there(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    alice.page.add_init_script(MAC)
    alice.open(alice.flow).live()
    alice.page.locator("[data-canvas]").click(button="right", position={"x": 500, "y": 500})
    menu = alice.page.locator("[role=menu]:not([hidden])")
    expect(menu.locator("kbd")).to_have_text(["Tab", "⌘V", "⌘A", "Shift+1", "?", "Shift+L"])
    assert alice.page.locator("[data-tool=undo]").get_attribute("title") == "Undo (⌘Z)"
    help_keys = alice.page.locator("[data-help] kbd").all_text_contents()
    assert "⌘" in help_keys
    assert not any(re.search("Ctrl", key) for key in help_keys)


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_the_palette_shows_all_again_once_a_node_was_added(how: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    search = alice.page.locator("[data-palette-search]")
    search.fill("skill")
    expect(alice.page.locator("[data-palette-kind=agent]")).to_be_hidden()
    if how == "click":
        alice.page.locator("[data-palette-kind=skill]").click()
    else:
        search.press("Enter")
    expect(alice.nodes).to_have_count(2)
    expect(search).to_have_value("")
    expect(alice.page.locator("[data-palette-kind=agent]")).to_be_visible()


def test_steps_of_zoom_that_follow_each_other_at_once_all_count(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    text = alice.page.locator("[data-zoom-text]")
    alice.page.locator("[data-canvas]").press("Control+0")
    expect(text).to_have_text("100%")
    for key, percent in [("+", "244%"), ("-", "100%")]:
        alice.page.evaluate(PRESSED_FOUR_TIMES, key)
        expect(text).to_have_text(percent)


def test_a_long_name_that_is_given_up_begins_where_it_did(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN | {"label": "A name that takes more lines than a node has room for"}]))
    alice.page.locator("#n-plan").click(position={"x": 8, "y": 8})
    alice.page.keyboard.press("F2")
    alice.page.keyboard.press("Control+End")
    alice.page.keyboard.press("Escape")
    scrolled = "node => [node, ...node.querySelectorAll('*')].map(({scrollTop, scrollLeft}) => scrollTop + scrollLeft)"
    assert not any(alice.page.locator("#n-plan").evaluate(scrolled))
