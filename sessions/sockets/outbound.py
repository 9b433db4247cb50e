"""Sends to one socket, in order, without ever making the sender wait.

A server's `send` nearly always returns at once, so it is driven right here, without a task: a fan-out to a thousand
sockets then costs a thousand writes and nothing else. Only when the server makes us wait (the peer reads slowly) does
a task of this socket finish that frame and what queued up behind it. `SendWindow` bounds how much may queue up:
it counts what was sent and not yet acknowledged by `seen`; the caller says what time it is (monotonic seconds) and acts
on the answer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from types import CoroutineType
from typing import Any, Protocol

from flows.limits import Limits

VERSIONS_SECONDS = 2.0
STRIDE = 0.25
Message = Mapping[str, object]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Wire(Protocol):
    """A server's connection that takes frames as they go over the wire, without ASGI in between."""

    @property
    def is_writable(self) -> bool:
        """Whether the peer reads as fast as we write."""

    def write_frames(self, frames: bytes) -> bool:
        """Write one or more whole frames, or answer False when they must go the ordinary way."""

    def receive_text_with(self, on_text: Callable[[str], object] | None) -> None:
        """From now on, give text to `on_text` as it arrives; None: to nobody."""


class Frame(Protocol):
    """A frame that was encoded for any number of sockets."""

    raw: bytes

    @property
    def message(self) -> Message:
        """Return it as an ASGI message."""


class Outbound:
    """The outgoing messages of one socket."""

    __slots__ = ("_queue", "_send", "_wire", "_write", "_writer", "broken")

    def __init__(self, send: Send, wire: Wire | None = None) -> None:
        self._send, self._wire = send, wire
        self._write = wire.write_frames if wire is not None else None
        self._queue: deque[Message] = deque()
        self._writer: asyncio.Task[None] | None = None
        self.broken = False

    @property
    def is_backed_up(self) -> bool:
        """Whether the peer reads more slowly than we write."""
        return self._writer is not None or (self._wire is not None and not self._wire.is_writable)

    def put(self, message: Message) -> None:
        """Send a message, now or after those before it. It is dropped when the connection is broken."""
        if self._writer is not None:
            self._queue.append(message)
        elif not self.broken:
            self._start(message)

    def put_frame(self, frame: Frame) -> None:
        """Send a frame, by the short way if there is one and nothing waits on the other."""
        if self._writer is not None:
            self._queue.append(frame.message)
        elif not self.broken and (self._write is None or not self._write(frame.raw)):
            self._start(frame.message)

    def put_frames(self, frames: Sequence[Frame]) -> None:
        """Send frames in order, by the short way in one write: the system is called once for all of them."""
        write = self._write if self._writer is None and not self.broken else None
        if write is not None and write(b"".join([frame.raw for frame in frames])):
            return
        for frame in frames:
            self.put_frame(frame)

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
        except Exception:  # servers differ in what they raise for a connection that is gone
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


@dataclass(slots=True)
class Mark:
    """What was sent within one stride of time: its newest version, its bytes, whether a version travelled in it."""

    version: int
    size: int
    since: float
    versioned: bool


class SendWindow:
    """The unacknowledged frames of one socket."""

    __slots__ = ("_behind_since", "_last", "_limits", "_marks", "_most_versions", "_seen", "_sent", "size")

    def __init__(self, limits: Limits, version: int) -> None:
        self._limits, self._most_versions = limits, limits.unseen_versions
        self._marks: deque[Mark] = deque()
        self._last: Mark | None = None
        self._seen = self._sent = version
        self._behind_since: float | None = None
        self.size = 0

    def sent(self, size: int, now: float, version: int | None = None) -> int:
        """Note a frame and return how many bytes are unseen; `version` is given for what holds the flow's state.

        Makes nothing new within a stride, and calls nothing: each frame goes to each of a thousand sockets.
        """
        self.size += size
        if version is not None and version > self._sent:
            self._sent = version
        last = self._last
        if last is not None and now - last.since < STRIDE:
            last.size += size
            last.version = self._sent
            if version is not None:
                last.versioned = True
        else:
            self._last = Mark(self._sent, size, now, version is not None)
            self._marks.append(self._last)
        if self._sent - self._seen <= self._most_versions:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
        return self.size

    def seen(self, version: int, now: float) -> None:
        """Note that everything up to `version` arrived."""
        if version > self._seen:
            self._seen = min(version, self._sent)
        marks = self._marks
        while marks and marks[0].version <= self._seen:
            self.size -= marks.popleft().size
        if not marks:
            self._last = None
        if self._sent - self._seen <= self._most_versions:
            self._behind_since = None

    def is_too_slow(self, now: float) -> bool:
        """Whether any bound is passed."""
        if self.size > self._limits.unseen_bytes:
            return True
        if self._behind_since is not None and now - self._behind_since > VERSIONS_SECONDS:
            return True
        oldest = next((mark.since for mark in self._marks if mark.versioned), now)
        return now - oldest > self._limits.unseen_seconds


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
