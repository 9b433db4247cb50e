"""A live session's line to the other processes: one membership of the flow's group, whatever the layer's state.

The layer is only ever told hints, so nothing waits for it: what is to be said is queued and said by a task of its
own, with little patience; what cannot be said is dropped. Listening begins again whenever it fails, and each
beginning is reported, because what was said meanwhile was missed.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from channels.layers import InMemoryChannelLayer, get_channel_layer

Message = dict[str, Any]
log = structlog.get_logger(__name__)
QUEUED = 1_000
PATIENCE = 2.0
PAUSES = (0.25, 0.5, 1.0, 2.0, 5.0)


class Link:
    """One channel of this process in one group."""

    def __init__(self, group: str, heard: Callable[[Message], None], joined: Callable[[], None]) -> None:
        self.group = group
        self._heard, self._joined = heard, joined
        self._layer: Any = get_channel_layer()
        self._channel: str | None = None
        self._queue: deque[Message] = deque(maxlen=QUEUED)
        self._speak = asyncio.Event()
        self._is_leaving = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_alone(self) -> bool:
        """Whether it is certain that nobody else listens."""
        return isinstance(self._layer, InMemoryChannelLayer) and len(self._layer.groups.get(self.group, ())) <= 1

    def open(self) -> None:
        """Begin to listen and to speak."""
        self._tasks = [asyncio.create_task(self._talk()), asyncio.create_task(self._listen())]

    def say(self, message: Message) -> None:
        """Tell the group, soon."""
        if not self.is_alone:
            self._queue.append(message)
            self._speak.set()

    async def renew(self) -> None:
        """Say again that we belong to the group: layers forget members after a day."""
        if self._channel is not None:
            with suppress(Exception):
                async with asyncio.timeout(PATIENCE):
                    await self._layer.group_add(self.group, self._channel)

    async def close(self) -> None:
        """Let what is queued be said, in its order, then leave."""
        self._is_leaving = True
        self._speak.set()
        if self._tasks:
            await asyncio.wait(self._tasks[:1], timeout=PATIENCE)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                self._channel = await self._layer.new_channel()
                await self._layer.group_add(self.group, self._channel)
                self._joined()
                failures = 0
                while True:
                    self._take(await self._layer.receive(self._channel))
            except Exception as failure:
                log.warning("layer_lost", group=self.group, reason=repr(failure))
                await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
            finally:
                await self._leave()

    def _take(self, message: Message) -> None:
        try:
            self._heard(message)
        except Exception:  # whatever is wrong with it, the next one is to be heard
            log.exception("message_ignored", group=self.group)

    async def _leave(self) -> None:
        if self._channel is not None:
            with suppress(Exception):
                async with asyncio.timeout(PATIENCE):
                    await self._layer.group_discard(self.group, self._channel)
            self._channel = None

    async def _talk(self) -> None:
        while self._queue or not self._is_leaving:
            await self._speak.wait()
            self._speak.clear()
            while self._queue:
                await self._say_next()

    async def _say_next(self) -> None:
        message = self._queue.popleft()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._layer.group_send(self.group, message)
        except Exception as failure:
            log.warning("message_lost", group=self.group, type=message["type"], reason=repr(failure))
