"""One entry for each version: who asked what, how it is taken back, and a digest that covers all before it.

Operations are kept as canonical JSON text, so the digest is over exactly what is stored, on every database alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flows.document import (
    NO_LIMITS,
    Document,
    Effect,
    GraphDifference,
    Outcome,
    Record,
    ReplaceGraph,
    apply,
    canonical_json,
    chain,
    decode_record,
    decode_skipped,
    encode_skipped,
    parse_json,
)
from flows.log.digests import log_key
from flows.models import Change
from flows.storage.sql import Row, insert, key_value, time_value
from flows.submission import ChangeHead

_COLUMNS = (
    "version",
    "actor_id",
    "actor__name",
    "actor__is_guest",
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
_WRITTEN = ("flow_id", *(column for column in _COLUMNS if not column.startswith("actor__")))

READ_BYTES = 8 << 20
"""As much text is read from the log at once: one entry may hold a whole flow."""

ENTRY_BYTES = 256
"""What an entry takes besides its texts, about: columns and indexes."""

_DIFFERENCE = f'"kind":"{GraphDifference.kind}"'

_ROWS_AT_ONCE = 8
"""Read from the database at once where it is to stay within `READ_BYTES`: each may be as long as two bodies."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a change: a person, or a guest of a link, whose `id` is told to nobody."""

    id: int
    name: str
    is_guest: bool = False


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

    @property
    def is_difference(self) -> bool:
        """Whether the operation as it is stored tells only what a replaced graph changes."""
        return isinstance(self.record, GraphDifference) if _DIFFERENCE in self.operation else False

    def whole(self, before: Document) -> "LoggedChange":
        """Return the entry with the whole graphs that a difference stands for; `before` is the flow before it."""
        if not self.is_difference or self.inverse is None:
            return self
        outcome, after = apply(before, self.record, NO_LIMITS), before.copy()
        after.advance(outcome.effect)
        back = apply(after, decode_record(parse_json(self.inverse)), NO_LIMITS)
        return replace(self, operation=outcome.record.text(), inverse=back.record.text())

    def follows(self, flow_id: UUID, previous: str, *, is_keyed: bool = True) -> bool:
        """Whether the digest of this whole entry follows `previous`; before logs were keyed, anybody could make it."""
        head, at = self.head, self.created_at
        fields = chained(flow_id, head, operation=self.operation, inverse=self.inverse, created_at=at)
        return self.digest == (log_key().chain(previous, fields) if is_keyed else chain(previous, fields))

    @property
    def head(self) -> ChangeHead:
        """Who and how, without what."""
        actor = self.actor.id if self.actor else None
        guest = self.actor.name if self.actor and self.actor.is_guest else None
        skipped = decode_skipped(parse_json(self.left_alone)) if self.left_alone else ()
        return ChangeHead(self.version, actor, self.client, self.seq, self.via, self.undo_of, self.step, skipped, guest)


@dataclass(frozen=True, slots=True)
class Entry:
    """A change encoded for the log. A replaced graph is stored as a difference; the digest is over the whole."""

    head: ChangeHead
    operation: str
    inverse: str | None
    stored: tuple[str, str | None, str | None]
    """Operation, inverse and what was skipped, as they are stored."""
    size: int
    """In bytes, as stored."""


def entry_of(head: ChangeHead, outcome: Outcome) -> Entry:
    """Encode a change for the log."""
    operation = outcome.record.text()
    inverse = None if outcome.inverse is None else outcome.inverse.text()
    shorter = [_shortened(record, outcome.effect) for record in (outcome.record, outcome.inverse)]
    stored = shorter[0] or operation, shorter[1] or inverse, _encode_skipped(head)
    return Entry(head, operation, inverse, stored, size_of(*stored))


def size_of(*texts: str | None) -> int:
    """Return the bytes that an entry of these texts takes."""
    return ENTRY_BYTES + sum([len(text if text.isascii() else text.encode()) for text in texts if text is not None])


def logged_rows(flow_id: UUID, digest: str, entries: Sequence[Entry], at: datetime) -> tuple[list[Row], str]:
    """Return the rows of entries that follow `digest`, for `append`, and the new digest."""
    rows, key, created_at, log = list[Row](), key_value(flow_id), time_value(at), log_key()
    flow, moment = flow_id.hex, at.isoformat()
    for entry in entries:
        head, (operation, inverse, left_alone) = entry.head, entry.stored
        fields = _chained(flow, head, (entry.operation, entry.inverse), moment, left_alone)
        digest = log.chain(digest, fields)
        names = head.version, head.actor, head.client, head.seq, head.via
        rows.append((key, *names, operation, inverse, head.undo_of, head.step, left_alone, digest, created_at))
    return rows, digest


def append(rows: Sequence[Row]) -> None:
    """Write rows of the log. The caller holds the flow's lock."""
    insert(Change, _WRITTEN, rows)


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


def chained(
    flow_id: UUID, head: ChangeHead, *, operation: str, inverse: str | None, created_at: datetime
) -> dict[str, object]:
    """Return what an entry's digest is over. A step and what was skipped count if given."""
    return _chained(flow_id.hex, head, (operation, inverse), created_at.isoformat(), _encode_skipped(head))


def _chained(
    flow: str, head: ChangeHead, records: tuple[str, str | None], created_at: str, left_alone: str | None
) -> dict[str, object]:
    fields: dict[str, object] = {
        "flow": flow,
        "version": head.version,
        "actor": head.actor,
        "client": head.client,
        "seq": head.seq,
        "via": head.via,
        "operation": records[0],
        "inverse": records[1],
        "undo_of": head.undo_of,
        "created_at": created_at,
    }
    if head.step is not None:
        fields["step"] = head.step
    if left_alone is not None:
        fields["left_alone"] = left_alone
    return fields


def _shortened(record: Record | None, effect: Effect) -> str | None:
    return GraphDifference.of(record, effect).text() if isinstance(record, ReplaceGraph) else None


def _encode_skipped(head: ChangeHead) -> str | None:
    return canonical_json(encode_skipped(head.skipped)) if head.skipped else None


def _logged(row: tuple[Any, ...]) -> LoggedChange:
    version, actor_id, name, is_guest, *rest = row
    return LoggedChange(version, None if actor_id is None else Author(actor_id, name, is_guest), *rest)
