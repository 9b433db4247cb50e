"""The flow in this process's memory: the whole document at one version, and the way to it from an earlier one.

A `Delta` is the net effect between two versions, with who made each version in between. Commits are deltas, so is what
the log tells of other writers. Deltas that follow each other are one delta, so a client that missed three hundred
versions gets one frame. Only the session's task changes a replica (`open`, `advance`), without awaiting in between, so
on the event loop document, version and digest always agree.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import Length

from flows.document import (
    NO_LIMITS,
    Document,
    Draft,
    Edge,
    Effect,
    FlowProperties,
    Node,
    Pair,
    apply,
    compose,
    decode_record,
    parse_json,
    text_length,
)
from flows.limits import Limits
from flows.log import READ_BYTES, LoggedChange, changes_since
from flows.models import Change, Flow
from flows.storage.store import Loaded
from flows.submission import ChangeHead, Receipt
from sessions.database import Database

ELEMENT_BYTES = 500
"""About what an element or a version takes besides its text."""
LONGEST_WAY_BACK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Delta:
    """What happened between two versions; `digest` is the log's at the later one."""

    previous: int
    version: int
    digest: str
    changes: tuple[ChangeHead, ...]
    effect: Effect


@dataclass(frozen=True, slots=True)
class Head:
    """Where a flow stands in the database."""

    version: int
    epoch: str


class GapInLog(Exception):  # noqa: N818
    """The log does not continue where it should. The session starts again from the rows."""


class Replica:
    """Document, version, digest and epoch."""

    def __init__(self, flow_id: UUID, limits: Limits, database: Database) -> None:
        self.flow_id = flow_id
        self._limits, self._database = limits, database
        self.document = Document()
        self.version, self.digest, self.epoch = 0, "", ""
        self._cache = self._empty_cache()

    def open(self, loaded: Loaded) -> None:
        """Start from what was just read."""
        self.document, self.version = loaded.document, loaded.version
        self.digest, self.epoch = loaded.digest, loaded.epoch
        self._cache = self._empty_cache()

    def let_go(self) -> None:
        """Free the document of a session that is over: what still refers to that would keep it.

        At version 0 nothing is missed: a socket that is just joining finds the session ended, not a flow without nodes.
        """
        self.document, self.version, self._cache = Document(), 0, self._empty_cache()

    def advance(self, delta: Delta) -> None:
        """Take a delta that starts here."""
        self.document.advance(delta.effect)
        self.version, self.digest = delta.version, delta.digest
        self._cache.add(delta)

    async def missed(self, since: int) -> Delta | None:
        """Return what happened after `since` up to now, as of the moment of return.

        None if nothing did, or if it is too much or not known: then a snapshot is needed.
        """
        if since >= self.version or since < 1 or self.version - since > self._limits.catch_up:
            return None
        if cached := self._cache.since(since):
            return cached
        base = self.version
        missed = await self._database(read_back, self.flow_id, since, base, copy_of(self.document))
        if missed is None or self.version == base:
            return missed
        later = self._cache.since(base)
        return merge([missed, later]) if later else None

    def _empty_cache(self) -> "DeltaCache":
        return DeltaCache(self._limits.catch_up, self._limits.recent_bytes)


class DeltaCache:
    """The last deltas, for clients that come back after a short absence.

    They follow each other, as far back as `versions` and about `room` bytes allow: people decide how long an element
    is. Older ones are read from the log.
    """

    def __init__(self, versions: int, room: int) -> None:
        self._versions, self._room = versions, room
        self._deltas: deque[tuple[Delta, int]] = deque()
        self.size = 0

    def add(self, delta: Delta) -> None:
        """Keep a delta that follows the last one."""
        self._deltas.append((delta, size_of(delta)))
        self.size += self._deltas[-1][1]
        while self._deltas and (self.size > self._room or delta.version - self._deltas[0][0].previous > self._versions):
            self.size -= self._deltas.popleft()[1]

    def since(self, version: int) -> Delta | None:
        """Return everything after `version` as one delta, or None if that is not known here."""
        later = [delta for delta, _size in self._deltas if delta.previous >= version]
        return merge(later) if later and later[0].previous == version else None


def size_of(delta: Delta) -> int:
    """Return about how many bytes a delta holds. What two deltas share counts twice: one begins where one ends."""
    effect = delta.effect
    elements: list[object] = [one for pair in effect.nodes.values() for one in (pair.before, pair.after)]
    elements += [one for pair in effect.edges.values() for one in (pair.before, pair.after)]
    text = sum(map(text_length, elements))
    if effect.flow is not None:
        text += sum(len(one.title) + len(one.description) for one in (effect.flow.before, effect.flow.after) if one)
    return (len(delta.changes) + len(elements) // 2) * ELEMENT_BYTES + text


def delta_of(receipt: Receipt) -> Delta:
    """Return what a batch did."""
    return Delta(receipt.previous, receipt.version, receipt.digest, receipt.changes, receipt.effect)


def merge(deltas: Sequence[Delta]) -> Delta:
    """Merge deltas that follow each other, at least one, into one."""
    if len(deltas) == 1:
        return deltas[0]
    changes = tuple(head for delta in deltas for head in delta.changes)
    effect = compose(delta.effect for delta in deltas)
    return Delta(deltas[0].previous, deltas[-1].version, deltas[-1].digest, changes, effect)


def reverse(effect: Effect) -> Effect:
    """Return the effect that leads back."""
    return Effect(
        {id: Pair(pair.after, pair.before) for id, pair in effect.nodes.items()},
        {id: Pair(pair.after, pair.before) for id, pair in effect.edges.items()},
        Pair(effect.flow.after, effect.flow.before) if effect.flow else None,
    )


def read_head(flow_id: UUID) -> Head | None:
    """Read where a flow stands; None if it is deleted."""
    row = Flow.objects.filter(pk=flow_id, deleted_at=None).values_list("version", "epoch").first()
    return Head(*row) if row else None


def read_delta(flow_id: UUID, document: Document, version: int, limit: int) -> Delta | None:
    """Read from the log what followed `version`, at which `document` is; None if nothing did. Raises `GapInLog`.

    No more than `limit` versions, and no more text than is read at once: then it ends earlier.
    """
    changes = changes_since(flow_id, version, limit, size=READ_BYTES)
    if not changes:
        return None
    _expect_dense(changes, version)
    draft = Draft(document)
    for change in changes:
        draft.advance(apply(draft, change.record, NO_LIMITS).effect)
    return Delta(version, changes[-1].version, changes[-1].digest, _heads(changes), draft.effect)


@dataclass(frozen=True, slots=True)
class DocumentCopy:
    """A document at one version, for a thread to read while the flow moves on."""

    properties: FlowProperties
    nodes: Sequence[Node]
    edges: Sequence[Edge]


def copy_of(document: Document) -> DocumentCopy:
    """Copy a document as it is now; its elements never change."""
    return DocumentCopy(document.properties, document.nodes(), document.edges())


def read_back(flow_id: UUID, since: int, version: int, held: DocumentCopy) -> Delta | None:
    """Read from the log what led from `since` to `version`, at which the flow was `held`. Raises `GapInLog`.

    It is found by walking back by the log's inverses. None if there is a change without one, or if they are so long
    that a snapshot is sooner made.
    """
    inverses = Change.objects.filter(flow_id=flow_id, version__gt=since, version__lte=version).values_list("inverse")
    length = inverses.aggregate(length=Sum(Length("inverse")))["length"] or 0
    if length > LONGEST_WAY_BACK or inverses.filter(inverse=None).exists():
        return None
    changes = changes_since(flow_id, since, version - since)
    _expect_dense(changes, since)
    if not changes or changes[-1].version != version:
        raise GapInLog
    draft = Draft(Document(held.properties, held.nodes, held.edges))
    for change in reversed(changes):
        if change.inverse is None:
            return None
        draft.advance(apply(draft, decode_record(parse_json(change.inverse)), NO_LIMITS).effect)
    return Delta(since, version, changes[-1].digest, _heads(changes), reverse(draft.effect))


def _heads(changes: Sequence[LoggedChange]) -> tuple[ChangeHead, ...]:
    return tuple(change.head for change in changes)


def _expect_dense(changes: Sequence[LoggedChange], since: int) -> None:
    if any(change.version != since + number for number, change in enumerate(changes, 1)):
        raise GapInLog
