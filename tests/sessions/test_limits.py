"""Every bound of one connection, at the limit and one past it."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from flows.limits import Limits
from flows.models import Answer, Flow
from flows.storage.store import Loaded, load_document
from sessions import connection, consumers, supervisor
from sessions import join as joining
from sessions.live import clock as session_clock
from sessions.live import session as live_session
from sessions.live.session import LiveSession
from sessions.protocol.codes import Close
from sessions.sockets import outbound
from sessions.sockets.admission import Admission, admit
from tests.sessions.client import PATIENCE, Closed, connect
from tests.sessions.conftest import Join, token_of

Limit = Callable[..., None]


@pytest.fixture
def limit(settings: Settings) -> Limit:
    """`limit(people_per_flow=2)`, before anybody joins."""

    def set_limits(**values: int) -> None:
        settings.HELIX_LIMITS = Limits(**values)

    return set_limits


class Clock:
    """What rates take for the time: it stands still, or moves on by `pace` seconds whenever it is looked at."""

    def __init__(self) -> None:
        self._now, self.pace = time.monotonic(), 0.0

    def monotonic(self) -> float:
        self._now += self.pace
        return self._now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that does not care how fast the machine is."""
    clock = Clock()
    monkeypatch.setattr(connection, "time", clock)
    return clock


def move(x: float) -> dict[str, object]:
    return {"kind": "move_node", "id": "a", "x": x, "y": 0}


async def test_frames_beyond_the_burst_are_errors_and_presence_is_dropped(
    join: Join, limit: Limit, clock: Clock
) -> None:
    limit(frames_per_second=1)
    alice, bob = await join("alice"), await join("bob")
    for _ in range(4):
        await alice.send("ping")
    for _ in range(4):
        await alice.next("pong")
    await alice.send("ping")
    assert (await alice.next("pong", "error"))["code"] == "rate_limited"
    await alice.send("presence", cursor=[1, 1])
    for x in range(1, 10):
        assert (await alice.do(move(x)))["type"] == "acked", "operations are not counted here"
        await alice.send("seen", version=1)
    assert "presence" not in {frame["type"] for frame in await bob.settle()}


async def test_operations_beyond_the_burst_are_refused_and_not_remembered(
    join: Join, limit: Limit, clock: Clock
) -> None:
    limit(operations_per_second=1)
    alice = await join("alice")
    answers = [await alice.do(move(x), seq=x) for x in range(1, 5)]
    assert [answer["type"] for answer in answers] == ["acked"] * 3 + ["refused"]
    assert (answers[3]["code"], answers[3]["state"]["nodes"][0]["id"]) == ("rate_limited", "a")
    assert not await Answer.objects.aexists()
    again = await join("alice", client=alice.name)
    assert (await again.do(move(4), seq=4))["type"] == "acked"


async def test_what_was_seen_is_counted_by_itself(join: Join, limit: Limit, clock: Clock) -> None:
    limit(seen_per_second=1, frames_per_second=1)
    alice = await join("alice", format="html")
    alice.says_seen = False
    for _ in range(4):
        await alice.send("seen", version=1)
    assert "error" not in {frame["type"] for frame in await alice.settle()}
    await alice.send("seen", version=1)
    assert (await alice.next("error"))["code"] == "rate_limited"
    assert (await alice.do(move(1)))["type"] == "acked"


SEEN = {"type": "seen", "version": 1}


@pytest.mark.parametrize("frame", [{"type": "ping"}, {"type": "operate", "seq": 1, "operation": {}}, SEEN])
async def test_excess_for_too_long_ends_it(join: Join, limit: Limit, clock: Clock, frame: dict[str, object]) -> None:
    limit(frames_per_second=1, operations_per_second=1, seen_per_second=1)
    alice = await join("alice")
    clock.pace = 0.1
    for _ in range(120):
        await alice.wire.send(json.dumps(frame))
    assert await alice.closed() == 4429


async def test_a_frame_may_be_as_long_as_the_limit_and_no_longer(join: Join, limit: Limit) -> None:
    limit(frame_bytes=400)
    alice = await join("alice")
    for seq, label in enumerate(("x", "é"), 1):
        operation = {"kind": "edit_node", "id": "a", "set": {"label": label}}
        text = json.dumps({"type": "operate", "seq": seq, "operation": operation}, ensure_ascii=False)
        await alice.wire.send(text + " " * (400 - len(text.encode())))
        assert (await alice.next("acked"))["seq"] == seq
    await alice.wire.send(text + " " * (401 - len(text.encode())))
    assert await alice.closed() == 4413


async def test_binary_and_broken_frames_are_errors_and_the_fifth_in_a_row_ends_it(join: Join) -> None:
    alice = await join("alice")
    bad: list[str | bytes] = [b"", b"\x00\xff", "", "{"]
    for text in bad:
        await alice.wire.send(text)
        assert (await alice.next("error"))["code"] == "invalid"
    await alice.settle()
    for text in [*bad, '{"type":"seen","version":NaN}']:
        await alice.wire.send(text)
        assert (await alice.next("error"))["code"] == "invalid"
    assert await alice.closed() == 4400


async def test_invalid_operations_are_no_broken_frames(join: Join) -> None:
    alice = await join("alice")
    for operation in (None, 1, [], {"kind": "?"}, "x" * 1000, {"kind": "batch", "operations": [{}]}):
        assert (await alice.do(operation))["code"] == "invalid"
    assert (await alice.do(move(1)))["type"] == "acked"


async def test_a_client_that_says_nothing_is_not_waited_for(
    live: None, flow: Flow, cast: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HELLO_SECONDS", 0.01)
    client = await connect(await sync_to_async(token_of)(cast["alice"]), flow.pk)  # type: ignore[arg-type]
    assert await client.closed() == 4408


async def test_who_said_hello_is_not_too_slow_while_we_are(
    cast: dict[str, object], live: None, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HELLO_SECONDS", 0.01)
    loop, said, slowness = asyncio.get_running_loop(), threading.Event(), threading.Event()

    def admit_late(*arguments: Any) -> Admission:
        said.wait(PATIENCE)
        return admit(*arguments)

    def load_late(flow_id: UUID) -> Loaded:
        loop.call_soon_threadsafe(loop.call_later, 0.05, slowness.set)
        slowness.wait(PATIENCE)
        return load_document(flow_id)

    monkeypatch.setattr(consumers, "admit", admit_late)
    monkeypatch.setattr(live_session, "load_document", load_late)
    client = await connect(await sync_to_async(token_of)(cast["alice"]), flow.pk)  # type: ignore[arg-type]
    await client.send("hello", protocol=1, client=client.name, since=None, format="json")
    said.set()
    assert (await client.next("welcome"))["version"] == 1
    await client.leave()


async def test_who_waits_too_long_for_our_welcome_is_sent_away_to_come_back(
    cast: dict[str, object], live: None, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "JOIN_SECONDS", 0.01)
    slowness = threading.Event()

    def load_late(flow_id: UUID) -> Loaded:
        slowness.wait(2 * PATIENCE)
        return load_document(flow_id)

    monkeypatch.setattr(live_session, "load_document", load_late)
    client = await connect(await sync_to_async(token_of)(cast["alice"]), flow.pk)  # type: ignore[arg-type]
    await client.send("hello", protocol=1, client=client.name, since=None, format="json")
    try:
        assert await client.closed() == 4412
    finally:
        slowness.set()
    await client.leave()


async def test_bytes_not_seen_end_it_and_nobody_else_notices(join: Join, limit: Limit) -> None:
    limit(unseen_bytes=2000)
    alice, bob = await join("alice"), await join("bob")
    bob.says_seen = False
    for x in range(1, 40):
        assert (await alice.do(move(x)))["type"] == "acked"
    assert await bob.closed() == 4408
    await alice.reach(40)


async def test_whole_graphs_wait_within_the_outbox_too(join: Join, limit: Limit) -> None:
    limit(outbox=1)
    alice = await join("alice")
    graph = {"nodes": [], "edges": []}
    (socket,) = the_session().broadcaster
    socket.unanswered += 1
    await alice.send("sync_graph", seq=1, version=1, graph=graph)
    assert (await alice.answer(1))["code"] == "rate_limited"
    socket.unanswered -= 1
    await alice.send("sync_graph", seq=1, version=1, graph=graph)
    assert (await alice.answer(1))["type"] == "acked"


async def test_what_waits_is_bounded_in_bytes(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_UNANSWERED_BYTES", 1000)
    alice = await join("alice")
    label = {"kind": "edit_node", "id": "a", "set": {"label": "x" * 1000}}
    assert (await alice.do(label))["code"] == "rate_limited"
    assert (await alice.do(move(1)))["type"] == "acked"
    (socket,) = the_session().broadcaster
    assert (socket.unanswered, socket.unanswered_bytes) == (0, 0)


async def test_a_defect_of_one_visit_ends_it_alone(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = await join("alice"), await join("bob")

    def broken(*_: object) -> None:
        monkeypatch.undo()
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(connection, "references_in", broken)
    monkeypatch.setattr(connection, "MAX_UNANSWERED_BYTES", 0)
    await alice.operate(move(1))
    assert await alice.closed() == 4412
    assert (await bob.do(move(1)))["type"] == "acked"


async def test_versions_not_seen_for_too_long_end_it(join: Join, limit: Limit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_clock, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(outbound, "VERSIONS_SECONDS", 0.02)
    limit(unseen_versions=5)
    alice, bob = await join("alice"), await join("bob")
    bob.says_seen = False
    for x in range(1, 7):
        await alice.do(move(x))
    assert await bob.closed() == 4408


async def test_one_person_too_many_is_turned_away_and_nobody_else_notices(join: Join, limit: Limit) -> None:
    limit(people_per_flow=2)
    alice, bob = await join("alice"), await join("bob")
    vera = await refused(join, "vera")
    assert vera == 4503
    second = await join("bob")
    assert (await second.do(move(1)))["type"] == "acked"
    await bob.leave()
    await alice.reach(2)
    again = await join("bob", held=bob.replica)
    assert (await again.do(move(2)))["type"] == "acked"


async def test_one_socket_too_many_is_turned_away_unless_it_replaces_one(
    join: Join, limit: Limit, monkeypatch: pytest.MonkeyPatch, flow: Flow, cast: dict[str, object]
) -> None:
    limit(sockets_per_user=2)
    first, second = await join("alice"), await join("alice")
    assert await refused(join, "alice") == 4503
    with monkeypatch.context() as hurried:
        hurried.setattr(connection, "OVER_LIMIT_SECONDS", 0.05)
        silent = await connect(await sync_to_async(token_of)(cast["alice"]), flow.pk)  # type: ignore[arg-type]
        assert await silent.closed() == 4503
    await silent.leave()
    third = await join("alice", client=first.name)
    assert await first.closed() == 4409
    for client in (second, third, await join("bob")):
        assert (await client.do(move(1)))["type"] == "acked"


async def test_a_newer_socket_of_the_same_client_replaces_the_older(join: Join) -> None:
    first, bob = await join("alice"), await join("bob")
    other = await join("vera", client=first.name)
    second = await join("alice", client=first.name)
    assert await first.closed() == 4409
    await bob.until(lambda: first.session not in bob.people and second.session in bob.people)
    assert (await second.do(move(1)))["type"] == "acked"
    await other.reach(2)


async def test_a_flow_where_nothing_happens_falls_asleep(join: Join) -> None:
    alice = await join("alice")
    await alice.settle()
    session = the_session()
    session.clock.tick(session.active_at + session.limits.idle_seconds - 1)
    await alice.settle()
    session.clock.tick(session.active_at + session.limits.idle_seconds + 1)
    assert await alice.closed() == 4410
    again = await join("alice", held=alice.replica)
    assert (await again.do(move(1)))["type"] == "acked"


async def test_an_empty_session_ends(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_clock, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(session_clock, "EMPTY_SECONDS", 0.02)
    alice = await join("alice")
    session = the_session()
    await alice.leave()
    async with asyncio.timeout(PATIENCE):
        await session._task  # type: ignore[misc]
    assert session.closing is Close.ASLEEP
    assert supervisor.current().sessions == {}
    assert (await (await join("alice", held=alice.replica)).do(move(1)))["type"] == "acked"


async def test_who_comes_as_an_empty_session_ends_meets_the_next_one(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await join("alice")
    await alice.leave()
    (ending,), loop = supervisor.current().sessions.values(), asyncio.get_running_loop()

    def slow(*arguments: Any) -> Admission:
        monkeypatch.undo()
        loop.call_soon_threadsafe(ending.end, Close.ASLEEP)
        return admit(*arguments)

    monkeypatch.setattr(joining, "admit", slow)
    bob = await join("bob")
    assert (await bob.do(move(1)))["type"] == "acked"
    assert ending.closing is Close.ASLEEP


def the_session() -> LiveSession:
    """Return the one session of this process."""
    (session,) = supervisor.current().sessions.values()
    return session


async def refused(join: Join, name: str) -> int:
    """Join in vain and return the code."""
    with pytest.raises(Closed) as raised:
        await join(name)
    return raised.value.code
