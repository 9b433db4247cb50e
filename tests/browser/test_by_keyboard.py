"""A flow drawn, connected, laid out, edited and shared by keyboard alone, with roles and names as the only eyes.

What a pointer does by dragging, place, size and the ends of edges, is in the fields of a form.
"""

import re
from typing import Any

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

ROUTED = [
    {"id": "ask", "kind": "agent", "x": 0, "y": 0, "label": "Ask"},
    {"id": "route", "kind": "decision", "x": 240, "y": 0, "label": "Route", "settings": {"branches": ["yes", "no"]}},
    {"id": "plan", "kind": "agent", "x": 520, "y": 0, "label": "Plan"},
    {"id": "tell", "kind": "output", "x": 520, "y": 160, "label": "Tell"},
    {"id": "frame", "kind": "group", "x": 0, "y": 240, "width": 320, "height": 200, "label": "Frame"},
    {"id": "seek", "kind": "skill", "x": 40, "y": 320, "label": "Seek", "parent": "frame"},
]
ROUTES = [
    {"id": "in", "source": "ask", "target": "route"},
    {"id": "yes", "source": "route", "source_port": "yes", "target": "plan", "label": "soon"},
    {"id": "no", "source": "route", "source_port": "no", "target": "plan"},
]


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


def go_to(tab: EditorPage, what: Locator) -> None:
    """Go on with Tab until it has the focus."""
    focused = what.and_(tab.page.locator(":focus"))
    for _ in range(80):
        if focused.count():
            return
        press(tab, "Tab")
    expect(what).to_be_focused()


def unfold(tab: EditorPage) -> None:
    go_to(tab, tab.page.locator("summary", has_text="Position and size"))
    press(tab, "Enter", "Tab")
    expect(pixels(tab, "X")).to_be_focused()


def pixels(tab: EditorPage, name: str) -> Locator:
    section = tab.page.get_by_role("group", name="Position and size")
    return section.get_by_role("textbox", name=name, exact=True)


def end(tab: EditorPage, name: str) -> Locator:
    """Return the button of an edge's end."""
    return tab.page.get_by_role("group", name="Ends").get_by_role("button", name=re.compile(f"^{name} "))


def node_of(tab: EditorPage, id: str) -> dict[str, Any]:
    return next(node for node in tab.settled().stored()["nodes"] if node["id"] == id)


def ends_of(tab: EditorPage, id: str) -> tuple[str, str, str]:
    edge = next(edge for edge in tab.settled().stored()["edges"] if edge["id"] == id)
    return edge["source"], edge["source_port"], edge["target"]


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


def test_a_node_is_placed_and_sized_by_keyboard_alone(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(ROUTED, ROUTES))
    page = alice.page
    reach(alice, "Plan,")
    press(alice, "Enter")
    unfold(alice)
    page.keyboard.type("600")
    press(alice, "Tab", "ArrowUp", "Shift+ArrowUp")
    expect(pixels(alice, "Y")).to_have_value("88")
    press(alice, "Tab")
    expect(pixels(alice, "Width")).to_be_focused()
    page.keyboard.type("20")
    press(alice, "Enter")
    error = page.get_by_role("alert").filter(has_text="Enter a whole number from 144 to 100,000.")
    expect(error).to_be_visible()
    expect(pixels(alice, "Width")).to_have_attribute("aria-invalid", "true")
    plan = node_of(alice, "plan")
    assert (plan["x"], plan["y"], plan["width"], plan["height"]) == (600, 88, 144, 80)
    press(alice, "Control+a")
    page.keyboard.type("200")
    press(alice, "Tab")
    expect(error).to_have_count(0)
    assert node_of(alice, "plan")["width"] == 200

    press(alice, "Escape")
    reach(alice, "Plan,")
    for x, y, width in ((600, 88, 144), (600, 0, 144), (520, 0, 144)):
        press(alice, "Control+z")
        plan = node_of(alice, "plan")
        assert (plan["x"], plan["y"], plan["width"]) == (x, y, width), "each field is one step"


def test_a_group_that_is_placed_takes_its_members_along(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(ROUTED))
    reach(alice, "Frame,")
    press(alice, "Enter")
    unfold(alice)
    alice.page.keyboard.type("-80")
    press(alice, "Enter")
    assert (node_of(alice, "frame")["x"], node_of(alice, "seek")["x"]) == (-80, -40)


def test_both_ends_of_an_edge_move_by_keyboard_alone(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(ROUTED, ROUTES))
    reach(alice, "Route to Plan, edge")
    press(alice, "Enter")
    expect(alice.field("label")).to_be_focused()
    expect(alice.field("label")).to_have_value("soon")
    go_to(alice, end(alice, "To"))
    press(alice, "Enter")
    choose(alice, "Tell")
    expect(end(alice, "To")).to_have_accessible_name("To Tell")
    expect(end(alice, "To")).to_be_focused()
    expect(alice.page.locator("[data-announcer]")).to_have_text("Connected Route · yes → Tell")
    assert ends_of(alice, "yes") == ("route", "yes", "tell")
    press(alice, "Shift+Tab")
    expect(end(alice, "Output")).to_be_focused()
    press(alice, "Enter")
    choose(alice, "default")
    expect(end(alice, "Output")).to_have_accessible_name("Output default")
    assert ends_of(alice, "yes") == ("route", "default", "tell")
    press(alice, "Shift+Tab", "Enter")
    choose(alice, "Ask")
    expect(end(alice, "From")).to_have_accessible_name("From Ask")
    expect(end(alice, "Output")).to_be_disabled()
    assert ends_of(alice, "yes") == ("ask", "out", "tell")
    press(alice, "Escape")
    reach(alice, "Ask to Tell, edge")
    press(alice, "Control+z")
    expect(end(alice, "From")).to_have_accessible_name("From Route")
    assert ends_of(alice, "yes") == ("route", "default", "tell")
    assert alice.stored()["edges"][1]["label"] == "soon", "the edge keeps all else"


def test_an_end_that_cannot_be_there_says_why_and_shows_what_is_stored(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(ROUTED, ROUTES))
    page = alice.page
    reach(alice, "Route to Plan, edge")
    press(alice, "Enter")
    expect(alice.field("label")).to_have_value("soon")
    for name, text, reason in (
        ("From", "Plan", "A node cannot connect to itself"),
        ("Output", "no", "Already connected"),
        ("To", "Route", "A node cannot connect to itself"),
    ):
        before = str(end(alice, name).get_attribute("value"))
        go_to(alice, end(alice, name))
        press(alice, "Enter")
        expect(page.get_by_role("option", name=text)).to_contain_text(reason)
        choose(alice, text)
        expect(page.get_by_role("alert").filter(has_text=reason).last).to_be_visible()
        expect(end(alice, name)).to_have_accessible_description(reason)
        expect(end(alice, name)).to_have_attribute("value", before)
    assert ends_of(alice, "yes") == ("route", "yes", "plan")


def test_connecting_by_keyboard_asks_which_output_where_there_are_several(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(ROUTED, ROUTES))
    page = alice.page
    reach(alice, "Route,")
    press(alice, "c")
    expect(page.get_by_role("dialog", name="Connect from").get_by_role("option")).to_have_text(
        ["Route · default", "Route · yes→ Plan", "Route · no→ Plan"]
    )
    choose(alice, "· no")
    expect(page.get_by_role("dialog", name="Connect to")).to_be_visible()
    choose(alice, "Tell")
    expect(named(alice, "Route to Tell, edge")).to_have_count(1)
    (added,) = [edge for edge in alice.settled().stored()["edges"] if edge["target"] == "tell"]
    assert (added["source"], added["source_port"]) == ("route", "no")
    reach(alice, "Ask,")
    press(alice, "c")
    expect(page.get_by_role("dialog", name="Connect to")).to_be_visible()
