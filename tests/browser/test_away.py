"""Somebody was away and worked on: all is answered in order, others' work is intact, and what was not done is told."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import WINDOW, Open, behind_proxy
from tests.browser.editor_page import EditorPage
from tests.browser.views import expect_agreement, view
from tests.proxy import Proxy
from tests.servers import Server

Flow = Callable[..., str]
AWAY, MEANWHILE = 200, 500
PATIENCE_MS = 60_000


def node(id: str, x: int, y: int, **more: object) -> dict[str, object]:
    return {"id": id, "kind": "agent", "x": x, "y": y, "label": id, **more}


MINE = [node(f"mine{number}", 180 * number, 0) for number in range(5)]
DOOMED = [node(f"doomed{number}", 180 * number, 140) for number in range(3)]
THEIRS = [node(f"theirs{number}", 180 * number, 280) for number in range(5)]
LINKS = [{"id": "e0", "source": "mine0", "target": "doomed0"}, {"id": "e1", "source": "theirs0", "target": "theirs1"}]
TWO = [node("a", 0, 0), node("b", 300, 0)]


@pytest.fixture(scope="module")
def _tight() -> Iterator[tuple[Server, Proxy]]:
    limits = {"HELIX_LIMIT_OUTBOX": "20", "HELIX_LIMIT_CATCH_UP": "5", "HELIX_LIMIT_FRAME_BYTES": "4096"}
    with behind_proxy(**limits) as server_and_proxy:
        yield server_and_proxy


@pytest.fixture
def tight(_tight: tuple[Server, Proxy]) -> Iterator[Proxy]:
    """A network that can be cut, in front of a server that lets little wait and takes small frames."""
    _server, proxy = _tight
    yield proxy
    proxy.accept()


def lost(network: Proxy, *tabs: EditorPage) -> None:
    """The network is gone, and the pages know."""
    network.refuse()
    network.cut()
    for tab in tabs:
        tab.live("offline")


def back(network: Proxy, *tabs: EditorPage) -> None:
    """The network is there again, and everything has been answered."""
    network.accept()
    for tab in tabs:
        expect(tab.root).to_have_attribute("data-connection", "live", timeout=PATIENCE_MS)
        expect(tab.root).to_have_attribute("data-pending", "0", timeout=PATIENCE_MS)
        forgive(tab)


def forgive(tab: EditorPage) -> None:
    """Being without network is what the test is about."""
    tab.complaints[:] = [text for text in tab.complaints if "ERR_" not in text and "ws://" not in text]


def select(tab: EditorPage, id: str) -> None:
    tab.page.locator(f"#n-{id} .node-second").click()
    expect(tab.page.locator(f"#n-{id}[data-selected]")).to_be_visible()


def nudge(tab: EditorPage, id: str, times: int) -> None:
    select(tab, id)
    for _ in range(times):
        tab.page.keyboard.press("ArrowRight")


def rename(tab: EditorPage, id: str, label: str) -> None:
    select(tab, id)
    tab.page.keyboard.press("F2")
    tab.page.keyboard.type(label)
    tab.page.keyboard.press("Enter")


def waits(tab: EditorPage, count: int) -> None:
    expect(tab.root).to_have_attribute("data-pending", str(count))


class Answers:
    """What the server answers to a page's own edits, in the order in which it does."""

    def __init__(self, tab: EditorPage) -> None:
        self.frames: list[dict[str, Any]] = []
        tab.page.on("websocket", lambda socket: socket.on("framereceived", self._note))

    def _note(self, text: str | bytes) -> None:
        frame = json.loads(text)
        if frame["type"] in ("acked", "refused"):
            self.frames.append(frame)

    @property
    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.frames]


def change_log(server: Server, flow: str) -> list[tuple[str | None, int | None, Any]]:
    """Return who asked for each version, under which names."""
    log = sqlite3.connect(f"file:{server.data_dir}/helix.sqlite3?mode=ro", uri=True)
    query = "select client, seq, operation from flows_change where flow_id = ? order by version"
    rows = [(client, seq, json.loads(text)) for client, seq, text in log.execute(query, [flow.replace("-", "")])]
    log.close()
    return rows


def test_two_hundred_edits_made_away_meet_five_hundred_of_somebody_else(
    flow_of: Flow, opened: Open, network: Proxy, behind: Server
) -> None:
    flow = flow_of([*MINE, *DOOMED, *THEIRS], LINKS, on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    answers = Answers(alice)
    lost(network, alice)

    alice.connect("mine1", "mine2").connect("doomed1", "mine3")
    for id in ("doomed0", "doomed1", "doomed2"):
        nudge(alice, id, 10)
    rename(alice, "doomed2", "Renamed in vain")
    rename(alice, "theirs2", "Mine at last")
    for number in range(5):
        rename(alice, "mine1", f"Name {number}")
    select(alice, "mine4")
    alice.page.keyboard.press("Delete")
    x, y = alice.centre(alice.page.locator("#n-mine3"))
    alice.drag((x, y), (x, y - 80))
    waits(alice, 41)
    nudge(alice, "mine0", AWAY - 41)
    waits(alice, AWAY)

    theirs = [
        {"kind": "move_node", "id": f"theirs{number % 5}", "x": number + 1, "y": 280} for number in range(MEANWHILE - 5)
    ]
    theirs += [{"kind": "edit_node", "id": "theirs2", "set": {"label": label}} for label in ("First", "Second")]
    theirs += [{"kind": "remove_node", "id": doomed["id"]} for doomed in DOOMED]
    bob.operate(*theirs)
    back(network, alice)
    bob.settled()

    assert len(answers.seqs) == AWAY
    assert answers.seqs == sorted(set(answers.seqs)), "all are answered, once, in order"
    refused = [frame for frame in answers.frames if frame["type"] == "refused"]
    assert {frame["code"] for frame in refused} == {"unknown_node"}
    assert len(refused) == 3 * 10 + 2, "moves of what is gone, its name, its connection"
    log = change_log(behind, flow)
    mine = [seq for client, seq, _operation in log if client is not None]
    assert mine == sorted(set(answers.seqs) - {frame["seq"] for frame in refused})
    for asked in theirs:
        assert sum(operation == asked for _c, _s, operation in log) == 1, "others' work is intact"

    expect(bob.node("Mine at last")).to_be_visible()
    expect(bob.node("Name 4")).to_be_visible()
    stored = {node["id"]: node for node in expect_agreement(alice, bob)["nodes"]}
    assert stored["mine0"]["x"] == 8 * (AWAY - 41)
    assert stored["mine3"]["y"] == -80
    assert stored.keys() == {f"mine{number}" for number in range(4)} | {f"theirs{number}" for number in range(5)}
    assert [stored[f"theirs{number}"]["x"] for number in range(5)] == [491, 492, 493, 494, 495]
    assert behind.verify(flow).returncode == 0

    expect(alice.page.locator("[data-sync]")).to_contain_text("notes")
    alice.page.locator("[data-sync]").click()
    told = alice.page.locator("[data-away] [data-away-item]")
    expect(told.filter(has_text="Not saved: ")).to_have_count(len(refused))
    expect(told.filter(has_text="You changed Mine at last after Bob")).to_have_count(1)


def test_what_was_written_over_is_told_though_the_network_breaks_while_it_is_asked_for(
    flow_of: Flow, opened: Open, network: Proxy, behind: Server
) -> None:
    flow = flow_of(TWO, on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
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


def test_what_waits_outlives_a_closed_tab_a_logout_and_somebody_else_at_the_same_browser(
    flow_of: Flow, opened: Open, network: Proxy
) -> None:
    flow = flow_of(TWO, on=network)
    alice = opened("alice", flow, on=network)
    lost(network, alice)
    nudge(alice, "a", 3)
    waits(alice, 3)
    context = alice.page.context
    alice.page.close()
    back(network)
    forgive(alice)
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


def test_a_duplicated_tab_is_a_client_of_its_own(flow_of: Flow, opened: Open, behind: Server, network: Proxy) -> None:
    flow = flow_of(TWO, on=behind)
    alice = opened("alice", flow, on=behind)
    nudge(alice, "a", 2)
    with alice.page.expect_popup() as popup:
        alice.page.evaluate("() => { window.open(location.href) }")
    copy = EditorPage.__new__(EditorPage)
    copy.page, copy.flow, copy.complaints = popup.value, flow, []
    copy.live()
    nudge(copy, "b", 2)
    nudge(alice, "a", 2)
    copy.settled()
    alice.settled()
    for tab in (alice, copy):
        expect(tab.page.locator("#n-a")).to_have_attribute("data-x", "32")
        expect(tab.page.locator("#n-b")).to_have_attribute("data-x", "316")
    expect_agreement(alice, copy)
    names = [(client, seq) for client, seq, _operation in change_log(behind, flow) if client]
    assert len({client for client, _seq in names}) == 2
    assert len(names) == 6


@pytest.mark.parametrize("behind_by", [3, 50], ids=["changes", "a whole canvas"])
def test_field_selection_and_view_outlast_a_return(
    flow_of: Flow, opened: Open, tight: Proxy, _tight: tuple[Server, Proxy], behind_by: int
) -> None:
    flow = flow_of([*TWO, node("c", 0, 200)], on=tight)
    alice, bob = opened("alice", flow, on=tight), opened("bob", flow, on=_tight[0])
    select(alice, "a")
    alice.page.mouse.wheel(90, 60)
    alice.field("description").focus()
    alice.page.keyboard.type("Half a ")
    alice.settled()
    place = alice.page.locator("[data-world]").evaluate("(world) => world.style.transform")
    assert place
    lost(tight, alice)
    alice.page.keyboard.type("sen")
    bob.operate(*({"kind": "move_node", "id": "c", "x": 8 * step, "y": 200} for step in range(1, behind_by + 1)))
    back(tight, alice)
    expect(alice.page.locator("#n-c")).to_have_attribute("data-x", str(8 * behind_by))
    expect(alice.field("description")).to_be_focused()
    alice.page.keyboard.type("tence")
    expect(alice.field("description")).to_have_value("Half a sentence")
    assert alice.page.locator("[data-world]").evaluate("(world) => world.style.transform") == place
    expect(alice.page.locator("[data-node-id][data-selected]")).to_have_count(1)
    expect(alice.page.locator("#n-a")).to_have_attribute("data-selected", "")
    alice.page.locator("#n-a .node-second").click()
    back(tight, alice)
    expect(bob.page.locator("#n-a")).to_be_visible()
    assert next(node for node in alice.stored()["nodes"] if node["id"] == "a")["description"] == "Half a sentence"
    expect_agreement(alice, bob)


def test_with_so_much_waiting_nothing_more_is_taken_until_it_has_gone(
    flow_of: Flow, opened: Open, tight: Proxy
) -> None:
    alice = opened("alice", flow_of(TWO, on=tight), on=tight)
    lost(tight, alice)
    nudge(alice, "a", 25)
    waits(alice, 20)
    expect(alice.page.locator("[data-sync]")).to_contain_text("Read-only: 20 changes wait")
    expect(alice.page.locator("#n-a")).to_have_attribute("data-x", "160")
    expect(alice.page.locator("[data-palette-kind]").first).to_be_disabled()
    back(tight, alice)
    expect(alice.page.locator("[data-palette-kind]").first).to_be_enabled()
    nudge(alice, "a", 1)
    alice.settled()
    assert alice.stored()["nodes"][0]["x"] == 168
    expect_agreement(alice)


def test_a_change_that_does_not_fit_into_a_frame_is_refused_here(flow_of: Flow, opened: Open, tight: Proxy) -> None:
    alice = opened("alice", flow_of(TWO, on=tight), on=tight)
    select(alice, "a")
    alice.field("description").fill("x" * 4_900)
    alice.field("description").blur()
    expect(alice.page.locator("[data-toasts]")).to_contain_text("too much for one change")
    nudge(alice, "b", 1)
    alice.settled().live()
    assert alice.stored()["nodes"][0]["description"] == ""


def test_a_frame_that_the_server_does_not_take_is_not_sent_for_ever(context_for: Callable[..., BrowserContext]) -> None:
    """The page was told a larger limit than the server has after its restart."""
    with Server() as server:
        tab = EditorPage(context_for("alice", on=server, viewport=WINDOW))
        tab.page.goto("/")
        tab.open(str(tab.call("POST", "/flows", {"title": "Large", "nodes": TWO})["id"])).live()
        server.terminate()
        tab.live("offline")
        nudge(tab, "a", 2)
        select(tab, "b")
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
        expect(tab.page.locator("[data-away-item]")).to_contain_text("too much for one change")
        assert [(node["x"], node["description"]) for node in tab.stored()["nodes"]] == [(32, ""), (300, "")]
        expect_agreement(tab)
        assert server.verify(tab.flow).returncode == 0


def test_who_sleeps_wakes_at_the_next_input_and_loses_nothing(context_for: Callable[..., BrowserContext]) -> None:
    with Server(environment={"HELIX_LIMIT_IDLE_SECONDS": "3"}) as server:
        tab = EditorPage(context_for("alice", on=server, viewport=WINDOW))
        tab.page.goto("/")
        tab.open(str(tab.call("POST", "/flows", {"title": "Idle", "nodes": TWO})["id"])).live()
        select(tab, "a")
        before = view(tab)
        expect(tab.page.locator("[data-sync]")).to_contain_text("Paused", timeout=PATIENCE_MS)
        tab.operate({"kind": "move_node", "id": "b", "x": 316, "y": 0})
        assert view(tab) == before, "it sleeps"
        tab.page.keyboard.press("ArrowRight")
        expect(tab.page.locator("#n-b")).to_have_attribute("data-x", "316")
        tab.settled()
        assert tab.stored()["nodes"][0]["x"] == 8
        assert tab.complaints == []
