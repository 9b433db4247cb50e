"""Somebody was away and worked on: all is answered in order, others' work is intact, and what was not done is told."""

import json
import sqlite3
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import WINDOW, Apart, Context, Flow, Open
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.gestures import nudge, rename, select, waits
from tests.browser.nodes import TWO, agent
from tests.browser.panel import back, lost
from tests.browser.views import expect_agreement, view
from tests.proxy import Proxy
from tests.servers import Server

AWAY, MEANWHILE = 200, 500
MINE = [agent(f"mine{number}", 180 * number, 0) for number in range(5)]
DOOMED = [agent(f"doomed{number}", 180 * number, 140) for number in range(3)]
THEIRS = [agent(f"theirs{number}", 180 * number, 280) for number in range(5)]
LINKS = [{"id": "e0", "source": "mine0", "target": "doomed0"}, {"id": "e1", "source": "theirs0", "target": "theirs1"}]


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
    apart: Apart, network: Proxy, behind: Server
) -> None:
    alice, bob = apart([*MINE, *DOOMED, *THEIRS], LINKS)
    flow = alice.flow
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


def test_who_sleeps_wakes_at_the_next_input_and_loses_nothing(context_for: Context) -> None:
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
