"""Secrets of a team and one's own notification rules, kept by keyboard alone."""

import secrets

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.api import Api
from tests.browser.conftest import Context, Flow
from tests.browser.watched import watch


def reach(page: Page, name: str, role: str = "button") -> None:
    """Walk on with Tab until the focus is on what is called so."""
    for _step in range(80):
        page.keyboard.press("Tab")
        if page.get_by_role(role, name=name, exact=True).and_(page.locator(":focus")).count():  # type: ignore[arg-type]
            return
    raise AssertionError(f"Tab never comes to {name}")


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    return page


def test_a_teams_secret_is_kept_changed_and_removed(context_for: Context) -> None:
    context = context_for("alice")
    said = watch(context)
    team = Api(context).call("POST", "/teams", {"name": f"Engines {secrets.token_hex(3)}"})["id"]
    page = opened(context, f"/teams/{team}/")
    page.get_by_role("link", name="Secrets").press("Enter")
    expect(page.get_by_text("No secrets yet.")).to_be_visible()

    reach(page, "Name", "textbox")
    page.keyboard.type("1 MAIL")
    reach(page, "Value", "textbox")
    page.keyboard.type("swordfish")
    assert page.locator(":focus").evaluate("one => getComputedStyle(one).webkitTextSecurity") == "disc"
    reach(page, "Add secret")
    page.keyboard.press("Enter")
    name = page.get_by_role("textbox", name="Name", exact=True)
    expect(page.get_by_role("alert")).to_contain_text("1 to 64 letters")
    expect(name).to_have_accessible_description(
        "Letters, digits and _ . -, not beginning with a digit. "
        "name: 1 to 64 letters, digits or _ . -, not beginning with a digit"
    )
    expect(name).to_have_value("1 MAIL")
    expect(page.get_by_role("textbox", name="Value", exact=True)).to_have_value("")

    name.fill("MAIL")
    page.keyboard.press("Tab")
    page.keyboard.type("swordfish")
    reach(page, "Add secret")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("Secret added.")
    page.get_by_label("Change MAIL").press("Enter")
    reach(page, "Remove MAIL")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("Secret removed.")
    expect(page.get_by_text("No secrets yet.")).to_be_visible()
    assert said == []


def test_ones_own_rule_is_added_and_removed(flow_of: Flow, context_for: Context) -> None:
    flow = flow_of()
    context = context_for("bob")
    said = watch(context)
    page = opened(context, "/")
    page.get_by_label("Bob").first.press("Enter")
    page.get_by_role("link", name="Notifications").press("Enter")
    page.get_by_label("Flow", exact=True).select_option(flow)
    for event in ("A run has failed", "A run asks a question"):
        page.get_by_label(event).press("Space")
    reach(page, "Add rule")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Choose at least one event.")
    expect(page.get_by_label("Flow", exact=True)).to_have_value(flow)

    page.get_by_label("A run is done").press("Space")
    page.keyboard.press("Tab")
    reach(page, "Add rule")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("Rule added.")
    rules = page.get_by_role("region", name="Drawn together")
    expect(rules.get_by_role("listitem").first).to_contain_text("A run is done")
    rules.get_by_role("button", name="Remove the rule: A run is done").press("Enter")
    expect(page.get_by_role("status").first).to_have_text("Rule removed.")
    expect(rules).to_have_count(0)
    assert said == []
