"""Room on the interpreter's stack, in one piece.

CPython keeps the frames of calls in chunks of 16 KB. A call that finds no room in one maps another, and its return
unmaps it, so a loop at just that depth asks the kernel twice for each of its calls. Late releases of 3.13 and 3.14 keep
one chunk (https://github.com/python/cpython/issues/142183); before, it is a matter of luck: a page of the library took
25 to 51 ms of processor time, depending on nothing but how deep the view was called (measured, `docs/performance.md`).
A call that claims a large frame has a large chunk mapped once, and all calls within it find room there. Memory is taken
only by what is used of it.
"""

import sysconfig
import threading
from collections.abc import Callable
from types import FunctionType
from typing import TypeVar

T = TypeVar("T")
_SLOTS = 65_536
"""What the frame claims, 8 bytes each: of the chunk of 1 MB half is left, for more calls than Python allows."""


def _call(function: Callable[[], T]) -> T:
    return function()


_with_room = FunctionType(_call.__code__.replace(co_stacksize=_SLOTS), globals())


_in_one_piece = _call if sysconfig.get_config_var("Py_GIL_DISABLED") else _with_room
"""Without a global lock CPython clears all of a new frame, so there it would take the memory that it claims."""


def in_one_piece(function: Callable[[], T]) -> T:
    """Call a function so that all calls within it share one piece of the stack."""
    result: T = _in_one_piece(function)
    return result


def give_threads_room() -> None:
    """Run every thread that starts from now on so. Calling it again does nothing."""
    run = threading.Thread.run
    if getattr(run, "has_room", False):
        return

    def run_in_one_piece(thread: threading.Thread) -> None:
        in_one_piece(lambda: run(thread))

    run_in_one_piece.has_room = True  # type: ignore[attr-defined]
    threading.Thread.run = run_in_one_piece  # type: ignore[method-assign, assignment]
