"""How long a connection is waited for, and how many of one address that are not done asking.

A peer that says nothing, sends its head or body a byte now and then, or never reads its answer costs it nothing and us
a connection. Each part of a request has its seconds, on whatever server; whoever has many requests under way that
are not complete gets one second for each further one: enough for somebody who means it, so that a crowd that arrives at
once, or a neighbour behind the same address, still gets in.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Literal, TypeAlias

import orjson
import structlog

from flows.limits import Limits
from helix.body_limit import LAST

HURRY_SECONDS = 1.0
ANSWERS = {
    400: ("invalid", "Malformed request."),
    408: ("too_slow", "The request did not arrive in time."),
    413: ("too_large", "The body is too large."),
    429: ("rate_limited", "Too many unfinished requests from this address."),
    431: ("too_large", "The request's head is too large."),
}

Part: TypeAlias = Literal["head", "body", "next", "reader"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Crowd:
    """All connections of a process whose request is not complete, by address."""

    limits: Limits
    trusted_proxies: int
    unfinished: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> bool:
        """Count one more; say whether it is one too many."""
        self.unfinished[address] += 1
        return self.unfinished[address] > self.limits.unfinished_per_address

    def leave(self, address: str) -> None:
        """Count one less."""
        self.unfinished[address] -= 1
        if not self.unfinished[address]:
            del self.unfinished[address]

    def address(self, peer: str, forwarded: Iterable[bytes] | None = None) -> str | None:
        """Return what a connection is counted by; behind a proxy it is not known (None) before the head is.

        `forwarded` are the values of `X-Forwarded-For`, of which the last so many are our proxies' own words.
        """
        if not self.trusted_proxies:
            return network(peer)
        if forwarded is None:
            return None
        hops = [hop.strip().decode("latin-1") for value in forwarded for hop in value.split(b",")]
        return network(hops[-self.trusted_proxies]) if len(hops) >= self.trusted_proxies else network(peer)


class Patience:
    """What one connection is waited for; `give_up` is called once, with the status to answer, or None to be silent."""

    __slots__ = ("_address", "_crowd", "_crowded", "_give_up", "_part", "_timer")

    def __init__(self, crowd: Crowd, give_up: Callable[[int | None], None]) -> None:
        self._crowd, self._give_up = crowd, give_up
        self._part: Part | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._address: str | None = None
        self._crowded = False

    def expect_head(self, address: str | None) -> None:
        """Wait for a request's head, from the connection's beginning or the first byte after another request."""
        self._count(address)
        self._expect("head", self._crowd.limits.head_seconds)

    def expect_body(self, address: str | None) -> None:
        """Wait for the rest of a request whose head is there."""
        self._count(address)
        self._expect("body", self._crowd.limits.body_seconds)

    def expect_next(self) -> None:
        """Wait for another request: everything is asked and answered."""
        self.stop()
        self._expect("next", self._crowd.limits.keep_alive_seconds)

    def expect_reader(self) -> None:
        """Wait for the peer to read what it was sent."""
        self.stop()
        self._expect("reader", self._crowd.limits.body_seconds)

    def stop(self) -> None:
        """Wait for nothing: a request is complete, or the connection is gone."""
        self._part = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._address is not None:
            self._crowd.leave(self._address)
            self._address = None

    def _count(self, address: str | None) -> None:
        if self._address is None and address is not None:
            self._address = address
            self._crowded = self._crowd.enter(address)
            self._part = None

    def _expect(self, part: Part, seconds: float) -> None:
        if self._part == part:
            return
        self._part = part
        if self._timer is not None:
            self._timer.cancel()
        hurried = self._address is not None and self._crowded
        self._timer = asyncio.get_running_loop().call_later(HURRY_SECONDS if hurried else seconds, self._end)

    def _end(self) -> None:
        hurried = self._address is not None and self._crowded
        part, address = self._part, self._address
        self.stop()
        if part in ("head", "body"):
            log.info("gave_up_waiting", waited_for=part, address=address, crowded=hurried)
            self._give_up(429 if hurried else 408)
        else:
            self._give_up(None)


def network(address: str) -> str:
    """Return the address itself, or the /64 that an IPv6 address lies in: so much belongs to one customer."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))


def last_answer(status: int) -> bytes:
    """Spell the answer that a server gives by itself before it closes a connection."""
    code, message = ANSWERS[status]
    body = orjson.dumps({"code": code, "message": message, "detail": None})
    headers = [
        *LAST,
        (b"content-length", str(len(body)).encode()),
        *([(b"retry-after", b"1")] if status == 429 else []),
    ]
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(),
        *(name + b": " + value for name, value in headers),
    ]
    return b"\r\n".join([*lines, b"", body])
