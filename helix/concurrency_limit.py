"""Limit how many requests of one caller are worked on at a time, over all their connections.

Each request under way is a thread, and threads take turns with the one that serves all live sessions. A caller who asks
for a hundred large things at once waits for them, and no one else does. A caller is a token or a session of our making
(one that ended is answered soon); all that show neither are one caller for each address, whatever they made up, and
have a line over all addresses too. An address with all its callers has a line for as many as `CALLERS`: many people may
be behind one, and one person may have collected many sessions. A request waits once its body is here, so that a slow
line takes no place, and gives its places back as soon as the answer begins.
"""

import asyncio
import sys
from collections.abc import Callable, Collection, Sequence
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
from helix.body_limit import CLOSING_HEADERS, HOOKS, Headers
from helix.connection_limits import UnfinishedRequests

REFUSAL = orjson.dumps({"code": "rate_limited", "message": "Too many requests at once.", "detail": None})

CALLERS = 8
"""How many busy callers an address has room for; one after another there may be any number."""
STRANGERS = 8
"""As many for all that show neither token nor session, wherever they come from: addresses cost nothing."""
ALL_STRANGERS = "strangers"
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What watches the process never stands behind strangers, and neither do events for hooks."""
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Line:
    """The requests of a caller or an address: how many there are and may be, and places for those worked on."""

    places: asyncio.Semaphore
    most: int
    length: int = 0


@dataclass(slots=True)
class Turn:
    """One request's turn in its lines, the widest last: who waits there already has a place of their own."""

    lines: Sequence[Line]
    _held: list[Line] = field(default_factory=list)
    _has_begun: bool = False
    _is_over: bool = False

    async def begin(self) -> None:
        """Wait for a place in every line, once."""
        if self._has_begun:
            return
        self._has_begun = True
        for line in self.lines:
            if self._is_over:
                break
            await line.places.acquire()
            self._held.append(line)
        if self._is_over:
            self.end()

    def end(self) -> None:
        """Make place for the next."""
        self._is_over = True
        while self._held:
            self._held.pop().places.release()


@dataclass(frozen=True, slots=True)
class ConcurrencyLimit:
    """An ASGI application around another. `credentials_in` returns what a request shows that nobody can make up."""

    app: ASGI3Application
    limits: Limits
    credentials_in: Callable[[Headers], Collection[str]]
    trusted_proxies: int = 0
    lines: dict[str, Line] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        shares = self._shares(scope)
        if any(name in self.lines and self.lines[name].length >= self.lines[name].most for name in shares):
            await self._refuse(scope, send)
            return
        lines = [self.lines.setdefault(name, self._line(name, share)) for name, share in shares.items()]
        for line in lines:
            line.length += 1
        turn = Turn(lines)
        try:
            await self.app(scope, _begun(receive, turn), _ended(send, turn))
        finally:
            turn.end()
            for name, line in zip(shares, lines, strict=True):
                line.length -= 1
                if not line.length:
                    del self.lines[name]

    def _line(self, name: str, share: int) -> Line:
        """Return a new line. That of strangers is as long as all addresses make it, or few could shut out the rest."""
        at_once = self.limits.requests_at_once
        most = sys.maxsize if name == ALL_STRANGERS else share * (at_once + self.limits.requests_waiting)
        return Line(asyncio.Semaphore(share * at_once), most)

    def _shares(self, scope: HTTPScope) -> dict[str, int]:
        """Return the lines that a request is in, always in the same order, and for how many callers each is."""
        headers = [(name, value) for name, value in scope["headers"] if name in SHOWN]
        forwarded = [value for name, value in headers if name == b"x-forwarded-for"]
        client = scope.get("client")
        peer = client[0] if client else ""
        address = UnfinishedRequests(self.limits, self.trusted_proxies).address_of(peer, forwarded)
        all_here = {f"all at {address}": CALLERS}
        if callers := sorted(self.credentials_in(headers)):
            return dict.fromkeys(callers, 1) | all_here
        is_apart = scope["path"] in PROBES or scope["path"].startswith(HOOKS)
        strangers = {} if is_apart else {ALL_STRANGERS: STRANGERS}
        return {f"nobody at {address}": 1} | all_here | strangers

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
