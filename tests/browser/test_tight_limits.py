"""A server that lets little wait, takes small frames, and sends whole canvases: the page bears with it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WINDOW, Apart, Context, Flow, Open, behind_proxy
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.gestures import nudge, waits
from tests.browser.inspector import choose
from tests.browser.nodes import TWO, agent
from tests.browser.panel import back, lost
from tests.browser.views import expect_agreement
from tests.proxy import Proxy
from tests.servers import Server


@pytest.fixture(scope="module")
def _behind_proxy() -> Iterator[tuple[Server, Proxy]]:
    limits = {"HELIX_LIMIT_OUTBOX": "20", "HELIX_LIMIT_CATCH_UP": "5", "HELIX_LIMIT_FRAME_BYTES": "4096"}
    with behind_proxy(**limits) as server_and_proxy:
        yield server_and_proxy


@pytest.mark.parametrize("behind_by", [3, 50], ids=["changes", "a whole canvas"])
def test_field_selection_and_view_outlast_a_return(apart: Apart, network: Proxy, behind_by: int) -> None:
    alice, bob = apart([*TWO, agent("c", 0, 200)])
    choose(alice, "a")
    alice.page.mouse.wheel(90, 60)
    alice.field("description").focus()
    alice.page.keyboard.type("Half a ")
    alice.settled()
    place = alice.page.locator("[data-world]").evaluate("(world) => world.style.transform")
    assert place
    lost(network, alice)
    alice.page.keyboard.type("sen")
    bob.operate(*({"kind": "move_node", "id": "c", "x": 8 * step, "y": 200} for step in range(1, behind_by + 1)))
    back(network, alice)
    expect(alice.page.locator("#n-c")).to_have_attribute("data-x", str(8 * behind_by))
    expect(alice.field("description")).to_be_focused()
    alice.page.keyboard.type("tence")
    expect(alice.field("description")).to_have_value("Half a sentence")
    assert alice.page.locator("[data-world]").evaluate("(world) => world.style.transform") == place
    expect(alice.page.locator("[data-node-id][data-selected]")).to_have_count(1)
    expect(alice.page.locator("#n-a")).to_have_attribute("data-selected", "")
    alice.page.locator("#n-a .node-second").click()
    back(network, alice)
    expect(bob.page.locator("#n-a")).to_be_visible()
    assert next(node for node in alice.stored()["nodes"] if node["id"] == "a")["description"] == "Half a sentence"
    expect_agreement(alice, bob)


def test_with_so_much_waiting_nothing_more_is_taken_until_it_has_gone(
    flow_of: Flow, opened: Open, network: Proxy
) -> None:
    alice = opened("alice", flow_of(TWO, on=network), on=network)
    lost(network, alice)
    nudge(alice, "a", 25)
    waits(alice, 20)
    expect(alice.page.locator("[data-sync]")).to_contain_text("Read-only: 20 changes waiting")
    expect(alice.page.locator("#n-a")).to_have_attribute("data-x", "160")
    expect(alice.page.locator("[data-palette-kind]").first).to_be_disabled()
    back(network, alice)
    expect(alice.page.locator("[data-palette-kind]").first).to_be_enabled()
    nudge(alice, "a", 1)
    alice.settled()
    assert alice.stored()["nodes"][0]["x"] == 168
    expect_agreement(alice)


def test_a_change_that_does_not_fit_into_a_frame_is_refused_here(flow_of: Flow, opened: Open, network: Proxy) -> None:
    alice = opened("alice", flow_of(TWO, on=network), on=network)
    choose(alice, "a")
    alice.field("description").fill("x" * 4_900)
    alice.field("description").blur()
    expect(alice.page.locator("[data-toasts]")).to_contain_text("Too large for one change")
    nudge(alice, "b", 1)
    alice.settled().live()
    assert alice.stored()["nodes"][0]["description"] == ""


def test_a_frame_that_the_server_does_not_take_is_not_sent_for_ever(context_for: Context) -> None:
    """The page was told a larger limit than the server has after its restart."""
    with Server() as server:
        tab = EditorPage(context_for("alice", on=server, viewport=WINDOW))
        tab.page.goto("/")
        tab.open(str(tab.call("POST", "/flows", {"title": "Large", "nodes": TWO})["id"])).live()
        choose(tab, "b")  # the forms have come, and stay
        server.terminate()
        tab.live("offline")
        nudge(tab, "a", 2)
        choose(tab, "b")
        tab.field("description").fill("x" * 4_900)
        tab.field("description").blur()
        nudge(tab, "a", 2)
        waits(tab, 5)
        server.environment["HELIX_LIMIT_FRAME_BYTES"] = "4096"
        server.start()
        expect(tab.root).to_have_attribute("data-pending", "0", timeout=PATIENCE_MS)
        tab.live()
        expect(tab.page.locator("[data-sync]")).to_contain_text("1 field not saved")
        tab.page.locator("[data-sync]").click()
        expect(tab.page.locator("[data-away-item]")).to_contain_text("Too large for one change")
        assert [(node["x"], node["description"]) for node in tab.stored()["nodes"]] == [(32, ""), (300, "")]
        expect_agreement(tab)
        assert server.verify(tab.flow).returncode == 0
