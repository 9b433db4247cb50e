"""What a refusal shows: as much as its author asked about and a frame holds; and no snapshot upon snapshot."""

import pytest

from sessions.live import commits
from sessions.protocol.codec import encode
from sessions.protocol.codes import Close
from sessions.protocol.frames import Snapshot
from tests.sessions.conftest import Join
from tests.sessions.test_limits import Limit, limit, move, the_session

__all__ = ["limit"]


async def test_a_state_too_long_comes_as_one_snapshot_and_no_second_before_that_is_seen(
    join: Join, limit: Limit
) -> None:
    limit(outbound_frame_bytes=4096)
    alice, vera = await join("alice"), await join("vera")
    nodes = [{"id": f"n{n}", "kind": "note", "x": 0, "y": 0, "description": "d" * 500} for n in range(10)]
    await alice.do({"kind": "batch", "operations": [{"kind": "add_node", "node": node} for node in nodes]})
    await vera.reach(2)
    await vera.settle()
    vera.says_seen = False
    both = {"kind": "batch", "operations": [{"kind": "move_node", "id": node["id"], "x": 1, "y": 1} for node in nodes]}
    refusals = [await vera.do(both) for _ in range(5)]
    assert all(one.keys() == {"type", "seq", "code", "message"} for one in refusals)
    assert [part["part"] for part in await vera.settle() if part["type"] == "snapshot"] == [1, 2]
    await vera.send("seen", version=2)
    await vera.do(both)
    assert [part["part"] for part in await vera.settle() if part["type"] == "snapshot"] == [1, 2]
    await vera.send("sync_graph", seq=99, version=1, graph={"nodes": [], "edges": []})
    assert (await vera.answer(99))["code"] == "forbidden"
    await alice.settle()
    alice.says_seen = False
    for seq in (98, 99):
        await alice.send("sync_graph", seq=seq, version=1, graph={"nodes": [], "edges": []})
        assert "graph" not in await alice.answer(seq)
    assert [part["part"] for part in await alice.settle() if part["type"] == "snapshot"] == [1, 2]


async def test_snapshots_not_seen_end_it_but_one_alone_does_not(join: Join, limit: Limit) -> None:
    limit(unseen_bytes=20_000)
    await join("alice")
    (socket,) = the_session().broadcaster
    part = encode(Snapshot(version=1, digest="x" * 50_000, part=1, parts=1))
    for version in (2, 3, 4, 5):
        socket.send_snapshot([part], version, counted=True)
        assert socket.closed is None
    socket.send_snapshot([part], 6, counted=True)
    assert socket.closed is Close.TOO_SLOW


async def test_who_may_not_write_is_shown_no_more_than_they_named(join: Join) -> None:
    alice, vera = await join("alice"), await join("vera")
    await alice.do({"kind": "add_node", "node": {"id": "g", "kind": "group", "x": 0, "y": 0}})
    await alice.do({"kind": "edit_node", "id": "c", "set": {"parent": "g"}})
    await vera.reach(3)
    refusal = await vera.do({"kind": "move_node", "id": "g", "x": 1, "y": 1})
    assert (refusal["code"], [node["id"] for node in refusal["state"]["nodes"]]) == ("forbidden", ["g"])


async def test_an_answer_that_cannot_be_shown_is_given_plainly(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await join("alice")

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(commits, "json_state", broken)
    refusal = await alice.do({"kind": "move_node", "id": "nobody", "x": 1, "y": 1}, seq=1)
    assert (refusal["code"], "state" in refusal) == ("unknown_node", False)
    monkeypatch.setattr(commits, "refuse", broken)
    refusal = await alice.do({"kind": "move_node", "id": "nobody", "x": 1, "y": 1}, seq=2)
    assert (refusal["code"], "state" in refusal) == ("unknown_node", False)
    assert not the_session()._restarts
    assert (await alice.do(move(1), seq=3))["type"] == "acked"


async def test_a_refusal_at_once_shows_no_later_state_than_was_told(join: Join) -> None:
    alice = await join("alice")
    the_session().broadcaster._not_before = float("inf")
    seq = await alice.operate(move(5))
    await alice.answer(seq)
    await alice.send("execute_action", seq=2, action="none", node="n1")
    await alice.answer(2)
    types = [frame["type"] for frame in alice.frames]
    assert types.index("apply_changes") < types.index("refused")
