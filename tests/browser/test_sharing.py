"""Sharing in the browser: by mouse, by keyboard alone, on a phone, and what the other's page says of it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser.axe import findings
from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.nodes import PLAN

SIZES = [{"width": 1280, "height": 900}, {"width": 390, "height": 844}]


def dialog(tab: EditorPage) -> Locator:
    """Open the dialog by the command palette, which every width has."""
    tab.page.keyboard.press("Control+k")
    tab.page.locator("[data-commands]").get_by_role("combobox").fill("share")
    tab.page.keyboard.press("Enter")
    box = tab.page.locator("#dialog")
    expect(box).to_be_visible()
    return box


def test_the_owner_makes_the_editor_a_viewer_and_his_page_says_so(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN])
    alice, bob = opened("alice", flow), opened("bob", flow)
    share = dialog(alice)
    share.get_by_label("Role of Bob").select_option("viewer")
    expect(share.get_by_role("status")).to_have_text("Role changed.")
    expect(share.get_by_label("Role of Bob")).to_be_focused()
    bob.live("read-only")
    expect(bob.page.get_by_text("Your role is now: Viewer")).to_be_visible()
    expect(bob.page.get_by_role("button", name="Agent", exact=True)).to_be_disabled()
    share.get_by_label("Role of Bob").select_option("editor")
    bob.live()


def test_a_link_is_made_and_switched_off_by_keyboard(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    share, press = dialog(alice), alice.page.keyboard.press
    share.locator("#new-link").focus()
    press("Enter")
    for _field in ("role", "expiry", "name"):
        press("Tab")
    alice.page.keyboard.type("For the printers")
    press("Enter")
    expect(share.get_by_role("status").first).to_have_text("Link created.")
    expect(share.locator(".share-link").get_by_role("button", name="Copy link")).to_be_focused()
    press("Shift+Tab")
    press("Shift+Tab")
    expect(share.get_by_role("switch", name="For the printers")).to_be_focused()
    press("Space")
    expect(share.locator(".share-link")).to_contain_text("Switched off")
    expect(share.get_by_role("switch", name="For the printers")).to_be_focused()
    assert findings(alice.page) == []


def test_an_address_without_an_account_is_invited_and_shown_as_pending(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]), permissions=["clipboard-read", "clipboard-write"])
    share = dialog(alice)
    share.get_by_label("E-mail address, name or team").fill("new@example.org")
    alice.page.keyboard.press("Enter")
    share.get_by_role("button", name="Send invitation").click()
    expect(share.locator(".people-row", has_text="Pending")).to_contain_text("new@example.org")
    note = share.locator(".share-note")
    note.get_by_role("button", name="Copy link").click()
    expect(note.locator("[data-copy-link]")).to_have_text("Link copied")
    assert "/invitations/" in alice.page.evaluate("navigator.clipboard.readText()")
    assert findings(alice.page) == []
    alice.complaints[:] = [one for one in alice.complaints if "422" not in one]
    share.get_by_role("button", name="Withdraw the invitation of new@example.org").click()
    expect(share.get_by_role("status")).to_have_text("Removed.")
    expect(share.locator(".people-row")).to_have_count(3)


def test_what_a_browser_styled_in_the_dialog_is_drawn_anew_without_a_violation(flow_of: Flow, opened: Open) -> None:
    """A dragged corner, a password manager or a picture of the page leave styles in fields."""
    alice = opened("alice", flow_of([PLAN]))
    share = dialog(alice)
    for done in ("Link created.", "Link switched off."):
        share.locator("[id]").evaluate_all("all => all.forEach((one) => one.style.setProperty('opacity', '.9'))")
        if done == "Link created.":
            share.locator("#new-link").click()
            share.get_by_role("button", name="Create link").click()
        else:
            share.locator(".share-link").get_by_role("switch").uncheck()
        expect(share.get_by_role("status").first).to_have_text(done)
    expect(share.locator("[id][style]")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["alice", "vera"])
def test_its_page_fits_and_is_accessible(
    flow_of: Flow, context_for: Callable[..., BrowserContext], name: str, size: dict[str, int], scheme: str
) -> None:
    page = context_for(name, viewport=size, color_scheme=scheme).new_page()
    page.goto(f"/flows/{flow_of([PLAN])}/members")
    expect(page.locator(".people-row")).to_have_count(3)
    expect(page.locator(".invite")).to_have_count(1 if name == "alice" else 0)
    for one in page.locator(".share summary").all():
        one.click()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert findings(page) == []
