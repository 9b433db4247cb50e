"""Long work gives way to what somebody waits for: threads take turns at the interpreter, and Python ranks none of them.

A commit is some twenty statements. Each lets go of the interpreter and then waits for it behind every thread that reads
or draws ten thousand elements: an edit took four times as long beside two of those (measured). So a commit says that it
is `urgent`, and long loops call `give_way` every millisecond or so. They never wait long, so that no number of edits
stops them, and not at all inside what is urgent itself, nor on a loop that serves sessions: there nothing is long.

The system gives the processor to threads in turns too. A thread that ends with the one request that it answers, and
writes no more, steps back once it turns out to read much. A little: while it has the interpreter all others wait for
it, and other processes may want the processor too.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MOST_SECONDS = 0.005
"""So long a loop gives way at a time."""
NICENESS = 3
"""What a thread that steps back has: half of the time that another takes."""


class _Thread(threading.local):
    """In how many urgent blocks a thread is, and whether it may step back."""

    urgent = 0
    may_step_back = False


_mine = _Thread()
_guard = threading.Lock()
_calm = threading.Event()
_calm.set()
_count = 0


@contextmanager
def urgent() -> Iterator[None]:
    """Have long work give way until the block ends."""
    _enter(1)
    _mine.urgent += 1
    try:
        yield
    finally:
        _mine.urgent -= 1
        _enter(-1)


def give_way() -> None:
    """Wait a moment while something is urgent elsewhere."""
    if not _calm.is_set() and not _mine.urgent:
        _calm.wait(MOST_SECONDS)


@contextmanager
def may_step_back() -> Iterator[None]:
    """Let this thread step back in the block: it ends with its request, and locks nothing that others wait for."""
    _mine.may_step_back = threading.current_thread() is not threading.main_thread()
    try:
        yield
    finally:
        _mine.may_step_back = False


def step_back() -> None:
    """Leave the processor to other threads from now on, if this one may."""
    if _mine.may_step_back:
        _mine.may_step_back = False
        lower_rank()


def lower_rank() -> None:
    """Leave the processor to other threads, for good: a thread cannot rise again. Only Linux ranks threads."""
    if sys.platform == "linux":
        with suppress(OSError):  # what cannot be ranked works all the same
            os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))


def _enter(change: int) -> None:
    global _count  # noqa: PLW0603  (one for all threads, under the guard)
    with _guard:
        _count += change
        if _count:
            _calm.clear()
        else:
            _calm.set()
