"""A command's transaction, which begins with the lock of a flow's row and is retried after a collision.

On SQLite `on_commit` hooks run before the lock is released. So a command that publishes is a pair: the inner function
is the transaction, the outer one publishes afterwards (`delete_flow` and `_mark_deleted`), and no slow channel layer
holds up other writers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import structlog
from django.db import OperationalError, connection

from flows.errors import NotFound
from flows.models import Flow
from flows.storage.sql import Row, for_update, key_value, read_time, select
from flows.trash import PURGED
from web.db_errors import is_collision
from web.write_transaction import write_transaction

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 3
"""How often a transaction that collides with others is tried; PostgreSQL takes a second to find a deadlock."""
_FLOW = ("id", "title", "description", "version", "digest", "epoch", "node_count", "edge_count")
_SEALED = ("keyed_from", "answers_digest", "storage", "snapshot_storage")
_SELECT = f"SELECT {', '.join((*_FLOW, *_SEALED, 'deleted_at'))} FROM {Flow._meta.db_table} WHERE id = %s"  # noqa: S608  (our names)

log = structlog.get_logger(__name__)


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


@dataclass(slots=True)
class LockedFlow:
    """The locked row of a flow, only inside a transaction; or what was read of it to prepare one."""

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
    return locked_flow(flow_id, select(*lock_query(flow_id)), deleted=deleted)


def lock_query(flow_id: UUID) -> tuple[str, list[Any]]:
    """Return the query that locks a flow's row, for `locked_flow`."""
    return _SELECT + for_update(), [key_value(flow_id)]


def flow_query(flow_id: UUID) -> tuple[str, list[Any]]:
    """Return the query that reads the same without locking it, for a look before the lock."""
    return _SELECT, [key_value(flow_id)]


def locked_flow(flow_id: UUID, rows: Sequence[Row], *, deleted: bool = False) -> LockedFlow:
    """Return the flow that was locked. Raises `NotFound`; `deleted` also finds one that can still come back."""
    if not rows:
        raise NotFound
    deleted_at = rows[0][-1]
    if deleted_at is not None and (not deleted or read_time(deleted_at) == PURGED):
        raise NotFound
    return LockedFlow(flow_id, *rows[0][1:-1])
