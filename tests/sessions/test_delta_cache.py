"""The last deltas in memory: bounded in bytes and in versions, however long an element is."""

import pytest

from flows.document import Effect, FlowProperties, Node, Pair
from flows.limits import Limits
from flows.submission import ChangeHead
from sessions.live.replica import Delta, DeltaCache, size_of
from tests.sessions.conftest import Join
from tests.sessions.test_limits import Limit, limit, the_session

__all__ = ["limit"]


def node(text: str) -> Node:
    return Node("a", "note", 0, 0, 10, 10, "", "", "#000000", None, True, {"text": text})


def delta(version: int, text: str = "") -> Delta:
    """The delta from `version` to the next, that writes a text into a node."""
    head = ChangeHead(version + 1, 1, None, None, "socket")
    effect = Effect({"a": Pair(node(""), node(text))}, {}, None)
    return Delta(version, version + 1, f"digest {version + 1}", (head,), effect)


def test_one_byte_more_than_there_is_room_for_and_the_oldest_is_forgotten() -> None:
    deltas = [delta(1, "x" * 60_000), delta(2, "y" * 60_000)]
    exact = sum(map(size_of, deltas))
    for room, held in ((exact, 1), (exact - 1, 2)):
        cache = DeltaCache(100, room)
        for one in deltas:
            cache.add(one)
        assert cache.size <= room
        assert cache.since(held) is not None
        assert held == 1 or cache.since(1) is None


def test_a_step_longer_than_all_the_room_is_not_kept_and_nothing_before_it() -> None:
    cache = DeltaCache(100, 50_000)
    cache.add(delta(1))
    cache.add(delta(2, "x" * 60_000))
    assert cache.size == 0
    assert cache.since(1) is None and cache.since(2) is None
    cache.add(delta(3))
    kept = cache.since(3)
    assert kept is not None and kept.version == 4


def test_all_text_counts() -> None:
    empty = size_of(Delta(1, 2, "", (), Effect({}, {}, None)))
    title = Pair(FlowProperties("t" * 200, ""), FlowProperties("", "d" * 5000))
    assert size_of(Delta(1, 2, "", (), Effect({}, {}, title))) >= empty + 5200
    gone = Effect({"a": Pair(node("x" * 60_000), None)}, {}, None)
    assert size_of(Delta(1, 2, "", (), gone)) >= empty + 60_000


@pytest.mark.parametrize(("versions", "since"), [(3, 2), (2, 3)])
def test_versions_are_bounded_too(versions: int, since: int) -> None:
    cache = DeltaCache(versions, 10**9)
    for version in range(1, 5):
        cache.add(delta(version))
    kept = cache.since(since)
    assert kept is not None and (kept.previous, kept.version) == (since, 5)
    assert cache.since(since - 1) is None


def test_there_is_room_for_a_hundred_of_the_longest_edits() -> None:
    longest = size_of(delta(1, "x" * Limits().settings_bytes))
    assert 100 * longest <= Limits().recent_bytes < 1000 * longest


async def test_who_comes_back_from_before_them_is_brought_forward_all_the_same(join: Join, limit: Limit) -> None:
    limit(recent_bytes=5000)
    alice, bob = await join("alice"), await join("bob")
    held = bob.replica
    await bob.leave()
    for number in range(10):
        await alice.do({"kind": "edit_node", "id": "a", "set": {"label": f"{number}" * 1900}})
    await alice.settle()
    assert the_session().replica._cache.size <= 5000
    again = await join("bob", held=held, since=held.version)
    await again.reach(11)
    assert "snapshot" not in {frame["type"] for frame in again.frames}
    assert again.replica.nodes["a"]["label"] == "9" * 1900
