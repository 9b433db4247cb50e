"""A guest, an editor and the owner in one flow: the owner takes it all back, and from then on nobody writes."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import WINDOW, Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.gestures import rename
from tests.browser.nodes import PLAN


def test_a_link_turned_off_and_a_smaller_role(
    opened: Open, flow_of: Flow, context_for: Callable[..., BrowserContext]
) -> None:
    flow = flow_of([PLAN])
    owner, editor = opened("alice", flow), opened("bob", flow)
    link = owner.call("POST", f"/flows/{flow}/links", {"role": "editor"})
    visitor = context_for(None, viewport=WINDOW)
    page = visitor.new_page()
    page.goto(link["url"])
    page.get_by_label("Your name").fill("Gina")
    page.get_by_label("Your name").press("Enter")
    page.wait_for_url(f"**/flows/{flow}/")
    page.close()
    guest = EditorPage(visitor, flow).live("live")

    rename(guest, "plan", "Planner")
    for tab in (owner, editor):
        expect(tab.node("Planner")).to_have_count(1)
        expect(tab.page.locator("[data-roster] [data-badge=guest]")).to_have_accessible_name("Gina, guest")
    rename(editor, "plan", "Plan it")
    expect(guest.node("Plan it")).to_have_count(1)

    members = owner.call("GET", f"/flows/{flow}/members")["items"]
    bob = next(member["id"] for member in members if member.get("email", "").startswith("bob"))
    owner.call("PATCH", f"/flows/{flow}/links/{link['id']}", {"active": False})
    owner.call("PATCH", f"/flows/{flow}/members/{bob}", {"role": "viewer"})
    version = owner.call("GET", f"/flows/{flow}")["version"]
    expect(guest.page.locator("[data-sync]")).to_contain_text("Read-only: connection closed")
    editor.live("read-only")
    expect(owner.page.locator("[data-roster] [data-badge=guest]")).to_have_count(0)
    expect(editor.page.locator("[data-sync]")).to_contain_text("Read-only: viewer")
    guest.page.reload()
    expect(guest.page.locator("#editor")).to_have_count(0)
    assert owner.call("GET", f"/flows/{flow}")["version"] == version
