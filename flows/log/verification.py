"""Is everything as the log says? Every difference in words, one flow at a time.

What is compared: that versions are dense, that each digest follows from the one before, that every snapshot is the fold
up to it and folds on to the same end, and that the flow's rows, counts, properties, version and digest are the fold of
the whole log. `helix verify` prints what is found.
"""

from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar
from uuid import UUID

from flows.document import Edge, Node, Rejected
from flows.errors import NotFound
from flows.log.entries import READ_BYTES, LoggedChange, changes_since, replay
from flows.log.snapshots import Fold, empty, read_snapshot
from flows.models import Flow, Snapshot
from flows.search import search_text
from flows.storage.store import consistent_read, read_edges, read_nodes

T = TypeVar("T", Node, Edge)

_CHUNK = 500
_SHOWN = 5


def verify_all(flow_ids: Iterable[UUID] | None = None) -> Iterator[tuple[UUID, list[str]]]:
    """Verify the given flows, or all of them, deleted ones too; yield each flow's id with its differences.

    An id that is no flow's raises `NotFound`.
    """
    if flow_ids is None:
        flow_ids = list(Flow.objects.order_by("pk").values_list("pk", flat=True))
    for flow_id in flow_ids:
        yield flow_id, verify_flow(flow_id)


def verify_flow(flow_id: UUID) -> list[str]:
    """Return what differs between a flow's log, its snapshots and its rows; nothing if all is well.

    Raises `NotFound` if there is no such flow.
    """
    with consistent_read():
        flow = Flow.objects.filter(pk=flow_id).first()
        if flow is None:
            raise NotFound
        return list(_differences(flow))


def _differences(flow: Flow) -> Iterator[str]:
    try:
        whole = yield from _fold_whole(flow.pk)
    except (Rejected, ValueError) as refusal:
        yield f"the log cannot be folded: {refusal}"
        return
    yield from _compare_flow(flow, whole)
    yield from _compare_elements("node", read_nodes(flow.pk), whole.document.nodes())
    yield from _compare_elements("edge", read_edges(flow.pk), whole.document.edges())


def _fold_whole(flow_id: UUID) -> Generator[str, None, Fold]:
    """Fold the log from its beginning; yield what is wrong in it and in the snapshots passed, return the end."""
    snapshots = {snapshot.version: snapshot for snapshot in Snapshot.objects.filter(flow_id=flow_id)}
    at = empty()
    while changes := changes_since(flow_id, at.version, _CHUNK, size=READ_BYTES):
        for change in changes:
            yield from _check_entry(flow_id, at, change)
            replay(at.document, [change])
            at = Fold(at.document, change.version, change.digest)
            if snapshot := snapshots.pop(change.version, None):
                yield from _check_snapshot(snapshot, at)
    for version in sorted(snapshots):
        yield f"snapshot {version}: the log has no such version"
    return at


def _check_entry(flow_id: UUID, before: Fold, change: LoggedChange) -> Iterator[str]:
    if change.version != before.version + 1:
        yield f"version {before.version + 1}: missing in the log"
    if not change.follows(flow_id, before.digest):
        yield f"version {change.version}: the digest does not follow from what is logged"


def _check_snapshot(snapshot: Snapshot, at: Fold) -> Iterator[str]:
    if snapshot.digest != at.digest:
        yield f"snapshot {snapshot.version}: another digest than the log's"
    try:
        same = read_snapshot(snapshot).document == at.document
    except Rejected:
        same = False
    if not same:
        yield f"snapshot {snapshot.version}: not what the log folds to"


def _compare_flow(flow: Flow, whole: Fold) -> Iterator[str]:
    document = whole.document
    pairs = {
        "version": (flow.version, whole.version),
        "digest": (flow.digest, whole.digest),
        "title": (flow.title, document.properties.title),
        "description": (flow.description, document.properties.description),
        "search text": (flow.search_text, search_text(document.properties)),
        "node count": (flow.node_count, document.node_count),
        "edge count": (flow.edge_count, document.edge_count),
    }
    for name, (stored, logged) in pairs.items():
        if stored != logged:
            yield f"{name}: stored {stored!r}, by the log {logged!r}"


def _compare_elements(name: str, rows: Iterable[T], folded: Iterable[T]) -> Iterator[str]:
    stored, logged = {row.id: row for row in rows}, {element.id: element for element in folded}
    differing = [id for id in stored.keys() | logged.keys() if stored.get(id) != logged.get(id)]
    for id in sorted(differing)[:_SHOWN]:
        yield f"{name} {id}: {_difference(id in stored, id in logged)}"
    if len(differing) > _SHOWN:
        yield f"and {len(differing) - _SHOWN} more {name}s"


def _difference(is_stored: bool, is_logged: bool) -> str:
    if is_stored and is_logged:
        return "stored otherwise than by the log"
    return "stored, but not by the log" if is_stored else "by the log, but not stored"
