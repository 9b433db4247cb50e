"""Controls do what they say, and say what is so."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage, rect
from tests.browser.inspector import EDGES, NODES
from tests.browser.panel import panel, pill

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# Fields and selects whose words do not fit into them.
CUT = """(root) => [...document.querySelectorAll(`${root} :is(select, label, .input:not(.row-cell))`)]
  .filter((element) => element.offsetParent && element.clientWidth > 1)
  .filter((element) => {
    if (element.localName !== "select") return element.scrollWidth > element.clientWidth + 1;
    const text = document.createElement("span");
    const {font, letterSpacing, paddingLeft, paddingRight} = getComputedStyle(element);
    Object.assign(text.style, {font, letterSpacing, position: "absolute", whiteSpace: "nowrap"});
    document.body.append(text);
    const width = ({label}) => ((text.textContent = label), text.getBoundingClientRect().width);
    const widths = [...element.options].map(width);
    text.remove();
    return Math.max(...widths) > element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  }).map((element) => element.name || element.textContent)"""


def keys(*keys: str, on: str = "[data-canvas]") -> Callable[[EditorPage], None]:
    """Press keys where the focus is put without the pointer."""

    def press(tab: EditorPage) -> None:
        tab.page.locator(on).focus()
        for key in keys:
            tab.page.keyboard.press(key)

    return press


def wheel(over: str, *held: str) -> Callable[[EditorPage], None]:
    """Turn the wheel over something, with keys held."""

    def turn(tab: EditorPage) -> None:
        tab.page.mouse.move(*tab.centre(tab.page.locator(over)))
        for key in held:
            tab.page.keyboard.down(key)
        tab.page.mouse.wheel(0, -40)
        for key in held:
            tab.page.keyboard.up(key)

    return turn


def tool(name: str) -> Callable[[EditorPage], None]:
    return lambda tab: tab.page.locator(f"[data-tool={name}]").click()


def pressed_on_the_map(tab: EditorPage) -> None:
    tab.page.mouse.click(*tab.centre(tab.page.locator("[data-minimap]")))


def gone_to(tab: EditorPage) -> None:
    keys("Control+k")(tab)
    tab.page.get_by_role("dialog").get_by_role("combobox").fill("plan")
    tab.page.keyboard.press("Enter")


def dropped_at_the_border(tab: EditorPage) -> None:
    """A press that does not begin on the canvas."""
    tab.drag(tab.page.locator("[data-palette-kind=skill]"), (700, 600), drop=False)
    tab.page.mouse.move(700, 890)


OWN_VIEWS = {
    "arrow": keys("ArrowRight"),
    "shift_1": keys("Shift+Digit1"),
    "shift_2": keys("Shift+Digit2", on="#n-a"),
    "mod_0": keys("Control+0"),
    "plus": keys("+"),
    "minus": keys("-"),
    "walk": keys("Alt+ArrowRight"),
    "fit": tool("fit"),
    "whole_size": tool("zoom-reset"),
    "zoom_in": tool("zoom-in"),
    "wheel": wheel("[data-canvas]"),
    "wheel_sideways": wheel("[data-canvas]", "Shift"),
    "zoom_over_the_tools": wheel("[data-tools]", "Control"),
    "zoom_over_the_map": wheel("[data-minimap]", "Control"),
    "map": pressed_on_the_map,
    "go_to": gone_to,
    "border": dropped_at_the_border,
}


@pytest.fixture
def flow(flow_of: Callable[..., str]) -> str:
    every = [
        {"id": kind, "kind": kind, "x": 220 * index, "y": 200}
        for index, kind in enumerate(("sensor", "skill", "memory", "loop", "transform", "input", "output"))
    ]
    return flow_of([*NODES, *every], EDGES)


def test_the_count_of_further_people_opens_the_list_of_all(flow: str, opened: Open) -> None:
    bob, vera = opened("bob", flow), opened("vera", flow, state="read-only")
    alice = opened("alice", flow, **PHONE)
    more = alice.page.locator("[data-roster] .more:visible button")
    expect(more).to_have_text("+1")
    problems = alice.page.locator("[data-problems]")
    expect(problems).to_be_visible()
    state, count = rect(pill(alice)), rect(problems)
    assert state["x"] + state["width"] <= count["x"], "nothing in the bar lies over another"
    more.click()
    people = alice.page.get_by_role("dialog", name="People in this flow")
    expect(people.get_by_role("button")).to_have_count(3)
    expect(more).to_have_attribute("aria-expanded", "true")
    alice.page.keyboard.press("Escape")
    expect(people).not_to_be_visible()
    expect(more).to_be_focused()
    more.press("Enter")
    people.get_by_role("button", name="Vera").click()
    expect(people).not_to_be_visible()
    more.press("Enter")
    expect(people.locator("[data-followed]")).to_have_text("VVera")
    assert bob.page and vera.page


def test_a_phone_has_a_way_to_the_settings_of_the_flow(flow: str, opened: Open) -> None:
    alice = opened("alice", flow, **PHONE)
    alice.node("Plan").tap()
    expect(alice.page.locator("#inspector [name=label]")).to_have_value("Plan")
    alice.page.locator("summary[aria-label=More]").tap()
    alice.page.locator("[data-command=settings]").tap()
    description = alice.page.locator("#inspector [name=description]")
    expect(description).to_be_in_viewport()
    expect(alice.page.locator("details[open]")).to_have_count(0)
    description.fill("For the night shift")
    description.press("Tab")
    alice.settled()
    assert alice.stored()["description"] == "For the night shift"


def test_a_press_on_the_canvas_ends_following_each_time(flow: str, opened: Open) -> None:
    alice, bob = opened("alice", flow), opened("bob", flow)
    followed = alice.page.locator("[data-roster] [aria-pressed]")
    for _ in range(2):
        followed.click()
        expect(followed).to_have_attribute("aria-pressed", "true")
        alice.page.mouse.click(700, 700)
        expect(followed).to_have_attribute("aria-pressed", "false")
    assert bob.page


@pytest.mark.parametrize("moved", OWN_VIEWS.values(), ids=OWN_VIEWS.keys())
def test_whatever_moves_my_own_view_ends_following(
    moved: Callable[[EditorPage], None], flow: str, opened: Open
) -> None:
    alice, bob = opened("alice", flow), opened("bob", flow)
    followed, banner = alice.page.locator("[data-roster] [aria-pressed]"), alice.page.locator("[data-following]")
    followed.click()
    expect(banner).to_contain_text("Following Bob")
    bob.page.locator("[data-canvas]").hover()
    bob.page.mouse.wheel(4000, 0)
    expect(alice.page.locator("#n-a")).not_to_be_in_viewport()
    expect(banner).to_be_visible()
    moved(alice)
    expect(banner).to_have_count(0)
    expect(followed).to_have_attribute("aria-pressed", "false")


def test_a_press_beside_an_open_list_closes_it_each_time(flow: str, opened: Open) -> None:
    alice = opened("alice", flow)
    for _ in range(2):
        pill(alice).click()
        expect(panel(alice)).to_be_visible()
        alice.page.mouse.click(700, 700)
        expect(panel(alice)).to_be_hidden()


def test_the_minimap_button_is_pressed_only_while_a_map_shows(flow: str, opened: Open) -> None:
    phone = opened("alice", flow, **PHONE)
    button, map = phone.page.locator("[data-tool=minimap]"), phone.page.locator("[data-minimap]")
    expect(map).not_to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "false")
    for is_shown in (True, False, True):
        button.click()
        expect(button).to_have_attribute("aria-pressed", str(is_shown).lower())
        expect(map).to_be_visible(visible=is_shown)
    phone.page.set_viewport_size({"width": 1280, "height": 800})
    expect(button).to_have_attribute("aria-pressed", "true")


def test_with_a_field_that_is_not_saved_the_list_does_not_say_all_is(flow: str, opened: Open) -> None:
    alice = opened("alice", flow)
    alice.page.locator("#n-a").press("Enter")
    alice.field("settings.max_tokens").fill("many")
    alice.page.keyboard.press("Tab")
    pill = alice.page.locator("[data-sync]")
    expect(pill).to_contain_text("1 field not saved")
    pill.click()
    expect(alice.page.locator("[data-waiting-panel] > header h2")).to_have_text("1 field not saved")


@pytest.mark.parametrize("language", ["de-DE", "es-ES"])
def test_no_field_of_the_inspector_is_cut(flow: str, opened: Open, language: str) -> None:
    tab = opened("alice", flow, locale=language)
    for node in ("a", "c", "sensor", "skill", "memory", "loop", "transform", "input", "output"):
        tab.page.locator(f"#n-{node}").press("Enter")
        expect(tab.page.locator(f'[data-inspector-form][data-node="{node}"]')).to_be_visible()
        assert tab.page.evaluate(CUT, "#inspector") == []


@pytest.mark.parametrize("language", ["en-US", "de-DE", "es-ES"])
def test_no_role_is_cut_on_a_phone(flow: str, context_for: Callable[..., BrowserContext], language: str) -> None:
    tab = EditorPage(context_for("alice", locale=language, **PHONE))
    tab.page.goto(f"/flows/{flow}/members")
    expect(tab.page.locator(".people select")).to_have_count(3)
    assert tab.page.evaluate(CUT, ".people") == []
    assert tab.page.evaluate(CUT, ".invite") == []
    assert tab.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
