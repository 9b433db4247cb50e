"""The outline: the flow as a tree beside the canvas; live, complete by keyboard, large, and readable without scripts.

What is on the page is found as a screen reader finds it: by role and name.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser.axe import findings
from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.test_by_keyboard import ROUTED, ROUTES, end, go_to, pixels, unfold
from tests.browser.test_everyone import LINKS, PHONE, SMALL

Context = Callable[..., BrowserContext]


def tree(tab: EditorPage) -> Locator:
    return tab.page.get_by_role("tree", name="Outline")


def row(tab: EditorPage, name: str) -> Locator:
    return tree(tab).get_by_role("treeitem", name=re.compile(f"^{re.escape(name)}"))


def show(tab: EditorPage) -> None:
    tab.page.get_by_role("tab", name="Outline").click()
    expect(tree(tab)).to_be_visible()


def names(tab: EditorPage) -> list[str]:
    return [
        one.split(",")[0]
        for one in tree(tab)
        .get_by_role("treeitem")
        .evaluate_all("(rows) => rows.map((row) => row.getAttribute('aria-label'))")
    ]


def pressed(tab: EditorPage, *keys: str) -> None:
    for key in keys:
        tab.page.keyboard.press(key)


def choose(tab: EditorPage, text: str) -> None:
    """Type into the list that is open, and take the first that fits."""
    field = tab.page.get_by_role("combobox").and_(tab.page.locator(":focus"))
    expect(field).to_be_visible()
    tab.page.keyboard.type(text)
    pressed(tab, "Enter")


def renamed(tab: EditorPage, text: str) -> None:
    pressed(tab, "F2")
    field = tree(tab).get_by_role("textbox")
    expect(field).to_be_focused()
    field.fill(text)
    pressed(tab, "Enter")
    expect(row(tab, text)).to_be_focused()


def added(tab: EditorPage, kind: str, label: str) -> None:
    """Add a node after the row that has the focus, and name it."""
    before = tree(tab).get_by_role("treeitem").and_(tab.page.locator("[data-node-id]")).count()
    pressed(tab, "/")
    choose(tab, kind)
    nodes = tree(tab).locator("[data-node-id]")
    expect(nodes).to_have_count(before + 1)
    expect(row(tab, kind).and_(tab.page.locator(":focus"))).to_have_count(1)
    renamed(tab, label)


def connected(tab: EditorPage, source: str, target: str) -> None:
    """Connect two nodes, unless adding one after the other has done so."""
    tab.settled()
    if row(tab, f"{source} to {target}, edge").count():
        return
    row(tab, f"{source},").focus()
    pressed(tab, "c")
    choose(tab, target)
    expect(row(tab, f"{source} to {target}, edge")).to_have_count(1)


def test_a_flow_is_drawn_in_the_outline_alone_without_a_canvas(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of())
    page = alice.page
    page.evaluate("document.querySelector('[data-canvas]').hidden = true")
    page.get_by_role("tab", name="Nodes", exact=True).focus()
    pressed(alice, "ArrowRight")
    expect(page.get_by_role("tab", name="Outline")).to_be_focused()
    page.get_by_role("tabpanel", name="Outline").get_by_role("button", name="Add node").focus()
    pressed(alice, "Enter")
    choose(alice, "Input")
    expect(row(alice, "Input")).to_be_focused()
    renamed(alice, "Ticket")
    for kind, label in (("Agent", "Classify"), ("Decision", "Route"), ("Memory", "Articles"), ("Agent", "Draft")):
        added(alice, kind, label)
    added(alice, "Output", "Reply")
    added(alice, "Note", "Refunds")
    added(alice, "Group", "Answer")
    for source, target in (
        ("Ticket", "Classify"), ("Classify", "Route"), ("Route", "Articles"), ("Articles", "Draft"), ("Draft", "Reply"),
        ("Route", "Reply"),
    ):  # fmt: skip
        connected(alice, source, target)
    for member in ("Articles", "Draft"):
        row(alice, f"{member},").focus()
        pressed(alice, "m")
        choose(alice, "Answer")
        expect(row(alice, f"{member},")).to_have_attribute("aria-level", "2")
        alice.settled()
    row(alice, "Route to Reply").focus()
    pressed(alice, "F2")
    tree(alice).get_by_role("textbox").fill("urgent")
    pressed(alice, "Enter")
    expect(row(alice, "Route to Reply, edge").filter(has_text="urgent")).to_be_focused()

    row(alice, "Classify,").focus()
    pressed(alice, "Enter")
    expect(alice.field("label")).to_be_focused()
    alice.field("description").focus()
    page.keyboard.type("Reads subject and body")
    row(alice, "Articles to Draft").focus()
    pressed(alice, "Delete")
    expect(row(alice, "Articles to Draft")).to_have_count(0)
    expect(tree(alice).locator(":focus"), "the focus is never lost").to_have_count(1)
    pressed(alice, "Control+z")
    expect(row(alice, "Articles to Draft")).to_have_count(1)
    alice.settled()

    stored = alice.stored()
    by_label = {node["label"]: node for node in stored["nodes"]}
    assert set(by_label) == {"Ticket", "Classify", "Route", "Articles", "Draft", "Reply", "Refunds", "Answer"}
    assert {by_label[name]["parent"] for name in ("Articles", "Draft")} == {by_label["Answer"]["id"]}
    assert by_label["Classify"]["description"] == "Reads subject and body"
    ends = {id: node["label"] for node in stored["nodes"] for id in [node["id"]]}
    pairs = {(ends[edge["source"]], ends[edge["target"]]) for edge in stored["edges"]}
    assert pairs >= {
        ("Ticket", "Classify"), ("Classify", "Route"), ("Route", "Articles"), ("Articles", "Draft"), ("Draft", "Reply"),
        ("Route", "Reply"),
    }  # fmt: skip
    expect(row(alice, "Classify, Agent, 1 in, 1 out")).to_have_count(1)

    page.get_by_role("link", name="Share").focus()
    pressed(alice, "Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="E-mail address, name or team")).to_be_focused()
    page.keyboard.type("charlie@example.com")
    pressed(alice, "Enter")
    expect(dialog).to_contain_text("charlie")


def test_what_a_pointer_drags_is_reached_from_a_row_without_a_canvas(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(ROUTED, ROUTES))
    page = alice.page
    page.evaluate("document.querySelector('[data-canvas]').hidden = true")
    show(alice)
    row(alice, "Plan,").focus()
    pressed(alice, "Enter")
    unfold(alice)
    page.keyboard.type("640")
    pressed(alice, "Enter")
    row(alice, "Frame,").focus()
    pressed(alice, "Enter")
    unfold(alice)
    pressed(alice, "Tab", "Tab")
    expect(pixels(alice, "Width")).to_be_focused()
    page.keyboard.type("400")
    pressed(alice, "Enter")
    row(alice, "Route to Plan, edge").first.focus()
    pressed(alice, "Enter")
    expect(alice.field("label")).to_be_focused()
    go_to(alice, end(alice, "To"))
    pressed(alice, "Enter")
    choose(alice, "Tell")
    expect(row(alice, "Route to Tell, edge")).to_have_count(1)
    row(alice, "Route,").focus()
    pressed(alice, "c")
    choose(alice, "yes")
    expect(page.get_by_role("dialog", name="Connect to")).to_be_visible()
    choose(alice, "Ask")
    expect(row(alice, "Route to Ask, edge")).to_have_count(1)
    expect(row(alice, "Route,")).to_be_focused()
    alice.settled()
    stored = alice.stored()
    nodes = {node["id"]: node for node in stored["nodes"]}
    assert (nodes["plan"]["x"], nodes["frame"]["width"]) == (640, 400)
    ends = {(one["source"], one["source_port"], one["target"]) for one in stored["edges"]}
    assert ends >= {("route", "yes", "tell"), ("route", "no", "plan"), ("route", "yes", "ask")}


def test_the_outline_follows_others_and_the_canvas_and_keeps_the_focus(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(SMALL, LINKS)
    alice, bob = opened("alice", flow), opened("bob", flow)
    show(alice)
    assert (
        names(alice) == ["Ask", "Ask to Route", "Route", "Route to Plan", "Frame", "Plan", "Mind"]
        or len(names(alice)) == 7
    )
    row(alice, "Route,").focus()
    expect(alice.node("Route")).to_have_attribute("data-selected", "")
    expect(alice.node("Route")).to_have_attribute("aria-label", "Route, Decision, 1 in, 1 out, selected")
    bob.operate(
        {"kind": "edit_node", "id": "a", "set": {"label": "Asked"}},
    )
    expect(row(alice, "Asked to Route")).to_have_count(1)
    expect(row(alice, "Route,")).to_be_focused()
    bob.operate({"kind": "remove_node", "id": "b"})
    expect(row(alice, "Route,")).to_have_count(0)
    expect(tree(alice).locator(":focus")).to_have_count(1)
    row(alice, "Plan,").focus()
    pressed(alice, "j")
    expect(alice.node("Plan")).to_be_focused()
    pressed(alice, "o")
    expect(row(alice, "Plan,")).to_be_focused()
    pressed(alice, "ArrowLeft")
    expect(row(alice, "Frame,")).to_be_focused()
    pressed(alice, "ArrowLeft")
    expect(row(alice, "Plan,")).to_have_count(0)
    pressed(alice, "ArrowRight")
    expect(row(alice, "Plan,")).to_have_count(1)
    pressed(alice, "Shift+F10")
    expect(alice.page.get_by_role("menuitem")).not_to_have_count(0)
    pressed(alice, "Escape")
    expect(row(alice, "Frame,")).to_be_focused()
    alice.settled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_outline(flow_of: Flow, opened: Open, scheme: str) -> None:
    flow = flow_of(SMALL, LINKS)
    alice = opened("alice", flow, color_scheme=scheme)
    show(alice)
    row(alice, "Route,").focus()
    assert findings(alice.page) == []
    vera = opened("vera", flow, state="read-only", color_scheme=scheme, **PHONE)
    vera.page.get_by_label("More").click()
    vera.page.get_by_role("button", name="Outline").click()
    expect(row(vera, "Ask,")).to_be_focused()
    pressed(vera, "F2", "/", "Delete")
    expect(tree(vera).get_by_role("treeitem")).to_have_count(7)
    assert findings(vera.page) == []


def test_five_thousand_nodes_open_at_once_and_the_last_is_reached(flow_of: Flow, opened: Open) -> None:
    count = 5_000
    nodes = [
        {"id": f"n{at}", "kind": "skill", "x": at % 60 * 200, "y": at // 60 * 120, "label": f"Node {at}"}
        for at in range(count)
    ]
    edges = [{"id": f"e{at}", "source": f"n{at}", "target": f"n{at + 1}"} for at in range(count - 1)]
    alice = opened("alice", flow_of(nodes, edges))
    show(alice)
    expect(row(alice, "Node 0,")).to_be_visible(timeout=PATIENCE_MS)
    assert tree(alice).get_by_role("treeitem").count() <= 400
    row(alice, "Node 0,").focus()
    pressed(alice, "End")
    expect(row(alice, "Node 4999,")).to_be_focused(timeout=PATIENCE_MS)
    assert tree(alice).get_by_role("treeitem").count() <= 400
    pressed(alice, "Home")
    expect(row(alice, "Node 0,")).to_be_focused(timeout=PATIENCE_MS)


@pytest.mark.parametrize("width", [1440, 390])
def test_without_scripts_the_tree_is_on_the_page(flow_of: Flow, context_for: Context, width: int) -> None:
    flow = flow_of(SMALL, LINKS)
    page = context_for("alice", java_script_enabled=False, viewport={"width": width, "height": 844}).new_page()
    page.goto(f"/flows/{flow}/")
    outline = page.get_by_role("tree", name="Outline")
    expect(outline.get_by_role("treeitem")).to_have_count(7)
    outline.get_by_role("link", name="Plan").last.click()
    expect(page.locator("#inspector [name=label]")).to_be_visible()
