"""What may go wrong, and that nobody ends up wrong: lost hints, other writers, defects, a database that is away."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from pytest_django import Settings

from accounts.principals import System
from flows import publish
from flows.commands import Submission, commit, submit
from flows.document import RemoveNode
from flows.limits import Limits
from flows.log import changes_since
from flows.models import Flow
from flows.submission import Receipt, parse_operation
from sessions import supervisor
from sessions.live import clock, commits, replica
from sessions.live import session as live_session
from tests.sessions.client import Client, Closed
from tests.sessions.conftest import Join


def move(x: float, id: str = "a") -> dict[str, object]:
    return {"kind": "move_node", "id": id, "x": x, "y": 0}


def the_session() -> live_session.LiveSession:
    """Return the one session of this process."""
    (session,) = supervisor.current().sessions.values()
    return session


async def write(flow: Flow, *operations: object, tell: bool = True) -> Receipt:
    """Write as REST does, by the system; with or without the hint."""
    parsed = map(parse_operation, operations)
    submissions = [Submission(operation=operation, principal=System(), via="api") for operation in parsed]
    return await sync_to_async(submit if tell else commit)(flow.pk, submissions)


async def agree(flow: Flow, version: int, *clients: Client) -> None:
    """Expect everybody at a version, alike, with the log's digest."""
    last = (await sync_to_async(changes_since)(flow.pk, 0))[-1]
    assert last.version == version
    for client in clients:
        await client.reach(version)
        assert client.replica.digest == last.digest
        assert client.replica.graph() == clients[0].replica.graph()


@pytest.fixture
def beating(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hearts beat a hundred times a second."""
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(clock, "HEARTBEAT_SECONDS", 0.01)


async def test_what_others_write_appears(join: Join, flow: Flow) -> None:
    alice, bob = await join("alice"), await join("bob", format="html")
    await write(flow, move(1), {"kind": "remove_node", "id": "b"})
    await agree(flow, 3, alice)
    frame = await bob.next("apply_changes")
    assert (frame["previous"], frame["version"]) == (1, 3)
    assert [change["via"] for change in frame["changes"]] == ["api", "api"]
    assert 'helix-gone data-node-id="b"' in frame["html"]


async def test_a_lost_hint_is_healed_by_the_next_edit(join: Join, flow: Flow) -> None:
    alice, bob = await join("alice"), await join("bob")
    await write(flow, move(1), move(2, "b"), tell=False)
    assert (await alice.do(move(3)))["version"] == 4
    await agree(flow, 4, alice, bob)
    assert [change["version"] for change in bob.replica.changes] == [2, 3, 4]


async def test_a_lost_hint_is_healed_by_the_next_heartbeat(join: Join, flow: Flow, beating: None) -> None:
    alice = await join("alice")
    await write(flow, move(1), tell=False)
    await agree(flow, 2, alice)


async def test_doubled_old_and_foolish_hints_change_nothing(join: Join, flow: Flow) -> None:
    alice = await join("alice")
    receipt = await write(flow, move(1))
    await agree(flow, 2, alice)
    for version in (2, 1, 0, 99):
        await publish.publish(publish.hint_changed(flow.pk, previous=receipt.previous, version=version))
    assert (await alice.do(move(2)))["version"] == 3
    await agree(flow, 3, alice)


async def test_two_processes_write_one_flow(join: Join, elsewhere: Join, flow: Flow) -> None:
    clients = [await opened(name) for opened in (join, elsewhere) for name in ("alice", "bob")]

    async def write_some(client: Client, number: int) -> None:
        for x in range(25):
            assert (await client.do(move(x * 4 + number + 1, "abc"[x % 3])))["type"] == "acked"

    await asyncio.gather(*(write_some(client, number) for number, client in enumerate(clients)))
    await agree(flow, 101, *clients)


async def test_who_is_ahead_of_this_process_is_caught_up_with_not_set_back(join: Join, flow: Flow) -> None:
    alice = await join("alice")
    ahead = deepcopy(alice.replica)
    await write(flow, move(1), tell=False)
    ahead.version, ahead.nodes["a"] = 2, ahead.nodes["a"] | {"x": 1}
    bob = await join("bob", held=ahead)
    assert bob.replica.version == 2
    assert "snapshot" not in {frame["type"] for frame in await bob.settle()}


async def test_far_behind_a_session_reads_the_flow_anew(join: Join, flow: Flow, settings: Settings) -> None:
    settings.HELIX_LIMITS = Limits(catch_up=5)
    alice = await join("alice")
    await alice.settle()
    await write(flow, *(move(x) for x in range(1, 20)))
    await alice.reach(20)
    told = {frame["type"]: frame["version"] for frame in await alice.settle() if "version" in frame}
    assert told["snapshot"] == 20
    assert "apply_changes" not in told
    await agree(flow, 20, alice)


async def test_another_epoch_sends_everybody_to_come_back(join: Join, flow: Flow, beating: None) -> None:
    alice = await join("alice")
    await Flow.objects.filter(pk=flow.pk).aupdate(epoch="restored")
    assert await alice.closed() == 4412
    back = await join("alice", held=alice.replica)
    assert (await back.next("snapshot"))["version"] == 1
    assert back.replica.epoch == "restored"


async def test_a_gap_in_what_the_log_answers_starts_the_session_again(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await join("alice")
    real = replica.changes_since
    fail_once(monkeypatch, replica, "changes_since", lambda *arguments: real(*arguments)[1:])
    await write(flow, move(1), move(2))
    await agree(flow, 3, alice)


async def test_a_defect_starts_the_session_again_and_nobody_loses_anything(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await join("alice"), await join("bob")
    fail_once(monkeypatch, commits, "commit", ZeroDivisionError("a defect"))
    assert (await alice.do(move(1)))["version"] == 2
    await agree(flow, 2, alice, bob)


async def test_a_defect_after_the_commit_is_no_second_commit(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob, html = await join("alice"), await join("bob"), await join("vera", format="html")
    fail_once(monkeypatch, commits, "answer", ZeroDivisionError("a defect"))
    seqs = [await alice.operate(move(x)) for x in range(1, 6)]
    for seq in seqs:
        assert (await alice.answer(seq))["type"] == "acked"
    await agree(flow, 6, alice, bob)
    await html.until(lambda: any(frame.get("version") == 6 for frame in html._waiting))


@pytest.mark.parametrize("place", ["follow", "answer"])
async def test_a_defect_after_the_commit_keeps_nothing_from_other_processes(
    join: Join, elsewhere: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(clock, "HEARTBEAT_SECONDS", 3600.0)
    alice, bob = await join("alice"), await elsewhere("bob")
    fail_once(monkeypatch, the_session() if place == "follow" else commits, place, ZeroDivisionError("a defect"))
    assert (await alice.do(move(1)))["version"] == 2
    await agree(flow, 2, alice, bob)


async def test_a_commit_whose_end_was_not_heard_of_is_told_to_other_processes(
    join: Join, elsewhere: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "HEARTBEAT_SECONDS", 3600.0)
    alice, bob, real = await join("alice"), await elsewhere("bob"), commits.commit
    breaks = [OperationalError("the connection broke")]

    def cut_off(*arguments: Any, **options: Any) -> Receipt:
        receipt = real(*arguments, **options)
        if breaks:
            raise breaks.pop()
        return receipt

    monkeypatch.setattr(commits, "commit", cut_off)
    assert (await alice.do(move(1)))["version"] == 2
    await agree(flow, 2, alice, bob)


async def test_a_defect_while_telling_brings_everybody_forward_from_what_they_hold(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await join("alice"), await join("bob")
    fail_once(monkeypatch, the_session().broadcaster, "frame", ZeroDivisionError("a defect"))
    assert (await alice.do(move(1)))["version"] == 2
    await agree(flow, 2, alice, bob)


async def test_what_breaks_the_session_each_time_is_sent_away_alone(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await join("alice"), await join("bob")
    real = commits.commit

    def poisoned(flow_id: Any, submissions: Any, **options: Any) -> Receipt:
        if any(one.operation == RemoveNode("poison") for one in submissions):
            raise ZeroDivisionError("poison")
        return real(flow_id, submissions, **options)

    monkeypatch.setattr(commits, "commit", poisoned)
    seqs = [await bob.operate(move(x)) for x in range(1, 4)]
    await alice.operate({"kind": "remove_node", "id": "poison"})
    seqs += [await bob.operate(move(x)) for x in range(4, 7)]
    assert await alice.closed() == 4412
    for seq in seqs:
        assert (await bob.answer(seq))["type"] == "acked"
    await agree(flow, 7, bob)


async def test_too_many_defects_end_the_session_and_no_other(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await join("alice")
    monkeypatch.setattr(the_session(), "_work", broken)
    monkeypatch.setattr(the_session()._catch_up, "_read", broken)
    the_session().read_log_soon()
    assert await alice.closed() == 4412
    back = await join("alice", held=alice.replica)
    assert (await back.do(move(1)))["type"] == "acked"


async def test_without_a_database_edits_wait_and_nothing_is_acknowledged(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await join("alice"), await join("bob")
    away, real, tries = True, commits.commit, asyncio.Event()
    loop = asyncio.get_running_loop()

    def gone(*arguments: Any, **options: Any) -> Receipt:
        if away:
            loop.call_soon_threadsafe(tries.set)
            raise OperationalError("the database is away")
        return real(*arguments, **options)

    monkeypatch.setattr(commits, "commit", gone)
    seqs = [await alice.operate(move(x)) for x in range(1, 4)]
    for _ in range(3):
        async with asyncio.timeout(10):
            await tries.wait()
        tries.clear()
    assert {frame["type"] for frame in await alice.settle()} <= {"people", "snapshot"}
    away = False
    assert [(await alice.answer(seq))["version"] for seq in seqs] == [2, 3, 4]
    await agree(flow, 4, alice, bob)


async def test_shutting_down_answers_what_was_begun_and_says_when_to_come_back(join: Join, flow: Flow) -> None:
    alice, bob = await join("alice"), await join("bob")
    seq = await alice.operate(move(1))
    await alice.settle()
    await supervisor.shutdown()
    assert (await alice.answer(seq))["version"] == 2
    assert [await alice.closed(), await bob.closed()] == [4412, 4412]
    with pytest.raises(Closed, match="4412"):
        await join("alice")


async def broken(*_: object) -> None:
    """Have a defect."""
    raise ZeroDivisionError("a defect")


def fail_once(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, failure: Exception | Callable[..., Any]
) -> None:
    """Let a function go wrong the next time it is called, and be itself again after that."""
    real, failures = getattr(owner, name), [failure]

    def once(*arguments: Any, **options: Any) -> Any:
        if not failures:
            return real(*arguments, **options)
        failed = failures.pop()
        if isinstance(failed, Exception):
            raise failed
        return failed(*arguments)

    monkeypatch.setattr(owner, name, once)
