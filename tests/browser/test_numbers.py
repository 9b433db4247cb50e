"""A number field takes what a person writes for what it says, or says why not; it never takes another number."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import WINDOW, Draw, Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.inspector import NODES, choose, create, error_of, node_of

KEPT = {"temperature": 0.2, "model": "m-1"}


@pytest.mark.parametrize(
    ("typed", "value"),
    [("0,1", 0.1), ("0.1", 0.1), ("٠٫٥", 0.5), ("०.५", 0.5)],
    ids=["comma", "point", "arabic", "hindi"],
)
def test_a_number_is_what_was_typed(drawn: Draw, typed: str, value: float) -> None:
    alice = choose(drawn(), "a")
    alice.field("settings.temperature").press("Control+a")
    alice.page.keyboard.insert_text(typed)
    alice.page.keyboard.press("Tab")
    assert node_of(alice, "a")["settings"]["temperature"] == value
    expect(alice.field("settings.temperature")).to_have_value(str(value))


@pytest.mark.parametrize("typed", ["1.000", "1,000", "12,5", "12,"])
def test_what_is_no_whole_number_for_sure_is_refused_beside_the_field(drawn: Draw, typed: str) -> None:
    alice = choose(drawn(), "a")
    tokens = alice.field("settings.max_tokens")
    tokens.press("Control+a")
    alice.page.keyboard.insert_text(typed)
    alice.page.keyboard.press("Tab")
    expect(error_of(alice, "settings.max_tokens")).to_contain_text("number")
    expect(tokens).to_have_value(typed)
    assert node_of(alice, "a")["settings"] == KEPT


def test_bounds_are_told_by_the_name_that_is_on_the_screen(drawn: Draw) -> None:
    alice = choose(drawn(), "a")
    alice.field("settings.max_tokens").fill("0")
    alice.page.keyboard.press("Tab")
    expect(error_of(alice, "settings.max_tokens")).to_contain_text("Max tokens: a whole number from 1 to 10,000,000")
    expect(error_of(alice, "settings.max_tokens")).not_to_contain_text("settings.")


def test_the_wheel_over_a_number_scrolls_the_panel_and_changes_nothing(drawn: Draw) -> None:
    alice = choose(drawn(), "a")
    tokens = alice.field("settings.max_tokens")
    tokens.click()
    alice.page.mouse.wheel(0, -60)
    expect(tokens).to_have_value("1024")
    assert node_of(alice, "a")["settings"] == KEPT


def test_slider_and_number_say_the_same_as_german_writes_it(context_for: Callable[..., BrowserContext]) -> None:
    tab = choose(create(EditorPage(context_for("alice", viewport=WINDOW, locale="de-DE"))), "a")
    field = tab.field("settings.temperature")
    slider = tab.page.locator("[data-field='settings.temperature'] .slider")
    expect(field).to_have_value("0,2")
    slider.press("ArrowRight")
    expect(field).to_have_value("0,3")
    field.fill("0,5")
    expect(slider).to_have_js_property("value", "0.5")
    field.press("Tab")
    assert node_of(tab, "a")["settings"]["temperature"] == 0.5


# Arrow keys.


def test_arrows_step_within_bounds_and_shift_goes_ten_times_as_far(drawn: Draw) -> None:
    alice = choose(drawn(), "a")
    temperature, tokens = alice.field("settings.temperature"), alice.field("settings.max_tokens")
    slider = alice.page.locator("[data-field='settings.temperature'] .slider")
    for key, value in [("ArrowUp", "0.3"), ("ArrowDown", "0.2"), ("Shift+ArrowUp", "1"), ("ArrowUp", "1")]:
        temperature.press(key)
        expect(temperature).to_have_value(value)
        expect(slider).to_have_js_property("value", value)
    temperature.press("Shift+ArrowDown")
    expect(temperature).to_have_value("0")
    tokens.press("Shift+ArrowUp")
    tokens.press("ArrowUp")
    expect(alice.page.get_by_role("status").filter(has_text="1035")).to_have_count(1)
    tokens.press("Tab")
    assert node_of(alice, "a")["settings"] == {"temperature": 0, "model": "m-1", "max_tokens": 1035}
    assert node_of(alice, "a")["y"] == 0


def test_arrows_begin_at_the_least_and_leave_what_is_no_number(drawn: Draw) -> None:
    alice = choose(drawn(), "a")
    tokens = alice.field("settings.max_tokens")
    for typed, then in [("", "1"), ("1.000", "1.000"), ("10000000", "10000000")]:
        tokens.fill(typed)
        tokens.press("ArrowUp")
        expect(tokens).to_have_value(then)


def test_arrows_step_as_german_writes_it_and_not_for_a_viewer(
    context_for: Callable[..., BrowserContext], opened: Open, flow_of: Flow
) -> None:
    tab = choose(create(EditorPage(context_for("alice", viewport=WINDOW, locale="de-DE"))), "a")
    field = tab.field("settings.temperature")
    field.press("ArrowUp")
    expect(field).to_have_value("0,3")
    vera = choose(opened("vera", flow_of(NODES), state="read-only"), "a")
    vera.field("settings.max_tokens").press("ArrowUp")
    expect(vera.field("settings.max_tokens")).to_have_value("1024")
