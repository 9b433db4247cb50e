"""How much one socket may ask for: a token bucket that also knows for how long it has been overrun.

Pure counting: the caller says what time it is (monotonic seconds) and acts on the answer.
"""

from flows.limits import Limits

EXCESS_SECONDS = 10.0
CALM_SECONDS = 1.0


class RateLimit:
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


def frame_rate(limits: Limits, now: float) -> RateLimit:
    """Count everything but operations and `seen`."""
    return RateLimit(limits.frames_per_second, 4 * limits.frames_per_second, now)


def operation_rate(limits: Limits, now: float) -> RateLimit:
    """Count `operate`, `undo` and `redo`."""
    return RateLimit(limits.operations_per_second, 3 * limits.operations_per_second, now)


def seen_rate(limits: Limits, now: float) -> RateLimit:
    """Count `seen`: ten times what the protocol asks for, so that no proper client meets it."""
    return RateLimit(limits.seen_per_second, 4 * limits.seen_per_second, now)
