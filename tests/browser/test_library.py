"""The library in a browser: starred by keyboard, found by a label, thrown away, brought back, deleted for good; its two
views, and who is in a flow."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.api import Api
from tests.browser.axe import findings
from tests.browser.conftest import Context, Flow, Open
from tests.browser.editor_page import wait_until
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


def test_the_view_is_switched_by_keyboard_and_found_again(context_for: Context, flow_of: Flow) -> None:
    context = context_for("alice")
    page, card = context.new_page(), f"#card-{flow_of()}"
    page.goto("/?tab=mine")
    views = page.get_by_role("group", name="View")
    page.locator("summary.sort").focus()
    page.keyboard.press("Tab")
    expect(views.get_by_role("link", name="Cards")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#cards.list")).to_be_visible()
    expect(views.get_by_role("link", name="List")).to_be_focused()
    expect(views.get_by_role("link", name="List")).to_have_attribute("aria-current", "true")
    assert findings(page) == []

    again = context.new_page()
    again.goto("/")
    expect(again.locator("#cards.list")).to_be_visible()
    page.reload()
    row = page.locator(card)
    star = row.get_by_role("button", name="Star")
    star.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    row.locator("summary").press("Enter")
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    expect(page.locator("#cards.list, .nothing").first).to_be_visible()


def test_many_teams_scroll_in_their_row_and_the_one_in_view_is_seen(context_for: Context) -> None:
    context = context_for("bob", viewport={"width": 390, "height": 844})
    for number in range(4):
        Api(context).call("POST", "/teams", {"name": f"A team with a long name, number {number}"})
    page = context.new_page()
    page.goto("/?tab=trash")
    expect(page.locator(".sections [aria-current]")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("searchbox").fill("nothing of the kind")
    expect(page.locator(".nothing")).to_contain_text("Nothing found")
    expect(page.locator(".sections [aria-current]")).to_be_in_viewport(ratio=1)


def test_a_card_says_how_many_people_have_the_flow_open(context_for: Context, flow_of: Flow, opened: Open) -> None:
    flow = flow_of()
    page = context_for("alice").new_page()
    card = page.locator(f"#card-{flow}")
    page.goto("/?tab=mine")
    expect(card).not_to_contain_text("here now")
    first, second = opened("alice", flow), opened("bob", flow)
    opened("bob", flow)
    page.reload()
    expect(card.locator(".card-here")).to_have_text("2 here now")
    first.page.close()
    second.page.close()
    wait_until(page, "async (id) => (await (await fetch(`/api/v1/flows/${id}/session`)).json()).count === 1", flow)
    page.reload()
    expect(card.locator(".card-here")).to_have_text("1 here now")


def test_a_view_stays_with_its_tab_until_it_is_loaded_anew(context_for: Context, flow_of: Flow) -> None:
    flow_of()
    context = context_for("alice")
    cards, other = context.new_page(), context.new_page()
    for page in (cards, other):
        page.goto("/?tab=mine&view=cards")
    other.locator("#view-list").click()
    expect(other.locator("#cards.list")).to_be_visible()

    cards.get_by_role("searchbox").fill("nothing of the kind")
    expect(cards.locator(".nothing")).to_be_visible()
    cards.get_by_role("searchbox").fill("")
    expect(cards.locator("#cards:not(.list)")).to_be_visible()
    cards.get_by_role("searchbox").press_sequentially("nothing")
    cards.locator("#view-list").click()
    expect(cards.locator(".nothing")).to_be_visible()
    expect(cards.locator("#view-list")).to_have_attribute("aria-current", "true")
    expect(cards).to_have_url(re.compile("q=nothing"))
