"""A flow from a template, with the keyboard alone, and an empty flow that is filled."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Route, expect

from tests.browser.conftest import Away, Flow
from tests.browser.conftest import Open as OpenFlow
from tests.browser.editor_page import EditorPage

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

Open = Callable[..., "BrowserContext"]

UNANSWERED = """() => void (window.unanswered = new Promise((done) =>
  document.addEventListener("htmx:response:error", () => done(), {once: true})))"""


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


def test_the_gallery_shows_once_it_is_dressed_and_also_if_that_does_not_come(context_for: Open) -> None:
    page = context_for("bob", service_workers="block").new_page()
    sheets: list[Route] = []
    page.route("**/css/templates*.css", lambda route: sheets.append(route))  # noqa: PLW0108  (Playwright takes no method of C)
    page.goto("/")
    body = page.locator("#dialog .gallery-body")
    for answer in (Route.abort, Route.continue_):
        page.get_by_role("link", name="All 24 templates").click()
        expect(body).to_have_css("opacity", "0")
        answer(sheets.pop())
        expect(body).to_have_css("opacity", "1")
        page.keyboard.press("Escape")
        expect(body).to_be_hidden()


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


def test_a_popular_template_fills_an_empty_flow_and_one_undo_empties_it(opened: OpenFlow, flow_of: Flow) -> None:
    alice = opened("alice", flow_of())
    popular = alice.page.get_by_role("region", name="Popular templates").get_by_role("link")
    expect(popular).to_have_count(3)
    for picture in popular.locator("svg").all():
        expect(picture).to_be_visible()
    title = popular.first.inner_text()
    popular.first.focus()
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("#dialog")).to_contain_text(title)
    with alice.page.expect_navigation():
        alice.page.get_by_role("button", name="Use here").click()
    expect(alice.live().nodes).to_have_count(15)
    expect(popular).to_have_count(0)

    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("Control+z")

    expect(alice.nodes).to_have_count(0)
    expect(popular).to_have_count(3)
    popular.last.click()
    expect(alice.page.get_by_role("button", name="Use here")).to_be_visible()


def test_a_flow_that_is_emptied_without_network_makes_no_noise(away: Away) -> None:
    alice = away()
    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("Control+a")
    alice.page.evaluate(UNANSWERED)
    alice.page.keyboard.press("Delete")
    expect(alice.page.get_by_role("heading", name="Start your flow")).to_be_visible()
    alice.page.evaluate("() => window.unanswered")
    assert alice.page.locator("[data-toasts] [data-unanswered]").count() == 0
