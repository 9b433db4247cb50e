"""What waits to be sent, told in words; and what became of it where it met the work of others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage
from tests.browser.panel import notes, panel, pill, waiting
from tests.proxy import Proxy
from tests.servers import Server

PLAN = {"id": "plan", "kind": "agent", "x": 96, "y": 96, "label": "Plan", "settings": {"temperature": 0.7}}
SEARCH = {"id": "search", "kind": "skill", "x": 400, "y": 96, "label": "Search"}
REPLY = {"id": "reply", "kind": "agent", "x": 696, "y": 96, "label": "Reply"}


def lost(tab: EditorPage, network: Proxy) -> None:
    """The network is gone, and the page knows."""
    network.refuse()
    network.cut()
    expect(tab.root).to_have_attribute("data-connection", "offline")


def rename(tab: EditorPage, label: str, new: str) -> None:
    tab.node(label).click()
    tab.page.keyboard.press("F2")
    tab.page.keyboard.type(new)
    tab.page.keyboard.press("Enter")


def refuse(alice: EditorPage, bob: EditorPage, network: Proxy) -> None:
    """Alice renames offline what bob deletes meanwhile; she is told of both when she is back."""
    lost(alice, network)
    rename(alice, "Search", "Find")
    bob.operate({"kind": "remove_node", "id": "search"})
    network.accept()
    alice.live().settled()
    expect(pill(alice)).to_contain_text("2 notes")


def forgiven(tab: EditorPage) -> None:
    """Being without network is what the test is about."""
    known = ("ERR_", "ws://", "404 (Not Found)")
    tab.complaints[:] = [text for text in tab.complaints if not any(word in text for word in known)]


def test_nothing_waits_and_the_panel_says_so(opened: Open, flow_of: Callable[..., str]) -> None:
    alice = opened("alice", flow_of([PLAN]))
    expect(panel(alice)).to_be_hidden()
    pill(alice).click()
    expect(panel(alice)).to_contain_text("All changes saved")
    expect(waiting(alice)).to_have_count(0)
    alice.page.keyboard.press("Escape")
    expect(panel(alice)).to_be_hidden()
    expect(pill(alice)).to_be_focused()


def test_what_waits_is_told_in_the_order_of_sending(opened: Open, flow_of: Callable[..., str], network: Proxy) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH, REPLY], on=network), on=network)
    lost(alice, network)
    rename(alice, "Plan", "Planner")
    alice.node("Search").click()
    alice.page.keyboard.press("ArrowRight")
    alice.connect("Search", "Reply")
    expect(pill(alice)).to_contain_text("Offline, 3 changes waiting")
    pill(alice).click()
    expect(waiting(alice)).to_have_count(3)
    expect(waiting(alice).nth(0)).to_contain_text("Renamed Plan")
    expect(waiting(alice).nth(0)).to_contain_text("Plan → Planner")
    expect(waiting(alice).nth(1)).to_contain_text("8 px right")
    expect(waiting(alice).nth(2)).to_contain_text("Search → Reply")
    expect(panel(alice)).to_contain_text("Kept on this device")
    found = Axe().run(alice.page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
    network.accept()
    panel(alice).get_by_role("button", name="Try now").click()
    alice.live().settled()
    expect(panel(alice)).to_contain_text("All changes saved")
    expect(waiting(alice)).to_have_count(0)
    forgiven(alice)


def test_a_copy_of_what_waits_can_be_saved(
    opened: Open, flow_of: Callable[..., str], network: Proxy, tmp_path: Path
) -> None:
    flow = flow_of([PLAN], on=network)
    alice = opened("alice", flow, on=network)
    lost(alice, network)
    rename(alice, "Plan", "Planner")
    pill(alice).click()
    with alice.page.expect_download() as download:
        panel(alice).get_by_role("button", name="Save a copy").click()
    download.value.save_as(tmp_path / "copy.json")
    copy = json.loads((tmp_path / "copy.json").read_text())
    assert copy["flow"] == flow
    assert copy["operations"] == [{"kind": "edit_node", "id": "plan", "set": {"label": "Planner"}}]
    network.accept()
    alice.live().settled()
    alice.operate(*copy["operations"])
    forgiven(alice)


def test_offline_undo_takes_back_what_was_never_sent(opened: Open, flow_of: Callable[..., str], network: Proxy) -> None:
    alice = opened("alice", flow_of([PLAN], on=network), on=network)
    lost(alice, network)
    rename(alice, "Plan", "Planner")
    alice.page.keyboard.press("Control+z")
    expect(alice.root).to_have_attribute("data-pending", "0")
    expect(alice.node("Plan").locator("[data-node-label]")).to_have_text("Plan")
    alice.page.keyboard.press("Control+Shift+z")
    expect(alice.root).to_have_attribute("data-pending", "1")
    network.accept()
    alice.live().settled()
    expect(alice.node("Planner")).to_be_visible()
    assert alice.stored()["version"] == 2
    forgiven(alice)


def test_what_was_refused_after_a_wait_is_listed_with_the_reason(
    opened: Open, flow_of: Callable[..., str], network: Proxy, behind: Server
) -> None:
    flow = flow_of([PLAN, SEARCH, REPLY], on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    lost(alice, network)
    alice.connect("Plan", "Search")
    rename(alice, "Search", "Find")
    bob.operate({"kind": "remove_node", "id": "search"})
    network.accept()
    alice.live().settled()
    expect(pill(alice)).to_contain_text("2 notes")
    expect(alice.node("Search")).to_have_count(0)
    pill(alice).click()
    expect(notes(alice).nth(0)).to_contain_text("Connected Plan → Search")
    expect(notes(alice).nth(0)).to_contain_text("Not saved: Bob deleted “Search”.")
    expect(notes(alice).nth(1)).to_contain_text("Renamed Search")
    panel(alice).get_by_role("button", name="Dismiss all").click()
    expect(pill(alice)).to_contain_text("All changes saved")
    forgiven(alice)


def test_a_refusal_outlives_its_tab_until_it_is_dismissed_in_any(
    opened: Open, flow_of: Callable[..., str], network: Proxy, behind: Server
) -> None:
    flow = flow_of([PLAN, SEARCH], on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    refuse(alice, bob, network)
    alice.page.close()
    for _again in range(2):
        tab = EditorPage(alice.page.context, flow).live()
        expect(pill(tab)).to_contain_text("2 notes")
        tab.page.close()
    tab, other = (EditorPage(alice.page.context, flow).live() for _ in range(2))
    pill(tab).click()
    expect(notes(tab).first).to_contain_text("Renamed Search")
    expect(notes(tab).first).to_contain_text("Not saved: Bob deleted “Search”.")
    expect(pill(other)).to_contain_text("2 notes")
    notes(tab).first.get_by_role("button", name="Dismiss").click()
    expect(notes(tab)).to_have_count(1)
    expect(pill(other)).to_contain_text("1 note")
    panel(tab).get_by_role("button", name="Dismiss all").click()
    expect(notes(tab)).to_have_count(0)
    expect(pill(other)).to_contain_text("All changes saved")
    tab.page.reload()
    expect(pill(tab.live())).to_contain_text("All changes saved")
    forgiven(alice)


def test_a_refusal_is_read_by_nobody_else_and_goes_when_one_logs_out(
    opened: Open, flow_of: Callable[..., str], network: Proxy, behind: Server
) -> None:
    flow = flow_of([PLAN, SEARCH], on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    refuse(alice, bob, network)
    context, cookies = alice.page.context, alice.page.context.cookies()
    alice.page.close()

    context.add_cookies(bob.page.context.cookies())  # type: ignore[arg-type]
    bobs = EditorPage(context, flow).live()
    expect(pill(bobs)).to_contain_text("All changes saved")
    bobs.page.close()
    context.add_cookies(cookies)  # type: ignore[arg-type]
    hers = EditorPage(context, flow).live()
    expect(pill(hers)).to_contain_text("2 notes")

    hers.page.goto("/")
    hers.page.locator(".avatar-ring").click()
    hers.page.get_by_role("button", name="Log out").click()
    hers.page.locator("[data-demo-user=alice]").click()
    hers.page.wait_for_url(lambda url: "/login/" not in url)
    expect(pill(hers.open(flow).live())).to_contain_text("All changes saved")
    forgiven(alice)


def test_an_edit_that_was_written_over_meanwhile_is_listed_and_put_back_with_a_click(
    opened: Open, flow_of: Callable[..., str], network: Proxy, behind: Server
) -> None:
    flow = flow_of([PLAN, SEARCH], on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    rename(alice, "Plan", "Planner")
    alice.settled()
    lost(alice, network)
    bob.operate({"kind": "edit_node", "id": "plan", "set": {"label": "Strategy"}})
    network.accept()
    alice.live()
    expect(alice.node("Strategy")).to_be_visible()
    expect(pill(alice)).to_contain_text("1 note")
    pill(alice).click()
    expect(notes(alice)).to_contain_text("Bob changed Strategy after you")
    expect(notes(alice)).to_contain_text("Label: “Planner” is now “Strategy”")
    notes(alice).get_by_role("button", name="Put yours back").click()
    expect(notes(alice)).to_have_count(0)
    expect(bob.node("Planner")).to_be_visible()
    forgiven(alice)


def test_a_late_edit_over_somebodys_newer_one_offers_theirs(
    opened: Open, flow_of: Callable[..., str], network: Proxy, behind: Server
) -> None:
    flow = flow_of([PLAN, SEARCH], on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    lost(alice, network)
    rename(alice, "Plan", "Planner")
    bob.operate({"kind": "edit_node", "id": "plan", "set": {"label": "Strategy"}})
    network.accept()
    alice.live().settled()
    pill(alice).click()
    expect(notes(alice)).to_contain_text("You changed Planner after Bob")
    notes(alice).get_by_role("button", name="Take Bob’s").click()
    expect(alice.node("Strategy")).to_be_visible()
    expect(bob.node("Strategy")).to_be_visible()
    forgiven(alice)


def test_a_connection_that_went_with_somebodys_node_is_reported_and_can_be_brought_back(
    opened: Open, flow_of: Callable[..., str], network: Proxy, behind: Server
) -> None:
    flow = flow_of([PLAN, SEARCH], on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    alice.connect("Plan", "Search").settled()
    lost(alice, network)
    bob.operate({"kind": "remove_node", "id": "search"})
    network.accept()
    alice.live()
    expect(alice.edges).to_have_count(0)
    pill(alice).click()
    expect(notes(alice)).to_contain_text("Bob deleted Search")
    expect(notes(alice)).to_contain_text("Plan → Search")
    notes(alice).get_by_role("button", name="Bring it back").click()
    expect(bob.node("Search")).to_be_visible()
    expect(bob.edges).to_have_count(1)
    forgiven(alice)


def test_whoever_writes_after_me_while_i_am_there_is_named_quietly(opened: Open, flow_of: Callable[..., str]) -> None:
    flow = flow_of([PLAN, SEARCH])
    alice, bob = opened("alice", flow), opened("bob", flow)
    rename(alice, "Plan", "Planner")
    alice.settled()
    bob.operate({"kind": "edit_node", "id": "plan", "set": {"label": "Strategy"}})
    toast = alice.page.locator(".toast")
    expect(toast).to_contain_text("Bob changed Strategy after you")
    expect(toast).to_contain_text("Label: “Planner” is now “Strategy”")
    toast.get_by_role("button", name="Put yours back").click()
    expect(bob.node("Planner")).to_be_visible()
    expect(pill(alice)).to_contain_text("All changes saved")


def test_what_others_do_elsewhere_is_none_of_my_business(opened: Open, flow_of: Callable[..., str]) -> None:
    flow = flow_of([PLAN, SEARCH])
    alice, bob = opened("alice", flow), opened("bob", flow)
    rename(alice, "Plan", "Planner")
    alice.settled()
    asked: list[str] = []
    alice.page.on("request", lambda request: "/replaced" in request.url and asked.append(request.url))
    bob.operate({"kind": "edit_node", "id": "search", "set": {"label": "Find"}})
    expect(alice.node("Find")).to_be_visible()
    rename(alice, "Planner", "Plan again")
    alice.settled()
    assert asked == []
    expect(alice.page.locator(".toast")).to_have_count(0)


def test_changes_that_wait_are_told_in_the_library_and_sent_by_the_next_page(
    opened: Open, flow_of: Callable[..., str], network: Proxy
) -> None:
    flow = flow_of([PLAN], on=network)
    alice = opened("alice", flow, on=network)
    lost(alice, network)
    rename(alice, "Plan", "Planner")
    alice.page.close()
    network.accept()
    again = EditorPage(alice.page.context)
    again.page.goto("/")
    expect(again.page.locator(f"#card-{flow}")).to_contain_text("1 change waits on this device")
    again.open(flow).live().settled()
    expect(again.node("Planner")).to_be_visible()
    assert again.stored()["nodes"][0]["label"] == "Planner"
    again.page.goto("/")
    expect(again.page.locator(f"#card-{flow} .card-waiting")).to_have_count(0)
    forgiven(alice)


def test_another_login_of_the_browser_sends_nothing_of_mine(
    opened: Open, flow_of: Callable[..., str], network: Proxy, behind: Server
) -> None:
    flow = flow_of([PLAN], on=network)
    alice = opened("alice", flow, on=network)
    lost(alice, network)
    rename(alice, "Plan", "Planner")
    other = alice.page.context.new_page()
    enter(other, "bob", behind)
    network.accept()
    expect(alice.page.locator(".toast")).to_contain_text("You are logged out.")
    expect(pill(alice)).to_contain_text("1 change not sent")
    bobs = EditorPage(alice.page.context, flow).live()
    assert bobs.stored()["version"] == 1
    bobs.page.close()
    enter(other, "alice", behind)
    again = EditorPage(alice.page.context, flow).live().settled()
    expect(again.node("Planner")).to_be_visible()
    assert [(one["via"], one["actor"]["name"]) for one in changes(again)[1:]] == [("socket", "Alice")]
    forgiven(alice)


def test_changes_to_a_flow_that_is_gone_are_offered_in_the_library(
    opened: Open, flow_of: Callable[..., str], network: Proxy, behind: Server
) -> None:
    flow = flow_of([PLAN], on=network)
    alice, bob = opened("alice", flow, on=behind), opened("bob", flow, on=network)
    lost(bob, network)
    rename(bob, "Plan", "Planner")
    alice.call("DELETE", f"/flows/{flow}")
    network.accept()
    expect(pill(bob)).to_contain_text("1 change not sent")
    bob.page.goto("/")
    notice = bob.page.locator(f"#stranded-{flow}")
    expect(notice).to_contain_text("1")
    with bob.page.expect_download() as download:
        notice.get_by_role("link", name="Save a copy").click()
    assert json.loads(download.value.path().read_text())["operations"][0]["set"] == {"label": "Planner"}
    notice.get_by_role("button", name="Discard").click()
    expect(notice).to_have_count(0)
    bob.page.reload()
    expect(bob.page.locator("#listing")).to_be_visible()
    expect(notice).to_have_count(0)
    forgiven(bob)


def enter(page: Page, name: str, server: Server) -> None:
    """Log out, and in as somebody, in this browser; its cookies are those of the host, whatever the port."""
    page.goto(f"{server.url}/")
    page.evaluate("document.querySelector('form[action=\"/logout/\"]').submit()")
    page.wait_for_url("**/login/**")
    page.locator(f"[data-demo-user={name}]").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def changes(tab: EditorPage) -> list[dict[str, Any]]:
    return list(tab.call("GET", f"/flows/{tab.flow}/changes")["items"])
