"""Is everything as the logs say? Every difference in words, one flow at a time, and no damage hides another.

What is compared of a flow: that versions are dense, that each digest follows from the one before, that the seal shows
this to be the end, that every snapshot is the fold up to it, that the flow's rows, counts, times and storage are what
the log leads to, that the answers kept are those that were given, and that members, deletion and epoch are what the
audit log tells. That a flow is gone is right only if the audit log tells that it was purged. What is of no flow is for
`flows.log.installation_check`. `helix verify` prints what is found.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.utils import timezone

from accounts.audit import Action
from flows.document import NO_LIMITS, Document, Edge, Node, apply
from flows.document.graph import Pair
from flows.errors import NotFound
from flows.log.digests import chain_answers, seal_of, size_of_answer
from flows.log.entries import READ_BYTES, LoggedChange, changes_since, size_of
from flows.log.rights import rights_differ
from flows.log.snapshots import read_snapshot
from flows.models import Answer, AuditEntry, Change, Flow, FlowEdge, FlowNode, Membership, Purging, Snapshot, Usage
from flows.search import search_text
from flows.storage.sql import key_of
from flows.storage.store import consistent_read, read_edges, read_nodes
from flows.trash import PURGED
from web.db_errors import is_outage

T = TypeVar("T", Node, Edge)

_CHUNK = 500
LONGEST_PURGE = timedelta(days=1)
_SHOWN = 5
_OF_FLOWS = (Change, AuditEntry, Answer, Snapshot, Membership, FlowNode, FlowEdge)


def verify_all(flow_ids: Iterable[UUID] | None = None) -> Iterator[tuple[UUID, list[str]]]:
    """Verify the given flows, or all that there are or ever were; yield each flow's id with its differences.

    An id that is no flow's raises `NotFound`.
    """
    for flow_id in known_flows() if flow_ids is None else flow_ids:
        yield flow_id, verify_flow(flow_id)


def known_flows() -> list[UUID]:
    """Return the ids of all flows, and of those that only other rows tell of."""
    found = set(Flow.objects.values_list("pk", flat=True))
    for model in _OF_FLOWS:
        found |= set(model.objects.order_by().values_list("flow_id", flat=True).distinct())
    return sorted(found - {None})


def verify_flow(flow_id: UUID) -> list[str]:
    """Return what differs between a flow's log, its snapshots and its rows; nothing if all is well.

    Of a flow that is being purged nothing is compared; only that it ends. Raises `NotFound` if there is no trace of
    such a flow.
    """
    with consistent_read():
        flow = Flow.objects.filter(pk=flow_id).first()
        if flow is not None:
            return list(_purge_in_time(flow_id) if is_being_purged(flow_id) else _differences(flow))
        traces = [str(model._meta.verbose_name_plural) for model in _OF_FLOWS if _has_rows(model, flow_id)]
        if traces == [str(AuditEntry._meta.verbose_name_plural)] and was_purged(flow_id):
            return []
    if not traces:
        raise NotFound
    return [f"the flow is gone, but not its {', '.join(traces)}"]


def attempted(name: str, differences: Callable[[], Iterator[str]]) -> Iterator[str]:
    """Yield differences; what cannot be read at all is one, and hides no other. Raises an outage."""
    try:
        yield from differences()
    except Exception as error:  # whatever damage may lead to
        if is_outage(error):
            raise
        yield f"{name} cannot be read: {error!r}"


def summed_up(differences: Iterable[str], more: str) -> Iterator[str]:
    """Yield the first few, and how many more there are."""
    rest = 0
    for number, difference in enumerate(differences):
        if number < _SHOWN:
            yield difference
        else:
            rest += 1
    if rest:
        yield f"and {rest} more {more}"


def was_purged(flow_id: UUID) -> bool:
    """Tell whether the audit log tells that a flow went for good; whether that is ours its own chain says."""
    return AuditEntry.objects.filter(flow_id=flow_id, action=Action.FLOW_PURGED).exists()


def _purge_in_time(flow_id: UUID) -> Iterator[str]:
    begun = AuditEntry.objects.filter(flow_id=flow_id, action=Action.FLOW_PURGED).values_list("at", flat=True).first()
    if begun and begun < timezone.now() - LONGEST_PURGE:
        yield f"its purge began on {begun:%Y-%m-%d} and has not ended"


def is_being_purged(flow_id: UUID) -> bool:
    """Tell whether a flow's log is going, as the audit log tells."""
    going = (
        Flow.objects.filter(pk=flow_id, deleted_at=PURGED).exists() and Purging.objects.filter(flow=flow_id).exists()
    )
    return going and was_purged(flow_id)


def _has_rows(model: type, flow_id: UUID) -> bool:
    return bool(model.objects.filter(flow_id=flow_id).exists())  # type: ignore[attr-defined]


def _differences(flow: Flow) -> Iterator[str]:
    reading = _Reading(flow)
    yield from attempted("the log", reading.log)
    yield from attempted("the log", lambda: summed_up(reading.wrong_digests, "digests that do not follow"))
    yield from attempted("the flow's row", reading.row)
    yield from attempted("the answers", reading.answers)
    yield from attempted("the count of storage", reading.storage)
    yield from attempted("the rights", lambda: rights_differ(flow))
    if reading.is_folded:
        document = reading.document
        returned = reading.nodes.returned, reading.edges.returned
        yield from attempted("the nodes", lambda: _elements("node", read_nodes(flow.pk), document.nodes(), returned[0]))
        yield from attempted("the edges", lambda: _elements("edge", read_edges(flow.pk), document.edges(), returned[1]))
    yield from attempted("the keys of rows", lambda: summed_up(_misplaced(flow), "misplaced rows"))


@dataclass(slots=True)
class _Comings:
    """The ids of elements that came, and of those that went and came back."""

    seen: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)

    def take(self, pairs: Mapping[str, Pair[T]]) -> None:
        """Take on one version's."""
        new = {id for id, pair in pairs.items() if pair.before is None}
        self.returned |= new & self.seen
        self.seen |= new


@dataclass(slots=True)
class _Reading:
    """A flow's log, folded from its beginning, and what it comes to."""

    flow: Flow
    document: Document = field(default_factory=Document)
    nodes: _Comings = field(default_factory=_Comings)
    edges: _Comings = field(default_factory=_Comings)
    is_folded: bool = True
    first: LoggedChange | None = None
    last: LoggedChange | None = None
    wrong_digests: list[str] = field(default_factory=list)
    answers_digest: str = ""
    taken: Counter[int | None] = field(default_factory=Counter)

    def log(self) -> Iterator[str]:
        """Follow the chain to its end, and fold it as far as that goes."""
        snapshots = {snapshot.version: snapshot for snapshot in Snapshot.objects.filter(flow=self.flow)}
        while changes := changes_since(self.flow.pk, self._version, _CHUNK, size=READ_BYTES):
            for change in changes:
                yield from self._entry(change)
                snapshot = snapshots.pop(change.version, None)
                if snapshot is not None and self.is_folded:
                    yield from self._snapshot(snapshot)
        for version in sorted(snapshots):
            yield f"snapshot {version}: the log has no such version"

    def row(self) -> Iterator[str]:
        """Compare the flow's own row."""
        flow, first, last = self.flow, self.first, self.last
        pairs: dict[str, tuple[object, object]] = {"version": (flow.version, self._version)}
        pairs["digest"] = flow.digest, self._digest
        if first is not None and last is not None:
            pairs["created"] = flow.created_at, first.created_at
            pairs["changed"] = flow.updated_at, last.created_at
            pairs["changed by"] = flow.updated_by_id, last.actor and last.actor.id
        if self.is_folded:
            properties = self.document.properties
            pairs |= {
                "title": (flow.title, properties.title),
                "description": (flow.description, properties.description),
                "search text": (flow.search_text, search_text(properties)),
                "node count": (flow.node_count, self.document.node_count),
                "edge count": (flow.edge_count, self.document.edge_count),
            }
        for name, (stored, logged) in pairs.items():
            if stored != logged:
                yield f"{name}: stored {stored!r}, by the log {logged!r}"
        if flow.seal != seal_of(flow):
            yield "the seal does not fit: a version or an answer was taken back, or where the log stands was rewritten"

    def answers(self) -> Iterator[str]:
        """Compare what is remembered of submissions that made no version."""
        digest = ""
        for answer in Answer.objects.filter(flow=self.flow).order_by("pk").iterator():
            digest = chain_answers(digest, [answer])
            self.taken[answer.actor_id] += size_of_answer(answer)
        if digest != self.flow.answers_digest:
            yield "the answers: not those that were given"

    def storage(self) -> Iterator[str]:
        """Compare how much is counted with how much is there."""
        flow = self.flow
        snapshots = sum(len(graph.encode()) for graph in _graphs(flow))
        counts = {"storage": (flow.storage, self.taken.total()), "of snapshots": (flow.snapshot_storage, snapshots)}
        usages = dict(Usage.objects.filter(flow=flow).values_list("user_id", "storage"))
        for user in sorted(usages.keys() | {actor for actor in self.taken if actor is not None}):
            counts[f"of person {user}"] = usages.get(user, 0), self.taken[user]
        for name, (stored, counted) in counts.items():
            if stored != counted:
                yield f"{name}: {stored} bytes are counted, there are {counted}"

    @property
    def _version(self) -> int:
        return self.last.version if self.last else 0

    @property
    def _digest(self) -> str:
        return self.last.digest if self.last else ""

    def _entry(self, change: LoggedChange) -> Iterator[str]:
        version, digest = self._version, self._digest
        self.taken[change.actor.id if change.actor else None] += size_of(
            change.operation, change.inverse, change.left_alone
        )
        self.first, self.last = self.first or change, change
        if change.version > version + 1:
            yield f"version {version + 1}: missing in the log"
        whole: LoggedChange | None = change
        if self.is_folded:
            try:
                whole = change.whole(self.document)
                effect = apply(self.document, change.record, NO_LIMITS).effect
                self.document.advance(effect)
                self.nodes.take(effect.nodes)
                self.edges.take(effect.edges)
            except Exception as error:  # whatever damage may lead to
                self.is_folded = False
                yield f"version {change.version}: the log cannot be folded any further: {error!r}"
        if whole is change and not self.is_folded:
            whole = None if _is_difference(change) else change
        if whole is not None and not self._follows(whole, digest):
            self.wrong_digests.append(f"version {change.version}: the digest does not follow from what is logged")

    def _follows(self, whole: LoggedChange, digest: str) -> bool:
        try:
            return whole.follows(self.flow.pk, digest, is_keyed=whole.version >= self.flow.keyed_from)
        except Exception:  # it names no digest at all
            return False

    def _snapshot(self, snapshot: Snapshot) -> Iterator[str]:
        if snapshot.digest != self._digest:
            yield f"snapshot {snapshot.version}: another digest than the log's"
        try:
            held = read_snapshot(snapshot).document
            same = held == self.document and _order(held) == _order(self.document)
        except Exception:  # whatever damage may lead to
            same = False
        if not same:
            yield f"snapshot {snapshot.version}: not what the log folds to"


def _graphs(flow: Flow) -> Iterator[str]:
    yield from Snapshot.objects.filter(flow=flow).values_list("graph", flat=True).iterator(chunk_size=1)


def _order(document: Document) -> tuple[list[str], list[str]]:
    return [node.id for node in document.nodes()], [edge.id for edge in document.edges()]


def _is_difference(change: LoggedChange) -> bool:
    try:
        return change.is_difference
    except Exception:  # it is no operation at all
        return False


def _elements(name: str, rows: Iterable[T], folded: Iterable[T], returned: Set[str]) -> Iterator[str]:
    """Compare elements and their order; who came back within one transaction has kept its place in the rows."""
    stored, logged = {row.id: row for row in rows}, {element.id: element for element in folded}
    differing = sorted(id for id in stored.keys() | logged.keys() if stored.get(id) != logged.get(id))
    told = (f"{name} {id}: {_difference(id in stored, id in logged)}" for id in differing)
    yield from summed_up(told, f"{name}s")
    shared = stored.keys() & logged.keys() - returned
    if [id for id in stored if id in shared] != [id for id in logged if id in shared]:
        yield f"the {name}s: stored in another order than by the log"


def _misplaced(flow: Flow) -> Iterator[str]:
    """Find rows under a key that is not their id's, and those that name an element of another flow."""
    nodes = FlowNode.objects.filter(flow=flow).values_list("node_id", "key", "parent_id")
    edges = FlowEdge.objects.filter(flow=flow).values_list("edge_id", "key", "source_id", "target_id")
    for name, rows in (("node", nodes), ("edge", edges)):
        for id, key, *named in rows.iterator():
            if key != key_of(flow.pk, id):
                yield f"{name} {id}: stored under another key"
            if not all(other is None or other.startswith(key_of(flow.pk, "")) for other in named):
                yield f"{name} {id}: names a node of another flow"


def _difference(is_stored: bool, is_logged: bool) -> str:
    if is_stored and is_logged:
        return "stored otherwise than by the log"
    return "stored, but not by the log" if is_stored else "by the log, but not stored"
