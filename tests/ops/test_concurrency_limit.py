"""How many requests of one caller are worked on at a time, and how many wait."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx

from flows.limits import Limits
from helix.concurrency_limit import ConcurrencyLimit

LIMITS = replace(Limits(), requests_at_once=2, requests_waiting=1)
ALICE, BOB = {"Authorization": "Bearer alice"}, {"Authorization": "Bearer bob"}


class Work:
    """An application that works on each request until it is told to answer."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        self.begun += 1
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_at_the_limit_and_one_past_it() -> None:
    work = Work()
    limited = ConcurrencyLimit(work, LIMITS, "helix")
    transport = httpx.ASGITransport(limited)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        taken = [asyncio.create_task(http.get("/", headers=ALICE)) for _ in range(3)]
        await settle()
        assert work.begun == LIMITS.requests_at_once

        async with asyncio.timeout(10):
            refused = await http.get("/", headers=ALICE)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert refused.headers["Retry-After"] == "1"

        other = asyncio.create_task(http.get("/", headers=BOB))
        await settle()
        assert work.begun == LIMITS.requests_at_once + 1

        work.may_answer.set()
        assert [answer.status_code for answer in await asyncio.gather(*taken, other)] == [200] * 4
    assert not limited.lines
