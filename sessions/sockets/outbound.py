"""Sends to one socket, in order, without ever making the sender wait.

A server's `send` nearly always returns at once, so it is driven right here, without a task: a fan-out to a thousand
sockets then costs a thousand writes and nothing else. Only when the server makes us wait (the peer reads slowly) does
a task of this socket finish that frame and what queued up behind it. `send_window` bounds how much may queue up.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from types import CoroutineType
from typing import Any

Message = Mapping[str, object]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Outbound:
    """The outgoing messages of one socket."""

    __slots__ = ("_queue", "_send", "_writer", "broken")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: deque[Message] = deque()
        self._writer: asyncio.Task[None] | None = None
        self.broken = False

    @property
    def is_backed_up(self) -> bool:
        """Whether the peer reads more slowly than we write."""
        return self._writer is not None

    def put(self, message: Message) -> None:
        """Send a message, now or after those before it. It is dropped when the connection is broken."""
        if self._writer is not None:
            self._queue.append(message)
        elif not self.broken:
            self._start(message)

    def clear(self) -> None:
        """Drop what is queued."""
        self._queue.clear()

    async def drained(self) -> None:
        """Return when the server has taken everything."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    def abandon(self) -> None:
        """Stop writing."""
        self.broken = True
        self._queue.clear()
        if self._writer is not None:
            self._writer.cancel()

    def _start(self, message: Message) -> None:
        sending = self._send(message)  # type: ignore[arg-type]
        if type(sending) is not CoroutineType:
            self._writer = asyncio.ensure_future(self._drain(sending))
            return
        try:
            waiting_for = sending.send(None)
        except StopIteration:
            pass
        except Exception:  # whatever a server raises for a connection that is gone
            self.broken = True
        else:
            self._writer = asyncio.ensure_future(self._drain(_Rest(sending, waiting_for)))

    async def _drain(self, sending: Awaitable[None]) -> None:
        try:
            await sending
            while self._queue:
                await self._send(self._queue.popleft())  # type: ignore[arg-type]
        except Exception:
            self.broken = True
            self._queue.clear()
        finally:
            self._writer = None


class _Rest:
    """A coroutine that was started outside a task, to be finished inside one."""

    __slots__ = ("_coroutine", "_waiting_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], waiting_for: object) -> None:
        self._coroutine, self._waiting_for = coroutine, waiting_for

    def __await__(self) -> Generator[Any, Any, None]:
        coroutine, waiting_for = self._coroutine, self._waiting_for
        while True:
            try:
                try:
                    result = yield waiting_for
                except BaseException as error:
                    waiting_for = coroutine.throw(error)
                else:
                    waiting_for = coroutine.send(result)
            except StopIteration:
                return
