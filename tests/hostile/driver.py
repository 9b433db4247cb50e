"""Chance with a seed: people edit, the network misbehaves, pages and processes die; then all is healed.

The same driver runs the model and the real server. After every step the checker looks at everything. A failure names
its seed and step; the same seed makes the same choices.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable

from tests.hostile.deeds import edit, may_edit, taking_back
from tests.hostile.network import Line
from tests.hostile.page import Page
from tests.hostile.server import Server
from tests.hostile.world import World

MOST_AT_ONCE = 8
Act = Callable[[], Awaitable[None]]


class Driver:
    """One run."""

    def __init__(self, seed: int, server: Server, *, steps: int) -> None:
        self.seed, self.steps = seed, steps
        self._rng = random.Random(seed)
        self._world = World(server, self._rng)
        self._acts: dict[Act, int] = {
            self._edit: 22,
            self._take_back: 8,
            self._carry_up: 25,
            self._carry_down: 30,
            self._work: 30,
            self._connect: 12,
            self._spoil: 14,
            self._cut: 2,
            self._give_up: 2,
            self._end_page: 1,
            self._open_page: 2,
            self._crash: 1,
        }

    async def run(self) -> Counter[str]:
        """Run to the end, and return what happened. Raises `Violation`."""
        step, act = 0, self._world.open
        try:
            await self._world.open()
            while (step := step + 1) <= self.steps:
                (act,) = self._rng.choices(list(self._acts), list(self._acts.values()))
                await act()
                await self._world.check()
            act = self._world.heal
            await self._world.heal()
        except Exception as failure:
            failure.add_note(f"HELIX_SEED={self.seed}: step {step} of {self.steps}, {act.__name__}")
            raise
        return self._world.count()

    # What people do.

    async def _edit(self) -> None:
        page = self._some_page(may_edit)
        if page is not None:
            page.ask(edit(self._rng, page))

    async def _take_back(self) -> None:
        page = self._some_page(may_edit)
        if page is not None:
            page.ask(taking_back(self._rng, page))

    async def _open_page(self) -> None:
        device = self._rng.choice(self._world.devices)
        if len(device.pages) < 2:
            self._world.open_page(device)

    async def _end_page(self) -> None:
        """A tab is closed or its browser killed: what it showed and knew is gone."""
        page = self._some_page()
        if page is not None and len(page.device.pages) > self._rng.randrange(2):
            page.die()
            self._world.counts["pages ended"] += 1
            if self._rng.random() < 0.5:
                page.device.last = None
            if page.line is not None and self._rng.random() < 0.7:
                page.line.cut()

    # What the network does.

    async def _connect(self) -> None:
        page = self._some_page(lambda page: page.line is None)
        if page is not None:
            await self._world.connect(page)

    async def _carry_up(self) -> None:
        _, line = self._some_line(lambda line: bool(line.up))
        if line is not None:
            line.carry_up(self._rng.randint(1, MOST_AT_ONCE))

    async def _carry_down(self) -> None:
        page, _ = self._some_line(lambda line: line.has_news)
        if page is not None:
            await self._world.deliver(page, self._rng.randint(1, MOST_AT_ONCE))

    async def _spoil(self) -> None:
        _, line = self._some_line(lambda line: line.has_news)
        if line is not None:
            self._world.counts[line.spoil(self._rng)] += 1

    async def _cut(self) -> None:
        """A connection breaks; the page hears of it, or believes that it is still there."""
        page, line = self._some_line()
        if page is not None and line is not None:
            line.cut()
            self._world.counts["cut"] += 1
            if self._rng.random() < 0.6:
                page.hang_up()

    async def _give_up(self) -> None:
        """A page finds its connection dead, by a ping that is not answered, and rightly or not."""
        page, line = self._some_line()
        if page is not None and line is not None and (line.is_dead or self._rng.random() < 0.3):
            if self._rng.random() < 0.5:
                line.cut()
            page.hang_up()

    # What the server does.

    async def _work(self) -> None:
        await self._world.server.work(self._rng)

    async def _crash(self) -> None:
        process = self._rng.randrange(self._world.server.processes)
        await self._world.server.crash(process, self._rng)
        self._world.counts["crashed"] += 1

    def _some_page(self, fits: Callable[[Page], bool] = lambda _: True) -> Page | None:
        pages = [page for page in self._world.pages if fits(page)]
        return self._rng.choice(pages) if pages else None

    def _some_line(self, fits: Callable[[Line], bool] = lambda _: True) -> tuple[Page, Line] | tuple[None, None]:
        """Return a page that believes to be connected, and the line."""
        page = self._some_page(lambda page: page.line is not None and fits(page.line))
        return (page, page.line) if page is not None and page.line is not None else (None, None)
