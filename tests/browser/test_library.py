"""The library in a browser: starred by keyboard, found by a label, thrown away, brought back, deleted for good."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.api import Api
from tests.browser.conftest import Context
from tests.browser.nodes import PLAN


def section(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Library").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_a_flow_is_starred_found_thrown_away_and_deleted_for_good(context_for: Context) -> None:
    context: BrowserContext = context_for("alice")
    api = Api(context)
    title = "A library of her own"
    nodes = [{**PLAN, "label": "Ünlikely label"}]
    flow = api.call("POST", "/flows", {"title": title, "nodes": nodes})["id"]
    page = context.new_page()
    page.goto("/?tab=mine")
    card = page.locator(f"#card-{flow}")

    star = card.get_by_role("button", name=f"Star {title}")
    star.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    section(page, "Starred")
    expect(card).to_be_visible()

    page.get_by_role("searchbox").fill("unlikely")
    expect(card).to_contain_text("Node “Ünlikely label”")
    page.get_by_role("searchbox").fill("")
    expect(card).to_contain_text("Edited")

    section(page, "Mine")
    card.hover()
    card.locator("summary").click()
    card.get_by_role("button", name="Delete").click()
    expect(card).to_have_count(0)
    section(page, "Trash")
    card.get_by_role("button", name="Restore").click()
    expect(card).to_have_count(0)
    assert api.call("GET", f"/flows/{flow}")["title"] == title

    api.call("DELETE", f"/flows/{flow}")
    page.reload()
    card.get_by_role("link", name="for good").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("can't be undone")
    dialog.get_by_role("button", name="Cancel").click()
    expect(card).to_be_visible()
    card.get_by_role("link", name="for good").click()
    dialog.get_by_role("button", name="Delete for good").click()
    expect(card).to_have_count(0)
    expect(dialog).to_have_count(0)
