"""Whoever is in a flow can leave it, from the flow itself, by keyboard too."""

from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open
from tests.browser.panel import forgiven
from tests.browser.test_together import forget_late_requests


def test_a_viewer_leaves_and_is_in_the_library_without_it(flow_of: Flow, opened: Open) -> None:
    flow = flow_of()
    alice = opened("alice", flow)
    vera = opened("vera", flow, state="read-only")
    expect(alice.page.locator("[data-person]")).to_have_count(2)
    vera.page.locator(".share-button").click()
    leave = vera.page.get_by_role("button", name="Leave")
    leave.focus()
    vera.page.keyboard.press("Enter")
    vera.page.wait_for_url(lambda url: "/flows/" not in url)
    expect(vera.page.locator(f'a[href="/flows/{flow}/"]')).to_have_count(0)
    expect(alice.page.locator("[data-person]")).to_have_count(1)
    forget_late_requests(vera)


def test_the_only_owner_is_told_why_not(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of())
    alice.page.locator(".share-button").click()
    alice.page.get_by_role("button", name="Leave").click()
    expect(alice.page.get_by_role("alert").filter(has_text="Make someone else owner first.")).to_be_visible()
    forgiven(alice, "422")
