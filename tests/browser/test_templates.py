"""A flow from a template, with the keyboard alone, and an empty flow that is filled."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.editor_page import EditorPage

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

Open = Callable[..., "BrowserContext"]


def test_a_template_is_found_and_made_into_a_flow_by_keyboard(context_for: Open) -> None:
    page = context_for("bob").new_page()
    page.goto("/")
    page.get_by_role("link", name="All 24 templates").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search templates")).to_be_focused()
    page.keyboard.type("stock")
    expect(page.locator("#dialog .tile")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="All")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#dialog .tile-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Create flow")).to_be_focused()
    page.get_by_label("Order without asking up to").fill("75")
    page.keyboard.press("Enter")
    page.wait_for_url("**/flows/*/")
    expect(page.locator('[data-node-id][data-label="Forecast demand"]')).to_be_visible()
    expect(page.locator("#n-stock")).to_have_attribute("data-settings", re.compile(r'"default":75\b'))


def test_an_empty_flow_takes_a_template_and_all_see_it(context_for: Open, flow_of: Callable[..., str]) -> None:
    flow = flow_of([], [])
    alice, bob = EditorPage(context_for("alice"), flow), EditorPage(context_for("bob"), flow)
    alice.page.get_by_role("link", name="Start from a template").click()
    alice.page.locator("#dialog [data-template=first-flow] a").click()
    alice.page.get_by_role("button", name="Use here").click()

    for tab in (alice, bob):
        expect(tab.nodes).to_have_count(5)
        expect(tab.node("Answer")).to_be_visible()
        assert tab.complaints == []
