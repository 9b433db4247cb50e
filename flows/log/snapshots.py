"""The whole flow every 200 versions, and ever more seldom the older they are, so that folding need not start at the
beginning.

A snapshot is the fold of the one before it and the log since, never a copy of the rows: so it proves something. It is
made after the commit, on a thread of its own, holding no lock, in at most a fiftieth of the time; one that is missed
(the process ended, or another was just made) is made the next time. Only looking back and verification use it; the flow
as it is now is in its rows.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from uuid import UUID

from django.db import connection
from django.db.models import F

from accounts.acting import acting_in
from flows.document import CreateFlow, Document, apply, canonical_json, decode_record, parse_json
from flows.document.limits import NO_LIMITS
from flows.errors import NotFound
from flows.log.entries import READ_BYTES, LoggedChange, changes_since, replay
from flows.models import Flow, Snapshot
from web.write_transaction import write_transaction

SNAPSHOT_EVERY = 200
LARGEST_GAP = 32 * SNAPSHOT_EVERY
_KEPT_AT_EACH_GAP = 8
_CHUNK = 500

_log = logging.getLogger(__name__)
_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="snapshots")
_pending: set[UUID] = set()
_given_up = Event()
_PAUSES = 49


class _Pace:
    """A fold keeps the interpreter busy: after each, none begins for `_PAUSES` times as long as it took."""

    not_before = 0.0


@dataclass(frozen=True, slots=True)
class Fold:
    """A flow as its log tells it, at one version."""

    document: Document
    version: int
    digest: str


def document_at(flow_id: UUID, version: int) -> Document:
    """Return the flow as it was at a version. Raises `NotFound` if the log does not reach it."""
    reached = fold(flow_id, version)
    if reached.version != version:
        raise NotFound
    return reached.document


def fold(flow_id: UUID, until: int | None = None, *, start: Fold | None = None) -> Fold:
    """Fold the log up to a version, or its end, from `start`, or from the last snapshot before it."""
    at = start or _last_snapshot(flow_id, until)
    while changes := changes_since(flow_id, at.version, _limit(at.version, until), size=READ_BYTES):
        replay(at.document, changes)
        at = Fold(at.document, changes[-1].version, changes[-1].digest)
    return at


def empty() -> Fold:
    """Return what every log starts from."""
    return Fold(Document(), 0, "")


def read_snapshot(snapshot: Snapshot) -> Fold:
    """Return the flow that a snapshot holds."""
    document = Document()
    document.advance(apply(document, decode_record(parse_json(snapshot.graph)), NO_LIMITS).effect)
    return Fold(document, snapshot.version, snapshot.digest)


def snapshot_if_due(flow_id: UUID, previous: int, version: int) -> None:
    """Have a snapshot made if the versions just written pass a multiple of 200. Call after the commit."""
    is_due = previous // SNAPSHOT_EVERY < version // SNAPSHOT_EVERY and flow_id not in _pending
    if is_due and time.monotonic() >= _Pace.not_before:
        _pending.add(flow_id)
        _worker.submit(_take, flow_id, version - version % SNAPSHOT_EVERY)


def settle() -> None:
    """Wait until every snapshot that was asked for is made."""
    _worker.submit(lambda: None).result()


def give_up_snapshots() -> None:
    """Begin no more of them: the process ends. The next one that is due folds further."""
    _given_up.set()


def take_snapshot(flow_id: UUID, version: int) -> None:
    """Fold the log up to a version and keep the result; one that is there already stays."""
    reached = fold(flow_id, version)
    if reached.version != version:
        return
    document, properties = reached.document, reached.document.properties
    whole = CreateFlow(properties.title, properties.description, tuple(document.nodes()), tuple(document.edges()))
    graph = canonical_json(whole.encode())
    with write_transaction():
        _lock(flow_id)
        if not Snapshot.objects.filter(flow_id=flow_id, version=version).exists():
            Snapshot.objects.create(flow_id=flow_id, version=version, digest=reached.digest, graph=graph)
            _count(flow_id, len(graph.encode()))


def thin_snapshots(flow_id: UUID, newest: int) -> None:
    """Let old snapshots go: the older they are, the further they lie apart, up to `LARGEST_GAP` versions.

    So any version is read by folding no more than that, and a long log has few.
    """
    with write_transaction():
        _lock(flow_id)
        held = Snapshot.objects.filter(flow_id=flow_id, version__lt=newest)
        gone = [version for version in held.values_list("version", flat=True) if not _stays(version, newest)]
        going = held.filter(version__in=gone)
        size = sum(len(graph.encode()) for graph in going.values_list("graph", flat=True).iterator(chunk_size=1))
        going.delete()
        _count(flow_id, -size)


def _stays(version: int, newest: int) -> bool:
    number, age = version // SNAPSHOT_EVERY, (newest - version) // SNAPSHOT_EVERY
    gap = 1
    while age >= _KEPT_AT_EACH_GAP * gap and gap * SNAPSHOT_EVERY < LARGEST_GAP:
        gap *= 2
    return number % gap == 0


def _lock(flow_id: UUID) -> None:
    Flow.objects.select_for_update().filter(pk=flow_id).values_list("pk").first()


def _count(flow_id: UUID, size: int) -> None:
    """Count what snapshots take in the flow's row, whose lock is held."""
    if size:
        Flow.objects.filter(pk=flow_id).update(snapshot_storage=F("snapshot_storage") + size)


def _take(flow_id: UUID, version: int) -> None:
    begun = time.monotonic()
    try:
        if not _given_up.is_set():
            with acting_in(flow_id):
                take_snapshot(flow_id, version)
                thin_snapshots(flow_id, version)
    except Exception:  # no one waits for this thread's result: what is not logged here is lost
        _log.exception("snapshot_missed", extra={"flow": str(flow_id), "version": version})
    finally:
        _pending.discard(flow_id)
        now = time.monotonic()
        _Pace.not_before = now + _PAUSES * (now - begun)
        connection.close()


def whole_changes(flow_id: UUID, changes: Iterable[LoggedChange], size: int) -> Iterator[LoggedChange]:
    """Yield entries that follow each other, replaced graphs whole, until they reach so many characters."""
    at: Fold | None = None
    for change in changes:
        told = change
        if change.is_difference:
            at = fold(flow_id, change.version - 1, start=at)
            told = change.whole(at.document)
        yield told
        size -= len(told.operation)
        if size <= 0:
            return


def _last_snapshot(flow_id: UUID, until: int | None) -> Fold:
    snapshots = Snapshot.objects.filter(flow_id=flow_id)
    if until is not None:
        snapshots = snapshots.filter(version__lte=until)
    last = snapshots.order_by("-version").first()
    return empty() if last is None else read_snapshot(last)


def _limit(version: int, until: int | None) -> int:
    return _CHUNK if until is None else max(0, min(_CHUNK, until - version))
