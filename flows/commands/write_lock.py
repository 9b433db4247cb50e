"""One writer at a time on SQLite, first come, first served.

SQLite lets writers wait by looking again after ever longer pauses, up to 100 ms, so with several flows being edited the
lock lies idle while everybody sleeps (measured: the slowest of a hundred commits took three times as long). Within one
process a fair lock hands over at once; Python's own mostly goes to the thread that has just let it go. Between
processes SQLite's own still serves. PostgreSQL needs none of this: there a writer waits for its flow's row only. What
collides there, with whatever else uses the database, is begun again.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import OperationalError, connection, transaction

from web.db_errors import LockTimeout, is_collision

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 20.0
"""Seconds, as for SQLite's own lock."""
ATTEMPTS = 3
"""How often a transaction is begun that collides with others; PostgreSQL takes a second to find a deadlock."""

log = structlog.get_logger(__name__)


class FairLock:
    """`acquire` and `release`, as `threading.Lock` has them; each waiting thread has a gate, opened in order."""

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


def in_write_transaction(command: Callable[P, T]) -> Callable[P, T]:
    """Make a command one transaction, begun again when it collided with another: nothing of it was done then.

    Inside an outer transaction it is not ours to begin again. Raises what `write_transaction` raises.
    """

    @wraps(command)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(0 if connection.in_atomic_block else ATTEMPTS - 1):
            try:
                with write_transaction():
                    return command(*args, **kwargs)
            except OperationalError as error:
                if not is_collision(error):
                    raise
                log.warning("transaction_collided", command=command.__name__, reason=repr(error))
        with write_transaction():
            return command(*args, **kwargs)

    return whole


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
