"""How much one socket may ask for, and how far it may fall behind.

Pure counting: the caller says what time it is (monotonic seconds) and acts on the answer. A `Rate` is a token bucket
that also knows for how long it has been overrun; `Unseen` is what was sent to a socket and not yet acknowledged by
`seen`.
"""

from collections import deque
from dataclasses import dataclass

from flows.limits import Limits

EXCESS_SECONDS = 10.0
CALM_SECONDS = 1.0
VERSIONS_SECONDS = 2.0
STRIDE = 0.25


class Rate:
    """`per_second` on average, `burst` at once."""

    __slots__ = ("_burst", "_excess_since", "_last_excess", "_per_second", "_refilled", "_tokens")

    def __init__(self, per_second: float, burst: float, now: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._tokens, self._refilled = float(burst), now
        self._excess_since = self._last_excess = -CALM_SECONDS

    def take(self, now: float) -> bool:
        """Use one, or answer False and remember the excess."""
        self._tokens = min(self._burst, self._tokens + (now - self._refilled) * self._per_second)
        self._refilled = now
        if self._tokens >= 1:
            self._tokens -= 1
            return True
        if now - self._last_excess > CALM_SECONDS:
            self._excess_since = now
        self._last_excess = now
        return False

    def is_flood(self) -> bool:
        """Whether the rate was exceeded for ten seconds without a calm second between."""
        return self._last_excess - self._excess_since >= EXCESS_SECONDS


def frame_rate(limits: Limits, now: float) -> Rate:
    """Count everything but operations and `seen`."""
    return Rate(limits.frames_per_second, 4 * limits.frames_per_second, now)


def operation_rate(limits: Limits, now: float) -> Rate:
    """Count `operate`, `undo` and `redo`."""
    return Rate(limits.operations_per_second, 3 * limits.operations_per_second, now)


def seen_rate(limits: Limits, now: float) -> Rate:
    """Count `seen`: ten times what the protocol asks for, so that no proper client meets it."""
    return Rate(limits.seen_per_second, 4 * limits.seen_per_second, now)


@dataclass(slots=True)
class Mark:
    """What was sent within one stride of time: its newest version, its bytes, whether a version travelled in it."""

    version: int
    size: int
    since: float
    versioned: bool


class Unseen:
    """The window of one socket."""

    __slots__ = ("_behind_since", "_limits", "_marks", "_seen", "_sent", "size")

    def __init__(self, limits: Limits, version: int) -> None:
        self._limits = limits
        self._marks: deque[Mark] = deque()
        self._seen = self._sent = version
        self._behind_since: float | None = None
        self.size = 0

    def sent(self, size: int, now: float, *, version: int | None = None) -> None:
        """Note a frame; `version` is given for what holds the flow's state."""
        self.size += size
        self._sent = max(self._sent, version or 0)
        last = self._marks[-1] if self._marks else None
        if last and now - last.since < STRIDE:
            last.size += size
            last.version = self._sent
            last.versioned = last.versioned or version is not None
        else:
            self._marks.append(Mark(self._sent, size, now, version is not None))
        self._watch_versions(now)

    def seen(self, version: int, now: float) -> None:
        """Note that everything up to `version` arrived."""
        self._seen = max(self._seen, min(version, self._sent))
        while self._marks and self._marks[0].version <= self._seen:
            self.size -= self._marks.popleft().size
        self._watch_versions(now)

    def is_too_slow(self, now: float) -> bool:
        """Whether any bound is passed."""
        if self.size > self._limits.unseen_bytes:
            return True
        if self._behind_since is not None and now - self._behind_since > VERSIONS_SECONDS:
            return True
        oldest = next((mark.since for mark in self._marks if mark.versioned), now)
        return now - oldest > self._limits.unseen_seconds

    def _watch_versions(self, now: float) -> None:
        if self._sent - self._seen <= self._limits.unseen_versions:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
