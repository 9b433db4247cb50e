"""The row of a flow, locked: every command that changes a flow begins with it, and holds it until it commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flows.errors import NotFound
from flows.models import Flow
from flows.storage.sql import Row, for_update, key_value, read_time, select
from flows.trash import PURGED

_FLOW = ("id", "title", "description", "version", "digest", "epoch", "node_count", "edge_count")
_SEALED = ("keyed_from", "answers_digest", "storage", "snapshot_storage")
_SELECT = f"SELECT {', '.join((*_FLOW, *_SEALED, 'deleted_at'))} FROM {Flow._meta.db_table} WHERE id = %s"  # noqa: S608  (our names)


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
