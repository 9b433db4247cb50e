"""Where my work met somebody else's: who wrote over whom is told, and both values are one click away."""

from playwright.sync_api import expect

from tests.browser.conftest import Apart, Flow, Open
from tests.browser.editor_page import AT_ONCE_MS
from tests.browser.gestures import rename
from tests.browser.nodes import PLAN, SEARCH, TWO
from tests.browser.panel import back, lost, notes, pill
from tests.proxy import Proxy

# While I was away.


def test_an_edit_that_was_written_over_meanwhile_is_listed_and_put_back_with_a_click(
    apart: Apart, network: Proxy
) -> None:
    alice, bob = apart([PLAN, SEARCH])
    rename(alice, "plan", "Planner")
    alice.settled()
    lost(network, alice)
    bob.operate({"kind": "edit_node", "id": "plan", "set": {"label": "Strategy"}})
    back(network, alice)
    expect(alice.node("Strategy")).to_be_visible()
    expect(pill(alice)).to_contain_text("1 note")
    pill(alice).click()
    expect(notes(alice)).to_contain_text("Bob changed Strategy after you")
    expect(notes(alice)).to_contain_text("Label: “Planner” is now “Strategy”")
    notes(alice).get_by_role("button", name="Restore mine").click()
    expect(notes(alice)).to_have_count(0)
    expect(bob.node("Planner")).to_be_visible()


def test_a_late_edit_over_somebodys_newer_one_offers_theirs(apart: Apart, network: Proxy) -> None:
    alice, bob = apart([PLAN, SEARCH])
    lost(network, alice)
    rename(alice, "plan", "Planner")
    bob.operate({"kind": "edit_node", "id": "plan", "set": {"label": "Strategy"}})
    back(network, alice)
    pill(alice).click()
    expect(notes(alice)).to_contain_text("You changed Planner after Bob")
    notes(alice).get_by_role("button", name="Use Bob’s").click()
    expect(alice.node("Strategy")).to_be_visible()
    expect(bob.node("Strategy")).to_be_visible()


def test_a_node_that_was_moved_meanwhile_can_be_shown(apart: Apart, network: Proxy) -> None:
    alice, bob = apart([PLAN, SEARCH])
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 40, y + 80)).settled()
    lost(network, alice)
    bob.operate({"kind": "move_node", "id": "plan", "x": 9000, "y": 7000})
    back(network, alice)
    pill(alice).click()
    expect(notes(alice)).to_contain_text("Bob changed Plan after you")
    expect(notes(alice).get_by_text("Moved", exact=True)).to_be_visible()
    expect(alice.node("Plan")).not_to_be_in_viewport()
    notes(alice).get_by_role("button", name="Show").click()
    expect(alice.node("Plan")).to_be_in_viewport()
    expect(alice.node("Plan")).to_be_focused()
    expect(notes(alice)).to_have_count(1)


def test_a_connection_that_went_with_somebodys_node_is_reported_and_can_be_brought_back(
    apart: Apart, network: Proxy
) -> None:
    alice, bob = apart([PLAN, SEARCH])
    alice.connect("Plan", "Search").settled()
    lost(network, alice)
    bob.operate({"kind": "remove_node", "id": "search"})
    back(network, alice)
    expect(alice.edges).to_have_count(0)
    pill(alice).click()
    expect(notes(alice)).to_contain_text("Bob deleted Search")
    expect(notes(alice)).to_contain_text("Plan → Search")
    notes(alice).get_by_role("button", name="Restore it").click()
    expect(bob.node("Search")).to_be_visible()
    expect(bob.edges).to_have_count(1)


def test_what_was_written_over_is_told_though_the_network_breaks_while_it_is_asked_for(
    apart: Apart, network: Proxy
) -> None:
    alice, bob = apart(TWO)
    lost(network, alice)
    rename(alice, "a", "Mine")
    bob.operate({"kind": "edit_node", "id": "a", "set": {"label": "His"}})
    alice.page.route("**/replaced?*", lambda route: route.fulfill(body='{"items": [{"no'), times=1)
    with alice.page.expect_request("**/replaced?*"):
        back(network, alice)
    expect(alice.page.locator("[data-away-item]")).to_have_count(0)
    lost(network, alice)
    back(network, alice)
    expect(alice.page.locator("[data-away-item]")).to_have_count(1)


# While I am there.


def test_whoever_writes_after_me_while_i_am_there_is_named_quietly(opened: Open, flow_of: Flow) -> None:
    flow = flow_of([PLAN, SEARCH])
    alice, bob = opened("alice", flow), opened("bob", flow)
    rename(alice, "plan", "Planner")
    alice.settled()
    bob.operate({"kind": "edit_node", "id": "plan", "set": {"label": "Strategy"}})
    toast = alice.page.locator(".toast")
    expect(toast).to_contain_text("Bob changed Strategy after you")
    expect(toast).to_contain_text("Label: “Planner” is now “Strategy”")
    toast.get_by_role("button", name="Restore mine").click()
    expect(bob.node("Planner")).to_be_visible()
    expect(pill(alice)).to_contain_text("All changes saved")


def test_what_others_do_elsewhere_is_none_of_my_business(opened: Open, flow_of: Flow) -> None:
    flow = flow_of([PLAN, SEARCH])
    alice, bob = opened("alice", flow), opened("bob", flow)
    rename(alice, "plan", "Planner")
    alice.settled()
    asked: list[str] = []
    alice.page.on("request", lambda request: "/replaced" in request.url and asked.append(request.url))
    bob.operate({"kind": "edit_node", "id": "search", "set": {"label": "Find"}})
    expect(alice.node("Find")).to_be_visible()
    rename(alice, "plan", "Plan again")
    alice.settled()
    assert asked == []
    expect(alice.page.locator(".toast")).to_have_count(0, timeout=AT_ONCE_MS)
