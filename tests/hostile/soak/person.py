"""A device in use: its pages edit over real connections, come back whenever they are cut off, and die now and then."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.hostile.deeds import edit, may_edit, taking_back
from tests.hostile.device import Device
from tests.hostile.page import Page
from tests.hostile.violation import upholding

FOR_GOOD = {4400, 4401, 4403, 4404, 4413}
"""Codes with which nobody here is to be sent away."""
PAUSE = 0.5
LIFE = 25.0
PACE = 0.5
MOST_WAITING = 60


class Wire:
    """What a page says goes out on a connection, in order. It stands where a `Line` does."""

    def __init__(self) -> None:
        self.spoken: asyncio.Queue[str] = asyncio.Queue()

    def say(self, text: str) -> None:
        """Send a frame."""
        self.spoken.put_nowait(text)


class Person:
    """Lives until it is cancelled; when `is_calm`, it makes no more edits and lets its page live."""

    def __init__(self, device: Device, *, addresses: Sequence[str], token: str, seed: str, told: Callable[[], None]):
        self.device, self.is_calm = device, False
        self.counts: Counter[str] = Counter()
        self._addresses, self._token, self._told = addresses, token, told
        self._rng = random.Random(seed)
        self._socket: ClientConnection | None = None

    async def live(self) -> None:
        """Open one page after the other."""
        while True:
            page = Page(self.device)
            self.counts["adopted"] += len(self.device.waiting_for(page))
            async with asyncio.TaskGroup() as doing:
                visiting = doing.create_task(self._visit(page))
                editing = doing.create_task(self._edit(page))
                await asyncio.sleep(self._rng.expovariate(1 / LIFE))
                if self.is_calm:
                    await visiting
                visiting.cancel()
                editing.cancel()
            page.die()
            self.counts["pages killed"] += 1

    def reconnect(self) -> None:
        """Break the connection from this side."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _edit(self, page: Page) -> None:
        while True:
            await asyncio.sleep(self._rng.expovariate(1 / PACE))
            if may_edit(page) and not self.is_calm and len(self.device.kept) < MOST_WAITING:
                page.ask(taking_back(self._rng, page) if self._rng.random() < 0.25 else edit(self._rng, page))

    async def _visit(self, page: Page) -> None:
        """Be connected, whatever happens."""
        how = {"compression": None, "max_size": 2**22, "ping_interval": 1, "ping_timeout": 2}
        headers = {"Authorization": f"Bearer {self._token}"}
        while True:
            address = self._rng.choice(self._addresses)
            try:
                socket = await connect(address, additional_headers=headers, **how)
                await self._talk(page, socket)
            except (OSError, TimeoutError, WebSocketException):
                pass
            finally:
                page.hang_up()
            await asyncio.sleep(self._rng.uniform(0, PAUSE))

    async def _talk(self, page: Page, socket: ClientConnection) -> None:
        self._socket = socket
        wire = Wire()
        page.connect(wire)  # type: ignore[arg-type]
        speaking = asyncio.create_task(self._speak(wire, socket))
        try:
            while page.line is wire:
                text = str(await socket.recv())
                with upholding("I3"):
                    page.take(text)
                self._told()
        finally:
            speaking.cancel()
            with suppress(asyncio.CancelledError, WebSocketException):
                await speaking
            socket.transport.abort()
            assert socket.close_code not in FOR_GOOD, f"sent away with {socket.close_code}"

    async def _speak(self, wire: Wire, socket: ClientConnection) -> None:
        while True:
            await socket.send(await wire.spoken.get())
