"""The way from one version to a later one: what a replica takes, and what brings a client up to date.

A `Delta` is the net effect between two versions, with who made each version in between. Commits are deltas, so is what
the log tells of other writers. Deltas that follow each other are one delta, so a client that missed three hundred
versions gets one frame.
"""

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
)
from flows.log import READ_BYTES, LoggedChange, changes_since
from flows.models import Change, Flow
from flows.submission import ChangeHead, Receipt

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
