"""The threads in which live sessions talk to the database.

A pool of their own: Django's one thread for all asynchronous code would make every flow wait for every other. With
PostgreSQL each call gives its connection back to the pool of connections. With SQLite each thread keeps its own: the
last one that closes a file in WAL mode folds the whole log into it, which made a commit four times slower (measured).
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, repeat
from typing import ParamSpec, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
FAILURES = 5
log = structlog.get_logger(__name__)
DatabaseDown = (OperationalError, InterfaceError)
"""The database does not answer now; what was asked may be asked again."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live-database")


async def in_database(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous code that uses the database, without making the event loop wait."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, partial(_bounded, partial(call, *args, **kwargs)))


async def patiently(call: Callable[[], T], expect: Callable[[], None]) -> T:
    """Run synchronous code until the database answers; `expect` raises what ends the waiting.

    What fails in the same way `FAILURES` times while the database answers others is no outage: it is raised.
    """
    failures: Counter[str] = Counter()
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            return await in_database(call)
        except DatabaseDown as down:
            log.warning("database_down", reason=repr(down))
            expect()
            failures[repr(down)] += await _answers_others()
            if failures[repr(down)] >= FAILURES:
                raise
            await asyncio.sleep(pause)
    raise AssertionError("unreachable")


async def _answers_others() -> bool:
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
