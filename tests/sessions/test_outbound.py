"""Sending: at once where the server lets us, in order where it makes us wait, never waiting ourselves.

And the window of frames not yet seen, at its bounds and one past them. Time is whatever the test says.
"""

import asyncio

from flows.limits import Limits
from sessions.sockets.outbound import Outbound, SendWindow


class Peer:
    """A server's `send` that takes frames only while it is open."""

    def __init__(self) -> None:
        self.taken: list[object] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, message: object) -> None:
        await self.open.wait()
        self.taken.append(message)


async def test_a_willing_peer_is_served_before_put_returns() -> None:
    peer = Peer()
    outbound = Outbound(peer.send)
    outbound.put({"n": 1})
    assert peer.taken == [{"n": 1}]
    assert not outbound.is_backed_up


async def test_a_slow_peer_gets_everything_in_order_and_nobody_waits() -> None:
    peer = Peer()
    outbound = Outbound(peer.send)
    peer.open.clear()
    for number in range(3):
        outbound.put({"n": number})
    assert peer.taken == []
    assert outbound.is_backed_up
    peer.open.set()
    await outbound.drained()
    assert peer.taken == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert not outbound.is_backed_up


async def test_what_is_queued_can_be_forgotten() -> None:
    peer = Peer()
    outbound = Outbound(peer.send)
    peer.open.clear()
    outbound.put({"n": 0})
    outbound.put({"n": 1})
    outbound.clear()
    outbound.put({"n": 2})
    peer.open.set()
    await outbound.drained()
    assert peer.taken == [{"n": 0}, {"n": 2}]


async def test_a_broken_connection_is_nobodys_problem() -> None:
    async def send(message: object) -> None:
        raise OSError("gone")

    async def send_later(message: object) -> None:
        await asyncio.sleep(0)
        raise OSError("gone")

    for broken in (Outbound(send), Outbound(send_later)):
        broken.put({"n": 0})
        broken.put({"n": 1})
        await broken.drained()
        broken.put({"n": 2})
        assert broken.broken


async def test_an_abandoned_peer_is_not_waited_for() -> None:
    peer = Peer()
    outbound = Outbound(peer.send)
    peer.open.clear()
    outbound.put({"n": 0})
    outbound.abandon()
    await outbound.drained()
    assert peer.taken == []


def test_bytes_not_yet_seen_are_bounded() -> None:
    window = SendWindow(Limits(unseen_bytes=100), version=1)
    window.sent(100, 0.0, version=2)
    assert not window.is_too_slow(0.0)
    window.sent(1, 0.0)
    assert window.is_too_slow(0.0)
    window.seen(2, 0.1)
    assert not window.is_too_slow(0.1)
    assert window.size == 0


def test_what_was_seen_of_it_makes_room() -> None:
    window = SendWindow(Limits(unseen_bytes=100), version=1)
    window.sent(60, 0.0, version=2)
    window.sent(40, 1.0, version=3)
    window.seen(2, 1.0)
    assert window.size == 40


def test_time_counts_from_the_oldest_version_not_seen() -> None:
    window = SendWindow(Limits(unseen_seconds=30), version=1)
    window.sent(10, 0.0)
    assert not window.is_too_slow(1000.0), "cursors alone need no answer"
    window.sent(10, 1000.0, version=2)
    assert not window.is_too_slow(1030.0)
    assert window.is_too_slow(1030.1)
    window.seen(2, 1030.1)
    assert not window.is_too_slow(2000.0)


def test_versions_not_seen_may_be_many_for_two_seconds() -> None:
    window = SendWindow(Limits(unseen_versions=5, unseen_seconds=1000), version=1)
    window.sent(1, 0.0, version=6)
    assert not window.is_too_slow(29.0)
    window.sent(1, 29.0, version=7)
    assert not window.is_too_slow(29.5)
    window.seen(2, 29.6)
    window.sent(1, 30.0, version=8)
    assert not window.is_too_slow(31.9)
    assert window.is_too_slow(32.1)


def test_a_client_cannot_have_seen_what_was_not_sent() -> None:
    window = SendWindow(Limits(unseen_bytes=100), version=1)
    window.seen(1_000_000, 0.0)
    window.sent(101, 0.0, version=2)
    assert window.is_too_slow(0.0)
