"""Idle sessions end and their people sleep; whoever wakes, or comes just then, finds the flow, and nothing is lost."""

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Iterator

import pytest

from flows.models import Flow
from sessions import supervisor
from sessions.protocol.codes import Close
from tests.faults.frail import Author, FrailServer
from tests.postgres import Postgres
from tests.programs import Programs
from tests.redis import Redis
from tests.sessions.client import Client, Closed
from tests.sessions.conftest import Join
from tests.sessions.replica import Replica


@pytest.fixture
def servers(postgres: Postgres, redis: Redis) -> Iterator[tuple[FrailServer, FrailServer]]:
    """Two processes; in the first a flow falls asleep after three seconds."""
    common = {"database_url": postgres.new_database(), "redis_url": redis.url}
    secret = {"HELIX_SECRET_KEY": secrets.token_urlsafe(50)}
    drowsy = FrailServer(**common, environment={**secret, "HELIX_LIMIT_IDLE_SECONDS": "3"})
    drowsy.wanted = ("set=sessions.live.clock.TICK_SECONDS:0.1",)
    with drowsy, FrailServer(**common, environment=secret, server="uvicorn") as awake:
        yield drowsy, awake


async def test_who_slept_gets_what_others_did_and_loses_nothing(servers: tuple[FrailServer, FrailServer]) -> None:
    drowsy, awake = servers
    programs = Programs(drowsy)
    sleeper, other = Author(programs), Author(programs, programs.editor())
    await sleeper.come(drowsy.socket_url)
    await sleeper.send(3)
    await sleeper.client.reach(4)
    assert await sleeper.client.closed() == 4410
    sleeper.note()
    await other.come(awake.socket_url)
    await other.send(20)
    await other.client.reach(24)
    sleeper.sent += 1  # drawn while asleep
    await sleeper.come(drowsy.socket_url)
    await sleeper.send_again()
    for author in (sleeper, other):
        await author.client.reach(25)
    assert sleeper.replica.graph() == other.replica.graph()
    assert "snapshot" not in {frame["type"] for frame in sleeper.client.frames}


class Sleeper:
    """Edits, is sent to sleep in the middle of it, and comes back at once with what it holds."""

    def __init__(self, join: Join, name: str, number: int, progress: asyncio.Event) -> None:
        self._join, self._name, self._client_name = join, name, f"sleeper-{number:04d}"
        self._progress = progress
        self.replica, self.codes = Replica(), Counter[int]()
        self.client: Client | None = None

    async def work(self, operations: list[dict[str, object]], rng: random.Random) -> None:
        """Have every operation acknowledged, however often the session ends."""
        for seq, operation in enumerate(operations, 1):
            while True:
                try:
                    if self.client is None:
                        self.client = await self._join(self._name, held=self.replica, client=self._client_name)
                    assert (await self.client.do(operation, seq))["type"] == "acked"
                    self._progress.set()
                    break
                except Closed as closed:
                    self.codes[closed.code] += 1
                    self.client = None
            if rng.random() < 0.3 and self.client is not None:
                await self.client.leave()
                self.client = None


@pytest.mark.parametrize("seed", range(5))
async def test_ending_and_coming_at_the_same_moment(join: Join, flow: Flow, seed: int) -> None:
    rng, names = random.Random(seed), ("alice", "bob", "alice", "bob")
    progress = asyncio.Event()
    sleepers = [Sleeper(join, name, number, progress) for number, name in enumerate(names)]
    operations = [
        [
            {"kind": "add_node", "node": {"id": f"s{number}-{index}", "kind": "note", "x": index, "y": 0}}
            for index in range(15)
        ]
        for number in range(len(sleepers))
    ]
    working = asyncio.gather(*(one.work(todo, rng) for one, todo in zip(sleepers, operations, strict=True)))
    while not working.done():
        noticed = asyncio.ensure_future(progress.wait())
        await asyncio.wait((working, noticed), return_when=asyncio.FIRST_COMPLETED)
        noticed.cancel()
        progress.clear()
        for _ in range(rng.randrange(60)):
            await asyncio.sleep(0)
        for session in list(supervisor.current().sessions.values()):
            session.end(Close.ASLEEP)
    await working
    codes = sum((one.codes for one in sleepers), Counter[int]())
    assert set(codes) <= {4410}, "nobody is told that the flow is gone"
    assert codes, "sessions ended under their people"
    last = await join("vera")
    assert last.replica.version == 1 + sum(len(todo) for todo in operations)
    assert last.replica.nodes.keys() >= {f"s{number}-14" for number in range(len(sleepers))}


async def test_only_what_is_gone_is_told_to_be_gone(join: Join, flow: Flow) -> None:
    alice = await join("alice")
    (session,) = supervisor.current().sessions.values()
    session.end(Close.ASLEEP)
    await Flow.objects.filter(pk=flow.pk).aupdate(deleted_at=flow.created_at)
    assert await alice.closed() == 4410
    with pytest.raises(Closed, match="4404"):
        await join("alice")
    await Flow.objects.filter(pk=flow.pk).aupdate(deleted_at=None)
    assert (await join("alice", held=alice.replica)).replica.version == 1
