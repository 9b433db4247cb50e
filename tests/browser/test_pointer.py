"""The pointer belongs to the canvas: the browser's own selecting, dragging and zooming stay out of it."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import DRAWN, EditorPage, rect
from tests.browser.nodes import PLAN, REPLY, SEARCH

LINK = [{"id": "e", "source": "plan", "target": "search"}]
SELECTED = "[data-node-id][data-selected]"
WHEEL = """selector => {
  const init = {bubbles: true, cancelable: true, ctrlKey: true, deltaY: -60};
  const target = document.querySelector(selector);
  return !target.dispatchEvent(new WheelEvent("wheel", init));
}"""
LOST = """([x, y]) => dispatchEvent(new PointerEvent("pointermove",
  {pointerId: 1, pointerType: "mouse", buttons: 0, clientX: x, clientY: y}))"""
UNDER = """([x, y]) => {
  const hit = document.elementFromPoint(x, y).closest("[data-handle], [data-end], [data-port]");
  return hit && (hit.dataset.handle ?? hit.dataset.end ?? hit.dataset.port);
}"""
DRAGS = """selector => !document.querySelector(selector).dispatchEvent(
  new DragEvent("dragstart", {bubbles: true, cancelable: true}))"""


def marked(tab: EditorPage) -> str:
    return str(tab.page.evaluate("String(getSelection())")).strip()


def moved(tab: EditorPage, id: str) -> tuple[float, float]:
    node = next(node for node in tab.settled().stored()["nodes"] if node["id"] == id)
    return node["x"], node["y"]


def under(tab: EditorPage, what: Locator, down: float = 0) -> str | None:
    """Return which port, edge end or handle a press would hit at the middle of something, or below it."""
    x, y = tab.centre(what)
    found: str | None = tab.page.evaluate(UNDER, [x, y + down])
    return found


def beside(tab: EditorPage, what: Locator) -> list[str | None]:
    """Return what a press would hit just within 8 px beside something, on each side."""
    expect(what).to_be_attached()
    box, (x, y) = rect(what), tab.centre(what)
    across, down = box["width"] / 2 + 7.75, box["height"] / 2 + 7.75
    places = [(x - across, y), (x + across, y), (x, y - down), (x, y + down)]
    return [tab.page.evaluate(UNDER, place) for place in places]


def test_select_all_after_a_click_on_a_tool_selects_nodes_and_no_text(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]), permissions=["clipboard-read", "clipboard-write"])
    alice.page.locator("[data-tool=fit]").click()
    alice.page.keyboard.press("Control+a")
    expect(alice.page.locator(SELECTED)).to_have_count(2)
    assert marked(alice) == ""
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 80, y + 160))
    assert marked(alice) == ""
    assert moved(alice, "search")[1] > SEARCH["y"]
    alice.page.keyboard.press("Control+c")
    assert '"helix":1' in alice.page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("place", ["[data-tools]", ".panel-tabs", "[data-panel=inspector] h2", "#n-plan", ".bar"])
def test_dragging_over_canvas_or_panels_marks_no_text(place: str, flow_of: Flow, opened: Open) -> None:
    vera = opened("vera", flow_of([PLAN, SEARCH]), state="read-only")
    x, y = vera.centre(vera.page.locator(place).first)
    vera.drag((x - 10, y), (700, 500))
    assert marked(vera) == ""


def test_fields_still_select_their_text(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    alice.node("Plan").click(position={"x": 8, "y": 8})
    alice.field("label").click()
    alice.page.keyboard.press("Control+a")
    expect(alice.page.locator(SELECTED)).to_have_count(1)
    alice.page.keyboard.type("Planner")
    alice.page.keyboard.press("Enter")
    expect(alice.node("Planner")).to_be_visible()


def test_nothing_drags_by_itself_but_text_in_fields(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    for place in ("#n-plan", ".bar a", "[data-minimap]", "[data-roster]", ".panel-tabs"):
        assert alice.page.evaluate(DRAGS, place), place
    assert not alice.page.evaluate(DRAGS, "[data-flow-title]")


@pytest.mark.parametrize("place", ["[data-canvas]", "[data-minimap]", "[data-tools]", "[data-tool=zoom-in]"])
def test_ctrl_and_wheel_over_the_canvas_zoom_it_whatever_lies_there(place: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    assert alice.page.evaluate(WHEEL, place)
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("118%")


@pytest.mark.parametrize("place", ["[data-panel=palette]", ".bar", "#inspector", "[data-palette-search]"])
def test_ctrl_and_wheel_over_a_panel_zoom_nothing(place: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    assert alice.page.evaluate(WHEEL, place)
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("100%")


@pytest.mark.parametrize("place", ["[data-tool=fit]", "#n-plan .node-second", "[data-palette-kind=agent]"])
def test_space_pans_wherever_one_has_clicked(place: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    alice.page.locator(place).click()
    count = alice.nodes.count()
    before = alice.centre(alice.node("Plan"))
    alice.page.keyboard.down(" ")
    alice.drag(alice.node("Search"), (before[0] + 400, before[1] + 300))
    alice.page.keyboard.up(" ")
    expect(alice.page.locator("[data-world]")).to_have_attribute("style", re.compile("translate"))
    alice.page.evaluate(DRAWN)
    after = alice.centre(alice.node("Plan"))
    assert after != before
    expect(alice.nodes).to_have_count(count)
    assert moved(alice, "search") == (SEARCH["x"], SEARCH["y"])


def test_space_presses_a_button_that_the_keyboard_has_reached(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    alice.page.locator("[data-tool=zoom-in]").focus()
    alice.page.keyboard.press(" ")
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("125%")


def test_space_begins_an_empty_flow_where_the_keyboard_is(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of())
    alice.page.locator("[data-command=add-first]").focus()
    alice.page.keyboard.press(" ")
    expect(alice.page.locator("dialog.picker")).to_be_visible()


@pytest.mark.parametrize("place", [".handle[data-handle=se]", "#n-plan [data-port=out]", ".edge-end[data-end=target]"])
def test_a_double_click_on_a_handle_adds_and_opens_nothing(place: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH], LINK))
    alice.node("Plan").click(position={"x": 8, "y": 8})
    if "edge-end" in place:
        (x, y), (right, _) = alice.centre(alice.node("Plan")), alice.centre(alice.node("Search"))
        alice.page.mouse.click((x + right) / 2, y)
    alice.page.mouse.dblclick(*alice.centre(alice.page.locator(place)))
    expect(alice.page.locator("dialog[open]")).to_have_count(0)
    expect(alice.root).not_to_have_attribute("data-gesture", re.compile("."))
    expect(alice.field("label")).not_to_be_focused()


def test_a_selected_edge_is_not_harder_to_hit_than_another(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH], LINK))
    x, y = alice.centre(alice.page.locator("#e-e .edge-line"))
    beside = (x, y + 6)
    hit = "([x, y]) => document.elementFromPoint(x, y).closest('[data-edge-id]')?.dataset.edgeId"
    assert alice.page.evaluate(hit, beside) == "e"
    alice.page.mouse.click(*beside)
    expect(alice.page.locator("#e-e[data-selected]")).to_have_count(1)
    assert alice.page.evaluate(hit, beside) == "e"


@pytest.mark.parametrize("name", ["in", "out"])
def test_a_port_is_hit_up_to_8_px_beside_it(name: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    assert beside(alice, alice.port("Plan", name)) == [name] * 4


@pytest.mark.parametrize("end", ["source", "target"])
def test_the_end_of_an_edge_is_hit_up_to_8_px_beside_it(end: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH], LINK))
    alice.page.mouse.click(*alice.centre(alice.page.locator("#e-e .edge-line")))
    assert beside(alice, alice.page.locator(f".edge-end[data-end={end}]")) == [end] * 4


@pytest.mark.parametrize("corner", ["nw", "ne", "se", "sw"])
def test_a_handle_is_hit_up_to_8_px_beside_it(corner: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    alice.node("Plan").click(position={"x": 40, "y": 40})
    assert beside(alice, alice.page.locator(f".handle[data-handle={corner}]")) == [corner] * 4


def test_the_handles_of_a_small_node_leave_its_middle_and_its_ports_free(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    for percent in ("80%", "64%", "51%"):
        alice.page.locator("[data-tool=zoom-out]").click()
        expect(alice.page.locator("[data-zoom-text]")).to_have_text(percent)
    alice.node("Search").click()
    corner = alice.page.locator(".handle[data-handle=se]")
    expect(corner).to_be_visible()
    assert [under(alice, alice.port("Search", name)) for name in ("in", "out")] == ["in", "out"]
    assert under(alice, alice.node("Search")) is None
    x, y = alice.centre(corner)
    across = [alice.page.evaluate(UNDER, [x + by, y]) for by in range(-20, 30)]
    down = [alice.page.evaluate(UNDER, [x, y + by]) for by in range(-20, 30)]
    assert across.count("se") >= 24
    assert down.count("se") >= 24


def test_each_branch_of_a_decision_is_hit_up_to_the_next(flow_of: Flow, opened: Open) -> None:
    names = ["yes", "no", "maybe"]
    decide = {"id": "decide", "kind": "decision", "x": 96, "y": 96, "label": "Decide", "settings": {"branches": names}}
    alice = opened("alice", flow_of([decide]))
    alice.node("Decide").click(position={"x": 40, "y": 20})
    expect(alice.page.locator(".handle[data-handle=se]")).to_be_visible()
    for by in (-9, 0, 9):
        found = [under(alice, alice.port("Decide", name), by) for name in names]
        assert found[:2] == names[:2]
        assert found[2] == "maybe" or by == 9  # the handle of the corner begins below it
    assert under(alice, alice.port("Decide", "maybe"), 4) == "maybe"


def test_a_press_and_a_press_with_a_drag_are_no_double_click(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    mouse = alice.page.mouse
    mouse.click(700, 600)
    mouse.move(700, 600)
    mouse.down(click_count=2)
    mouse.move(712, 610, steps=3)
    mouse.move(701, 601, steps=3)
    mouse.up(click_count=2)
    expect(alice.page.locator(".marquee")).to_have_count(0)
    expect(alice.page.locator("dialog[open]")).to_have_count(0)


def test_a_double_click_on_the_empty_canvas_still_adds(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    alice.page.mouse.dblclick(700, 600)
    expect(alice.page.locator("dialog.picker")).to_be_visible()


def test_a_node_is_put_down_where_its_button_was_last_seen_pressed(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 80, y + 160), drop=False)
    alice.page.evaluate(LOST, [x + 300, y + 300])
    expect(alice.root).not_to_have_attribute("data-gesture", re.compile("."))
    assert moved(alice, "plan") == (PLAN["x"] + 80, PLAN["y"] + 160)


def test_a_press_whose_release_was_lost_drags_nothing_later(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    x, y = alice.centre(alice.node("Plan"))
    alice.page.mouse.move(x, y)
    alice.page.mouse.down()
    alice.page.evaluate(LOST, [x + 300, y + 300])
    assert moved(alice, "plan") == (PLAN["x"], PLAN["y"])
    alice.page.mouse.up()
    alice.drag((x, y), (x + 80, y + 160))
    assert moved(alice, "plan") == (PLAN["x"] + 80, PLAN["y"] + 160)


def test_the_other_button_opens_no_menu_in_the_middle_of_a_drag(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, REPLY]))
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 80, y + 160), drop=False)
    alice.page.mouse.down(button="right")
    alice.page.mouse.up(button="right")
    expect(alice.page.locator("[role=menu]:not([hidden])")).to_have_count(0)
    alice.page.mouse.up()
    assert moved(alice, "plan") == (PLAN["x"] + 80, PLAN["y"] + 160)


def test_a_drag_on_the_canvas_closes_what_is_open_in_the_bar(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    languages = alice.page.locator("details.language")
    languages.locator("summary").click()
    expect(languages).to_have_attribute("open", "")
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 80, y + 160))
    expect(languages).not_to_have_attribute("open", "")
    assert moved(alice, "plan") == (PLAN["x"] + 80, PLAN["y"] + 160)


def test_a_press_elsewhere_closes_the_menu_whenever_it_was_opened(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    menu = alice.page.locator("[role=menu]")
    for _ in range(2):
        alice.node("Plan").click(button="right")
        expect(menu).to_be_visible()
        alice.page.mouse.click(260, 120)
        expect(menu).to_be_hidden()
