"""One writer at a time on SQLite, in turn.

SQLite lets writers wait by looking again after ever longer pauses, up to 100 ms, so with several flows being edited the
lock lies idle while everybody sleeps (measured: the slowest of a hundred commits took three times as long). Within one
process a fair lock hands over at once; between processes SQLite's own still serves. PostgreSQL needs none of this:
there a writer waits for its flow's row only. What collides there, with whatever else uses the database, is begun again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import OperationalError, connection, transaction

from flows.commands.fair_lock import FairLock
from web.db_errors import NotOurTurn, is_collision

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 20.0
"""Seconds, as for SQLite's own lock."""
ATTEMPTS = 3
"""How often a transaction is begun that collides with others; PostgreSQL takes a second to find a deadlock."""

_turn = FairLock()
log = structlog.get_logger(__name__)


def in_turn(action: Callable[P, T]) -> Callable[P, T]:
    """Make an action one transaction, begun again when it collided with another: nothing of it was done then.

    Inside a transaction of somebody else it is not ours to begin again. Raises what `writing` raises.
    """

    @wraps(action)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(0 if connection.in_atomic_block else ATTEMPTS - 1):
            try:
                with writing():
                    return action(*args, **kwargs)
            except OperationalError as error:
                if not is_collision(error):
                    raise
                log.warning("transaction_collided", action=action.__name__, reason=repr(error))
        with writing():
            return action(*args, **kwargs)

    return whole


@contextmanager
def writing() -> Iterator[None]:
    """Run the block in one transaction. Raises `NotOurTurn` if the turn does not come."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    if not _turn.acquire(PATIENCE):
        raise NotOurTurn("database is locked")
    try:
        with transaction.atomic():
            yield
    finally:
        _turn.release()
