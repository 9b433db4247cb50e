"""Sending: at once where the server lets us, in order where it makes us wait, never waiting ourselves."""

import asyncio

from sessions.sockets.outbound import Outbound


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
