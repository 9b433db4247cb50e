"""A flow drawn, connected, laid out, edited and shared by keyboard alone, with roles and names as the only eyes."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage

KINDS = [
    ("Input", "Ticket"), ("Agent", "Classify"), ("Decision", "Route"), ("Memory", "Articles"), ("Skill", "Draft"),
    ("Output", "Reply"), ("Note", "Refunds"), ("Group", "Answer"),
]  # fmt: skip
PAIRS = [
    ("Ticket", "Classify"), ("Classify", "Route"), ("Route", "Articles"), ("Articles", "Draft"), ("Draft", "Reply"),
    ("Route", "Reply"),
]  # fmt: skip


def named(tab: EditorPage, name: str) -> Locator:
    """Return what the canvas calls so."""
    canvas = tab.page.get_by_role("region", name="Canvas")
    pattern = re.compile(f"^{re.escape(name)}")
    return canvas.get_by_role("group", name=pattern).or_(canvas.get_by_role("img", name=pattern))


def press(tab: EditorPage, *keys: str) -> None:
    for key in keys:
        tab.page.keyboard.press(key)


def choose(tab: EditorPage, text: str) -> None:
    expect(tab.page.get_by_role("combobox").and_(tab.page.locator(":focus"))).to_be_visible()
    tab.page.keyboard.type(text)
    press(tab, "Enter")


def reach(tab: EditorPage, name: str) -> None:
    """Walk with Tab, back to where the flow begins and then along it, until the focus is there."""
    canvas = tab.page.get_by_role("region", name="Canvas")
    inside = canvas.locator(":focus")
    found = named(tab, name).and_(tab.page.locator(":focus"))
    press(tab, "Escape")
    canvas.focus()
    press(tab, "Tab")
    while inside.count() and not found.count():
        press(tab, "Shift+Tab")
    if found.count():
        return
    canvas.focus()
    press(tab, "Tab")
    while inside.count() and not found.count():
        press(tab, "Tab")
    expect(found).to_have_count(1)


def test_a_flow_is_drawn_and_shared_by_keyboard_alone(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of())
    page = alice.page
    page.get_by_role("region", name="Canvas").focus()
    for kind, label in KINDS:
        press(alice, "/")
        choose(alice, kind)
        expect(named(alice, kind).and_(page.locator(":focus"))).to_have_count(1)
        press(alice, "F2")
        page.keyboard.type(label)
        press(alice, "Enter")
        expect(named(alice, f"{label},")).to_be_focused()
    for source, target in PAIRS:
        alice.settled()
        if not named(alice, f"{source} to {target}, edge").count():
            reach(alice, f"{source},")
            press(alice, "c")
            choose(alice, target)
            expect(named(alice, f"{source} to {target}, edge")).to_have_count(1)

    reach(alice, "Articles,")
    press(alice, "Escape")
    press(alice, "Shift+L")
    expect(page.locator("[role=status]", has_text="Done: Auto-layout")).to_be_attached()
    alice.settled()
    reach(alice, "Draft to Reply, edge")
    press(alice, "Enter")
    expect(alice.field("label")).to_be_focused()
    page.keyboard.type("sent")
    press(alice, "Tab")
    alice.settled()
    reach(alice, "Draft to Reply, edge")
    press(alice, "Delete")
    expect(named(alice, "Draft to Reply, edge")).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body"), "the focus is never lost"
    press(alice, "Control+z")
    expect(named(alice, "Draft to Reply, edge")).to_have_count(1)
    reach(alice, "Classify,")
    expect(named(alice, "Classify, Agent, 1 in, 1 out, selected")).to_have_count(1)
    press(alice, "Enter")
    expect(alice.field("label")).to_be_focused()
    alice.field("description").focus()
    page.keyboard.type("Reads subject and body")
    press(alice, "Escape")
    alice.settled()

    stored = alice.stored()
    labels = {node["id"]: node["label"] for node in stored["nodes"]}
    assert set(labels.values()) == {label for _, label in KINDS}
    assert {(labels[one["source"]], labels[one["target"]]) for one in stored["edges"]} >= set(PAIRS)
    assert {one["label"] for one in stored["edges"]} >= {"sent"}
    boxes = [(one["x"], one["y"]) for one in stored["nodes"] if one["kind"] not in {"note", "group"}]
    assert len(set(boxes)) == len(boxes), "no two stand in one place"

    share = page.get_by_role("link", name="Share")
    share.focus()
    press(alice, "Enter")
    dialog = page.get_by_role("dialog")
    mail = dialog.get_by_role("textbox", name="E-mail address, name or team")
    mail.focus()
    page.keyboard.type("charlie@example.com")
    press(alice, "Enter")
    expect(dialog).to_contain_text("charlie")
