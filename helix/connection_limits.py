"""Limit how long a connection is waited for, and how many unfinished requests one address may have.

A peer that says nothing, sends its head or body a byte now and then, or never reads its answer pays nothing for it and
takes a connection of ours. So each part of a request has a time limit, on both servers. Beyond
`UNFINISHED_PER_ADDRESS` a further request has one second: enough for an honest one, so that many who arrive at once,
and neighbours behind the same address, still get in.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, TypeAlias

import orjson
import structlog

from flows.limits import Limits
from helix.body_limit import CLOSING_HEADERS
from web.networks import network_of

OVER_LIMIT_SECONDS = 1.0
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
class UnfinishedRequests:
    """Counts the connections of a process whose request is not complete, by address."""

    limits: Limits
    trusted_proxies: int
    counts: Counter[str] = field(default_factory=Counter)

    def enter(self, address: str) -> bool:
        """Count one more; say whether it is one too many."""
        self.counts[address] += 1
        return self.counts[address] > self.limits.unfinished_per_address

    def leave(self, address: str) -> None:
        """Count one less."""
        self.counts[address] -= 1
        if not self.counts[address]:
            del self.counts[address]

    def address_of(self, peer: str, forwarded: Iterable[bytes] | None = None) -> str | None:
        """Return what a connection is counted by; behind a proxy it is not known (None) before the head is.

        `forwarded` are the values of `X-Forwarded-For`, of which the last so many are our proxies' own words.
        """
        if not self.trusted_proxies:
            return network_of(peer)
        if forwarded is None:
            return None
        hops = [hop.strip().decode("latin-1") for value in forwarded for hop in value.split(b",")]
        return network_of(hops[-self.trusted_proxies]) if len(hops) >= self.trusted_proxies else network_of(peer)


class ConnectionTimer:
    """The time limit of what one connection is to send or read next.

    When it is over, `time_out` is called with the status to answer, or None to be silent.
    """

    __slots__ = ("_address", "_is_over_limit", "_part", "_time_out", "_timer", "_unfinished")

    def __init__(self, unfinished: UnfinishedRequests, time_out: Callable[[int | None], None]) -> None:
        self._unfinished, self._time_out = unfinished, time_out
        self._part: Part | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._address: str | None = None
        self._is_over_limit = False

    def expect_head(self, address: str | None) -> None:
        """Wait for a request's head, from the connection's beginning or the first byte after another request."""
        self._count(address)
        self._expect("head", self._unfinished.limits.head_seconds)

    def expect_body(self, address: str | None) -> None:
        """Wait for the rest of a request whose head is there."""
        self._count(address)
        self._expect("body", self._unfinished.limits.body_seconds)

    def expect_next(self) -> None:
        """Wait for another request: everything is asked and answered."""
        self.stop()
        self._expect("next", self._unfinished.limits.keep_alive_seconds)

    def expect_reader(self) -> None:
        """Wait for the peer to read what it was sent."""
        self.stop()
        self._expect("reader", self._unfinished.limits.body_seconds)

    def stop(self) -> None:
        """Wait for nothing: a request is complete, or the connection is gone."""
        self._part = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._address is not None:
            self._unfinished.leave(self._address)
            self._address = None

    def _count(self, address: str | None) -> None:
        if self._address is None and address is not None:
            self._address = address
            self._is_over_limit = self._unfinished.enter(address)
            self._part = None

    def _expect(self, part: Part, seconds: float) -> None:
        if self._part == part:
            return
        self._part = part
        if self._timer is not None:
            self._timer.cancel()
        is_over_limit = self._address is not None and self._is_over_limit
        self._timer = asyncio.get_running_loop().call_later(OVER_LIMIT_SECONDS if is_over_limit else seconds, self._end)

    def _end(self) -> None:
        is_over_limit = self._address is not None and self._is_over_limit
        part, address = self._part, self._address
        self.stop()
        if part in ("head", "body"):
            log.info("gave_up_waiting", waited_for=part, address=address, crowded=is_over_limit)
            self._time_out(429 if is_over_limit else 408)
        else:
            self._time_out(None)


def closing_response(status: int) -> bytes:
    """Return the answer that a server gives by itself before it closes a connection."""
    code, message = ANSWERS[status]
    body = orjson.dumps({"code": code, "message": message, "detail": None})
    headers = [
        *CLOSING_HEADERS,
        (b"content-length", str(len(body)).encode()),
        *([(b"retry-after", b"1")] if status == 429 else []),
    ]
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(),
        *(name + b": " + value for name, value in headers),
    ]
    return b"\r\n".join([*lines, b"", body])
