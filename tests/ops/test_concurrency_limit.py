"""Of one caller few requests are worked on at a time, and the others' are not behind them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from flows.limits import Limits
from helix.concurrency_limit import ConcurrencyLimit

LIMITS = replace(Limits(), requests_at_once=2, requests_waiting=3)
ALICE, BOB = (b"authorization", b"Bearer alice"), (b"cookie", b"csrftoken=a; helix=bob")
Header = tuple[bytes, bytes]


class Slow:
    """An application whose requests wait, once their body is here, until they are let go."""

    def __init__(self) -> None:
        self.working = self.most = 0
        self.may_answer, self.may_end = asyncio.Event(), asyncio.Event()
        self.may_end.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        self.working += 1
        self.most = max(self.most, self.working)
        await self.may_answer.wait()
        self.working -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.may_end.wait()


class Caller:
    """Makes requests, whose statuses come to `statuses`."""

    def __init__(self, turns: ConcurrencyLimit, *headers: Header, peer: str = "192.0.2.1") -> None:
        self.turns, self.headers, self.peer = turns, headers, peer
        self.statuses: list[int] = []

    async def ask(self, number: int, *, is_complete: bool = True) -> Sequence["asyncio.Task[None]"]:
        asked = [asyncio.create_task(self._one(is_complete)) for _ in range(number)]
        for _ in range(10):
            await asyncio.sleep(0)
        return asked

    async def _one(self, is_complete: bool) -> None:
        async def receive() -> dict[str, object]:
            if not is_complete:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(event: Any) -> None:
            if event["type"] == "http.response.start":
                self.statuses.append(event["status"])

        scope = {"type": "http", "path": "/", "method": "GET", "headers": self.headers, "client": (self.peer, 1)}
        await self.turns(scope, receive, send)  # type: ignore[arg-type]


@pytest.mark.parametrize("header", [ALICE, BOB, (b"accept", b"*/*")])
async def test_so_many_at_once_so_many_wait_and_the_next_is_refused(header: Header) -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, "helix")
    caller = Caller(turns, header)
    await caller.ask(5)
    assert (slow.working, caller.statuses) == (2, [])
    await caller.ask(1)
    assert caller.statuses == [429]
    slow.may_answer.set()
    await caller.ask(1)
    assert caller.statuses.count(200) == 6 and slow.most == 2
    assert turns.lines == {}


async def test_others_are_not_behind() -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, "helix")
    await Caller(turns, ALICE).ask(5)
    others = [Caller(turns, BOB), Caller(turns), Caller(turns, peer="192.0.2.2")]
    for caller in others:
        await caller.ask(1)
    assert slow.working == 5


async def test_behind_a_proxy_it_is_the_address_that_the_proxy_names() -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, "helix", trusted_proxies=1)
    for number in range(5):
        await Caller(turns, (b"x-forwarded-for", b"192.0.2.%d" % number)).ask(1)
    await Caller(turns, (b"x-forwarded-for", b"sham, 192.0.2.9")).ask(3)
    assert slow.working == 7


async def test_a_slow_body_holds_up_nobody() -> None:
    slow = Slow()
    caller = Caller(ConcurrencyLimit(slow, LIMITS, "helix"))
    waiting = await caller.ask(3, is_complete=False)
    await caller.ask(1)
    assert slow.working == 1
    for task in waiting:
        task.cancel()


async def test_a_slow_reader_holds_up_nobody() -> None:
    slow = Slow()
    slow.may_end.clear()
    slow.may_answer.set()
    caller = Caller(ConcurrencyLimit(slow, LIMITS, "helix"))
    await caller.ask(5)
    assert caller.statuses == [200] * 5
    slow.may_end.set()
