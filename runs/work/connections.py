"""A thread's database connection, given back when its work is done: threads are many, connections are not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from threading import Event
from typing import TypeVar

from django.db import connection

from web.db_errors import DatabaseErrors, is_outage

T = TypeVar("T")
PAUSES = (0.05, 0.1, 0.2, 0.5)


@contextmanager
def closing() -> Iterator[None]:
    """Close this thread's connection at the end."""
    try:
        yield
    finally:
        connection.close()


def give_back() -> None:
    """Give this thread's connection back between two rounds of a loop; SQLite's costs nothing while it rests."""
    if connection.vendor != "sqlite" or connection.errors_occurred:
        connection.close()


def outlast(call: Callable[[], T], given_up: Callable[[], bool]) -> T:
    """Call until the database can do it. Raises what it raised last once `given_up` says so, and all else at once."""
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            return call()
        except DatabaseErrors as failure:
            connection.close()
            if not is_outage(failure) or given_up():
                raise
        Event().wait(pause)
    raise AssertionError("unreachable")
