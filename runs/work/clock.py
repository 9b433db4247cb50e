"""The clock by which a worker judges itself: never set, and it goes on while the machine sleeps, where it can.

The time of day may be set at any moment, to a wrong one and back. What cannot be undone waits until it is steady.
"""

import time
from datetime import datetime

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
JUMP_SECONDS = 10.0
STEADY_SECONDS = 600.0
"""So long after a jump nothing is deleted or ended for its age: whoever set the clock wrong may put it right."""


def elapsed() -> float:
    """Return seconds from some moment on."""
    return time.clock_gettime(_CLOCK)


class TimeOfDay:
    """Whether the time of day goes on as `elapsed` does."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._began_at = elapsed()
        self._jumped_at = float("-inf")

    def note(self, now: datetime) -> None:
        """Look at it, again and again."""
        offset = now.timestamp() - elapsed()
        if self._offset is not None and abs(offset - self._offset) > JUMP_SECONDS:
            self._jumped_at = elapsed()
        self._offset = offset

    def is_steady(self) -> bool:
        """Tell whether it has not jumped for long, as far as this process knows."""
        return elapsed() - self._jumped_at >= STEADY_SECONDS

    def is_known(self) -> bool:
        """Tell whether this process would know of a jump."""
        return elapsed() - self._began_at >= STEADY_SECONDS
