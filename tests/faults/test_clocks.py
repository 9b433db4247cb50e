"""Clocks that are off by a day: order comes from versions, periods from a clock that only goes forward."""

import asyncio
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from flows.commands import group_commit
from flows.log import changes_since, verify_flow
from flows.models import Flow
from tests.faults.frail import FrailServer
from tests.postgres import Postgres
from tests.programs import PASSWORD, Programs
from tests.redis import Redis
from tests.sessions.client import Client, connect_to
from tests.sessions.conftest import Join

DAY = 24 * 60 * 60


@pytest.fixture(scope="module")
def servers(postgres: Postgres, redis: Redis) -> Iterator[tuple[FrailServer, FrailServer]]:
    """One process a day ahead, and one a day behind."""
    common = {"database_url": postgres.new_database(), "redis_url": redis.url}
    secret = {"HELIX_SECRET_KEY": secrets.token_urlsafe(50)}
    ahead, behind = (FrailServer(**common, environment=secret, server=kind) for kind in ("daphne", "uvicorn"))
    ahead.wanted, behind.wanted = (f"clock={DAY}",), (f"clock=-{DAY}",)
    with ahead, behind:
        yield ahead, behind


def move(x: float, id: str = "a") -> dict[str, object]:
    return {"kind": "move_node", "id": id, "x": x, "y": 0}


async def join(server: FrailServer, programs: Programs) -> Client:
    """Log in where one is, for a token from tomorrow is no good yet."""
    login = {"email": programs.email, "password": PASSWORD}
    answer = await asyncio.to_thread(httpx.post, f"{server.url}/api/v1/auth/token", json=login)
    client = await connect_to(server.socket_url, answer.json()["access"], programs.flow)
    await client.hello()
    return client


async def test_two_processes_two_days_apart_agree(servers: tuple[FrailServer, FrailServer]) -> None:
    programs = Programs(servers[0])
    early, late = [await join(server, programs) for server in servers]
    await early.do({"kind": "add_node", "node": {"id": "a", "kind": "note", "x": 0, "y": 0}})
    for x in range(1, 21):
        await early.reach(1 + x)
        await late.reach(1 + x)
        assert (await (early, late)[x % 2].do(move(x)))["version"] == 2 + x
    await early.reach(22)
    await late.send("undo", seq=1001)
    assert (await late.answer(1001))["version"] == 23
    for client in (early, late):
        await client.reach(23)
        assert client.replica.nodes["a"]["x"] == 19, "the last step by version, though others are newer by the clock"
        assert {one["session"] for one in client.people.values()} == {early.session, late.session}
    items = programs.call(programs.owner, "GET", f"/flows/{programs.flow}/changes")["items"]
    assert [item["version"] for item in items] == list(range(1, 24))
    times = [datetime.fromisoformat(item["created_at"]) for item in items]
    assert times != sorted(times), "the clocks were wrong indeed"
    assert servers[0].verify(programs.flow).returncode == 0
    for client in (early, late):
        await client.leave()


async def test_a_clock_that_is_set_back_again_and_again_breaks_nothing(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, steps = timezone.now, count(1)
    clock = SimpleNamespace(now=lambda: now() - next(steps) * timedelta(days=1))
    monkeypatch.setattr(group_commit, "timezone", clock)
    alice, bob = await join("alice"), await join("bob")
    for x in range(1, 6):
        assert (await alice.do(move(x)))["version"] == 1 + x
    for seq, expected in ((101, 4), (102, 3)):
        await alice.send("undo", seq=seq)
        version = (await alice.answer(seq))["version"]
        await bob.reach(version)
        assert bob.replica.nodes["a"]["x"] == expected
    await alice.send("redo", seq=103)
    await bob.reach((await alice.answer(103))["version"])
    assert bob.replica.nodes["a"]["x"] == 4
    changes = await sync_to_async(changes_since)(flow.pk, 1)
    assert [change.version for change in changes] == list(range(2, 10))
    times = [change.created_at for change in changes]
    assert times == sorted(times, reverse=True)
    assert await sync_to_async(verify_flow)(flow.pk) == []
    again = await join("bob", held=bob.replica)
    assert "snapshot" not in {frame["type"] for frame in await again.settle()}
