"""One writer at a time on SQLite, in turn.

SQLite lets writers wait by looking again after ever longer pauses, up to 100 ms, so with several flows being edited the
lock lies idle while everybody sleeps (measured: the slowest of a hundred commits took three times as long). Within one
process a lock hands over at once; between processes SQLite's own still serves. PostgreSQL needs none of this: there a
writer waits for its flow's row only.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from flows.outages import NotOurTurn

PATIENCE = 20.0
"""Seconds, as for SQLite's own lock."""

_turn = threading.Lock()


@contextmanager
def writing() -> Iterator[None]:
    """Run the block in one transaction. Raises `NotOurTurn` if the turn does not come."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    if not _turn.acquire(timeout=PATIENCE):
        raise NotOurTurn("database is locked")
    try:
        with transaction.atomic():
            yield
    finally:
        _turn.release()
