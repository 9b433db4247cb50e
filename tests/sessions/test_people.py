"""Who is here and what they are doing, in one process and over several; silence is enough to be gone."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async

from flows.limits import Limits
from flows.models import Flow
from sessions import supervisor
from sessions.live import broadcaster, clock
from sessions.live.session import LiveSession
from sessions.processes import registry
from sessions.processes.group_channel import Message
from sessions.protocol.codes import Close
from sessions.queries import live_sessions, people_counts, session_of
from tests.sessions.client import PATIENCE, Client
from tests.sessions.conftest import Join

PRESENCE_SECONDS = Limits().presence_seconds
STATE = {
    "cursor": [1.5, 2],
    "selection": ["a"],
    "drag": {"ids": ["a"], "dx": 1, "dy": 2},
    "field": "settings.temperature",
    "viewport": [0, 0, 1],
    "status": "active",
}


async def state_of(watcher: Client, session: str, **wanted: object) -> dict[str, object]:
    """Read presence frames until one says what is wanted of a session."""
    state: dict[str, object] = {}
    while not wanted.items() <= state.items():
        frame = await watcher.next("presence", where=lambda frame: session in frame["states"])
        state |= frame["states"][session]
    return state


def the_session() -> LiveSession:
    """Return the one session of this process."""
    (session,) = supervisor.current().sessions.values()
    return session


async def pause(mover: Client, watcher: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one movement be told, and the next not before the test says so."""
    monkeypatch.setattr(broadcaster, "FLUSHES_PER_SECOND", 1 / 3600)
    await mover.send("presence", cursor=[-1, -1])
    await state_of(watcher, mover.session, cursor=[-1, -1])


async def test_who_comes_and_goes_is_told_to_the_others(join: Join) -> None:
    alice = await join("alice")
    bob = await join("bob")
    came = await alice.next("people")
    assert came["joined"] == [{**bob.me}]
    assert came["left"] == []
    await bob.leave()
    assert (await alice.next("people", where=lambda frame: bool(frame["left"])))["left"] == [bob.session]
    assert "people" not in {frame["type"] for frame in await alice.settle()}


async def test_what_somebody_does_is_told_to_the_others_and_never_to_them(join: Join) -> None:
    alice, bob, vera = await join("alice"), await join("bob"), await join("vera")
    await alice.send("presence", **STATE)
    await vera.send("presence", cursor=[9, 9])
    assert await state_of(bob, alice.session, **STATE) == STATE
    assert (await state_of(alice, vera.session, cursor=[9, 9])).keys() == {"cursor"}
    for client in (alice, bob, vera):
        for frame in await client.settle():
            assert frame["type"] != "presence" or client.session not in frame["states"]


async def test_only_what_changed_is_told_and_null_is_a_change(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    await alice.send("presence", **STATE)
    await state_of(bob, alice.session, **STATE)
    await alice.send("presence", selection=["a"], drag=None, cursor=None)
    frame = await bob.next("presence")
    assert frame["states"] == {alice.session: {"cursor": None, "drag": None}}


async def test_many_movements_are_few_frames(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = await join("alice"), await join("bob")
    await pause(alice, bob, monkeypatch)
    for x in range(20):
        await alice.send("presence", cursor=[x, 0])
        await alice.settle()
    the_session().presence._flush()
    await state_of(bob, alice.session, cursor=[19, 0])
    told = [frame["states"][alice.session] for frame in bob.frames if frame["type"] == "presence"]
    assert told == [{"cursor": [-1, -1]}, {"cursor": [19, 0]}]


async def test_a_newcomer_learns_what_everybody_is_doing(join: Join) -> None:
    alice = await join("alice")
    await alice.send("presence", **STATE)
    await alice.settle()
    bob = await join("bob")
    assert (await bob.next("presence"))["states"] == {alice.session: STATE}


async def test_edits_go_in_front_of_cursors(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = await join("alice"), await join("bob")
    await pause(alice, bob, monkeypatch)
    the_session().broadcaster._not_before = time.monotonic() + 3600
    await alice.send("presence", cursor=[1, 1])
    assert (await alice.do({"kind": "move_node", "id": "a", "x": 1, "y": 0}))["type"] == "acked"
    the_session().presence._flush()
    await state_of(bob, alice.session, cursor=[1, 1])
    told = [frame["type"] for frame in bob.frames if frame["type"] in ("apply_changes", "presence")]
    assert told == ["presence", "apply_changes", "presence"]


async def test_people_of_another_process_are_seen_move_and_go(join: Join, elsewhere: Join) -> None:
    alice = await join("alice")
    await alice.send("presence", **STATE)
    bob = await elsewhere("bob")
    came = await alice.next("people", where=lambda frame: bool(frame["joined"]))
    assert came["joined"] == [bob.me]
    await bob.until(lambda: bob.people.get(alice.session) == alice.me)
    await state_of(bob, alice.session, **STATE)
    await bob.send("presence", cursor=[7, 7])
    await state_of(alice, bob.session, cursor=[7, 7])
    await bob.leave()
    assert (await alice.next("people", where=lambda frame: bool(frame["left"])))["left"] == [bob.session]


async def test_a_client_that_comes_back_in_another_process_is_replaced_in_the_first(
    join: Join, elsewhere: Join
) -> None:
    first = await join("alice")
    second = await elsewhere("alice", client=first.name)
    assert await first.closed() == 4409
    assert (await second.do({"kind": "move_node", "id": "a", "x": 1, "y": 0}))["type"] == "acked"


async def test_a_session_that_ends_takes_nobody_of_its_successor_along(join: Join, elsewhere: Join) -> None:
    alice = await join("alice")
    await elsewhere("bob")
    await alice.next("people", where=lambda frame: bool(frame["joined"]))
    (ending,) = elsewhere.supervisor.sessions.values()  # type: ignore[attr-defined]
    ending.end(Close.ASLEEP)
    back = await elsewhere("vera")
    ending.presence.close()
    await alice.until(lambda: back.session in alice.people)
    here = next(iter(supervisor.current().sessions.values()))
    here.presence.receive({"type": "live.leaving", "process": ending.presence._process})
    assert here.board.has_person(back.me["id"])


async def test_a_process_that_falls_silent_is_forgotten(
    join: Join, elsewhere: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await join("alice")
    bob = await elsewhere("bob")
    await alice.next("people", where=lambda frame: bool(frame["joined"]))
    dead = next(iter(elsewhere.supervisor.sessions.values()))  # type: ignore[attr-defined]
    for task in dead.channel._tasks:
        task.cancel()
    dead.clock.close()
    here = next(iter(supervisor.current().sessions.values()))
    here.board.forget_silent(10**9, 30)
    here.presence.schedule_flush()
    assert (await alice.next("people", where=lambda frame: bool(frame["left"])))["left"] == [bob.session]
    assert here.board.persons == 1


async def test_announcements_are_repeated(join: Join, elsewhere: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "ANNOUNCE_SECONDS", 0.01)
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.01)
    alice = await join("alice")
    bob = await elsewhere("bob")
    here = next(iter(supervisor.current().sessions.values()))
    await alice.next("people", where=lambda frame: bool(frame["joined"]))
    here.board.remove(bob.session)
    assert (await alice.next("people", where=lambda frame: bool(frame["joined"])))["joined"] == [bob.me]


async def test_a_failed_announcement_is_not_the_last(
    live: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(registry, "ANNOUNCE_SECONDS", 0.01)
    told = asyncio.Event()

    class Failing:
        def entries(self) -> Iterator[registry.SessionEntry]:
            if "announcement_failed" not in caplog.text:
                raise ZeroDivisionError("a defect")
            told.set()
            yield from ()

        def entries_of(self, flow_ids: Iterable[UUID]) -> Iterator[registry.SessionEntry]:
            yield from ()

        def on_auth_event(self, message: Message) -> None: ...

    one = registry.Registry("one", Failing())
    one._task = asyncio.create_task(one._repeat())
    async with asyncio.timeout(PATIENCE):
        await told.wait()
    await one.close()


@pytest.mark.parametrize(
    "message",
    [
        {"type": "live.people", "process": "p", "whole": True, "people": [{}], "left": []},
        {"type": "live.people", "process": "p"},
        {"type": "live.presence", "process": "p", "states": 7},
        {"type": "flow.changed"},
        {"type": "live.people"},
        {},
    ],
)
async def test_a_message_that_is_none_of_ours_is_ignored(join: Join, message: dict[str, object]) -> None:
    alice = await join("alice")
    session = next(iter(supervisor.current().sessions.values()))
    session.channel._receive(message)
    assert (await alice.do({"kind": "move_node", "id": "a", "x": 1, "y": 0}))["type"] == "acked"


async def test_the_registry_knows_what_is_live_here_and_elsewhere(join: Join, elsewhere: Join, flow: Flow) -> None:
    nobody = {"active": False, "version": 1, "people": [], "count": 0}
    assert (await sync_to_async(session_of)(flow.pk)) == nobody
    await join("alice")
    await join("alice")
    bob = await elsewhere("bob")
    async with asyncio.timeout(10):
        while (state := await sync_to_async(session_of)(flow.pk))["count"] < 2:
            await asyncio.sleep(0)
    assert (state["active"], [one["name"] for one in state["people"]]) == (True, ["Alice", "Bob"])
    assert state["people"][1] == {name: bob.me[name] for name in ("id", "name", "colour")}
    assert people_counts([flow.pk, uuid4()]) == {flow.pk: 2}, "of every process, and each person once"
    (listed,) = await sync_to_async(live_sessions)()
    assert (listed["flow"], listed["title"], listed["version"], len(listed["people"])) == (flow.pk, "Draft", 1, 2)


async def test_processes_tell_each_other_what_is_live(join: Join, elsewhere: Join) -> None:
    here = supervisor.current().registry
    bob = await elsewhere("bob")
    async with asyncio.timeout(10):
        while not any(entry.people for remote in here._remote.values() for entry in remote.sessions.values()):
            await asyncio.sleep(0)
    assert here.sockets_elsewhere(bob.me["id"]) == 1
    for remote in here._remote.values():
        remote.heard_at -= PRESENCE_SECONDS - 1
    assert here.sockets_elsewhere(bob.me["id"]) == 1
    for remote in here._remote.values():
        remote.heard_at -= 2
    assert here.sockets_elsewhere(bob.me["id"]) == 0, "of a process that fell silent nobody knows anything"
    for remote in here._remote.values():
        remote.heard_at += 100
    await bob.leave()
    async with asyncio.timeout(10):
        while here.sockets_elsewhere(bob.me["id"]):
            await asyncio.sleep(0)
