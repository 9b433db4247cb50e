"""A soak: people edit while things go wrong; what can be seen is checked all the time; then everything has to heal."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from asgiref.sync import sync_to_async

from tests.hostile.checker import Checker
from tests.hostile.device import Device, Heard
from tests.hostile.evidence import Evidence
from tests.hostile.real.rows import Rows
from tests.hostile.soak.person import Person
from tests.hostile.soak.stage import Stage
from tests.hostile.soak.trouble import Trouble

HEALING_SECONDS = 120.0
PATIENCE = 10.0
DEVICES = 5


class Soak:
    """One run. `counts` says afterwards what has happened in it."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._checker, self._rows = Checker(), Rows(stage.flow_id)
        self._trouble, self._rng = Trouble(stage, seed), random.Random(f"{seed} pace")
        self._news, self._looking = asyncio.Event(), asyncio.Lock()
        addresses = [f"{proxy.socket_url}/ws/flows/{stage.flow_id}/" for proxy in stage.proxies]
        people = list(stage.tokens.items())
        self._persons = [
            Person(
                Device(actor, number),
                addresses=addresses,
                token=token,
                seed=f"{seed} person {number}",
                told=self._news.set,
            )
            for number in range(DEVICES)
            for actor, token in [people[number % len(people)]]
        ]
        self._devices = [person.device for person in self._persons]
        self.counts: Counter[str] = Counter()

    async def run(self, seconds: float) -> Counter[str]:
        """Run for a while, then heal. Raises `Violation`."""
        async with asyncio.TaskGroup() as living:
            tasks = [living.create_task(person.live()) for person in self._persons]
            end = asyncio.get_running_loop().time() + seconds
            async with asyncio.TaskGroup() as suffering:
                suffering.create_task(self._suffer(self._trouble.network, 1.0, end))
                suffering.create_task(self._suffer(self._trouble.machines, 4.0, end))
            await self._heal()
            for task in tasks:
                task.cancel()
        return self._count()

    async def _suffer(self, happen: Callable[[], Awaitable[None]], pause: float, end: float) -> None:
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(self._rng.expovariate(1 / pause))
            await happen()
            self.counts["rounds"] += 1
            await self._look()

    async def _look(self) -> None:
        """Check everything; one at a time, for each begins where the last one ended.

        Answers that come while the evidence is read may be newer than it: they are for the next time.
        """
        async with self._looking:
            earlier = [device.take_heard() for device in self._devices]
            evidence = await self._evidence()
            later = [device.take_heard() for device in self._devices]
            self._hear(earlier)
            self._checker.check(evidence, self._devices)
            self._hear(later)

    def _hear(self, answers: list[list[Heard]]) -> None:
        for device, heard in zip(self._devices, answers, strict=True):
            device.heard = heard

    async def _evidence(self) -> Evidence:
        """Read what there is, until nobody has seen more."""
        while True:
            evidence = await sync_to_async(self._rows.read)(self._checker.head)
            newest = max(page.copy.version or 0 for device in self._devices for page in device.pages)
            if not evidence.log or evidence.log[-1].version >= newest:
                return evidence

    async def _heal(self) -> None:
        self._trouble.end()
        for person in self._persons:
            person.is_calm = True
        with suppress(TimeoutError):  # the checker says what is missing
            async with asyncio.timeout(HEALING_SECONDS):
                while not await self._is_healed():
                    await self._wait()
        self._checker.check_healed(await self._evidence(), self._devices)

    async def _is_healed(self) -> bool:
        self._news.clear()
        await self._look()
        pages = [page for device in self._devices for page in device.pages]
        are_current = all(page.copy.version == self._checker.head for page in pages)
        return are_current and not any(device.kept for device in self._devices)

    async def _wait(self) -> None:
        """Wait for anything to arrive; when nothing does, let all connect anew."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._news.wait()
        except TimeoutError:
            for person in self._persons:
                person.reconnect()

    def _count(self) -> Counter[str]:
        made = [edit for device in self._devices for edit in device.made]
        self.counts["applied"] = self._checker.head - 1
        self.counts["refused"] = sum(edit.answer["type"] == "refused" for edit in made if edit.answer)
        self.counts["resent"] = sum(edit.sent > 1 for edit in made)
        self.counts["healed"] = sum(device.healed for device in self._devices)
        return self.counts + self._trouble.counts + sum((person.counts for person in self._persons), Counter[str]())
