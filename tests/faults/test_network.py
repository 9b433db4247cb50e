"""A bad network between client and server: cut at any byte, slow, silent; whoever comes back has lost nothing."""

import asyncio
import random
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidHandshake

from tests.faults.frail import Author, logged
from tests.programs import Programs
from tests.proxy import Proxy
from tests.servers import Server
from tests.sessions.client import Closed


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def network(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Proxy]]:
    with Server(server=request.param) as server, Proxy(server.port) as proxy:
        yield server, proxy


@pytest.mark.parametrize("seed", range(3))
async def test_cut_at_any_byte(network: tuple[Server, Proxy], seed: int) -> None:
    server, proxy = network
    rng, programs = random.Random(seed), Programs(server)
    author, other = Author(programs), Author(programs)
    await other.come(server.socket_url)
    cuts = 0
    for _ in range(12):
        way = rng.choice(["up", "down"])
        proxy.cut_after(**{way: rng.randrange(4000)})
        try:
            await author.come(proxy.socket_url)
            await author.send(rng.randrange(1, 20))
            await author.client.answer(author.sent)
        except (Closed, InvalidHandshake, OSError, EOFError, TimeoutError):
            cuts += 1
        author.note()
        proxy.cut()
    assert cuts > 3
    await author.come(proxy.socket_url)
    await author.send_again()
    for client in (author.client, other.client):
        await client.reach(author.sent + 1)
    assert len(logged(programs)) == author.sent + 1
    assert author.replica.graph() == other.replica.graph()


async def test_a_silent_and_slow_connection_loses_nothing(network: tuple[Server, Proxy]) -> None:
    server, proxy = network
    programs = Programs(server)
    author, other = Author(programs), Author(programs)
    await author.come(proxy.socket_url)
    await other.come(server.socket_url)
    proxy.pause()
    await author.send(5)
    await other.send(5)
    assert await other.client.answer(5)
    await other.client.reach(6)
    assert other.replica.version == 6, "nothing came through"
    proxy.delay(0.05)
    proxy.resume()
    for author_ in (author, other):
        await author_.client.reach(11)
    assert (await author.client.answer(5))["type"] == "acked"
    proxy.delay(0)
    await asyncio.gather(author.send_again(), other.send_again())
    assert len(logged(programs)) == 11
