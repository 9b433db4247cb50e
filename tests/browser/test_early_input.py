"""What a person does before the modules that answer it have come: nothing of it is lost."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Context, Flow, Open
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.nodes import PLAN

ANSWERING = "**/js/interaction*.js"
HERE = "[data-interactive]"


@contextmanager
def held_back(tab: EditorPage, flow: str) -> Iterator[None]:
    """Open a flow whose page is live, but cannot answer a person before this block is over."""
    waiting: list[Route] = []
    released: list[bool] = []

    def hold(route: Route) -> None:
        if released:
            route.continue_()
        else:
            waiting.append(route)

    tab.page.route(ANSWERING, hold)
    tab.open(flow)
    expect(tab.root).to_have_attribute("data-connection", "live", timeout=PATIENCE_MS)
    yield
    expect(tab.page.locator(HERE)).to_have_count(0)
    released.append(True)
    for route in waiting:
        route.continue_()
    tab.live()


def test_a_drag_moves_the_node_once_the_modules_are_here(flow_of: Flow, opened: Open) -> None:
    bob = opened("bob", flow_of([PLAN]), service_workers="block")
    with held_back(bob, bob.flow):
        x, y = bob.centre(bob.node("Plan"))
        bob.drag((x, y), (x + 160, y + 80))

    expect(bob.node("Plan")).not_to_have_attribute("data-x", str(PLAN["x"]))
    bob.settled()
    [node] = bob.stored()["nodes"]
    assert (node["x"], node["y"]) == (PLAN["x"] + 160, PLAN["y"] + 80)


def test_a_kind_is_added_and_named_with_keys_pressed_too_early(flow_of: Flow, opened: Open) -> None:
    bob = opened("bob", flow_of([PLAN]), service_workers="block")
    with held_back(bob, bob.flow):
        bob.drag(bob.page.locator("[data-palette-kind=agent]"), (700.0, 600.0))
        bob.page.keyboard.press("F2")
        bob.page.keyboard.type("Check cards")
        bob.page.keyboard.press("Enter")

    expect(bob.node("Check cards")).to_be_visible()
    expect(bob.edges).to_have_count(0)
    bob.settled()
    assert {node["label"] for node in bob.stored()["nodes"]} == {"Plan", "Check cards"}


def test_text_typed_into_the_title_too_early_is_saved(flow_of: Flow, opened: Open) -> None:
    bob = opened("bob", flow_of([PLAN]), service_workers="block")
    with held_back(bob, bob.flow):
        title = bob.page.locator("[data-flow-title]")
        title.fill("Typed too early")
        title.press("Enter")

    expect(bob.page.locator("[data-flow-heading]")).to_have_text("Typed too early")
    bob.settled()
    assert bob.stored()["title"] == "Typed too early"


def test_a_selected_node_is_deleted_by_a_key_pressed_too_early(flow_of: Flow, opened: Open) -> None:
    bob = opened("bob", flow_of([PLAN]), service_workers="block")
    with held_back(bob, bob.flow):
        bob.node("Plan").click(position={"x": 8, "y": 8})
        bob.page.keyboard.press("Delete")

    expect(bob.nodes).to_have_count(0)
    bob.settled()
    assert bob.stored()["nodes"] == []


def test_tab_after_a_click_asks_what_to_add_even_too_early(flow_of: Flow, opened: Open) -> None:
    bob = opened("bob", flow_of([PLAN]), service_workers="block")
    with held_back(bob, bob.flow):
        bob.node("Plan").click(position={"x": 8, "y": 8})
        bob.page.keyboard.press("Tab")

    expect(bob.page.locator("[role=listbox]")).to_be_visible()


def test_a_button_pressed_too_early_works_once(flow_of: Flow, opened: Open) -> None:
    bob = opened("bob", flow_of([PLAN]), service_workers="block")
    with held_back(bob, bob.flow):
        bob.page.locator("[data-tool=lock]").click()

    expect(bob.page.locator("[data-tool=lock]")).to_have_attribute("aria-pressed", "true")


def test_modules_that_did_not_come_are_asked_for_again(flow_of: Flow, context_for: Context) -> None:
    tab = EditorPage(context_for("bob", service_workers="block"))
    tab.page.route(ANSWERING, lambda route: route.abort(), times=2)
    tab.open(flow_of([PLAN])).live()
    tab.node("Plan").click(position={"x": 8, "y": 8})
    tab.page.keyboard.press("Delete")

    expect(tab.nodes).to_have_count(0)


@pytest.mark.parametrize(
    ("module", "keys", "field"),
    [
        ("ui/find", "Control+f", "[data-find] input"),
        ("ui/command_palette", "Control+k", "[data-commands] input"),
        ("gestures/note_text", "", "#n-note .note-text"),
    ],
)
def test_what_is_typed_while_a_field_loads_is_written_there(
    module: str, keys: str, field: str, flow_of: Flow, opened: Open
) -> None:
    note = {"id": "note", "kind": "note", "x": 400, "y": 300, "settings": {"text": ""}}
    bob = opened("bob", flow_of([PLAN, note]), service_workers="block")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    bob.page.route(f"**/js/{module}*.js", hold)
    bob.page.locator("#n-note").click()
    with bob.page.expect_request(f"**/js/{module}*.js"):
        bob.page.keyboard.press(keys) if keys else bob.page.locator("#n-note").dblclick()
    bob.page.keyboard.type("cat")
    waiting[0].continue_()

    written = bob.page.locator(field)
    if module == "gestures/note_text":
        expect(written).to_have_text("cat")
    else:
        expect(written).to_have_value("cat")
    assert bob.page.locator("[data-gesture]").count() == 0
