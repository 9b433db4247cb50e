"""A transaction that writes, and on SQLite one at a time, in the order of arrival.

SQLite lets writers wait by polling with ever longer pauses, up to 100 ms, so with several of them its lock lies idle
while all of them sleep (measured: the slowest of a hundred commits took three times as long). Within one process a fair
lock hands over at once; Python's own mostly goes to the thread that has just released it. Between processes SQLite's
own still serves. PostgreSQL needs no such lock: a writer waits for its row only.

On SQLite `on_commit` hooks run before the lock is released, so nothing slow belongs there.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from web.db_errors import LockTimeout

PATIENCE = 20.0
"""Seconds, as for SQLite's own lock."""


class FairLock:
    """Like `threading.Lock`, but first come, first served: each waiting thread has a gate, opened in order."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_held = False

    def acquire(self, timeout: float) -> bool:
        """Wait for the lock for at most `timeout` seconds; say whether it is ours."""
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return True
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        if gate.acquire(timeout=timeout):
            return True
        with self._guard:
            if gate in self._waiting:
                self._waiting.remove(gate)
                return False
        return True  # it was handed to us just then

    def release(self) -> None:
        """Hand the lock to the thread that has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_held = False


_lock = FairLock()


@contextmanager
def write_transaction() -> Iterator[None]:
    """Run the block in one transaction. Raises `LockTimeout` if the lock does not come."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    if not _lock.acquire(PATIENCE):
        raise LockTimeout("database is locked")
    try:
        with transaction.atomic():
            yield
    finally:
        _lock.release()
