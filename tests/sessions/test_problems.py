"""The live list of problems: found once for everybody, sent when it changed, never in anybody's way."""

import asyncio
from typing import Any

import pytest

from flows.models import Flow
from sessions import supervisor
from sessions.live.problems import NOTHING, ProblemWatch, Told, id_of
from sessions.live.session import LiveSession
from tests.sessions.client import Client
from tests.sessions.conftest import Join
from tests.sessions.replica import Frame

CALL = {"kind": "add_node", "node": {"id": "call", "kind": "api", "x": 600, "y": 0, "label": "Call"}}
URL = {"kind": "edit_node", "id": "call", "set": {"settings": {"url": "https://example.com"}}}


def session_of(flow: Flow) -> LiveSession:
    return supervisor.current().session_for(flow.pk)


async def problems(client: Client, done: Any) -> dict[str, Frame]:
    """Read `problems` frames until the list is as wanted; return it by id."""
    known: dict[str, Frame] = getattr(client, "known", {})
    while True:
        frame = await client.next("problems")
        if "items" in frame:
            known = {item["id"]: item for item in frame["items"]}
        else:
            assert frame["remove"] or frame["add"]
            for id in frame["remove"]:
                del known[id]
            known |= {item["id"]: item for item in frame["add"]}
        client.known = known  # type: ignore[attr-defined]
        assert sum(frame["counts"].values()) == len(known)
        if done({item["code"] for item in known.values()}):
            return known


async def test_a_newcomer_gets_the_list(join: Join) -> None:
    alice = await join("alice")
    found = await problems(alice, lambda codes: "dead_end" in codes)
    bob = await join("bob")

    assert await problems(bob, lambda codes: "dead_end" in codes) == found
    one = next(item for item in found.values() if item["code"] == "twin_labels")
    assert one["message"] == "Another node is also called “Agent”."
    assert one["fix"]["kind"] == "edit_node"


async def test_what_one_breaks_and_mends_everybody_sees(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob", format="html")
    await problems(alice, lambda codes: "dead_end" in codes)
    await problems(bob, lambda codes: "dead_end" in codes)

    await alice.do(CALL)
    for one in (alice, bob):
        await problems(one, lambda codes: "missing_setting" in codes)
    await bob.do(URL)
    for one in (alice, bob):
        await problems(one, lambda codes: "missing_setting" not in codes)


async def test_many_versions_are_judged_together(join: Join, flow: Flow) -> None:
    alice = await join("alice")
    await problems(alice, lambda codes: "dead_end" in codes)
    watch = session_of(flow).problems
    before = watch.judged

    for x in range(100):
        await alice.operate({"kind": "move_node", "id": "a", "x": x, "y": -500})
    await alice.do(CALL)
    await problems(alice, lambda codes: "missing_setting" in codes)

    assert 1 <= watch.judged - before <= 10


async def test_an_unchanged_list_is_not_sent_again_and_nothing_runs_while_nothing_changes(
    join: Join, flow: Flow
) -> None:
    alice = await join("alice")
    await problems(alice, lambda codes: "dead_end" in codes)
    watch = session_of(flow).problems
    await alice.do({"kind": "edit_node", "id": "a", "set": {"colour": "#123456"}})
    await settled(watch)

    assert watch._timer is None
    assert watch._task is None
    assert not [frame for frame in alice._waiting if frame["type"] == "problems"]


async def settled(watch: ProblemWatch) -> None:
    while watch._timer is not None or watch._task is not None:
        await asyncio.sleep(0)


async def test_a_replaced_graph_and_a_restart_are_judged_anew(join: Join, flow: Flow) -> None:
    alice = await join("alice")
    await problems(alice, lambda codes: "dead_end" in codes)
    session_of(flow).problems.forget()
    await alice.do(CALL)

    await problems(alice, lambda codes: "missing_setting" in codes)


async def test_a_defect_costs_the_list_and_not_the_session(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await join("alice")
    await problems(alice, lambda codes: "dead_end" in codes)
    watch = session_of(flow).problems

    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr("sessions.live.problems._judged", broken)
        assert (await alice.do(CALL))["type"] == "acked"
        await settled(watch)
    assert (await alice.do({"kind": "move_node", "id": "call", "x": 601, "y": 0}))["type"] == "acked"

    await problems(alice, lambda codes: "missing_setting" in codes)


class Slow:
    """A socket as the list sees one."""

    def __init__(self) -> None:
        self.is_backed_up, self.problems, self.language = True, 0, "en"
        self.sent: list[object] = []

    def send_presence(self, frame: object) -> None:
        self.sent.append(frame)


async def test_a_slow_reader_is_told_later_how_things_are_then(join: Join, flow: Flow) -> None:
    await join("alice")
    watch, slow = session_of(flow).problems, Slow()
    watch._told = Told(7, 1, NOTHING.report, {})

    watch._send(slow, {})  # type: ignore[arg-type]
    assert slow.sent == []
    slow.is_backed_up = False
    watch._send(slow, {})  # type: ignore[arg-type]

    assert len(slow.sent) == 1
    assert slow.problems == 7


def test_a_problems_id_says_what_it_says() -> None:
    from tests.validation.graphs import node
    from tests.validation.graphs import problems as judged

    one, other = (judged([node("1", "api", url="", retry_attempts=0)], []) for _ in range(2))
    assert [id_of(problem) for problem in one] == [id_of(problem) for problem in other]
    assert len({id_of(problem) for problem in one}) == len(one) > 1
