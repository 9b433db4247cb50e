"""Several people at one browser: what waits, and what is told of it, is for the one alone whose it is."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Apart, Away, Flow, Open
from tests.browser.copies import KEPT
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.gestures import nudge, waits
from tests.browser.nodes import PLAN, SEARCH, TWO
from tests.browser.panel import back, forgiven, lost, pill, refuse, restored
from tests.proxy import Proxy
from tests.servers import Server


def test_another_login_of_the_browser_sends_nothing_of_mine(renamed: Away, network: Proxy, behind: Server) -> None:
    alice = renamed()
    other = alice.page.context.new_page()
    enter(other, "bob", behind)
    restored(network, alice.page)
    expect(alice.page.locator(".toast")).to_contain_text("You are logged out.", timeout=PATIENCE_MS)
    expect(pill(alice)).to_contain_text("1 change not sent")
    bobs = EditorPage(alice.page.context, alice.flow).live()
    assert bobs.stored()["version"] == 1
    bobs.page.close()
    enter(other, "alice", behind)
    again = EditorPage(alice.page.context, alice.flow).live().settled()
    expect(again.node("Planner")).to_be_visible()
    assert [(one["via"], one["actor"]["name"]) for one in changes(again)[1:]] == [("socket", "Alice")]
    forgiven(alice)


def test_what_waits_outlives_a_closed_tab_a_logout_and_somebody_else_at_the_same_browser(
    flow_of: Flow, opened: Open, network: Proxy
) -> None:
    flow = flow_of(TWO, on=network)
    alice = opened("alice", flow, on=network)
    lost(network, alice)
    nudge(alice, "a", 3)
    waits(alice, 3)
    assert alice.page.evaluate(KEPT)["entries"] == 3
    context = alice.page.context
    alice.page.close()
    back(network)
    forgiven(alice)
    for name in ("bob", "alice"):
        tab = EditorPage(context)
        tab.page.goto("/")
        tab.page.locator("form[action$='/logout/'] button").evaluate("(button) => button.click()")
        tab.page.wait_for_url("**/login/**")
        tab.page.locator(f"[data-demo-user={name}]").click()
        tab.page.wait_for_url(lambda url: "/login/" not in url)
        tab.open(flow).live().settled()
        expect(tab.page.locator("#n-a")).to_have_attribute("data-x", "24" if name == "alice" else "0")
        assert tab.stored()["version"] == (4 if name == "alice" else 1), "nobody sends what another has made"
        assert tab.complaints == []
        tab.page.close()


def test_a_refusal_is_read_by_nobody_else_and_goes_when_one_logs_out(apart: Apart, network: Proxy) -> None:
    alice, bob = apart([PLAN, SEARCH])
    refuse(alice, bob, network)
    context, cookies = alice.page.context, alice.page.context.cookies()
    alice.page.close()

    context.add_cookies(bob.page.context.cookies())  # type: ignore[arg-type]
    bobs = EditorPage(context, alice.flow).live()
    expect(pill(bobs)).to_contain_text("All changes saved")
    bobs.page.close()
    context.add_cookies(cookies)  # type: ignore[arg-type]
    hers = EditorPage(context, alice.flow).live()
    expect(pill(hers)).to_contain_text("2 notes")

    hers.page.goto("/")
    hers.page.locator(".avatar-ring").click()
    hers.page.get_by_role("button", name="Log out").click()
    hers.page.locator("[data-demo-user=alice]").click()
    hers.page.wait_for_url(lambda url: "/login/" not in url)
    expect(pill(hers.open(alice.flow).live())).to_contain_text("All changes saved")


def enter(page: Page, name: str, server: Server) -> None:
    """Log out, and in as somebody, in this browser; its cookies are those of the host, whatever the port."""
    page.goto(f"{server.url}/")
    page.evaluate("document.querySelector('form[action=\"/logout/\"]').submit()")
    page.wait_for_url("**/login/**")
    page.locator(f"[data-demo-user={name}]").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def changes(tab: EditorPage) -> list[dict[str, Any]]:
    return list(tab.call("GET", f"/flows/{tab.flow}/changes")["items"])
