"""Whoever waits for more than 300 ms sees it: for an answer, for a module, for a preview; of less nobody is told."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import DRAWN, EditorPage
from tests.browser.nodes import PLAN

DELAY = "(element) => getComputedStyle(element).animationDelay"


@contextmanager
def held(tab: EditorPage, address: str) -> Iterator[None]:
    """What is asked of an address, once at least, is not answered before this block is over."""
    waiting: list[Route] = []
    tab.page.route(address, lambda route: waiting.append(route))  # noqa: PLW0108
    with tab.page.expect_request(address):
        yield
    tab.page.evaluate(DRAWN)
    assert waiting
    for route in waiting:
        route.continue_()
    tab.page.unroute(address)


def line(tab: EditorPage) -> Locator:
    return tab.page.locator(".waiting")


def shown_late(tab: EditorPage) -> None:
    expect(line(tab)).to_have_count(1)
    assert line(tab).evaluate(DELAY) == "0.3s"


def gone(tab: EditorPage) -> None:
    expect(line(tab)).to_have_count(0)
    expect(tab.page.locator("[aria-busy]")).to_have_count(0)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_button_is_busy_until_its_dialog_is_here(motion: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]), service_workers="block", reduced_motion=motion)
    share = alice.page.locator(".share-button")
    with held(alice, "**/members"):
        share.click()
        shown_late(alice)
        expect(share).to_have_attribute("aria-busy", "true")
    expect(alice.page.locator("#dialog[open]")).to_be_visible()
    gone(alice)


MODULES = {
    "**/js/ui/command_palette*.js": ("Control+k", "dialog[open]"),
    "**/js/ui/find*.js": ("Control+f", ".find"),
    "**/js/interchange/export_dialog*.js": ("Control+e", "#dialog[open]"),
    "**/js/outline/tabs*.js": (None, "[data-outline-pane]"),
}


@pytest.mark.parametrize("address", MODULES)
def test_a_module_that_is_on_its_way_is_waited_for(address: str, flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]), service_workers="block")
    key, opens = MODULES[address]
    with held(alice, address):
        alice.node("Plan").click(position={"x": 8, "y": 8})
        if key:
            alice.page.keyboard.press(key)
        else:
            alice.page.locator("[data-panel-tab=outline]").click()
        shown_late(alice)
    expect(alice.page.locator(opens)).to_be_visible()
    gone(alice)


def test_the_form_of_what_is_selected_is_waited_for(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(), service_workers="block")
    forms = alice.root.get_attribute("data-forms-url")
    alice.call("POST", f"/flows/{alice.flow}/operations", {"operations": [{"kind": "add_node", "node": PLAN}]})
    with held(alice, f"**{forms}"):
        alice.page.reload()
        alice.live()
        alice.node("Plan").click(position={"x": 8, "y": 8})
        shown_late(alice)
    expect(alice.field("label")).to_have_value("Plan")
    gone(alice)


def test_a_preview_dims_late(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]), service_workers="block")
    alice.page.keyboard.press("Control+e")
    preview = alice.page.locator("[data-preview]")
    expect(preview.locator("pre, img")).to_be_visible()
    with held(alice, "**/export?*"):
        alice.page.locator("[data-export] [name=format]").nth(1).press("Space")
        expect(preview).to_have_attribute("aria-busy", "true")
        assert preview.evaluate(DELAY) == "0.3s"
    gone(alice)


def test_a_list_that_the_page_asks_for_by_itself_keeps_nobody_waiting(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]), service_workers="block")
    alice.page.goto("/")
    with held(alice, "**/questions/"):
        with alice.page.expect_request("**/questions/"):
            alice.page.evaluate("htmx.trigger(document.body, 'questions-changed')")
        expect(line(alice)).to_have_count(0)
