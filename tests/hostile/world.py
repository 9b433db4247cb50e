"""A server, the devices that use it and the lines between them; all that does not depend on what goes wrong.

The checker looks at everything whenever `check` is called. In the end `heal` lets the network be good.
"""

import random
from collections import Counter

from tests.hostile.checker import Checker
from tests.hostile.device import Device
from tests.hostile.network import Line
from tests.hostile.page import Page
from tests.hostile.server import Server
from tests.hostile.violation import upholding

HEALING_ROUNDS = 20


class World:
    """Three people on five devices, one of them by HTML. `counts` says what has happened."""

    def __init__(self, server: Server, rng: random.Random) -> None:
        self.server, self.rng, self.checker = server, rng, Checker()
        ana, ben, cleo = server.people
        self.devices = [Device(actor, number) for number, actor in enumerate((ana, ana, ben, cleo))]
        self.devices.append(Device(cleo, len(self.devices), format="html"))
        self.counts: Counter[str] = Counter()
        self._lines: list[tuple[Line, Page]] = []

    @property
    def pages(self) -> list[Page]:
        """Every page that is open."""
        return [page for device in self.devices for page in device.pages]

    async def open(self) -> None:
        """Let everybody come."""
        for device in self.devices:
            await self.connect(Page(device))
        await self._carry_everything()

    async def check(self) -> None:
        """Look at everything, and at every answer that was given. Raises `Violation`."""
        for line, page in list(self._lines):
            for frame in line.answers():
                name = (page.device.actor, frame.get("client", page.name), frame["seq"])
                page.device.heard.append((None, name, frame))
            if line.is_dead and line is not page.line:
                self._lines.remove((line, page))
        self.checker.check(await self.server.evidence(self.checker.head), self.devices)

    async def deliver(self, page: Page, count: int) -> int:
        """Let a page take frames; return how many."""
        for taken in range(count):
            if page.line is None or (text := page.line.next_down()) is None:
                if page.line is not None and page.line.is_dead and page.is_greeted and self.rng.random() < 0.2:
                    page.hang_up()
                return taken
            with upholding("I3"):
                page.take(text)
            if page.wants_canvas:
                page.show(await self.server.canvas(page.device.actor))
        return count

    async def connect(self, page: Page) -> None:
        """Connect a page to one of the processes."""
        process = self.rng.randrange(self.server.processes)
        line = Line(await self.server.connect(page.device.actor, process))
        self._lines.append((line, page))
        page.connect(line)

    def open_page(self, device: Device) -> None:
        """Open a page, which takes over what dead ones have left."""
        orphans = device.waiting_for(Page(device))
        self.counts["adopted"] += len(orphans)

    async def heal(self) -> None:
        """Let the network be good, every page connect anew, and everything come to its end."""
        for device in self.devices:
            if not device.pages:
                self.open_page(device)
        for line, _ in self._lines:
            line.cut()
        for page in self.pages:
            page.hang_up()
        for _ in range(HEALING_ROUNDS):
            for page in self.pages:
                if page.line is None:
                    await self.connect(page)
            await self._carry_everything()
            if self._is_healed():
                break
            for page in self.pages:
                page.hang_up()
        await self.check()
        self.checker.check_healed(await self.server.evidence(self.checker.head), self.devices)

    def count(self) -> Counter[str]:
        """Return what has happened."""
        made = [edit for device in self.devices for edit in device.made]
        self.counts["applied"] = self.checker.head - 1
        self.counts["refused"] = sum(edit.answer["type"] == "refused" for edit in made if edit.answer)
        self.counts["resent"] = sum(edit.sent > 1 for edit in made)
        self.counts["healed"] = sum(device.healed for device in self.devices)
        self.counts["taken back"] = sum(entry.via in ("undo", "redo") for entry in self.checker.story.log)
        return self.counts

    async def _carry_everything(self) -> None:
        """Carry to and fro until nobody has anything to say."""
        is_busy = True
        while is_busy:
            is_busy = False
            for page in self.pages:
                if page.line is not None:
                    is_busy |= bool(page.line.up)
                    page.line.carry_up(len(page.line.up))
            await self.server.settle()
            await self.check()
            for page in self.pages:
                is_busy |= await self.deliver(page, 1_000) > 0
            await self.check()

    def _is_healed(self) -> bool:
        waiting = any(device.kept for device in self.devices)
        return not waiting and all(page.copy.version == self.checker.head for page in self.pages)
