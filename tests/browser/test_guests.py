"""Somebody without an account comes by a link, works with the others and is put out."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import WINDOW, Context, Open
from tests.browser.editor_page import EditorPage
from tests.browser.gestures import rename

NODE = {"id": "plan", "kind": "agent", "x": 100, "y": 100, "label": "Plan"}


@pytest.fixture
def alice(flow_of: Callable[..., str], opened: Open) -> EditorPage:
    return opened("alice", flow_of(nodes=[NODE]))


@pytest.fixture
def link(alice: EditorPage) -> Callable[..., dict[str, Any]]:
    """`link(role="viewer")`: a new link of alice's."""

    def make(**given: object) -> dict[str, Any]:
        made: dict[str, Any] = alice.call("POST", f"/flows/{alice.flow}/links", {"role": "editor", **given})
        return made

    return make


@pytest.fixture
def stranger(context_for: Context) -> BrowserContext:
    """A browser in which nobody is logged in."""
    return context_for(None, viewport=WINDOW)


def came(context: BrowserContext, link: dict[str, Any], password: str = "") -> EditorPage:
    tab = EditorPage(context)
    tab.page.goto(link["url"])
    if password:
        tab.page.get_by_label("Password").fill(password)
        tab.page.get_by_role("button", name="Continue").click()
    tab.page.get_by_label("Your name").fill("Gus")
    tab.page.get_by_role("button", name="Open as guest").click()
    tab.page.wait_for_url("**/flows/*/")
    tab.flow = tab.page.url.rstrip("/").rpartition("/")[2]
    return tab


def test_a_guest_edits_undoes_and_is_out_when_the_link_is_off(
    alice: EditorPage, link: Callable[..., dict[str, Any]], stranger: BrowserContext
) -> None:
    made = link(password="orchid")
    guest = came(stranger, made, "orchid").live()
    expect(guest.page.locator("[data-guest-menu]")).to_contain_text("Gus")
    rename(guest, "plan", "By Gus")
    expect(alice.node("By Gus")).to_have_count(1)
    guest.settled().page.keyboard.press("Control+z")
    expect(alice.node("Plan")).to_have_count(1)
    guest.page.keyboard.press("Control+Shift+z")
    expect(alice.node("By Gus")).to_have_count(1)
    assert guest.complaints == []
    (last,) = alice.call("GET", f"/flows/{alice.flow}/changes?since=1&limit=100")["items"][-1:]
    assert last["actor"] == {"id": None, "name": "Gus", "guest": True}

    alice.call("PATCH", f"/flows/{alice.flow}/links/{made['id']}", {"active": False})
    expect(guest.page.get_by_text("You no longer have access to this flow.")).to_be_visible()
    answer = guest.page.reload()
    assert answer
    assert answer.status == 404
    assert alice.settled().complaints == []


def test_a_guest_who_may_only_look(
    alice: EditorPage, link: Callable[..., dict[str, Any]], stranger: BrowserContext
) -> None:
    guest = came(stranger, link(role="viewer")).live("read-only")
    rename(alice, "plan", "Planner")
    expect(guest.node("Planner")).to_have_count(1)
    guest.page.keyboard.press("Control+k")
    expect(guest.page.get_by_role("option").first).to_be_visible()
    guest.page.keyboard.press("Escape")
    guest.page.locator("[data-guest-menu] summary").click()
    guest.page.get_by_role("button", name="Leave").click()
    guest.page.wait_for_url("**/login/**")
    assert guest.complaints == []
