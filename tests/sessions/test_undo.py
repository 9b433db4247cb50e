"""Undo and redo over the socket: frames like an edit, in the order of the edits, heard by everybody."""

from copy import deepcopy

import pytest
from asgiref.sync import sync_to_async

from flows.log import changes_since
from flows.models import Flow
from tests.sessions.client import Client, Frame
from tests.sessions.conftest import Join

MOVE = {"kind": "move_node", "id": "a", "x": 12.5, "y": 40}


def label(id: str, text: str) -> dict[str, object]:
    return {"kind": "edit_node", "id": id, "set": {"label": text}}


async def take_back(client: Client, what: str, seq: int | None = None, **more: int) -> Frame:
    seq = seq or next(client.seqs)
    await client.send(what, seq=seq, **more)
    return await client.answer(seq)


@pytest.mark.parametrize("what", ["undo", "redo"])
async def test_nothing_to_take_back(join: Join, what: str) -> None:
    alice, bob = await join("alice"), await join("bob")
    await alice.do(MOVE)
    assert (await take_back(bob, what))["code"] == "nothing_to_undo"


async def test_a_viewer_takes_nothing_back(join: Join) -> None:
    assert (await take_back(await join("vera"), "undo"))["code"] == "forbidden"


async def test_mine_goes_back_and_theirs_stays(join: Join, flow: Flow) -> None:
    alice, bob = await join("alice"), await join("bob")
    before = deepcopy(alice.replica.graph())
    await alice.do(MOVE)
    await bob.do(label("b", "Bob's"))
    await bob.reach(3)
    ahead = deepcopy(bob.replica.graph())

    assert await take_back(alice, "undo", seq=50) == {"type": "acked", "seq": 50, "version": 4}
    await bob.reach(4)
    heard = [frame for frame in bob.frames if frame["type"] == "apply_changes"][-1]
    assert heard["changes"] == [{"version": 4, "actor": alice.me["id"], "client": alice.name, "seq": 50, "via": "undo"}]
    assert await take_back(alice, "undo", seq=50) == {"type": "acked", "seq": 50, "version": 4}, "a resend"
    assert (await take_back(alice, "undo"))["code"] == "nothing_to_undo"
    assert (await take_back(alice, "redo"))["version"] == 5
    await alice.reach(5)
    await bob.reach(5)
    assert bob.replica.graph() == alice.replica.graph() == ahead != before
    log = await sync_to_async(changes_since)(flow.pk, 3)
    assert [(change.via, change.undo_of) for change in log] == [("undo", 2), ("redo", 4)]


async def test_what_was_left_alone_is_said(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    await alice.do({"kind": "edit_node", "id": "a", "set": {"label": "Alice's", "colour": "#ff0000"}})
    await bob.do(label("a", "Bob's"))
    for _ in range(2):
        acked = await take_back(alice, "undo", seq=50)
        assert acked["left"] == [{"node": "a", "properties": ["label"]}], "a resend's answer is the same"
    assert (await take_back(alice, "undo"))["code"] == "nothing_to_undo"


async def test_what_has_one_steps_name_goes_back_together(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    start = deepcopy(alice.replica.graph())
    for seq, text in enumerate(("R", "Re", "Res"), 1):
        await alice.send("operate", seq=seq, operation=label("a", text), step="field-1")
        await alice.answer(seq)
    assert await take_back(alice, "undo", seq=4) == {"type": "acked", "seq": 4, "version": 5}
    assert await take_back(alice, "undo", seq=4) == {"type": "acked", "seq": 4, "version": 5}, "a resend"
    await bob.reach(5)
    assert bob.replica.graph() == start
    assert (await take_back(alice, "undo", seq=5))["code"] == "nothing_to_undo"


async def test_edits_and_undos_are_done_in_the_order_they_were_sent(join: Join) -> None:
    """Also when they are committed together."""
    alice = await join("alice")
    start = deepcopy(alice.replica.graph())
    for seq, text in ((1, "one"), (2, "two"), (4, "three")):
        if seq == 4:
            await alice.send("undo", seq=3)
        await alice.operate(label("a", text), seq)
    for seq in (5, 6, 7):
        await alice.send("undo", seq=seq)
    answers = [await alice.answer(seq) for seq in range(1, 8)]
    assert [answer.get("version") or answer["code"] for answer in answers] == [2, 3, 4, 5, 6, 7, "nothing_to_undo"]
    await alice.reach(7)
    assert alice.replica.graph() == start


async def test_another_tab_goes_on_where_the_first_one_ended(join: Join) -> None:
    first = await join("alice")
    await first.do(label("a", "one"))
    await first.do(label("a", "two"))
    await first.leave()
    second = await join("alice")
    assert [(await take_back(second, what)).get("version") for what in ("undo", "undo", "redo")] == [4, 5, 6]


async def test_a_late_undo_takes_back_nothing_that_was_done_elsewhere_since(join: Join) -> None:
    here, there = await join("alice"), await join("alice")
    await here.do({"kind": "edit_node", "id": "a", "set": {"label": "Here"}})
    await there.do({"kind": "edit_node", "id": "b", "set": {"label": "There"}})
    assert (await take_back(here, "undo", at=2))["code"] == "nothing_to_undo"
    assert (await take_back(there, "undo", at=3))["version"] == 4


async def test_a_batch_that_need_not_be_whole_says_what_was_gone(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    await bob.do({"kind": "remove_node", "id": "c"})
    moves = [{"kind": "move_node", "id": id, "x": 8, "y": 8} for id in "abc"]
    batch = {"kind": "batch", "operations": moves, "whole": False}
    for _ in range(2):
        await alice.send("operate", seq=9, operation=batch)
        answer = await alice.answer(9)
        assert (answer["version"], answer["left"]) == (3, [{"node": "c", "properties": []}])
    await alice.settle()
    assert [alice.replica.nodes[id]["x"] for id in "ab"] == [8, 8]
