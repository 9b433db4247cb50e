"""Who deleted what someone still wants to edit: a refusal says that, and what it was called, instead of an id.

Only recent deletions are looked for, not many in one transaction, and neither in long changes nor behind much that is
to be passed: others wait for the lock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models.functions import Length

from accounts.models import User
from flows.document import (
    KINDS,
    AddEdge,
    AddNode,
    Batch,
    Edge,
    Element,
    Node,
    Record,
    ReplaceGraph,
    decode_record,
    parse_json,
)
from flows.errors import FlowReason
from flows.models import Change
from flows.submission import AppliedChange

REACH = 500
MEASURED = 32
LONGEST = 64 << 10
ROOM = 2 << 20
"""In characters of inverses: what is read of one change, and of all. They are measured so many at a time."""
MOST = 5
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Deletion:
    """What an element was called, None for an edge, and who deleted it, None for the system."""

    label: str | None
    by: int | None
    name: str | None

    def told_to(self, reader: int | None) -> tuple[FlowReason, dict[str, object]]:
        """Return the reason to refuse with, and its values."""
        is_node = self.label is not None
        values: dict[str, object] = {"what": self.label} if is_node else {}
        if self.by is None:
            return FlowReason.NODE_DELETED if is_node else FlowReason.EDGE_DELETED, values
        if self.by == reader:
            return FlowReason.YOU_DELETED_NODE if is_node else FlowReason.YOU_DELETED_EDGE, values
        values["who"] = self.name
        return FlowReason.NODE_DELETED_BY if is_node else FlowReason.EDGE_DELETED_BY, values


@dataclass(slots=True)
class Deletions:
    """What was looked for in one transaction on a flow whose log ends at `version`."""

    flow_id: UUID
    version: int
    _found: dict[Element, Deletion | None] = field(default_factory=dict)
    _near: list[int] | None = None

    def find(self, element: Element, applied: Sequence[AppliedChange]) -> Deletion | None:
        """Find who deleted an element, None if that cannot be told.

        `applied` is what was done in this transaction.
        """
        if element not in self._found and len(self._found) < MOST:
            found = next(self._removals(element, applied), None)
            self._found[element] = None if found is None else _deletion(*found)
        return self._found.get(element)

    def _removals(self, element: Element, applied: Sequence[AppliedChange]) -> Iterator[tuple[Node | Edge, int | None]]:
        """Yield what the element was and who removed it, the last removal first."""
        for head, outcome in reversed(applied):
            if outcome.inverse is not None and (held := _brought(outcome.inverse, element)):
                yield held, head.actor
        if self._near is None:
            self._near = list(_near(self.flow_id, self.version))
        rows = Change.objects.filter(flow_id=self.flow_id, version__in=self._near)
        rows = rows.filter(inverse__contains=f'"id":"{element[1]}"').order_by("-version")
        for inverse, actor in rows.values_list("inverse", "actor_id")[:MOST]:
            if inverse and (held := _brought(decode_record(parse_json(inverse)), element)):
                yield held, actor


def _near(flow_id: UUID, version: int) -> Iterator[int]:
    """Yield the last versions that are short enough to be searched, as far back as there is room."""
    changes = Change.objects.filter(flow_id=flow_id, inverse__isnull=False).order_by("-version")
    sizes = changes.annotate(size=Length("inverse")).values_list("version", "size")
    end, room = max(1, version - REACH), ROOM
    for highest in range(version, end, -MEASURED):
        for number, size in sizes.filter(version__range=(max(end, highest - MEASURED) + 1, highest)):
            room -= size
            if room < 0:
                return
            if size <= LONGEST:
                yield number


def _brought(inverse: Record, element: Element) -> Node | Edge | None:
    """Return the element if this brings it."""
    for held in _brings(inverse):
        if (("node" if isinstance(held, Node) else "edge"), held.id) == element:
            return held
    return None


def _brings(inverse: Record) -> Iterator[Node | Edge]:
    singles: Sequence[Record] = inverse.operations if isinstance(inverse, Batch) else (inverse,)
    for single in singles:
        match single:
            case AddNode(node):
                yield node
            case AddEdge(edge):
                yield edge
            case ReplaceGraph(nodes, edges):
                yield from nodes
                yield from edges


def _deletion(held: Node | Edge, by: int | None) -> Deletion:
    label = None if isinstance(held, Edge) else (held.label or KINDS[held.kind].title)[:SHOWN]
    name = by and User.objects.filter(pk=by).values_list("name", flat=True).first()
    return Deletion(label, by, name or None)
