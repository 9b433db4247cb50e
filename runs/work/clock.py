"""The clock by which a worker judges itself: never set, and it goes on while the machine sleeps, where it can."""

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Return seconds from some moment on."""
    return time.clock_gettime(_CLOCK)
