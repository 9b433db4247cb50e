"""Memory that is free goes back to the system, where the C library is one that can be told: glibc.

It keeps ever larger blocks, and a heap for each of many threads: after a flood of large bodies hundreds of MB. So large
blocks go back at once, and there is one heap. In that, small blocks lie between those that stay, and glibc gives back
only what is free at its end: once a process that has grown is calm, it is asked some times to look at all of it, in
milliseconds (measured: 54 to 82 MB that were kept after twenty seconds of reading ten thousand nodes, against 6 to 28).
"""

import ctypes
import resource
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
LARGE_BYTES = 128 * 1024
HEAPS = 1
GROWN_BYTES = 16 * 1024 * 1024
"""By so much a process has to have grown before it is asked."""
TIMES = 10
"""So often it is asked then: what made it grow may be in use for a while."""
SECONDS = 3.0
"""Between two looks."""
CALM = 0.25
"""Of a processor: a process that takes more has no milliseconds to spare."""
_STATM = Path("/proc/self/statm")
_begun = threading.Lock()


def give_memory_back() -> None:
    """Have what is large given back as soon as it is free, and the rest soon after, by a thread."""
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        library.mallopt(M_TRIM_THRESHOLD, LARGE_BYTES)
        library.mallopt(M_ARENA_MAX, HEAPS)
        trim = library.malloc_trim
        resident_bytes()
        if _begun.acquire(blocking=False):
            threading.Thread(target=_trim_for_ever, args=(trim,), name="memory", daemon=True).start()


def resident_bytes() -> int:
    """Return how much memory the process has. Raises `OSError` where the system does not say."""
    return int(_STATM.read_bytes().split()[1]) * resource.getpagesize()


def _trim_for_ever(trim: Callable[[int], object]) -> None:
    least, due, spent, pause = resident_bytes(), 0, time.process_time(), threading.Event()
    while not pause.wait(SECONDS):
        is_calm, spent = time.process_time() < spent + CALM * SECONDS, time.process_time()
        with suppress(OSError):  # too many files are open: again later
            if resident_bytes() > least + GROWN_BYTES:
                due = TIMES
            if due and is_calm:
                due -= 1
                trim(0)
                least = resident_bytes()
            least = min(least, resident_bytes())
