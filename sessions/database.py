"""The threads in which live sessions talk to the database.

A pool of their own: Django's one thread for all asynchronous code would make every flow wait for every other. With
PostgreSQL each call gives its connection back to the pool of connections. With SQLite each thread keeps its own: the
last one that closes a file in WAL mode folds the whole log into it, which made a commit four times slower (measured).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
DatabaseDown = (OperationalError, InterfaceError)
"""The database does not answer now; what was asked may be asked again."""

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live-database")


async def in_database(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous code that uses the database, without making the event loop wait."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, partial(_bounded, partial(call, *args, **kwargs)))


def _bounded(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        if connection.vendor != "sqlite" or connection.errors_occurred:
            connection.close()
