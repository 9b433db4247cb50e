"""One WebSocket of the ASGI application, held by its other end."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

Application = Callable[..., Awaitable[None]]


class Connection:
    """What the application sends collects in `out`; it hears frames in the order in which they are sent."""

    def __init__(self, application: Application, flow_id: UUID, token: str) -> None:
        self.out: deque[str] = deque()
        self.closed = False
        self._given: deque[dict[str, Any]] = deque([{"type": "websocket.connect"}])
        self._more, self._waiting = asyncio.Event(), asyncio.Event()
        scope = {
            "type": "websocket",
            "path": f"/ws/flows/{flow_id}/",
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {token}".encode())],
            "subprotocols": [],
        }
        self._task = asyncio.ensure_future(application(scope, self._receive, self._send))
        self._task.add_done_callback(lambda _: self._end())

    def send(self, text: str) -> None:
        """Let the application have a frame."""
        self._give({"type": "websocket.receive", "text": text})

    def cut(self) -> None:
        """Let the application notice that the connection is no more."""
        self.closed = True
        self._give({"type": "websocket.disconnect", "code": 1006})

    async def die(self) -> None:
        """End with the process."""
        self.closed = True
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def heard(self) -> None:
        """Return when the application has taken all that it was given."""
        while not self._task.done() and (self._given or not self._waiting.is_set()):
            await self._waiting.wait()

    def _give(self, message: dict[str, Any]) -> None:
        self._given.append(message)
        self._waiting.clear()
        self._more.set()

    async def _receive(self) -> dict[str, Any]:
        while not self._given:
            self._waiting.set()
            self._more.clear()
            await self._more.wait()
        return self._given.popleft()

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            self.closed = True
        elif message["type"] == "websocket.send" and not self.closed:
            self.out.append(message["text"])

    def _end(self) -> None:
        self.closed = True
        self._waiting.set()
