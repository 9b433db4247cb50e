"""Two tabs, a duplicated tab, and somebody who was away for long: each submission once, everybody alike at the end."""

import asyncio
from copy import deepcopy

from flows.models import Flow
from tests.sessions.client import Client
from tests.sessions.conftest import Join
from tests.sessions.test_healing import agree, write


def add(id: str, x: float = 0) -> dict[str, object]:
    return {"kind": "add_node", "node": {"id": id, "kind": "note", "x": x, "y": 0}}


async def test_two_tabs_converge_and_their_numbers_do_not_meet(join: Join, flow: Flow) -> None:
    tabs = [await join("alice"), await join("alice")]
    assert tabs[0].name != tabs[1].name

    async def draw(number: int, tab: Client) -> None:
        for seq in range(1, 21):
            assert (await tab.do(add(f"t{number}-{seq}"), seq))["type"] == "acked"

    await asyncio.gather(*(draw(number, tab) for number, tab in enumerate(tabs)))
    await agree(flow, 41, *tabs)
    names = {(change["client"], change["seq"]) for change in tabs[0].replica.changes}
    assert names == {(tab.name, seq) for tab in tabs for seq in range(1, 21)}


async def test_a_duplicated_tab_takes_the_place_of_the_first_and_repeats_nothing(join: Join, flow: Flow) -> None:
    """As a browser copies it: the same name, the same numbers, the same unanswered edits."""
    first = await join("alice")
    assert (await first.do(add("kept"), 1))["version"] == 2
    await first.operate(add("waiting"), 2)
    copy = await join("alice", client=first.name, held=deepcopy(first.replica))
    assert await first.closed() == 4409
    assert (await copy.do(add("kept"), 1))["version"] == 2
    assert (await copy.do(add("waiting"), 2))["version"] == 3
    other = await copy.do(add("something else"), 2)
    assert (other["type"], other["version"]) == ("acked", 3), "a name is used once, whatever is sent under it"
    await copy.reach(3)
    assert copy.replica.nodes.keys() == {"a", "b", "c", "kept", "waiting"}


async def test_a_duplicated_tab_in_another_process(join: Join, elsewhere: Join, flow: Flow) -> None:
    first = await join("alice")
    seqs = [await first.operate(add(f"n{seq}"), seq) for seq in range(1, 21)]
    copy = await elsewhere("alice", client=first.name)
    assert await first.closed() == 4409
    answers = [await copy.do(add(f"n{seq}"), seq) for seq in seqs]
    assert {answer["type"] for answer in answers} == {"acked"}
    await agree(flow, 21, copy)
    assert sorted(answer["version"] for answer in answers) == list(range(2, 22))


async def test_two_hundred_edits_drawn_offline_are_answered_in_order_and_nobody_elses_work_is_lost(
    join: Join, flow: Flow
) -> None:
    alice, bob = await join("alice"), await join("bob")
    for number in range(10):
        await alice.do(add(f"old{number}"))
    await alice.reach(11)
    held, name = deepcopy(alice.replica), alice.name
    await alice.leave()
    for number in range(500):  # while alice is away
        await write(
            flow, {"kind": "move_node", "id": f"old{number % 7 + 3}", "x": number + 1, "y": 7}, tell=number == 499
        )
    await write(flow, *({"kind": "remove_node", "id": f"old{number}"} for number in range(3)))
    queue: list[dict[str, object]] = []
    for number in range(200):
        if number % 4 == 0:
            queue.append({"kind": "edit_node", "id": f"old{number // 4 % 10}", "set": {"label": f"mine {number}"}})
        else:
            queue.append(add(f"new{number}"))
    back = await join("alice", client=name, held=held)
    for seq, operation in enumerate(queue, 1001):
        await back.operate(operation, seq)
    answers = [await back.answer(seq) for seq in range(1001, 1201)]
    await agree(flow, back.replica.version or 0, back, bob)
    refused = {queue[answer["seq"] - 1001]["id"] for answer in answers if answer["type"] == "refused"}
    assert refused == {"old0", "old1", "old2"}
    assert {answer["code"] for answer in answers if answer["type"] == "refused"} == {"unknown_node"}
    versions = [answer["version"] for answer in answers if answer["type"] == "acked"]
    assert versions == sorted(versions), "in the order in which they were drawn"
    assert len(set(versions)) == len(versions) >= 180
    for number in range(3, 10):
        node = bob.replica.nodes[f"old{number}"]
        assert (node["y"], node["label"][:4]) == (7, "mine")
    again = await join("alice", client=name, held=deepcopy(back.replica))
    for seq, operation in enumerate(queue, 1001):
        await again.operate(operation, seq)
    assert [
        {key: value for key, value in (await again.answer(seq)).items() if key in ("type", "version", "code")}
        for seq in range(1001, 1201)
    ] == [{key: value for key, value in answer.items() if key in ("type", "version", "code")} for answer in answers]
