"""Forms that would reach nobody are not sent: the page stays with all that was typed, says so, and sends it later."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WINDOW, Context
from tests.browser.copies import CONTROLLED
from tests.browser.panel import lost
from tests.proxy import Proxy


@pytest.fixture(params=[False, True], ids=["without a worker", "with a worker"])
def library(context_for: Context, network: Proxy, request: pytest.FixtureRequest) -> Page:
    """Charlie's library, with a flow in it."""
    page = context_for("charlie", on=network, worker=request.param, viewport=WINDOW).new_page()
    page.goto("/")
    if request.param:
        page.evaluate(CONTROLLED)
    page.get_by_role("button", name="New flow").first.click()
    page.wait_for_url("**/flows/**")
    page.goto("/")
    return page


def menu(page: Page, entry: str) -> None:
    page.locator(".card-drop summary").first.click()
    page.locator(".card-drop").first.get_by_text(entry).click()


def test_a_title_typed_offline_stays_in_its_dialog_and_is_sent_again(library: Page, network: Proxy) -> None:
    menu(library, "Rename")
    library.locator("#rename-title").fill("Named on the train")
    lost(network)
    library.get_by_role("button", name="Rename").last.click()
    expect(library.locator("#dialog [data-offline-note]")).to_contain_text("You are offline")
    expect(library.locator("#rename-title")).to_have_value("Named on the train")
    network.accept()
    library.get_by_role("button", name="Rename").last.click()
    expect(library.locator("#dialog")).to_be_hidden()
    expect(library.locator(".card-title").first).to_have_text("Named on the train")


def test_an_invitation_typed_offline_stays(library: Page, network: Proxy) -> None:
    menu(library, "Share")
    library.locator("#invite-person").fill("bob@example.com")
    lost(network)
    library.get_by_role("button", name="Invite").click()
    expect(library.locator(".invite [data-offline-note]")).to_contain_text("You are offline")
    expect(library.locator("#invite-person")).to_have_value("bob@example.com")
    network.accept()
    library.get_by_role("button", name="Invite").click()
    expect(library.locator("#dialog .people-row")).to_have_count(2)
    expect(library.locator("[data-offline-note]")).to_have_count(0)


def test_a_page_that_posts_by_itself_stays_too(library: Page, network: Proxy) -> None:
    library.goto(library.locator("a", has_text="Rename").first.get_attribute("href") or "")
    library.locator("#rename-title").fill("Named in the tunnel")
    library.locator("form.dialog-form").evaluate("(form) => form.removeAttribute('hx-post')")
    library.evaluate("window.isSame = true")
    lost(network)
    library.get_by_role("button", name="Rename").click()
    expect(library.locator("[data-offline-note]")).to_contain_text("You are offline")
    expect(library.locator("#rename-title")).to_have_value("Named in the tunnel")
    assert library.evaluate("window.isSame")


def test_a_button_that_needs_a_connection_says_so_and_works_when_it_is_back(library: Page, network: Proxy) -> None:
    lost(network)
    library.get_by_role("button", name="New flow").first.click()
    expect(library.locator(".toast")).to_contain_text("You are offline")
    network.accept()
    library.get_by_role("button", name="New flow").first.click()
    library.wait_for_url("**/flows/**")


def test_who_logs_in_offline_need_not_type_again(context_for: Context, network: Proxy) -> None:
    page = context_for(None, on=network, viewport=WINDOW).new_page()
    page.goto("/login/")
    page.locator("[name=email]").fill("alice@example.com")
    page.locator("[name=password]").fill("not this one")
    lost(network)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator("[data-offline-note]")).to_contain_text("You are offline")
    network.accept()
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator(".form-error")).to_be_visible()
    expect(page.locator("[name=email]")).to_have_value("alice@example.com")


def test_the_worker_keeps_the_page_when_the_network_goes_in_that_very_moment(
    context_for: Context, network: Proxy
) -> None:
    page = context_for("charlie", on=network, worker=True, viewport=WINDOW).new_page()
    page.goto("/")
    page.evaluate(CONTROLLED)
    page.reload()
    page.evaluate("window.isSame = true")
    lost(network)
    page.evaluate("document.querySelector('.library-head form').submit()")
    expect(page.locator(".toast")).to_contain_text("You are offline")
    assert page.evaluate("window.isSame")
