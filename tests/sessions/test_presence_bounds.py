"""What one person does costs others little: ids that exist, a hundred of them, 4 KB, and never their window."""

import json

import pytest

from flows.limits import Limits
from sessions import supervisor
from sessions.live.session import LiveSession
from sessions.presence.state import MOST_IDS, bounded, difference, fitted, merge
from sessions.sockets.admission import Participant
from sessions.sockets.socket import Socket
from tests.sessions.conftest import Join
from tests.sessions.test_limits import Limit, limit
from tests.sessions.test_people import state_of

__all__ = ["limit"]
INVENTED = [f"{number:064d}" for number in range(900)]
ROOM = Limits().presence_bytes


def many(count: int, length: int = 1) -> list[str]:
    return [f"{number:0{length}d}" for number in range(count)]


def everything(_: str) -> bool:
    return True


def test_a_hundred_ids_are_told_and_of_one_more_the_count() -> None:
    exactly = {"selection": many(MOST_IDS), "drag": {"ids": many(MOST_IDS), "dx": 1, "dy": 2}}
    assert bounded(exactly, everything) == exactly
    one_more = bounded(
        {"selection": many(MOST_IDS + 1), "drag": {"ids": many(MOST_IDS + 1), "dx": 1, "dy": 2}}, everything
    )
    assert one_more == {
        "selection": many(MOST_IDS),
        "selected": MOST_IDS + 1,
        "drag": {"ids": many(MOST_IDS), "dx": 1, "dy": 2, "count": MOST_IDS + 1},
    }


def test_what_does_not_exist_is_neither_told_nor_counted() -> None:
    def holds(id: str) -> bool:
        return int(id) % 2 == 0

    state = {"selection": many(400), "drag": {"ids": ["1", "2"], "dx": 0, "dy": 0}}
    kept = bounded(state, holds)
    assert kept["selection"] == [str(number) for number in range(0, 200, 2)]
    assert kept["selected"] == 200
    assert kept["drag"] == {"ids": ["2"], "dx": 0, "dy": 0}


def test_a_drag_says_where_its_first_node_is_while_that_exists() -> None:
    drag = {"ids": ["1", "2"], "dx": 0, "dy": 0, "x": 5, "y": 7}
    assert bounded({"drag": drag}, everything) == {"drag": drag}
    assert bounded({"drag": drag}, {"2"}.__contains__) == {"drag": {"ids": ["2"], "dx": 0, "dy": 0}}


def test_what_goes_later_is_told_no_more_and_counted_no_more() -> None:
    kept = bounded({"selection": many(300)}, everything)
    assert bounded(kept, everything) == kept
    later = bounded(kept, lambda id: id != "7")
    assert (len(later["selection"]), later["selected"]) == (99, 299)  # type: ignore[arg-type]


def test_a_state_takes_so_many_bytes_and_no_more() -> None:
    state = {"selection": many(60, 64)}
    size = len(json.dumps(state, separators=(",", ":")))
    assert fitted(state, everything, size) == state
    shorter = fitted(state, everything, size - 1)
    assert shorter == {"selection": many(60, 64)[:59], "selected": 60}
    both = fitted({**state, "cursor": [1, 1], "drag": {"ids": many(99, 64), "dx": 1, "dy": 1}}, everything, ROOM)
    assert ROOM - 200 < len(json.dumps(both, separators=(",", ":"))) <= ROOM
    assert len(both["selection"]) == len(both["drag"]["ids"]) > 20  # type: ignore[arg-type, index]
    assert (both["selected"], both["drag"]["count"]) == (60, 99)  # type: ignore[index]


@pytest.mark.parametrize("before", [3, 100, 101, 300])
@pytest.mark.parametrize("after", [0, 3, 100, 101, 300])
def test_the_difference_leads_from_one_state_to_the_next(before: int, after: int) -> None:
    first, second = (bounded({"selection": many(count)}, everything) for count in (before, after))
    client = dict(first)
    merge(client, difference(first, second))
    assert client == second
    assert difference(first, first) == {}


async def test_ids_that_the_flow_does_not_hold_are_left_out(join: Join) -> None:
    alice, vera = await join("alice"), await join("vera")
    await vera.send("presence", selection=[*INVENTED[:700], "a", "ab"], cursor=[1, 1])
    assert await state_of(alice, vera.session, cursor=[1, 1]) == {"selection": ["a", "ab"], "cursor": [1, 1]}
    await alice.do({"kind": "remove_node", "id": "a"})
    bob = await join("bob")
    assert (await bob.next("presence"))["states"] == {vera.session: {"selection": [], "cursor": [1, 1]}}


async def test_what_a_viewer_does_closes_nobody(join: Join, limit: Limit) -> None:
    limit(unseen_bytes=2000)
    alice, vera = await join("alice"), await join("vera")
    await alice.do({"kind": "move_node", "id": "a", "x": 1, "y": 1})
    alice.says_seen = False
    for x in range(60):
        await vera.send("presence", selection=["a", "b", "c"] * (x % 2), cursor=[x, x], field="f" * 64)
        await state_of(alice, vera.session, cursor=[x, x])
    assert sum(len(json.dumps(frame)) for frame in alice.frames if frame["type"] == "presence") > 4000
    for _ in range(30):
        await (await join("vera")).leave()
    assert (await alice.do({"kind": "move_node", "id": "a", "x": 2, "y": 2}))["type"] == "acked"


async def test_a_slow_reader_is_told_how_things_are_once_it_reads_again(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow: set[str] = set()
    monkeypatch.setattr(Socket, "is_backed_up", property(lambda socket: socket.session in slow))
    alice, bob, vera = await join("alice"), await join("bob"), await join("vera")
    await alice.until(lambda: vera.session in alice.people)
    await alice.settle()
    slow.add(alice.session)
    for x in range(5):
        await vera.send("presence", cursor=[x, x])
        await state_of(bob, vera.session, cursor=[x, x])
    passing = await join("bob")
    await passing.leave()
    staying = await join("bob")
    await bob.until(lambda: staying.session in bob.people and passing.session not in bob.people)
    before = await alice.settle()
    assert not {"presence", "people"} & {frame["type"] for frame in before}
    slow.clear()
    the_session().presence.schedule_flush()
    people, state = await alice.next("people"), await alice.next("presence")
    assert (people["joined"], people["left"]) == ([staying.me], [])
    assert state["states"] == {vera.session: {"cursor": [4, 4]}}
    assert the_session().broadcaster.owes_presence() is False


async def test_a_storm_of_arrivals_takes_no_memory(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await join("alice")
    await alice.settle()
    monkeypatch.setattr(Socket, "is_backed_up", property(lambda _: True))
    session = the_session()
    (socket,) = session.broadcaster
    for number in range(1000):
        session.board.put(Participant(f"s{number}", 7, "Storm", "#000000", "viewer"))
        session.broadcaster.broadcast_presence(session.board)
        assert len(socket.missed_people) == 1
        session.board.remove(f"s{number}")
        session.broadcaster.broadcast_presence(session.board)
    assert socket.missed_people == {}


async def test_who_leaves_as_another_comes_is_told_with_them(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    await alice.until(lambda: bob.session in alice.people)
    board = the_session().board
    board.put(Participant("s1", 7, "First", "#000000", "viewer"))
    board.put(Participant("s2", 7, "Second", "#000000", "viewer"))
    board.remove("s1")
    board.remove(bob.session)
    the_session().presence.schedule_flush()
    await alice.until(lambda: "s2" in alice.people and bob.session not in alice.people)
    assert "s1" not in alice.people
    board.remove("s2")


async def test_another_process_keeps_to_the_same_bounds(join: Join, elsewhere: Join) -> None:
    alice, vera = await join("alice"), await elsewhere("vera")
    await alice.until(lambda: vera.session in alice.people)
    states = {vera.session: {"selection": [*INVENTED, "a"], "selected": 5000, "cursor": [1, 1]}}
    process = next(iter(the_session().board._heard_at))
    the_session().presence.receive({"type": "live.presence", "process": process, "states": states})
    told = await state_of(alice, vera.session, cursor=[1, 1])
    assert told["selection"] == ["a"]
    for wrong in ({"selected": -1}, {"selected": "x"}, {"drag": {"ids": [], "dx": 1, "dy": 1, "count": -1}}):
        the_session().presence.receive({"type": "live.presence", "process": process, "states": {vera.session: wrong}})
    assert the_session().board.state_of(vera.session) == told


def the_session() -> LiveSession:
    """Return the one session of this process."""
    return next(iter(supervisor.current().sessions.values()))
