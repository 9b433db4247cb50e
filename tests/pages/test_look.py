"""The pages in a real browser: the policy holds, axe objects to nothing, the flow is there before any script."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.editor_page import AT_ONCE_MS

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

Open = Callable[..., "BrowserContext"]
LIVE = "#editor[data-connection=live][data-interactive]"


def open_flow(context: "BrowserContext", query: str = "", tab: str = "mine") -> "Page":
    """Open the demo's flow and wait until it stands."""
    page = context.new_page()
    page.goto(f"/?tab={tab}&q=triage")
    page.goto(f"{page.locator('.card-link').first.get_attribute('href')}{query}")
    page.locator("[data-node-id]:visible").first.wait_for()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_outside_a_flow(context_for: Open, scheme: str) -> None:
    context = context_for(None, color_scheme=scheme)
    page = context.new_page()
    for path in ("/login/", "/register/"):
        page.goto(path)
        assert findings(page) == []
    page.goto("/login/")
    page.locator("[data-demo-user=alice]").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    page.locator(".card").first.wait_for()
    assert findings(page) == []
    page.locator(".card-drop summary").first.click()
    page.locator(".card-drop").first.get_by_text("Rename").click()
    page.locator("#dialog[open]").wait_for()
    assert findings(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_editor(context_for: Open, scheme: str) -> None:
    context = context_for("alice", color_scheme=scheme)
    page = open_flow(context, "?node=classify")
    page.locator(LIVE).wait_for()
    assert findings(page) == []
    page.locator(".share-button").click()
    page.locator("#dialog[open] .people").wait_for()
    assert findings(page) == []


def test_axe_finds_nothing_on_a_phone(context_for: Open) -> None:
    context = context_for("alice", viewport={"width": 390, "height": 844}, has_touch=True)
    page = open_flow(context)
    page.locator(LIVE).wait_for()
    assert findings(page) == []


def test_the_flow_stands_in_its_places_before_any_script(context_for: Open) -> None:
    context = context_for("vera", java_script_enabled=False)
    page = open_flow(context, tab="shared")
    boxes = {}
    for id in ("ticket", "classify"):
        node = page.locator(f"helix-node[data-node-id={id}]")
        box = node.bounding_box()
        assert box is not None
        x, y, width, height = (float(node.get_attribute(f"data-{name}") or 0) for name in ("x", "y", "width", "height"))
        assert (box["width"], box["height"]) == (width, height)
        boxes[id] = (box["x"] - x, box["y"] - y)
    assert boxes["ticket"] == boxes["classify"]
    assert page.locator("g[data-edge-id] .edge-line").count() == page.locator("g[data-edge-id]").count() > 5
    assert page.locator(".needs-script:visible").count() == 0


def test_a_theme_is_chosen_and_kept(context_for: Open) -> None:
    context = context_for("alice", color_scheme="light")
    page = context.new_page()
    page.goto("/")
    toggle = page.locator("[data-theme-toggle]")
    assert toggle.get_attribute("aria-label") == "Theme: system"
    toggle.click()
    toggle.click()
    assert toggle.get_attribute("aria-label") == "Theme: dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 17, 21)"


def test_deleting_offers_to_undo(context_for: Open) -> None:
    context = context_for("charlie")
    page = context.new_page()
    page.goto("/")
    page.get_by_text("New flow").first.click()
    page.wait_for_url("**/flows/**")
    card = page.locator(".card", has=page.locator(f'a[href="{urlsplit(page.url).path}"]'))
    page.goto("/")
    card.locator(".card-drop summary").click()
    card.locator(".card-drop").get_by_text("Delete").click()
    card.wait_for(state="detached")
    page.locator(".toast").get_by_text("Undo").click()
    card.wait_for()
    expect(page.locator(".toast")).to_have_count(0, timeout=AT_ONCE_MS)
