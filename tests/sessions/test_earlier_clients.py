"""What an earlier page of the same person could not send: done under that page's name, once, and told apart."""

from tests.sessions.client import Client, Frame
from tests.sessions.conftest import Join
from tests.sessions.test_limits import Limit, limit, move, the_session

__all__ = ["limit"]
EARLIER = "earlier-page"


async def send(via: Client, seq: int, operation: object, **more: object) -> None:
    await via.send("operate", seq=seq, operation=operation, **more)


async def answer(client: Client, seq: int, name: str | None = None) -> Frame:
    """The answer to a submission of another client, or without a name of the socket's own."""
    return await client.next("acked", "refused", where=lambda one: (one["seq"], one.get("client")) == (seq, name))


async def test_a_refusal_names_the_client_that_was_named(join: Join) -> None:
    alice = await join("alice")
    nowhere = {"kind": "move_node", "id": "nobody", "x": 1, "y": 1}
    for seq, name in ((1, None), (1, EARLIER), (2, alice.name)):
        await send(alice, seq, nowhere, **({"client": name} if name else {}))
        refused = await answer(alice, seq, name)
        assert (refused["code"], refused.get("client")) == ("unknown_node", name)
    await alice.send("undo", seq=2, client=EARLIER)
    assert (await answer(alice, 2, EARLIER))["code"] == "nothing_to_undo"


async def test_a_viewer_is_refused_under_any_name(join: Join) -> None:
    alice, vera = await join("alice"), await join("vera")
    await alice.do(move(1), seq=1)
    await send(vera, 1, move(2), client=alice.name)
    assert (await answer(vera, 1, alice.name))["code"] == "forbidden", "a name is a person's own"


async def test_the_same_seq_of_two_clients_is_two_submissions(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    await send(alice, 1, move(1))
    await send(alice, 1, move(2), client=EARLIER)
    await send(alice, 1, move(3), client=EARLIER)
    assert await answer(alice, 1) == {"type": "acked", "seq": 1, "version": 2}
    for _ in range(2):
        assert await answer(alice, 1, EARLIER) == {"type": "acked", "seq": 1, "client": EARLIER, "version": 3}
    await bob.reach(3)
    changes = [change for frame in bob.frames if frame["type"] == "apply_changes" for change in frame["changes"]]
    assert [(change["client"], change["seq"]) for change in changes] == [(alice.name, 1), (EARLIER, 1)]
    assert bob.replica.nodes["a"]["x"] == 2


async def test_what_the_earlier_page_had_sent_is_not_done_again(join: Join) -> None:
    earlier = await join("alice")
    assert (await earlier.do(move(5), seq=7))["version"] == 2
    await earlier.send("undo", seq=8)
    assert (await earlier.answer(8))["version"] == 3
    await earlier.leave()
    later = await join("alice")
    await send(later, 7, move(5), client=earlier.name)
    await later.send("undo", seq=8, client=earlier.name)
    assert [(await answer(later, seq, earlier.name))["version"] for seq in (7, 8)] == [2, 3]


async def test_all_that_waits_is_counted_whoever_it_is_named_by(join: Join, limit: Limit) -> None:
    limit(outbox=2)
    alice = await join("alice")
    (socket,) = the_session().broadcaster
    socket.unanswered += 2
    for name in (None, EARLIER):
        await send(alice, 1, move(1), **({"client": name} if name else {}))
        assert (await answer(alice, 1, name))["code"] == "rate_limited"
    socket.unanswered -= 2
    for name in (None, EARLIER):
        await send(alice, 1, move(1), **({"client": name} if name else {}))
    for name in (None, EARLIER):
        assert (await answer(alice, 1, name))["type"] == "acked"
    assert (socket.unanswered, socket.unanswered_bytes) == (0, 0)


async def test_a_rate_is_the_sockets_not_a_clients(join: Join, limit: Limit) -> None:
    limit(operations_per_second=1)
    alice = await join("alice")
    for seq in range(1, 5):
        await send(alice, seq, move(seq), client=f"{EARLIER}-{seq}")
    last = await answer(alice, 4, f"{EARLIER}-4")
    assert (last["code"], last["client"]) == ("rate_limited", f"{EARLIER}-4")
