"""What waits to be sent, told in words: in the panel while one is there, in the library when one comes back."""

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.conftest import Away, Flow, Open
from tests.browser.copies import KEPT
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.gestures import rename
from tests.browser.nodes import PLAN, REPLY, SEARCH
from tests.browser.panel import back, forgiven, lost, panel, pill, restored, waiting
from tests.browser.test_together import forget_late_requests
from tests.proxy import Proxy
from tests.servers import Server


def test_nothing_waits_and_the_panel_says_so(opened: Open, flow_of: Flow) -> None:
    alice = opened("alice", flow_of([PLAN]))
    expect(panel(alice)).to_be_hidden()
    pill(alice).click()
    expect(panel(alice)).to_contain_text("All changes saved")
    expect(waiting(alice)).to_have_count(0)
    alice.page.keyboard.press("Escape")
    expect(panel(alice)).to_be_hidden()
    expect(pill(alice)).to_be_focused()


def test_what_waits_is_told_in_the_order_of_sending(opened: Open, flow_of: Flow, network: Proxy) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH, REPLY], on=network), on=network)
    lost(network, alice)
    rename(alice, "plan", "Planner")
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
    expect(panel(alice)).to_contain_text("Stored on this device")
    assert findings(alice.page) == []
    try_now = panel(alice).locator("button", has_text="Try now")
    expect(try_now).to_be_visible()
    network.accept()
    try_now.dispatch_event("click")  # it goes when the page comes back by itself
    alice.live().settled()
    expect(panel(alice)).to_contain_text("All changes saved")
    expect(waiting(alice)).to_have_count(0)
    forgiven(alice)


def test_a_copy_of_what_waits_can_be_saved(renamed: Away, network: Proxy, tmp_path: Path) -> None:
    alice = renamed()
    pill(alice).click()
    with alice.page.expect_download() as download:
        panel(alice).get_by_role("button", name="Save a copy").click()
    download.value.save_as(tmp_path / "copy.json")
    copy = json.loads((tmp_path / "copy.json").read_text())
    assert copy["flow"] == alice.flow
    assert copy["operations"] == [{"kind": "edit_node", "id": "plan", "set": {"label": "Planner"}}]
    back(network, alice)
    alice.operate(*copy["operations"])


def test_offline_undo_takes_back_what_was_never_sent(renamed: Away, network: Proxy) -> None:
    alice = renamed()
    alice.page.keyboard.press("Control+z")
    expect(alice.root).to_have_attribute("data-pending", "0")
    expect(alice.node("Plan").locator("[data-node-label]")).to_have_text("Plan")
    alice.page.keyboard.press("Control+Shift+z")
    expect(alice.root).to_have_attribute("data-pending", "1")
    back(network, alice)
    expect(alice.node("Planner")).to_be_visible()
    assert alice.stored()["version"] == 2


def test_changes_that_wait_are_told_in_the_library_and_sent_by_the_next_page(renamed: Away, network: Proxy) -> None:
    alice = renamed()
    assert alice.page.evaluate(KEPT)["entries"] == 1
    alice.page.close()
    network.accept()
    again = EditorPage(alice.page.context)
    again.page.goto("/")
    expect(again.page.locator(f"#card-{alice.flow}")).to_contain_text("1 unsent change on this device")
    again.open(alice.flow).live().settled()
    expect(again.node("Planner")).to_be_visible()
    assert again.stored()["nodes"][0]["label"] == "Planner"
    again.page.goto("/")
    expect(again.page.locator(f"#card-{alice.flow} .card-waiting")).to_have_count(0)
    forgiven(alice)


def test_changes_to_a_flow_that_is_gone_are_offered_in_the_library(
    opened: Open, flow_of: Flow, network: Proxy, behind: Server
) -> None:
    flow = flow_of([PLAN], on=network)
    alice, bob = opened("alice", flow, on=behind), opened("bob", flow, on=network)
    lost(network, bob)
    rename(bob, "plan", "Planner")
    alice.call("DELETE", f"/flows/{flow}")
    restored(network, bob.page)
    expect(pill(bob)).to_contain_text("1 change not sent", timeout=PATIENCE_MS)
    bob.page.goto("/")
    notice = bob.page.locator(f"#stranded-{flow}")
    expect(notice).to_contain_text("1")
    with bob.page.expect_download() as download:
        notice.get_by_role("link", name="Save a copy").click()
    assert json.loads(download.value.path().read_text())["operations"][0]["set"] == {"label": "Planner"}
    notice.get_by_role("button", name="Discard").click()
    expect(notice).to_have_count(0)
    bob.page.get_by_text("Changes discarded.").locator("..").get_by_role("button", name="Undo").click()
    expect(notice).to_contain_text("1")
    notice.get_by_role("button", name="Discard").click()
    expect(notice).to_have_count(0)
    bob.page.reload()
    expect(bob.page.locator("#listing")).to_be_visible()
    expect(notice).to_have_count(0)
    forgiven(bob, "404 (Not Found)")
    forget_late_requests(alice)
