"""A Redis that hangs, ends, begins again empty or forgets everything: it carries hints, and nobody depends on them.

Two processes. Heartbeats and checks come every second here instead of every fifteen.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from redis import Redis as RedisClient

from tests.faults.frail import Author, FrailServer
from tests.postgres import Postgres
from tests.programs import PASSWORD, Programs
from tests.redis import Redis
from tests.sessions.client import Closed

PERIODS = (
    "sessions.live.clock.TICK_SECONDS:0.2",
    "sessions.live.clock.HEARTBEAT_SECONDS:1",
    "sessions.live.clock.CHECK_SECONDS:1",
)


@dataclass
class Fault:
    """What happens to Redis, and how it ends."""

    begin: Callable[[Redis], object]
    end: Callable[[Redis], object]


FAULTS = {
    "hangs": Fault(Redis.pause, Redis.resume),
    "restarted": Fault(Redis.stop, Redis.start),
    "flushed": Fault(lambda redis: RedisClient.from_url(redis.url).flushall(), lambda redis: None),
}


@pytest.fixture(scope="module")
def own_redis() -> Iterator[Redis]:
    redis = Redis()
    yield redis
    redis.stop()


@pytest.fixture(scope="module")
def servers(postgres: Postgres, own_redis: Redis) -> Iterator[tuple[FrailServer, FrailServer]]:
    common = {"database_url": postgres.new_database(), "redis_url": own_redis.url}
    given = {"HELIX_SECRET_KEY": secrets.token_urlsafe(50), "HELIX_LIMIT_SIGNUPS_PER_MINUTE": "1000"}
    first, second = (FrailServer(**common, environment=given, server=kind) for kind in ("daphne", "uvicorn"))
    first.wanted = second.wanted = tuple(f"set={period}" for period in PERIODS)
    with first, second:
        yield first, second


@pytest.fixture
async def people(servers: tuple[FrailServer, FrailServer]) -> AsyncIterator[tuple[Author, Author]]:
    """The owner in the first process, an editor in the second."""
    programs = Programs(servers[0])
    here, there = Author(programs), Author(programs, programs.editor())
    await here.come(servers[0].socket_url)
    await there.come(servers[1].socket_url)
    yield here, there
    await here.client.leave()
    await there.client.leave()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_edits_are_acknowledged_and_seen_by_the_next_heartbeat(
    own_redis: Redis, people: tuple[Author, Author], fault: Fault
) -> None:
    here, there = people
    fault.begin(own_redis)
    try:
        for author, other, version in ((here, there, 6), (there, here, 11)):
            await author.send(5)
            assert (await author.client.answer(5))["type"] == "acked"
            await other.client.reach(version)
    finally:
        fault.end(own_redis)
    await here.send(5)
    await there.client.reach(16)
    await there.send(5)
    for author in people:
        await author.client.reach(21)
    assert here.replica.graph() == there.replica.graph()
    assert here.replica.digest == there.replica.digest


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_role_taken_away_ends_it_in_the_other_process_too(
    own_redis: Redis, people: tuple[Author, Author], fault: Fault
) -> None:
    here, there = people
    programs = here.programs
    members = programs.call(programs.owner, "GET", f"/flows/{programs.flow}/members")["items"]
    (editor,) = (member["id"] for member in members if member["role"] == "editor")
    fault.begin(own_redis)
    try:
        await asyncio.to_thread(
            programs.call, programs.owner, "DELETE", f"/flows/{programs.flow}/members/{editor}", None
        )
        with suppress(Closed):  # it may be closed already
            await there.send(1)
        assert await there.client.closed() == 4403
    finally:
        fault.end(own_redis)
    assert {frame["code"] for frame in there.client.frames if frame["type"] == "refused"} <= {"forbidden"}
    assert "acked" not in {frame["type"] for frame in there.client.frames}
    assert programs.call(programs.owner, "GET", f"/flows/{programs.flow}")["version"] == 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_who_calls_by_rest_notices_nothing(own_redis: Redis, people: tuple[Author, Author], fault: Fault) -> None:
    here, there = people
    programs, path = here.programs, f"/flows/{here.programs.flow}/operations"
    fault.begin(own_redis)
    try:
        body = {"operations": [{"kind": "edit_flow", "set": {"title": "Without Redis"}}]}
        answer = await asyncio.to_thread(programs.call, programs.owner, "POST", path, body)
        assert answer["version"] == 2
        await there.client.reach(2)
    finally:
        fault.end(own_redis)


@pytest.mark.parametrize("fault", [FAULTS["hangs"], FAULTS["restarted"]], ids=["hangs", "restarted"])
async def test_who_logs_in_notices_nothing(own_redis: Redis, people: tuple[Author, Author], fault: Fault) -> None:
    programs = people[0].programs
    login = {"email": programs.email, "password": PASSWORD}
    fault.begin(own_redis)
    try:
        answer = await asyncio.to_thread(programs.api.post, "/auth/token", json=login)
        assert answer.status_code == 200
    finally:
        fault.end(own_redis)
