"""The threads in which live sessions talk to the database.

A pool of their own: Django's one thread for all asynchronous code would make every flow wait for every other. Each
call leaves no connection open behind it (or gives it back to the pool of connections).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections

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
    close_old_connections()
    try:
        return call()
    finally:
        close_old_connections()
