"""One entry for each version: who asked what, how it is taken back, and a digest that covers all before it.

Operations are kept as canonical JSON text, so the digest is over exactly what is stored, on every database alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flows.document import (
    NO_LIMITS,
    Document,
    Record,
    apply,
    canonical_json,
    chain,
    decode_record,
    decode_skipped,
    encode_skipped,
    parse_json,
)
from flows.models import Change
from flows.storage.sql import insert, key_value, time_value
from flows.submission import AppliedChange, ChangeHead

_COLUMNS = (
    "version",
    "actor_id",
    "actor__name",
    "client",
    "seq",
    "via",
    "operation",
    "inverse",
    "undo_of",
    "step",
    "left_alone",
    "digest",
    "created_at",
)
_WRITTEN = ("flow_id", *(column for column in _COLUMNS if column != "actor__name"))

READ_BYTES = 8 << 20
"""As much text is read from the log at once: one entry may hold a whole flow."""

_ROWS_AT_ONCE = 8
"""Read from the database at once where it is to stay within `READ_BYTES`: each may be as long as two bodies."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a change."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """One version as the log holds it. The record is decoded when it is asked for."""

    version: int
    actor: Author | None
    client: str | None
    seq: int | None
    via: str
    operation: str
    inverse: str | None
    undo_of: int | None
    step: str | None
    left_alone: str | None
    digest: str
    created_at: datetime

    @property
    def record(self) -> Record:
        """The operation as a value."""
        return decode_record(parse_json(self.operation))

    @property
    def wire(self) -> object:
        """The operation as JSON."""
        return parse_json(self.operation)

    def follows(self, flow_id: UUID, previous: str) -> bool:
        """Whether the digest is the one it must have after `previous`."""
        return self.digest == digest_of(
            flow_id,
            previous,
            self.head,
            operation=self.operation,
            inverse=self.inverse,
            created_at=self.created_at,
        )

    @property
    def head(self) -> ChangeHead:
        """Who and how, without what."""
        actor = self.actor.id if self.actor else None
        skipped = decode_skipped(parse_json(self.left_alone)) if self.left_alone else ()
        return ChangeHead(self.version, actor, self.client, self.seq, self.via, self.undo_of, self.step, skipped)


def append(flow_id: UUID, digest: str, applied: Sequence[AppliedChange], created_at: datetime) -> str:
    """Write the entries that follow `digest` and return the new digest. The caller holds the flow's lock."""
    rows, key, at = [], key_value(flow_id), time_value(created_at)
    for head, outcome in applied:
        record = outcome.record.text()
        inverse = None if outcome.inverse is None else outcome.inverse.text()
        digest = digest_of(flow_id, digest, head, operation=record, inverse=inverse, created_at=created_at)
        names = head.version, head.actor, head.client, head.seq, head.via
        rows.append((key, *names, record, inverse, head.undo_of, head.step, _encode_skipped(head), digest, at))
    insert(Change._meta.db_table, _WRITTEN, rows)
    return digest


def changes_since(
    flow_id: UUID, since: int, limit: int | None = None, *, size: int | None = None
) -> list[LoggedChange]:
    """Read the entries after version `since`, ascending, at most `limit` of them. Empty for an unknown flow.

    With `size` it ends with the entry by which operations and inverses reach so many characters. One that exists is
    always read: to get all, ask again after the last one, until nothing comes.
    """
    rows = Change.objects.filter(flow_id=flow_id, version__gt=since).order_by("version").values_list(*_COLUMNS)
    if size is None:
        return [_logged(row) for row in rows[:limit]]
    changes: list[LoggedChange] = []
    few = limit is not None and limit <= _ROWS_AT_ONCE
    for row in rows[:limit] if few else rows[:limit].iterator(chunk_size=_ROWS_AT_ONCE):
        changes.append(_logged(row))
        size -= len(changes[-1].operation) + len(changes[-1].inverse or "")
        if size <= 0:
            break
    return changes


def replay(document: Document, changes: Iterable[LoggedChange]) -> None:
    """Advance a document by entries that follow it."""
    for change in changes:
        document.advance(apply(document, change.record, NO_LIMITS).effect)


def digest_of(
    flow_id: UUID,
    previous: str,
    head: ChangeHead,
    *,
    operation: str,
    inverse: str | None,
    created_at: datetime,
) -> str:
    """Return the digest that an entry must have after `previous`. A step and what was skipped count if given."""
    more = {"step": head.step, "left_alone": _encode_skipped(head)}
    return chain(
        previous,
        {
            "flow": flow_id.hex,
            "version": head.version,
            "actor": head.actor,
            "client": head.client,
            "seq": head.seq,
            "via": head.via,
            "operation": operation,
            "inverse": inverse,
            "undo_of": head.undo_of,
            "created_at": created_at.isoformat(),
            **{name: value for name, value in more.items() if value is not None},
        },
    )


def _encode_skipped(head: ChangeHead) -> str | None:
    return canonical_json(encode_skipped(head.skipped)) if head.skipped else None


def _logged(row: tuple[Any, ...]) -> LoggedChange:
    version, actor_id, name, *rest = row
    return LoggedChange(version, None if actor_id is None else Author(actor_id, name), *rest)
