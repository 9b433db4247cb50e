"""Somebody deletes what I hold in my hand: every gesture ends cleanly, nothing of it stays, and the next one works."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage, rect
from tests.browser.inspector import choose

NODES = [
    {"id": "a", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "b", "kind": "agent", "x": 240, "y": 0, "label": "Plan"},
    {"id": "c", "kind": "output", "x": 520, "y": 0, "label": "Tell"},
    {"id": "d", "kind": "decision", "x": 240, "y": 160, "label": "Choose", "settings": {"branches": ["yes"]}},
    {"id": "z", "kind": "agent", "x": 520, "y": 304, "label": "Bystander"},
]
EDGES = [{"id": "e1", "source": "a", "target": "b"}, {"id": "e2", "source": "b", "target": "c"}]
LEFT_OVER = (
    "[data-gesture], [data-edge-draft], helix-node[data-target], [data-port][data-target], [data-loose],"
    " [data-dragging], [data-renaming], .marquee, .guide, .reason, .handle, .edge-end, [role=menu]:not([hidden]),"
    " [data-layer=overlay] helix-node"
)
TOUCH = """([x, y]) => document.elementFromPoint(x, y).dispatchEvent(new PointerEvent("pointerdown",
  {bubbles: true, pointerId: 7, pointerType: "touch", isPrimary: true, buttons: 1, clientX: x, clientY: y}))"""
LIFT = """() => dispatchEvent(new PointerEvent("pointerup", {pointerId: 7, pointerType: "touch", isPrimary: true}))"""


def on_edge(tab: EditorPage) -> tuple[float, float]:
    """Where the edge from Plan to Tell is."""
    plan, tell = rect(tab.node("Plan")), rect(tab.node("Tell"))
    middle = [box["y"] + box["height"] / 2 for box in (plan, tell)]
    return (plan["x"] + plan["width"] + tell["x"] - 9) / 2, sum(middle) / 2


def edge_selected(tab: EditorPage) -> None:
    tab.page.mouse.click(*on_edge(tab))
    expect(tab.page.locator("[data-edge-id=e2][data-selected]")).to_have_count(1)


def held(tab: EditorPage, what: str, by: tuple[float, float] = (60, 90)) -> None:
    """Press there and move, and keep the button down."""
    x, y = tab.centre(tab.page.locator(what))
    tab.drag((x, y), (x + by[0], y + by[1]), drop=False)


def press(tab: EditorPage) -> None:
    tab.page.mouse.move(*tab.centre(tab.node("Plan")))
    tab.page.mouse.down()


def drag(tab: EditorPage) -> None:
    held(tab, "#n-b")


def drag_of_two(tab: EditorPage) -> None:
    tab.node("Plan").click(position={"x": 8, "y": 8})
    tab.node("Tell").click(position={"x": 8, "y": 8}, modifiers=["Shift"])
    held(tab, "#n-b")


def copying_drag(tab: EditorPage) -> None:
    tab.page.keyboard.down("Alt")
    held(tab, "#n-b")


def resize(tab: EditorPage) -> None:
    tab.node("Plan").click(position={"x": 8, "y": 8})
    held(tab, ".handle[data-handle=se]")


def marquee(tab: EditorPage) -> None:
    x, y = tab.centre(tab.node("Plan"))
    tab.drag((x - 150, y - 100), (x + 60, y + 20), drop=False)


def adding_marquee(tab: EditorPage) -> None:
    tab.node("Plan").click(position={"x": 8, "y": 8})
    tab.page.keyboard.down("Shift")
    x, y = tab.centre(tab.node("Tell"))
    tab.drag((x - 40, y - 100), (x + 60, y + 20), drop=False)


def pan(tab: EditorPage) -> None:
    tab.page.keyboard.down(" ")
    held(tab, "#n-b")


def connect(tab: EditorPage) -> None:
    held(tab, "#n-b [data-port=out]")


def connect_backwards(tab: EditorPage) -> None:
    held(tab, "#n-b [data-port=in]", (-60, 90))


def connect_to_it(tab: EditorPage) -> None:
    tab.drag(tab.port("Choose", "yes"), tab.node("Plan"), drop=False)
    expect(tab.page.locator("#n-b[data-target=snapped]")).to_have_count(1)


def click_connect(tab: EditorPage) -> None:
    tab.port("Plan", "out").click()
    x, y = tab.centre(tab.node("Bystander"))
    tab.page.mouse.move(x - 200, y, steps=4)
    expect(tab.page.locator("[data-edge-draft]")).to_have_count(1)


def reconnect(tab: EditorPage) -> None:
    edge_selected(tab)
    held(tab, ".edge-end[data-end=target]")


def long_press(tab: EditorPage) -> None:
    tab.page.evaluate(TOUCH, tab.centre(tab.node("Plan")))


def context_menu(tab: EditorPage) -> None:
    tab.node("Plan").click(button="right", position={"x": 8, "y": 8})
    expect(tab.page.locator(".menu [role=menuitem]").first).to_be_visible()


def edge_menu(tab: EditorPage) -> None:
    edge_selected(tab)
    tab.page.mouse.click(*on_edge(tab), button="right")
    expect(tab.page.locator("[role=menuitem]", has_text="Insert node")).to_be_visible()


def rename(tab: EditorPage) -> None:
    tab.node("Plan").click(position={"x": 8, "y": 8})
    tab.page.keyboard.press("F2")
    expect(tab.page.locator("#n-b[data-renaming]")).to_have_count(1)


def palette_drag(tab: EditorPage) -> None:
    x, y = tab.centre(tab.node("Plan"))
    tab.drag(tab.page.locator("[data-palette-kind=skill]"), (x, y), drop=False)


NODE_GESTURES = [
    press,
    drag,
    drag_of_two,
    copying_drag,
    resize,
    marquee,
    adding_marquee,
    pan,
    connect,
    connect_backwards,
]
NODE_GESTURES += [connect_to_it, click_connect, reconnect, long_press, context_menu, edge_menu, rename, palette_drag]
EDGE_GESTURES = [reconnect, edge_menu, connect, click_connect]
CASES = [(gesture, {"kind": "remove_node", "id": "b"}) for gesture in NODE_GESTURES]
CASES += [(gesture, {"kind": "remove_edge", "id": "e2"}) for gesture in EDGE_GESTURES]


def over(tab: EditorPage) -> None:
    """Let everything go, first in the hand, then by Escape."""
    page = tab.page
    page.mouse.move(640, 440, steps=3)
    page.mouse.up()
    page.evaluate(LIFT)
    for key in ("Alt", "Shift", " "):
        page.keyboard.up(key)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


@pytest.mark.parametrize(
    ("gesture", "removal"), CASES, ids=[f"{gesture.__name__}-{removal['kind']}" for gesture, removal in CASES]
)
def test_a_gesture_ends_when_what_it_holds_is_deleted(
    gesture: Callable[[EditorPage], None], removal: dict[str, str], flow_of: Flow, opened: Open
) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    gesture(alice)
    alice.operate(removal)
    expect(alice.page.locator("[data-edge-id=e2]")).to_have_count(0)
    expect(alice.page.locator("[role=menu]:not([hidden])")).to_have_count(0)
    over(alice)
    expect(alice.page.locator(LEFT_OVER)).to_have_count(0)
    expect(alice.page.locator("dialog[open]")).to_have_count(0)
    if removal["kind"] == "remove_node":
        expect(alice.page.locator("#n-b")).to_have_count(0)
    alice.node("Bystander").click(position={"x": 8, "y": 8})
    expect(alice.page.locator("[data-node-id][data-selected]")).to_have_attribute("data-node-id", "z")
    x, y = alice.centre(alice.node("Bystander"))
    before = next(node for node in alice.settled().stored()["nodes"] if node["id"] == "z")
    alice.drag((x, y), (x - 80, y + 40))
    after = next(node for node in alice.settled().stored()["nodes"] if node["id"] == "z")
    assert (after["x"] - before["x"], after["y"] - before["y"]) == (-80, 40)


def test_a_branch_that_is_deleted_ends_the_connection_from_it(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    held(alice, "#n-d [data-port=yes]")
    alice.operate({"kind": "edit_node", "id": "d", "set": {"settings": {"branches": ["no"]}}})
    expect(alice.page.locator("[data-edge-draft]")).to_have_count(0)
    over(alice)
    expect(alice.page.locator(LEFT_OVER)).to_have_count(0)
    assert len(alice.stored()["edges"]) == 2


def test_the_marks_of_a_connection_go_also_from_nodes_that_were_drawn_anew(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    alice.drag(alice.port("Choose", "yes"), alice.node("Bystander"), drop=False)
    alice.operate({"kind": "edit_node", "id": "z", "set": {"label": "Renamed"}})
    expect(alice.node("Renamed")).to_be_visible()
    x, y = alice.centre(alice.node("Renamed"))
    alice.page.mouse.move(x + 4, y, steps=2)
    alice.page.mouse.move(x, y - 20, steps=2)
    alice.page.keyboard.press("Escape")
    alice.page.mouse.up()
    expect(alice.page.locator(LEFT_OVER)).to_have_count(0)


@pytest.mark.parametrize("how", ["deleted", "hidden"])
def test_who_types_in_a_form_that_goes_away_gives_no_commands(how: str, flow_of: Flow, opened: Open) -> None:
    box = {"id": "g", "kind": "group", "x": 500, "y": 280, "width": 300, "height": 200, "label": "Box"}
    flow = flow_of([*NODES[:4], box, NODES[4] | {"parent": "g"}])
    alice, bob = opened("alice", flow), opened("bob", flow)
    choose(alice, "z").field("description").click()
    alice.page.keyboard.type("http:/")
    if how == "deleted":
        bob.operate({"kind": "remove_node", "id": "z"})
    else:
        bob.operate({"kind": "edit_node", "id": "g", "set": {"settings": {"collapsed": True}}})
    expect(alice.page.locator("[data-inspector-form][data-node]")).to_have_count(0)
    expect(alice.page.locator("#n-z")).to_have_count(0)
    before = alice.nodes.count()
    alice.page.keyboard.type("/loop")
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("#inspector")).to_be_focused()
    expect(alice.nodes).to_have_count(before)
    alice.page.keyboard.press("Escape")
    alice.page.locator("#n-a").click(position={"x": 8, "y": 8})
    alice.page.keyboard.press("Delete")
    expect(alice.nodes).to_have_count(before - 1)
