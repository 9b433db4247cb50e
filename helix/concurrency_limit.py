"""Limit how many requests of one caller are worked on at a time, over all their connections.

Each request under way is a thread, and threads take turns with the one that serves all live sessions. A caller who asks
for a hundred large things at once waits for them, and no one else does. A caller is a token or a session, valid or not
(an invalid one is answered soon), and without either an address. A request waits once its body is here, so that a slow
line takes no place, and gives its place back as soon as the answer begins.
"""

import asyncio
from dataclasses import dataclass, field

import orjson
import structlog
from asgiref.typing import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPScope,
    Scope,
)

from flows.limits import Limits
from helix.body_limit import CLOSING_HEADERS
from helix.connection_limits import UnfinishedRequests

REFUSAL = orjson.dumps({"code": "rate_limited", "message": "Too many requests at once.", "detail": None})

log = structlog.get_logger(__name__)


class TooManyError(Exception):
    """A caller has as many requests waiting as there may be."""


@dataclass(slots=True)
class Line:
    """One caller's requests: how many there are, and places for those that are worked on."""

    places: asyncio.Semaphore
    length: int = 0


@dataclass(slots=True)
class Turn:
    """One request's turn."""

    line: Line
    _is_held: bool = False
    _is_over: bool = False

    async def begin(self) -> None:
        """Wait for a place, once."""
        if not self._is_held and not self._is_over:
            await self.line.places.acquire()
            self._is_held = True

    def end(self) -> None:
        """Make place for the next."""
        if self._is_held:
            self.line.places.release()
        self._is_held, self._is_over = False, True


@dataclass(frozen=True, slots=True)
class ConcurrencyLimit:
    """An ASGI application around another."""

    app: ASGI3Application
    limits: Limits
    session_cookie: str
    trusted_proxies: int = 0
    lines: dict[bytes, Line] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        caller = self._caller(scope)
        line = self.lines.setdefault(caller, Line(asyncio.Semaphore(self.limits.requests_at_once)))
        if line.length >= self.limits.requests_at_once + self.limits.requests_waiting:
            await self._refuse(scope, send)
            return
        line.length += 1
        turn = Turn(line)
        try:
            await self.app(scope, _begun(receive, turn), _ended(send, turn))
        finally:
            turn.end()
            line.length -= 1
            if not line.length:
                del self.lines[caller]

    def _caller(self, scope: HTTPScope) -> bytes:
        """Return what a request is counted by: what it shows, or else where it comes from."""
        headers = [(name, value) for name, value in scope["headers"] if name in SHOWN]
        for name, value in headers:
            if name == b"authorization":
                return value
        cookie = self.session_cookie.encode() + b"="
        for name, value in headers:
            if name == b"cookie":
                for one in value.split(b";"):
                    if one.strip().startswith(cookie):
                        return one.strip()
        forwarded = [value for name, value in headers if name == b"x-forwarded-for"]
        client = scope.get("client")
        peer = client[0] if client else ""
        return str(UnfinishedRequests(self.limits, self.trusted_proxies).address_of(peer, forwarded)).encode()

    async def _refuse(self, scope: HTTPScope, send: ASGISendCallable) -> None:
        log.info("too_many_requests", path=scope["path"][:200], method=scope["method"])
        headers = (*CLOSING_HEADERS, (b"retry-after", b"1"))
        await send({"type": "http.response.start", "status": 429, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": REFUSAL, "more_body": False})


SHOWN = frozenset({b"authorization", b"cookie", b"x-forwarded-for"})


def _begun(receive: ASGIReceiveCallable, turn: Turn) -> ASGIReceiveCallable:
    """Let a turn begin when the whole body is here."""

    async def begun() -> ASGIReceiveEvent:
        event = await receive()
        if event["type"] == "http.request" and not event["more_body"]:
            await turn.begin()
        return event

    return begun


def _ended(send: ASGISendCallable, turn: Turn) -> ASGISendCallable:
    """Let a turn end when the answer begins."""

    async def ended(event: ASGISendEvent) -> None:
        turn.end()
        await send(event)

    return ended
