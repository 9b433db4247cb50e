"""A process's membership in one group of the channel layer, for hints between processes.

Nothing waits for the layer: messages are queued and sent by a task, each with a short timeout, and dropped when they
cannot be sent. When listening fails it starts again, and every start is reported to the listener, because messages
sent in the meantime were missed.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Protocol

import structlog
from channels.layers import InMemoryChannelLayer, get_channel_layer

Message = dict[str, Any]
log = structlog.get_logger(__name__)
ANNOUNCE_SECONDS = 10.0
"""How often a process announces all it has to the others."""
QUEUED = 1_000
TIMEOUT_SECONDS = 2.0
RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0)


class GroupListener(Protocol):
    """What receives a group's messages."""

    def on_group_joined(self) -> None:
        """The group was joined, for the first time or again; earlier messages were missed."""

    def on_message(self, message: Message) -> None:
        """A message arrived."""


class GroupChannel:
    """One channel of this process in one group."""

    def __init__(self, name: str, listener: GroupListener) -> None:
        self.name = name
        self._listener = listener
        self._layer: Any = get_channel_layer()
        self._channel: str | None = None
        self._queue: deque[Message] = deque(maxlen=QUEUED)
        self._queued = asyncio.Event()
        self._is_closing = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_alone(self) -> bool:
        """Whether it is certain that no one else listens."""
        return isinstance(self._layer, InMemoryChannelLayer) and len(self._layer.groups.get(self.name, ())) <= 1

    def open(self) -> None:
        """Start to listen and to send."""
        self._tasks = [asyncio.create_task(self._send_queued()), asyncio.create_task(self._listen())]

    def send(self, message: Message) -> None:
        """Send a message to the group, soon."""
        if not self.is_alone:
            self._queue.append(message)
            self._queued.set()

    async def renew(self) -> None:
        """Join again: layers forget members after a day."""
        if self._channel is not None:
            with suppress(Exception):
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await self._layer.group_add(self.name, self._channel)

    async def close(self) -> None:
        """Send what is queued, in order, then leave."""
        self._is_closing = True
        self._queued.set()
        if self._tasks:
            await asyncio.wait(self._tasks[:1], timeout=TIMEOUT_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                self._channel = await self._layer.new_channel()
                await self._layer.group_add(self.name, self._channel)
                self._listener.on_group_joined()
                failures = 0
                while True:
                    self._receive(await self._layer.receive(self._channel))
            except Exception as failure:
                log.warning("layer_lost", group=self.name, reason=repr(failure))
                await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                failures += 1
            finally:
                await self._leave()

    def _receive(self, message: Message) -> None:
        try:
            self._listener.on_message(message)
        except Exception:  # one bad message must not stop the next
            log.exception("message_ignored", group=self.name)

    async def _leave(self) -> None:
        if self._channel is not None:
            with suppress(Exception):
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await self._layer.group_discard(self.name, self._channel)
            self._channel = None

    async def _send_queued(self) -> None:
        while self._queue or not self._is_closing:
            await self._queued.wait()
            self._queued.clear()
            while self._queue:
                await self._send_next()

    async def _send_next(self) -> None:
        message = self._queue.popleft()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._layer.group_send(self.name, message)
        except Exception as failure:
            log.warning("message_lost", group=self.name, type=message["type"], reason=repr(failure))
