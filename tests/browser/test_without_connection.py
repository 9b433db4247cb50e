"""What needs a connection says so, on a page that hides nothing and that everybody can read."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.conftest import Device
from tests.browser.copies import copied, new_flow
from tests.browser.panel import lost
from tests.proxy import Proxy


def test_what_needs_a_connection_says_so(device: Device, network: Proxy) -> None:
    context = device("alice")
    new_flow(context)
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda message: failures.append(message.text) if "htmx" in message.text else None)
    page.goto("/")
    lost(network)

    page.locator(".card-drop summary").first.click()
    page.locator(".card-drop").first.get_by_text("Rename").click()
    expect(page.locator(".toast")).to_have_text(re.compile("This needs a connection"))
    page.locator("[name=q]").fill("train")
    expect(page.locator(".toast")).to_have_count(1)
    assert failures == []

    page.locator(".toast [data-toast-close]").click()
    page.get_by_role("button", name="New flow").first.click()
    expect(page.locator(".toast")).to_have_text(re.compile("You are offline"))
    expect(page.locator(".card-title").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_without_connection(device: Device, network: Proxy, scheme: str) -> None:
    context = device("alice", color_scheme=scheme)
    copied(context, new_flow(context)).page.close()
    lost(network)
    page = context.new_page()
    page.goto("/")
    expect(page.locator("[data-kept] a")).to_be_visible()
    assert findings(page) == []
