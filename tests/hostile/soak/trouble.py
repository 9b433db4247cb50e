"""What goes wrong in a soak, one thing after the other: the network all the time, processes and Redis now and then."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

from tests.hostile.soak.stage import Stage
from tests.servers import Server

BYTES = 20_000


class Trouble:
    """`counts` says what has happened. Whatever is begun is also ended."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._network, self._machines = random.Random(f"{seed} network"), random.Random(f"{seed} machines")
        self.counts: Counter[str] = Counter()

    async def network(self) -> None:
        """Let one bad thing happen to the network."""
        rng = self._network
        proxy = rng.choice(self._stage.proxies)
        match rng.choice(("cuts", "cuts at a byte", "cuts at a byte", "delays", "pauses")):
            case "cuts":
                proxy.cut()
                self.counts["cuts"] += 1
            case "cuts at a byte":
                proxy.cut_after(**{rng.choice(("up", "down")): rng.randrange(BYTES)})
                self.counts["cuts at a byte"] += 1
            case "delays":
                proxy.delay(rng.choice((0.0, 0.02, 0.3)))
                self.counts["delays"] += 1
            case _:
                proxy.pause()
                self.counts["pauses"] += 1
                await asyncio.sleep(rng.choice((0.2, 1.0, 4.0)))
                proxy.resume()

    async def machines(self) -> None:
        """Kill a process, or end it gently, or let Redis go away for a while."""
        rng, servers = self._machines, self._stage.servers
        match rng.choice(("kill", "kill", "kill", "kill both", "end", "Redis", "Redis hangs")):
            case "kill":
                await self._kill(rng.sample(servers, 1))
            case "kill both":
                await self._kill(servers)
            case "end":
                server = rng.choice(servers)
                self.counts["ends"] += 1
                await asyncio.to_thread(server.restart)
            case "Redis":
                self.counts["Redis restarts"] += 1
                await self._without_redis(self._stage.redis.stop, self._stage.redis.start)
            case _:
                self.counts["Redis hangs"] += 1
                await self._without_redis(self._stage.redis.pause, self._stage.redis.resume)

    def end(self) -> None:
        """Let the network be good."""
        for proxy in self._stage.proxies:
            proxy.cut_after()
            proxy.delay(0)

    async def _kill(self, servers: list[Server]) -> None:
        for server in servers:
            self.counts["kills"] += 1
            await asyncio.to_thread(server.kill)
        await asyncio.sleep(self._machines.uniform(0, 1))
        for server in servers:
            await asyncio.to_thread(server.start)

    async def _without_redis(self, stop: Callable[[], None], start: Callable[[], None]) -> None:
        await asyncio.to_thread(stop)
        await asyncio.sleep(self._machines.uniform(0, 5))
        await asyncio.to_thread(start)
