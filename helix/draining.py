"""The end of a process: what was begun is answered, nothing begins any more, and the end comes in any case.

A request needs the event loop up to its last byte. A loop that stops earlier leaves the request's thread waiting for
it for ever, and the interpreter waiting for the thread; pages ask over kept connections without a pause, so "no new
connections" is not enough. Here every request and socket is known until it is done. The last answers tell their
connections to close, and for what the database does not let through in time there is `end_within`.
"""

import asyncio
import os
import threading
from contextlib import suppress
from typing import NoReturn, cast

import orjson
import structlog
from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope

from helix.body_limit import CLOSING_HEADERS

REFUSAL = orjson.dumps({"code": "unavailable", "message": "The server is shutting down. Try again.", "detail": None})
CUTTING_SECONDS = 1.0
RESTARTING = 4412
"""As `sessions.protocol.codes` has it, which cannot be imported before the apps are loaded."""

log = structlog.get_logger(__name__)


class Draining:
    """An ASGI application around another, which can be brought to an end."""

    def __init__(self, app: ASGI3Application) -> None:
        self.app = app
        self._under_way: set[asyncio.Task[object]] = set()
        self.is_ending = False
        self._has_ended = False

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if self._has_ended:
            await refuse(scope, receive, send)
            return
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._under_way.add(task)
        answer = Answer(send, self)
        try:
            await self.app(scope, receive, answer if scope["type"] == "http" else send)
        except asyncio.CancelledError:
            if not self._has_ended:
                raise
            if scope["type"] == "http" and not answer.has_begun:
                await refuse_request(send)
        finally:
            self._under_way.discard(task)

    def announce(self) -> None:
        """From now on, every answer asks for its connection to be closed."""
        self.is_ending = True

    async def finish(self, seconds: float) -> None:
        """Return when all is answered; what is not after `seconds` is cut. Nothing begins any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._under_way:
                    await asyncio.wait(self._under_way)
        self._has_ended = True
        if self._under_way:
            log.warning("cut_off", number=len(self._under_way))
            for task in self._under_way:
                task.cancel()
            await asyncio.wait(self._under_way, timeout=CUTTING_SECONDS)


class Answer:
    """What one request is sent, as it begins; once the process ends, it asks for its connection to be closed."""

    __slots__ = ("_draining", "_send", "has_begun")

    def __init__(self, send: ASGISendCallable, draining: Draining) -> None:
        self._send, self._draining = send, draining
        self.has_begun = False

    async def __call__(self, event: ASGISendEvent) -> None:
        if event["type"] == "http.response.start":
            self.has_begun = True
            if self._draining.is_ending:
                event["headers"] = [*event.get("headers", ()), (b"connection", b"close")]
        await self._send(event)


async def refuse(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Answer what came too late: a request by 503, a socket by the close code that says when to come back."""
    if scope["type"] == "http":
        await refuse_request(send)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        await send({"type": "websocket.close", "code": RESTARTING, "reason": None})


async def refuse_request(send: ASGISendCallable) -> None:
    """Answer 503, and close the connection."""
    headers = [*CLOSING_HEADERS, (b"retry-after", b"1")]
    await send({"type": "http.response.start", "status": 503, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": REFUSAL, "more_body": False})


def end_within(seconds: float) -> None:
    """Let the process end as it may, though not later: a thread that waits for the database is not waited for."""
    watch = threading.Timer(seconds, end_now)
    watch.daemon = True
    watch.start()


def end_now() -> NoReturn:
    """End without waiting for anybody. The database takes back what was not committed, as after a `kill -9`."""
    log.error("ended_by_force", threads=[one.name for one in threading.enumerate() if not one.daemon])
    os._exit(1)
