"""How often something may be asked on one connection: token buckets that know for how long they have been overrun."""

from flows.limits import Limits

EXCESS_SECONDS = 10.0
CALM_SECONDS = 1.0


class RateLimit:
    """A token bucket, `per_second` on average and `burst` at once, that knows for how long it has been overrun."""

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


def rate_limits(limits: Limits, now: float) -> tuple[RateLimit, RateLimit, RateLimit]:
    """Count `seen` (ten times what the protocol asks for); `operate`, `undo` and `redo`; and all other frames."""
    rates = (limits.seen_per_second, 4), (limits.operations_per_second, 3), (limits.frames_per_second, 4)
    seen, operations, frames = (RateLimit(rate, bursts * rate, now) for rate, bursts in rates)
    return seen, operations, frames
