"""A transaction that writes, and on SQLite one at a time, in the order of arrival.

SQLite lets writers wait by polling with ever longer pauses, up to 100 ms, so with several of them its lock lies idle
while all of them sleep (measured: the slowest of a hundred commits took three times as long). Within one process a fair
lock hands over at once; Python's own mostly goes to the thread that has just released it. Edits and all other writers
take turns: a hundred logins that are counted hold up no edit by more than one of them. Between processes SQLite's own
lock still serves. PostgreSQL needs no such lock: a writer waits for its row only.

On SQLite `on_commit` hooks run before the lock is released: what is slow waits with `after_commit`. So a command that
publishes is a pair: the inner function is the transaction, the outer one publishes afterwards.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import OperationalError, connection, transaction

from web.db_errors import LockTimeout, is_collision
from web.give_way import urgent

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 20.0
"""Seconds, as for SQLite's own lock."""
ATTEMPTS = 3
"""How often a transaction that collides with others is tried; PostgreSQL takes a second to find a deadlock."""

log = structlog.get_logger(__name__)


class FairLock:
    """Like `threading.Lock`, but first come, first served: each waiting thread has a gate, opened in order.

    There are two lines, which take turns; `edits` stand in one of their own.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._lines: tuple[deque[threading.Lock], deque[threading.Lock]] = deque(), deque()
        self._is_held = False
        self._is_edits = False
        """Whether the line of edits had the last turn."""

    @property
    def waiting(self) -> int:
        """How many threads wait."""
        return sum(map(len, self._lines))

    def acquire(self, timeout: float, *, edits: bool = False) -> bool:
        """Wait for the lock for at most `timeout` seconds; say whether it is ours."""
        with self._guard:
            if not self._is_held:
                self._is_held, self._is_edits = True, edits
                return True
            gate, line = threading.Lock(), self._lines[edits]
            gate.acquire()
            line.append(gate)
        if gate.acquire(timeout=timeout):
            return True
        with self._guard:
            if gate in line:
                line.remove(gate)
                return False
        return True  # it was handed to us just then

    def release(self) -> None:
        """Hand the lock to the thread that has waited longest in the line whose turn it is."""
        with self._guard:
            edits = not self._is_edits if self._lines[not self._is_edits] else self._is_edits
            if self._lines[edits]:
                self._is_edits = edits
                self._lines[edits].popleft().release()
            else:
                self._is_held = False


_lock = FairLock()
_after: ContextVar[list[Callable[[], object]] | None] = ContextVar("after_commit", default=None)
_patience: ContextVar[float | None] = ContextVar("patience", default=None)
_only_reads: ContextVar[bool] = ContextVar("only_reads", default=False)


def is_only_reading() -> bool:
    """Tell whether this transaction only reads, at one instant: it can write nothing and need hold nothing."""
    return _only_reads.get()


@contextmanager
def only_reading() -> Iterator[None]:
    """Say so of the block."""
    token = _only_reads.set(True)
    try:
        yield
    finally:
        _only_reads.reset(token)


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Let transactions of the block wait no longer for each lock of PostgreSQL's; what they raise `is_held_up`.

    Who looks after many flows or runs goes on with the others while one is held by a machine that fell silent.
    """
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


@contextmanager
def write_transaction(*, edits: bool = False) -> Iterator[None]:
    """Run the block in one transaction, which is urgent. Raises `LockTimeout` if the lock does not come.

    If it `edits` a flow, PostgreSQL is not waited for until something is read: then a statement does not say how many
    rows it touched, and its error comes with a later one, at the latest with the commit.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        connection.ensure_connection()  # before it is urgent: those who have the others may have to give way
        with urgent(), _pipeline() if edits else nullcontext(), transaction.atomic():
            _be_patient()
            yield
        return
    if not _lock.acquire(PATIENCE, edits=edits):
        raise LockTimeout("database is locked")
    waiting: list[Callable[[], object]] = []
    token = _after.set(waiting)
    try:
        with urgent(), transaction.atomic():
            yield
    finally:
        _after.reset(token)
        _lock.release()
    for call in waiting:
        call()


def in_write_transaction(command: Callable[P, T], *, edits: bool = False) -> Callable[P, T]:
    """Make a command one transaction, retried when it collides with another: it was rolled back then.

    Those that `edits` go in the shortest way, and take turns with all others.

    Inside an outer transaction there is no retry: the outer one decides. Raises what `write_transaction` raises.
    """

    @wraps(command)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(0 if connection.in_atomic_block else ATTEMPTS - 1):
            try:
                with write_transaction(edits=edits):
                    return command(*args, **kwargs)
            except OperationalError as error:
                if not is_collision(error):
                    raise
                log.warning("transaction_collided", command=command.__name__, reason=repr(error))
        with write_transaction(edits=edits):
            return command(*args, **kwargs)

    return whole


def after_commit(call: Callable[[], object]) -> None:
    """Call what may be slow once the transaction around has committed and holds up nobody; at once if there is none."""
    waiting = _after.get()
    transaction.on_commit(call if waiting is None else lambda: waiting.append(call))


def _be_patient() -> None:
    seconds = _patience.get()
    if seconds is not None and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")


def _pipeline() -> AbstractContextManager[object]:
    """Begin a pipeline, unless a transaction has begun without."""
    if connection.vendor != "postgresql" or connection.in_atomic_block or connection.queries_logged:
        return nullcontext()
    connection.ensure_connection()
    return _wrapped(connection.connection.pipeline())


@contextmanager
def _wrapped(pipeline: AbstractContextManager[object]) -> Iterator[None]:
    """Let what goes wrong when a pipeline is left come as Django's errors, like all else."""
    with connection.wrap_database_errors, pipeline:
        yield


def release_connection() -> None:
    """Give the thread's connection to PostgreSQL back before a long wait: there are fewer of these than threads."""
    if connection.vendor != "sqlite" and not connection.in_atomic_block:
        connection.close()
