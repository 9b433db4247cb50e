"""The threads in which live sessions talk to the database.

A pool of their own: Django's one thread for all asynchronous code would make every flow wait for every other. With
PostgreSQL each call gives its connection back to the pool of connections. With SQLite each thread keeps its own: the
last one that closes a file in WAL mode folds the whole log into it, which made a commit four times slower (measured).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import copy_context
from functools import partial
from itertools import chain, repeat
from threading import Barrier
from typing import ParamSpec, Protocol, TypeVar

import structlog
from django.db import connection

from accounts.origin import coming_from, finder
from web.db_errors import DatabaseErrors, is_outage
from web.give_way import urgent

P = ParamSpec("P")
T = TypeVar("T")

THREADS, LONG_THREADS = 8, 4
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
FAILURES = 5
DELAYED_SECONDS = 2.0
log = structlog.get_logger(__name__)
DatabaseDown = DatabaseErrors
"""The database does not answer now; the call may be repeated."""


class Database(Protocol):
    """Runs synchronous code that uses the database, without making the event loop wait."""

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the call returns."""


_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live-database")


_long_threads = ThreadPoolExecutor(LONG_THREADS, thread_name_prefix="live-long")


async def in_database(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous code that uses the database, without making the event loop wait.

    What it writes into the audit log comes from where the caller comes from.
    """
    return await _run(_threads, partial(coming_from(finder())(call), *args, **kwargs))


async def _run(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, _bounded, call)


async def with_retries(
    call: Callable[[], T],
    expect_open: Callable[[], None],
    delayed: Callable[[], None] = lambda: None,
    *,
    takes_long: bool = False,
    is_urgent: bool = False,
) -> T:
    """Run synchronous code until the database can do it; `expect_open` raises to end the waiting.

    An outage is waited out; `delayed` is called when it has lasted for `DELAYED_SECONDS`. Any other error that comes
    `FAILURES` times while the database answers other queries is raised, even if each is worded differently. What
    `takes_long` has threads of its own, so that the others do not wait for it. Long work gives way to what `is_urgent`.
    """
    threads = _long_threads if takes_long else _threads
    failures = 0
    timer: asyncio.TimerHandle | None = None
    try:
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            try:
                with urgent() if is_urgent else nullcontext():
                    return await _run(threads, call)
            except DatabaseDown as down:
                log.warning("database_down", reason=repr(down))
                expect_open()
                timer = timer or asyncio.get_running_loop().call_later(DELAYED_SECONDS, delayed)
                failures += not is_outage(down) and await _is_answering()
                if failures >= FAILURES:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")
    finally:
        if timer is not None:
            timer.cancel()


async def idle() -> None:
    """Return when all earlier calls are done, also those that no caller waits for any more."""
    loop = asyncio.get_running_loop()
    for threads, count in ((_long_threads, LONG_THREADS), (_threads, THREADS)):
        barrier = Barrier(count)
        await asyncio.gather(*(loop.run_in_executor(threads, barrier.wait) for _ in range(count)))


async def _is_answering() -> bool:
    try:
        await in_database(_probe)
    except DatabaseDown:
        return False
    return True


def _probe() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _bounded(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        if connection.vendor != "sqlite" or connection.errors_occurred:
            connection.close()
