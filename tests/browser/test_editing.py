"""Editing several nodes, notes in their place, and what was deleted had back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.conftest import Open
from tests.browser.editor_page import AT_ONCE_MS, EditorPage, rect

Flow = Callable[..., str]
NODES = [
    {"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "One", "settings": {"model": "m-1", "max_tokens": 512}},
    {"id": "b", "kind": "agent", "x": 260, "y": 40, "label": "Two", "settings": {"model": "m-2", "max_tokens": 512}},
    {"id": "c", "kind": "agent", "x": 440, "y": 180, "label": "Three", "settings": {"model": "m-2", "max_tokens": 512}},
    {"id": "n", "kind": "note", "x": 0, "y": 240, "label": "Mind", "settings": {"text": "the *gap*"}},
    {"id": "l", "kind": "loop", "x": 240, "y": 280, "label": "Each order"},
]
EDGES = [{"id": "e1", "source": "a", "target": "b"}, {"id": "e2", "source": "b", "target": "c"}]


@pytest.fixture
def flow(flow_of: Flow) -> str:
    return flow_of(NODES, EDGES)


@pytest.fixture
def alice(flow: str, opened: Open) -> EditorPage:
    return opened("alice", flow)


def by_label(tab: EditorPage) -> dict[str, dict[str, Any]]:
    return {node["label"]: node for node in tab.settled().stored()["nodes"]}


def choose(tab: EditorPage, *labels: str) -> None:
    for at, label in enumerate(labels):
        tab.node(label).locator(".node-second").click(modifiers=["Shift"] if at else [])
    expect(tab.page.locator("[data-selected]")).to_have_count(len(labels))


def test_what_is_deleted_is_told_and_can_be_had_back(alice: EditorPage) -> None:
    toast = alice.page.locator("[data-toasts] .toast")
    alice.node("Each order").locator(".node-second").click()
    alice.page.keyboard.press("Delete")
    expect(toast.locator("strong")).to_have_text("Deleted Each order.")
    toast.get_by_role("button", name="Undo").click()
    expect(alice.node("Each order")).to_be_visible()
    expect(toast).to_have_count(0, timeout=AT_ONCE_MS)
    choose(alice, "One", "Two")
    alice.page.keyboard.press("Delete")
    expect(toast.locator("strong")).to_have_text("Deleted 2 nodes. 2 edges were removed too.")
    toast.get_by_role("button", name="Undo").click()
    expect(alice.edges).to_have_count(2)
    alice.page.locator("#e-e1 .edge-hit").click(force=True)
    alice.page.keyboard.press("Delete")
    expect(toast.locator("strong")).to_have_text("Deleted One → Two.")


def test_several_are_arranged_from_the_menu_and_by_key(alice: EditorPage) -> None:
    choose(alice, "One", "Two", "Three")
    alice.node("Two").click(button="right")
    row = alice.page.get_by_role("menu").get_by_role("group", name="Arrange", exact=True)
    expect(row.get_by_role("menuitem")).to_have_count(9)
    assert findings(alice.page) == []
    row.get_by_role("menuitem", name="Align middles").click()
    for label in ("One", "Two", "Three"):
        expect(alice.node(label)).to_have_attribute("data-y", "90")
    alice.page.keyboard.press("Shift+H")
    expect(alice.node("Two")).to_have_attribute("data-x", "220")
    alice.page.keyboard.press("Control+z")
    expect(alice.node("Two")).to_have_attribute("data-x", "260")
    alice.page.keyboard.press("Shift+X")
    for label in ("One", "Two", "Three"):
        expect(alice.node(label)).to_have_attribute("data-x", "220")


def test_several_of_one_kind_are_edited_at_once_and_say_where_they_differ(alice: EditorPage) -> None:
    choose(alice, "One", "Two", "Three")
    model, tokens = alice.field("settings.model"), alice.field("settings.max_tokens")
    expect(model).to_have_value("")
    expect(alice.page.locator('[data-mixed="settings.model"]')).to_have_text("· Different values")
    expect(tokens).to_have_value("512")
    expect(alice.page.locator("[data-mixed]:visible")).to_have_count(1)
    assert findings(alice.page) == []
    model.fill("m-9")
    model.press("Tab")
    assert {node["settings"].get("model") for node in by_label(alice).values() if node["kind"] == "agent"} == {"m-9"}
    expect(alice.page.locator("[data-mixed]:visible")).to_have_count(0)
    alice.page.locator("[data-tool=undo]").click()
    assert by_label(alice)["One"]["settings"]["model"] == "m-1", "one step"
    expect(model).to_have_value("")
    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("Control+a")
    expect(alice.field("settings.model")).to_have_count(0)
    expect(alice.field("enabled")).to_be_checked()


def test_a_note_is_written_on_the_note_for_everybody(alice: EditorPage, flow: str, opened: Open) -> None:
    bob = opened("bob", flow)
    text = alice.node("Mind").locator(".note-text")
    text.dblclick()
    expect(text).to_have_text("the *gap*")
    expect(text).to_be_focused()
    assert findings(alice.page) == []
    alice.page.keyboard.press("Control+a")
    alice.page.keyboard.type("Mind the **step**")
    alice.page.keyboard.press("Enter")
    alice.page.keyboard.type("twice")
    alice.page.keyboard.press("Control+Enter")
    assert by_label(alice)["Mind"]["settings"]["text"] == "Mind the **step**\ntwice"
    expect(alice.node("Mind")).to_be_focused()
    for tab in (alice, bob):
        expect(tab.node("Mind").locator(".note-text strong")).to_have_text("step")
    text.dblclick()
    expect(text).to_be_focused()
    alice.page.keyboard.type("not this")
    alice.page.keyboard.press("Escape")
    expect(text.locator("strong")).to_have_text("step")
    assert by_label(alice)["Mind"]["settings"]["text"] == "Mind the **step**\ntwice"


def test_a_loops_ports_are_labelled_at_rest(alice: EditorPage) -> None:
    loop = alice.node("Each order")
    (each, out) = (loop.locator(".branch-name", has_text=name) for name in ("each", "out"))
    for label in (each, out):
        expect(label).to_be_visible()
    upper, lower, box = rect(each), rect(out), rect(loop)
    assert upper["x"] > box["x"] + box["width"]
    assert upper["y"] + upper["height"] < lower["y"]
