"""A flow's row, locked until the transaction ends: every command that writes a flow begins with it."""

from dataclasses import dataclass
from uuid import UUID

from flows.errors import NotFound
from flows.models import Flow
from flows.storage.sql import for_update, key_value, select

_FLOW = ("id", "title", "description", "version", "digest", "epoch", "node_count", "edge_count")
_SEALED = ("keyed_from", "answers_digest", "storage", "snapshot_storage")
_LOCK = f"SELECT {', '.join((*_FLOW, *_SEALED, 'deleted_at'))} FROM {Flow._meta.db_table} WHERE id = %s"  # noqa: S608  (our names)


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
