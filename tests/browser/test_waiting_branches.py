"""Branches that wait to be sent take connections, and let go of them, before anybody hears of it."""

from playwright.sync_api import expect

from tests.browser.conftest import Away
from tests.browser.editor_page import EditorPage
from tests.browser.looks import edge, fill, pick
from tests.browser.panel import back_at_once
from tests.proxy import Proxy


def test_new_branches_take_connections_before_anybody_hears_of_them(away: Away, network: Proxy) -> None:
    alice = away()
    pick(alice, "Route")
    fill(alice, "settings.branches", "old\nurgent")
    alice.connect("Route", "Plan", port="urgent")
    expect(alice.port("Route", "urgent")).to_have_attribute("data-connected", "")
    back_at_once(network, alice)
    assert ["route", "urgent", "plan"] in ends(alice)


def test_a_branch_that_goes_takes_its_connection_along(away: Away, network: Proxy) -> None:
    alice = away()
    pick(alice, "Route")
    fill(alice, "settings.branches", "")
    expect(edge(alice, "e3")).to_have_count(0)
    expect(alice.page.locator("[data-node-id=say] [data-connected]")).to_have_count(0)
    expect(alice.edges).to_have_count(2)
    back_at_once(network, alice)
    assert ends(alice) == [["ask", "out", "route"], ["route", "default", "plan"]]


def ends(tab: EditorPage) -> list[list[str]]:
    return [[one["source"], one["source_port"], one["target"]] for one in tab.stored()["edges"]]
