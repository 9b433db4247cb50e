"""A command's transaction, which begins with the lock of a flow's row and is retried after a collision.

On SQLite there is one writer at a time, in the order of arrival. It lets writers wait by polling with ever longer
pauses, up to 100 ms, so with several flows being edited its lock lies idle while all of them sleep (measured: the
slowest of a hundred commits took three times as long). Within one process a fair lock hands over at once; Python's own
mostly goes to the thread that has just released it. Between processes SQLite's own still serves. PostgreSQL needs no
such lock: a writer waits for its flow's row only.

On SQLite `on_commit` hooks run before the lock is released. So a command that publishes is a pair: the inner function
is the transaction, the outer one publishes afterwards (`delete_flow` and `_mark_deleted`), and no slow channel layer
holds up other writers.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

import structlog
from django.db import OperationalError, connection, transaction

from flows.errors import NotFound
from flows.models import Flow
from flows.storage.sql import for_update, key_value, select
from web.db_errors import LockTimeout, is_collision

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 20.0
"""Seconds, as for SQLite's own lock."""
ATTEMPTS = 3
"""How often a transaction that collides with others is tried; PostgreSQL takes a second to find a deadlock."""
_FLOW = ("id", "title", "description", "version", "digest", "epoch", "node_count", "edge_count")
_SEALED = ("keyed_from", "answers_digest", "storage", "snapshot_storage")
_LOCK = f"SELECT {', '.join((*_FLOW, *_SEALED, 'deleted_at'))} FROM {Flow._meta.db_table} WHERE id = %s"  # noqa: S608  (our names)

log = structlog.get_logger(__name__)


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


def in_write_transaction(command: Callable[P, T]) -> Callable[P, T]:
    """Make a command one transaction, retried when it collides with another: it was rolled back then.

    Inside an outer transaction there is no retry: the outer one decides. Raises what `write_transaction` raises.
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


@dataclass(slots=True)
class LockedFlow:
    """The locked row of a flow; only inside a transaction."""

    id: UUID
    title: str
    description: str
    version: int
    digest: str
    epoch: str
    node_count: int
    edge_count: int
    keyed_from: int
    answers_digest: str
    storage: int
    snapshot_storage: int


def lock_flow(flow_id: UUID, *, deleted: bool = False) -> LockedFlow:
    """Lock a flow's row until the transaction ends. Raises `NotFound`; `deleted` also finds one that was deleted."""
    rows = select(_LOCK + for_update(), [key_value(flow_id)])
    if not rows or (rows[0][-1] is not None and not deleted):
        raise NotFound
    return LockedFlow(flow_id, *rows[0][1:-1])
