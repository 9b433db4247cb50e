"""What others change of a node that I resize, or of a note that I write on, comes when I am done; nothing is lost."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import DRAWN, EditorPage, rect
from tests.browser.looks import pick

PLAN = {"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Plan", "settings": {"model": "m-1"}}
MEMO = {"id": "n", "kind": "note", "x": 0, "y": 0, "label": "Memo", "settings": {"text": "As it was"}}


def changed(by: EditorPage, seen_by: EditorPage, *operations: object) -> None:
    """Let one make changes, and wait until the other has heard of them: the title that came with them is there."""
    by.operate(*operations, {"kind": "edit_flow", "set": {"title": "Heard of"}})
    expect(seen_by.page.locator("[data-flow-title]")).to_have_value("Heard of")
    seen_by.page.evaluate(DRAWN)


@pytest.mark.parametrize("way", ["drop", "escape"])
def test_a_node_that_i_resize_keeps_what_i_see_until_i_am_done(way: str, flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN])
    alice, bob = opened("alice", flow), opened("bob", flow)
    node = alice.page.locator("#n-a")
    model = node.locator(".node-footer")
    pick(alice, "Plan")
    before = rect(node)
    x, y = alice.centre(alice.page.locator(".handle[data-handle=se]"))
    alice.drag((x, y), (x + 64, y + 40), drop=False)
    alice.page.evaluate(DRAWN)
    held = rect(node)
    assert (held["width"], held["height"]) == (before["width"] + 64, before["height"] + 40)

    changed(
        bob,
        alice,
        {"kind": "edit_node", "id": "a", "set": {"label": "Renamed", "settings": {"model": "m-9"}}},
        {"kind": "resize_node", "id": "a", "width": 320, "height": 160},
        {"kind": "move_node", "id": "a", "x": -80, "y": 80},
    )

    assert rect(node) == held
    expect(model).to_contain_text("m-1")
    alice.page.mouse.move(x + 80, y + 40)
    if way == "escape":
        alice.page.keyboard.press("Escape")
    alice.page.mouse.up()
    width, height = {"drop": (before["width"] + 80, before["height"] + 40), "escape": (320, 160)}[way]
    for tab in (alice.settled(), bob):
        shown = tab.node("Renamed")
        expect(shown.locator(".node-footer")).to_contain_text("m-9")
        expect(shown).to_have_attribute("style", re.compile(r"translate\(-80px, 80px\)"))
        expect(shown).to_have_css("width", f"{width:g}px")
        expect(shown).to_have_css("height", f"{height:g}px")
    stored = alice.stored()["nodes"][0]
    assert (stored["label"], stored["settings"]) == ("Renamed", {"model": "m-9"})
    assert [stored[name] for name in ("x", "y", "width", "height")] == [-80, 80, width, height]


@pytest.mark.parametrize("way", ["Control+Enter", "Escape"])
def test_a_note_that_i_write_on_keeps_my_words_until_i_am_done(way: str, flow_of: Flow, opened: Open) -> None:
    flow = flow_of([MEMO])
    alice, bob = opened("alice", flow), opened("bob", flow)
    text = alice.page.locator("#n-n .note-text")
    text.dblclick()
    expect(text).to_be_focused()
    alice.page.keyboard.type(", and mo")

    changed(
        bob,
        alice,
        {"kind": "edit_node", "id": "n", "set": {"colour": "#22c55e", "settings": {"text": "Bob's words"}}},
        {"kind": "resize_node", "id": "n", "width": 320, "height": 160},
        {"kind": "move_node", "id": "n", "x": 80, "y": 80},
    )

    expect(text).to_be_focused()
    alice.page.keyboard.type("re")
    expect(text).to_have_text("As it was, and more")
    alice.page.keyboard.press(way)
    words = {"Control+Enter": "As it was, and more", "Escape": "Bob's words"}[way]
    for tab in (alice.settled(), bob):
        note = tab.page.locator("#n-n[data-colour='#22c55e']")
        expect(note.locator(".note-text")).to_have_text(words)
        expect(note).to_have_css("width", "320px")
        expect(note).to_have_attribute("style", re.compile(r"translate\(80px, 80px\)"))
    stored = alice.stored()["nodes"][0]
    assert (stored["settings"]["text"], stored["colour"], stored["width"], stored["x"]) == (words, "#22c55e", 320, 80)
