"""Who deleted an element that someone still wants to edit: a refusal names them and its label instead of an id.

Others wait for the lock, so the search is bounded: in versions, in text read, and in look-ups for one transaction.
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
    GraphDifference,
    Node,
    Record,
    ReplaceGraph,
    decode_record,
    parse_json,
)
from flows.errors import FlowReason
from flows.models import Change
from flows.submission import AppliedChange

MAX_VERSIONS_BACK = 500
MAX_INVERSE_CHARS = 64 << 10
"""Changes with a longer inverse are not searched."""
TOTAL_INVERSE_CHARS = 2 << 20
"""The search goes back over so much of inverses, long ones included."""
SIZE_BATCH = 32
"""Changes whose inverses are measured by one query."""
MAX_LOOKUPS = 5
"""Elements in one transaction, and changes read for one element."""
LABEL_CHARS = 60


@dataclass(frozen=True, slots=True)
class Deletion:
    """What an element was called, None for an edge, and who deleted it, None for the system."""

    label: str | None
    by: int | None
    name: str | None

    def reason_for(self, reader: int | None) -> tuple[FlowReason, dict[str, object]]:
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
    """The look-ups of one transaction on a flow whose log ends at `version`."""

    flow_id: UUID
    version: int
    _found: dict[Element, Deletion | None] = field(default_factory=dict)
    _searchable: list[int] | None = None

    def find(self, element: Element, applied: Sequence[AppliedChange]) -> Deletion | None:
        """Find who deleted an element, None if that is not found.

        `applied` is what was done in this transaction.
        """
        if element not in self._found and len(self._found) < MAX_LOOKUPS:
            found = next(self._removals(element, applied), None)
            self._found[element] = None if found is None else _deletion(*found)
        return self._found.get(element)

    def _removals(self, element: Element, applied: Sequence[AppliedChange]) -> Iterator[tuple[Node | Edge, int | None]]:
        """Yield what the element was and who removed it, the last removal first."""
        for head, outcome in reversed(applied):
            if outcome.inverse is not None and (held := _restored_element(outcome.inverse, element)):
                yield held, head.actor
        if self._searchable is None:
            self._searchable = list(_searchable_versions(self.flow_id, self.version))
        rows = Change.objects.filter(flow_id=self.flow_id, version__in=self._searchable)
        rows = rows.filter(inverse__contains=f'"id":"{element[1]}"').order_by("-version")
        for inverse, actor in rows.values_list("inverse", "actor_id")[:MAX_LOOKUPS]:
            if inverse and (held := _restored_element(decode_record(parse_json(inverse)), element)):
                yield held, actor


def _searchable_versions(flow_id: UUID, version: int) -> Iterator[int]:
    """Yield the last versions whose inverses are short enough to be searched, the latest batch first."""
    changes = Change.objects.filter(flow_id=flow_id, inverse__isnull=False).order_by("-version")
    sizes = changes.annotate(size=Length("inverse")).values_list("version", "size")
    end, room = max(1, version - MAX_VERSIONS_BACK), TOTAL_INVERSE_CHARS
    for highest in range(version, end, -SIZE_BATCH):
        for number, size in sizes.filter(version__range=(max(end, highest - SIZE_BATCH) + 1, highest)):
            room -= size
            if room < 0:
                return
            if size <= MAX_INVERSE_CHARS:
                yield number


def _restored_element(inverse: Record, element: Element) -> Node | Edge | None:
    """Return the element if this inverse restores it."""
    for held in _restored_elements(inverse):
        if (("node" if isinstance(held, Node) else "edge"), held.id) == element:
            return held
    return None


def _restored_elements(inverse: Record) -> Iterator[Node | Edge]:
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
            case GraphDifference(some_nodes, some_edges):
                yield from (node for node in some_nodes if not isinstance(node, str))
                yield from (edge for edge in some_edges if not isinstance(edge, str))


def _deletion(held: Node | Edge, by: int | None) -> Deletion:
    label = None if isinstance(held, Edge) else (held.label or KINDS[held.kind].title)[:LABEL_CHARS]
    name = by and User.everyone.filter(pk=by).values_list("name", flat=True).first()
    return Deletion(label, by, name or None)
