"""What is refused after a wait looks as it did before, and is listed with the reason until one has read it."""

from playwright.sync_api import expect

from tests.browser.conftest import Apart, Away, Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.gestures import rename
from tests.browser.looks import EDGES, NODES, edit_everything, entitle, looks, shows_title
from tests.browser.nodes import PLAN, REPLY, SEARCH
from tests.browser.panel import back, back_at_once, lost, notes, panel, pill, refuse
from tests.proxy import Proxy
from tests.servers import Server

# On the canvas.


def test_what_is_refused_looks_as_it_did_before(
    away: Away, opened: Open, flow_of: Flow, network: Proxy, behind: Server
) -> None:
    flow = flow_of(NODES, EDGES, on=network)
    alice, bob = opened("alice", flow, on=behind), away("bob", flow)
    before = looks(bob)
    edit_everything(bob)
    assert looks(bob) != before
    alice.call("PATCH", f"/flows/{flow}/members/{member(alice, 'bob')}", {"role": "viewer"})

    back_at_once(network, bob, "read-only")
    assert looks(bob) == before


def test_a_refused_title_is_the_old_one_again(
    away: Away, opened: Open, flow_of: Flow, network: Proxy, behind: Server
) -> None:
    flow = flow_of(NODES, on=network)
    alice, bob = opened("alice", flow, on=behind), away("bob", flow)
    entitle(bob, "Drawn by Bob")
    shows_title(bob, "Drawn by Bob")
    alice.call("PATCH", f"/flows/{flow}/members/{member(alice, 'bob')}", {"role": "viewer"})

    back_at_once(network, bob, "read-only")
    shows_title(bob, "Drawn together")


def member(tab: EditorPage, name: str) -> int:
    people = tab.call("GET", f"/flows/{tab.flow}/members")["items"]
    return next(int(one["id"]) for one in people if one["email"] == f"{name}@example.com")


# In the panel.


def test_what_was_refused_after_a_wait_is_listed_with_the_reason(apart: Apart, network: Proxy) -> None:
    alice, bob = apart([PLAN, SEARCH, REPLY])
    lost(network, alice)
    alice.connect("Plan", "Search")
    rename(alice, "search", "Find")
    bob.operate({"kind": "remove_node", "id": "search"})
    back(network, alice)
    expect(pill(alice)).to_contain_text("2 notes")
    expect(alice.node("Search")).to_have_count(0)
    pill(alice).click()
    expect(notes(alice).nth(0)).to_contain_text("Connected Plan → Search")
    expect(notes(alice).nth(0)).to_contain_text("Not saved: Bob deleted “Search”.")
    expect(notes(alice).nth(1)).to_contain_text("Renamed Search")
    panel(alice).get_by_role("button", name="Dismiss all").click()
    expect(pill(alice)).to_contain_text("All changes saved")


def test_a_refusal_outlives_its_tab_until_it_is_dismissed_in_any(apart: Apart, network: Proxy) -> None:
    alice, bob = apart([PLAN, SEARCH])
    refuse(alice, bob, network)
    alice.page.close()
    for _again in range(2):
        tab = EditorPage(alice.page.context, alice.flow).live()
        expect(pill(tab)).to_contain_text("2 notes")
        tab.page.close()
    tab, other = (EditorPage(alice.page.context, alice.flow).live() for _ in range(2))
    pill(tab).click()
    refused = notes(tab).filter(has_text="Renamed Search")
    expect(refused).to_contain_text("Not saved: Bob deleted “Search”.")
    expect(pill(other)).to_contain_text("2 notes")
    refused.get_by_role("button", name="Dismiss").click()
    expect(notes(tab)).to_have_count(1)
    expect(pill(other)).to_contain_text("1 note")
    panel(tab).get_by_role("button", name="Dismiss all").click()
    expect(notes(tab)).to_have_count(0)
    expect(pill(other)).to_contain_text("All changes saved")
    tab.page.reload()
    expect(pill(tab.live())).to_contain_text("All changes saved")
