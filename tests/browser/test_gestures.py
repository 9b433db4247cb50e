"""Gestures of mouse and finger by themselves: the view, the grid, alignment, connecting, and what two fingers do."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import DRAWN, EditorPage, Point, rect, without_timers_of
from tests.browser.nodes import agent
from tests.browser.test_everyone import PHONE
from tests.browser.views import still

NO_LONG_PRESS = without_timers_of(500)
PAINTED = """() => {
  const [map] = document.querySelectorAll("[data-minimap] canvas");
  return map?.width && map.getContext("2d").getImageData(0, 0, map.width, map.height).data.some(Boolean);
}"""
NODES = [
    {"id": "ask", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "hear", "kind": "input", "x": 0, "y": 240, "label": "Hear"},
    agent("Plan", 304, 0),
    {"id": "tell", "kind": "output", "x": 304, "y": 240, "label": "Tell"},
]
EDGES = [{"id": "e", "source": "hear", "target": "tell"}]
NARROW = [
    {"id": "ask", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "tell", "kind": "output", "x": 160, "y": 160, "label": "Tell"},
    {"id": "say", "kind": "output", "x": 160, "y": 0, "label": "Say"},
]
TO_SAY = [{"id": "e", "source": "ask", "target": "say"}]


class Fingers:
    """Fingers on a page, as the browser hears of them."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)

    def put(self, *points: Point) -> None:
        self._send("touchStart", points)

    def move(self, *points: Point) -> None:
        self._send("touchMove", points)

    def lift(self) -> None:
        self._send("touchEnd", ())

    def _send(self, kind: str, points: tuple[Point, ...]) -> None:
        touches = [{"id": at, "x": x, "y": y} for at, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


@pytest.fixture
def alice(flow_of: Flow, opened: Open) -> EditorPage:
    return opened("alice", flow_of(NODES, EDGES))


@pytest.fixture
def phone(flow_of: Flow, opened: Open) -> tuple[EditorPage, Fingers]:
    tab = opened("alice", flow_of(NARROW, TO_SAY), **PHONE)
    return tab, Fingers(tab.page)


def place(tab: EditorPage, id: str) -> tuple[float, float]:
    node = next(node for node in tab.settled().stored()["nodes"] if node["id"] == id)
    return node["x"], node["y"]


def size(tab: EditorPage, id: str) -> tuple[float, float]:
    node = next(node for node in tab.settled().stored()["nodes"] if node["id"] == id)
    return node["width"], node["height"]


def shown(tab: EditorPage) -> str:
    """Return which part of the world is shown, once what has happened is drawn."""
    tab.page.evaluate(DRAWN)
    return tab.page.locator("[data-world]").get_attribute("style") or ""


def rests(tab: EditorPage) -> bool:
    return tab.root.get_attribute("data-gesture") is None


# The mouse.


def test_the_wheel_with_shift_and_the_middle_button_move_the_view(alice: EditorPage) -> None:
    x, y = alice.centre(alice.node("Plan"))
    alice.page.mouse.move(x, y)
    alice.page.keyboard.down("Shift")
    alice.page.mouse.wheel(0, 40)
    alice.page.keyboard.up("Shift")
    alice.page.wait_for_function("x => document.querySelector('#n-Plan').getBoundingClientRect().x < x", arg=x - 80)
    assert alice.centre(alice.node("Plan")) == (x - 40, y)
    alice.page.mouse.down(button="middle")
    alice.page.mouse.move(x + 60, y + 30, steps=4)
    expect(alice.root).to_have_attribute("data-gesture", "pan")
    alice.page.mouse.up(button="middle")
    alice.page.evaluate(DRAWN)
    assert alice.centre(alice.node("Plan")) == (x + 20, y + 30)
    assert place(alice, "Plan") == (304, 0)


def test_the_plain_wheel_pans_both_ways(alice: EditorPage) -> None:
    x, y = alice.centre(alice.node("Plan"))
    alice.page.mouse.move(x, y)
    alice.page.mouse.wheel(30, 40)
    alice.page.wait_for_function("x => document.querySelector('#n-Plan').getBoundingClientRect().x < x", arg=x - 80)
    assert alice.centre(alice.node("Plan")) == (x - 30, y - 40)
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("100%")


def test_a_press_and_a_drag_in_the_minimap_move_the_view(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([agent("Near", 0, 0), agent("Plan", 2000, 1500), agent("Far", 4000, 3000)]))
    alice.page.locator("[data-tool=zoom-reset]").click()
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("100%")
    alice.page.wait_for_function(PAINTED)
    alice.page.evaluate(DRAWN)
    alice.page.evaluate(without_timers_of(120))  # the map fits itself anew no more
    map = rect(alice.page.locator("[data-minimap]"))
    middle = map["y"] + map["height"] / 2
    before = shown(alice), rect(alice.node("Plan"))["x"]
    alice.page.mouse.move(map["x"] + 0.3 * map["width"], middle)
    assert shown(alice) == before[0]
    alice.page.mouse.down()
    expect(alice.page.locator("[data-world]")).not_to_have_attribute("style", before[0])
    pressed = shown(alice), rect(alice.node("Plan"))["x"]
    assert pressed[1] > before[1] + 300, "what is to the left is shown"
    alice.page.mouse.move(map["x"] + 0.7 * map["width"], middle, steps=4)
    expect(alice.page.locator("[data-world]")).not_to_have_attribute("style", pressed[0])
    dragged = shown(alice), rect(alice.node("Plan"))["x"]
    assert dragged[1] < before[1] - 300
    alice.page.mouse.up()
    alice.page.mouse.move(map["x"] + 0.5 * map["width"], middle)
    assert shown(alice) == dragged[0], "it was let go"
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("100%")


def begun_at(what: str) -> Callable[[EditorPage], None]:
    """Press there and go into the middle."""

    def press(tab: EditorPage) -> None:
        tab.drag(tab.page.locator(what), (760, 500), drop=False)

    return press


def resize(tab: EditorPage) -> None:
    tab.node("Plan").click()
    begun_at(".handle[data-handle=se]")(tab)


def select_by_rectangle(tab: EditorPage) -> None:
    tab.drag((700, 300), (760, 500), drop=False)


def connect_by_tap(tab: EditorPage) -> None:
    tab.port("Ask", "out").click()
    tab.page.mouse.move(760, 500, steps=8)


GESTURES = {
    "drag": begun_at("#n-Plan"),
    "resize": resize,
    "connect": begun_at("#n-ask [data-port=out]"),
    "tap": connect_by_tap,
    "palette": begun_at("[data-palette-kind=skill]"),
    "marquee": select_by_rectangle,
}


@pytest.mark.parametrize("begin", GESTURES.values(), ids=GESTURES.keys())
def test_within_40_pixels_of_the_border_the_view_moves_on_and_not_before(
    begin: Callable[[EditorPage], None], alice: EditorPage
) -> None:
    canvas = rect(alice.page.locator("[data-canvas]"))
    border = canvas["y"] + canvas["height"]
    view = shown(alice)
    begin(alice)
    alice.page.mouse.move(760, border - 60)
    assert shown(alice) == view
    alice.page.mouse.move(760, border - 20)
    for _ in range(2):
        before = shown(alice)
        expect(alice.page.locator("[data-world]")).not_to_have_attribute("style", before)
    alice.page.mouse.move(760, border - 60)
    view = shown(alice)
    assert shown(alice) == view
    alice.page.keyboard.press("Escape")
    alice.page.mouse.up()
    assert rests(alice)


def test_a_connection_by_taps_leaves_the_view_when_the_pointer_leaves_the_canvas(alice: EditorPage) -> None:
    connect_by_tap(alice)
    alice.page.mouse.move(*alice.centre(alice.page.locator("[data-tools]")), steps=8)
    view = shown(alice)
    alice.page.evaluate(DRAWN)
    assert shown(alice) == view
    expect(alice.root).to_have_attribute("data-gesture", "connect")


def test_what_is_resized_goes_on_growing_at_the_border(alice: EditorPage) -> None:
    resize(alice)
    canvas = rect(alice.page.locator("[data-canvas]"))
    alice.page.mouse.move(760, canvas["y"] + canvas["height"] - 20)
    before = rect(alice.node("Plan"))
    alice.page.wait_for_function(
        "top => document.querySelector('#n-Plan').getBoundingClientRect().y < top", arg=before["y"] - 100
    )
    alice.page.mouse.move(760, 500)
    alice.page.mouse.up()
    alice.page.evaluate(DRAWN)
    after = rect(alice.node("Plan"))
    assert after["y"] + after["height"] == pytest.approx(500, abs=10)


@pytest.mark.parametrize("how", ["control", "preference"])
def test_a_node_is_resized_on_the_grid_unless_one_wants_otherwise(how: str, alice: EditorPage) -> None:
    width, height = size(alice, "Plan")
    handle = alice.page.locator(".handle[data-handle=se]")
    alice.node("Plan").click()
    x, y = alice.centre(handle)
    alice.drag((x, y), (x + 29, y + 21))
    assert size(alice, "Plan") == (width + 32, height + 24)
    if how == "preference":
        alice.page.keyboard.press("Escape")
        alice.page.get_by_role("switch", name="Snap to grid").uncheck()
        alice.node("Plan").click()
    x, y = alice.centre(handle)
    alice.drag((x, y), (x + 20, y + 20), drop=False)
    if how == "control":
        alice.page.keyboard.down("Control")
    alice.page.mouse.move(x + 29, y + 21)
    alice.page.mouse.up()
    alice.page.keyboard.up("Control")
    assert size(alice, "Plan") == (width + 32 + 29, height + 24 + 21)


def test_a_key_that_changes_a_drag_counts_before_the_pointer_moves_on(alice: EditorPage) -> None:
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 90, y + 21), drop=False)
    alice.page.keyboard.down("Shift")
    alice.page.evaluate(DRAWN)
    assert alice.centre(alice.node("Plan"))[1] == y
    alice.page.keyboard.up("Shift")
    alice.page.keyboard.down("Control")
    alice.page.evaluate(DRAWN)
    assert alice.centre(alice.node("Plan")) == (x + 90, y + 21)
    alice.page.mouse.up()
    alice.page.keyboard.up("Control")
    assert place(alice, "Plan") == (304 + 90, 21)


def test_a_press_becomes_a_drag_after_four_pixels(alice: EditorPage) -> None:
    x, y = alice.centre(alice.node("Plan"))
    alice.page.mouse.move(x, y)
    alice.page.mouse.down()
    alice.page.mouse.move(x + 3, y)
    assert rests(alice)
    alice.page.mouse.move(x + 5, y)
    expect(alice.root).to_have_attribute("data-gesture", "drag")
    alice.page.keyboard.press("Escape")
    alice.page.mouse.up()


def test_shift_keeps_the_axis_of_a_drag_and_ctrl_leaves_the_grid(alice: EditorPage) -> None:
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 60, y + 10), drop=False)
    alice.page.keyboard.down("Shift")
    alice.page.mouse.move(x + 122, y + 30)
    alice.page.mouse.up()
    alice.page.keyboard.up("Shift")
    assert place(alice, "Plan") == (304 + 120, 0)
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 10, y + 60), drop=False)
    alice.page.keyboard.down("Control")
    alice.page.mouse.move(x + 13, y + 67)
    alice.page.mouse.up()
    alice.page.keyboard.up("Control")
    assert place(alice, "Plan") == (304 + 133, 67)


def test_a_drag_that_ends_a_rename_holds_nothing_back_afterwards(alice: EditorPage) -> None:
    """Leaving the name saves it while the drag begins."""
    alice.node("Plan").click()
    alice.page.keyboard.press("F2")
    alice.page.keyboard.type("Idea")
    x, y = alice.centre(alice.page.locator("#n-Plan .chip"))
    alice.drag((x, y), (x + 120, y + 96))
    expect(alice.node("Idea")).to_be_visible()
    expect(alice.page.locator("[data-dragging]")).to_have_count(0)
    assert place(alice, "Plan") != (304, 0)


def test_a_drag_that_is_called_off_while_it_begins_holds_nothing_back(alice: EditorPage) -> None:
    alice.node("Plan").click()
    alice.page.keyboard.press("F2")
    alice.page.evaluate("document.addEventListener('focusout', () => dispatchEvent(new Event('blur')), {once: true})")
    x, y = alice.centre(alice.page.locator("#n-Plan .chip"))
    alice.drag((x, y), (x + 120, y + 96))
    expect(alice.page.locator("[data-dragging]")).to_have_count(0)
    assert place(alice, "Plan") == (304, 0)


def test_a_drag_shows_a_line_where_it_aligns_and_snaps_to_it(alice: EditorPage) -> None:
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 90, y + 100), drop=False)
    expect(alice.page.locator(".guide")).to_have_count(0)
    alice.page.mouse.move(x + 3, y + 100)
    expect(alice.page.locator(".guide[data-axis=x]")).to_have_count(1)
    alice.page.mouse.up()
    expect(alice.page.locator(".guide")).to_have_count(0)
    assert place(alice, "Plan")[0] == 304


def test_a_kind_from_the_palette_aligns_as_a_node_does(alice: EditorPage) -> None:
    """It snaps to what is near, with a line; with Ctrl it does not, and over the palette there is no line."""
    x, y = alice.centre(alice.node("Plan"))
    item = alice.page.locator("[data-palette-kind=skill]")
    alice.drag(item, (x + 90, y + 203), drop=False)
    expect(alice.page.locator(".guide")).to_have_count(0)
    alice.page.mouse.move(x - 1, y + 203)
    expect(alice.page.locator(".guide[data-axis=x]")).to_have_count(1)
    alice.page.keyboard.down("Control")
    expect(alice.page.locator(".guide")).to_have_count(0)
    alice.page.keyboard.up("Control")
    expect(alice.page.locator(".guide[data-axis=x]")).to_have_count(1)
    alice.page.mouse.move(*alice.centre(item))
    expect(alice.page.locator(".guide")).to_have_count(0)
    alice.page.mouse.move(x - 1, y + 203)
    alice.page.mouse.up()
    expect(alice.page.locator(".guide")).to_have_count(0)
    added, plan = alice.page.locator("helix-node[data-kind=skill]").last, alice.page.locator("#n-Plan")
    middle = "node => Number(node.dataset.x) + Number(node.dataset.width) / 2"
    assert added.evaluate(middle) == plan.evaluate(middle)


def test_ports_that_fit_glow_the_nearest_snaps_and_escape_gives_up(alice: EditorPage) -> None:
    port = alice.port("Plan", "in")
    x, y = alice.centre(port)
    alice.drag(alice.port("Ask", "out"), (x - 60, y + 90), drop=False)
    for fitting in (port, alice.port("Tell", "in")):
        expect(fitting).to_have_attribute("data-target", "valid")
    expect(alice.node("Hear")).to_have_css("opacity", "0.5")
    expect(alice.page.locator("[data-edge-draft]")).not_to_have_attribute("data-snapped", "")
    alice.page.mouse.move(x - 18, y)
    expect(port).to_have_attribute("data-target", "snapped")
    expect(alice.page.locator("[data-edge-draft]")).to_have_attribute("data-snapped", "")
    alice.page.keyboard.press("Escape")
    alice.page.mouse.up()
    expect(alice.page.locator(":is(helix-node, .port)[data-target], [data-edge-draft]")).to_have_count(0)
    expect(alice.edges).to_have_count(1)
    alice.drag(alice.port("Ask", "out"), (x - 18, y))
    expect(alice.page.locator("[data-edge-id][data-source=ask][data-target=Plan]")).to_have_count(1)


def test_selecting_changes_no_size(alice: EditorPage) -> None:
    before = [rect(node) for node in alice.nodes.all()]
    alice.node("Ask").click()
    alice.page.keyboard.press("Control+a")
    expect(alice.page.locator("[data-node-id][data-selected]")).to_have_count(4)
    assert [rect(node) for node in alice.nodes.all()] == before


def test_a_double_click_opens_a_node_and_names_it_by_its_label(alice: EditorPage) -> None:
    alice.node("Plan").locator(".node-second").dblclick()
    expect(alice.field("label")).to_be_focused()
    alice.node("Plan").locator("[data-node-label]").dblclick()
    alice.page.keyboard.type("Planned")
    alice.page.keyboard.press("Enter")
    expect(alice.node("Planned")).to_be_visible()


def test_what_opens_near_the_border_is_whole_on_the_screen(alice: EditorPage) -> None:
    alice.page.mouse.dblclick(750, 880)
    picker = alice.page.locator("dialog.picker")
    expect(picker).to_be_visible()
    still(alice.page)
    box = rect(picker)
    assert box["y"] + box["height"] <= 900 - 8


# Fingers.


def test_a_tap_selects_without_a_ring_of_the_keyboard(phone: tuple[EditorPage, Fingers]) -> None:
    tab, _fingers = phone
    tab.node("Ask").tap()
    expect(tab.page.locator("#n-ask[data-selected]")).to_be_focused()
    expect(tab.node("Ask")).to_have_css("outline-style", "none")
    tab.page.keyboard.press("Alt+ArrowRight")
    expect(tab.page.locator("#n-say:focus-visible")).to_have_count(1)


def test_opening_the_settings_raises_the_sheet_above_the_border(phone: tuple[EditorPage, Fingers]) -> None:
    tab, _fingers = phone
    tab.node("Ask").tap()
    sheet = tab.page.locator("[data-panel=inspector]")
    expect(sheet).to_have_attribute("data-sheet", "peek")
    tab.page.keyboard.press("Enter")
    expect(tab.field("label")).to_be_focused()
    expect(sheet).to_have_attribute("data-sheet", "half")
    expect(tab.field("label")).to_be_in_viewport(ratio=1)


def test_a_tap_on_a_port_and_on_a_node_connects(phone: tuple[EditorPage, Fingers]) -> None:
    tab, _fingers = phone
    tab.page.touchscreen.tap(*tab.centre(tab.port("Ask", "out")))
    expect(tab.root).to_have_attribute("data-gesture", "connect")
    expect(tab.port("Tell", "in")).to_have_attribute("data-target", "valid")
    tab.node("Tell").tap()
    expect(tab.page.locator("[data-edge-id][data-source=ask][data-target=tell]")).to_have_count(1)
    assert rests(tab)


def test_a_finger_drags_after_six_pixels(phone: tuple[EditorPage, Fingers]) -> None:
    tab, fingers = phone
    tab.page.evaluate(NO_LONG_PRESS)
    x, y = tab.centre(tab.node("Tell"))
    fingers.put((x, y))
    fingers.move((x, y + 5))
    assert rests(tab)
    fingers.move((x, y + 40))
    expect(tab.root).to_have_attribute("data-gesture", "drag")
    fingers.lift()
    assert place(tab, "tell") == (160, 200)


def test_two_fingers_move_and_zoom_the_view_at_once_and_drag_no_node(phone: tuple[EditorPage, Fingers]) -> None:
    tab, fingers = phone
    tab.page.evaluate(NO_LONG_PRESS)
    x, y = tab.centre(tab.node("Ask"))
    fingers.put((x, y))
    fingers.put((x, y), (x, y + 100))
    fingers.move((x + 40, y), (x + 40, y + 150))
    expect(tab.root).to_have_attribute("data-gesture", "pinch")
    expect(tab.page.locator("[data-zoom-text]")).to_have_text("150%")
    tab.page.evaluate(DRAWN)
    assert tab.centre(tab.node("Ask")) == pytest.approx((x + 40, y), abs=1)
    fingers.lift()
    assert rests(tab)
    assert place(tab, "ask") == (0, 0)


def test_a_second_finger_takes_a_drag_back(phone: tuple[EditorPage, Fingers]) -> None:
    tab, fingers = phone
    tab.page.evaluate(NO_LONG_PRESS)
    version = tab.stored()["version"]
    x, y = tab.centre(tab.node("Tell"))
    fingers.put((x, y))
    fingers.move((x, y + 40))
    expect(tab.root).to_have_attribute("data-gesture", "drag")
    fingers.put((x, y + 40), (x, y + 140))
    expect(tab.root).to_have_attribute("data-gesture", "pinch")
    expect(tab.page.locator("[data-dragging]")).to_have_count(0)
    tab.page.evaluate(DRAWN)
    assert tab.centre(tab.node("Tell")) == (x, y)
    fingers.lift()
    assert rests(tab)
    assert place(tab, "tell") == (160, 160)
    assert tab.stored()["version"] == version


@pytest.mark.parametrize("what", ["#n-ask .node-head", "#e-e .edge-line", "canvas"])
def test_a_long_press_opens_the_menu_wherever_it_is(phone: tuple[EditorPage, Fingers], what: str) -> None:
    tab, fingers = phone
    at = (60.0, 620.0) if what == "canvas" else tab.centre(tab.page.locator(what))
    fingers.put(at)
    menu = tab.page.locator("[role=menu]")
    expect(menu).to_be_visible()
    fingers.lift()
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    expect(menu).to_be_visible()
