"""Calls find room on the stack however deep they begin."""

import resource
import sys
import threading
from collections.abc import Callable

import pytest

from web.call_stack import give_threads_room, in_one_piece

CALLS = 500
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="faults are counted by Linux")


def deep(count: int, function: Callable[[], int]) -> int:
    return function() if count == 0 else deep(count - 1, function)


def faults() -> int:
    """Call a small function many times; return how many pages the kernel had to find meanwhile."""
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for _ in range(CALLS):
        deep(3, lambda: 0)
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def most_faults() -> int:
    """Return the most of them over all depths at which one may begin."""
    return max(deep(depth, faults) for depth in range(200))


def in_a_thread(function: Callable[[], int]) -> int:
    found = list[int]()
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_no_depth_maps_memory_at_every_call() -> None:
    assert in_one_piece(most_faults) < CALLS // 2


def test_nor_does_any_in_a_thread() -> None:
    give_threads_room()
    give_threads_room()
    assert in_a_thread(most_faults) < CALLS // 2


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="late releases of 3.13 keep a chunk by themselves")
def test_without_it_one_does() -> None:
    """The reason for all this; it goes when the oldest Python that we run on is a newer one."""

    class Bare(threading.Thread):
        def run(self) -> None:
            self.found = most_faults()

    thread = Bare()
    thread.start()
    thread.join()
    assert thread.found >= CALLS


def test_what_it_calls_answers_and_raises_as_ever() -> None:
    assert in_one_piece(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        in_one_piece(lambda: 1 // 0)
    with pytest.raises(RecursionError):
        in_one_piece(lambda: deep(100_000, lambda: 0))
