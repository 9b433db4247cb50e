"""What every operation can do, and what the groups of operations share.

A record is what the log holds: an operation, or one of the two that write a whole graph. Every class of operations
knows its decoding, what it does to a graph and how that is taken back, which elements it refers to, and its encoding.
Whatever the rules do not allow raises `Rejected`; the graph is never changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Self, TypeAlias, cast

from flows.document.elements import Edge, Element, Node
from flows.document.errors import Reason, Rejected
from flows.document.graph import Effect, Graph
from flows.document.json import Json, canonical_json
from flows.document.limits import DocumentLimits

References: TypeAlias = tuple[frozenset[str], frozenset[str]]
"""The ids of nodes, and the ids of edges."""
NOTHING: frozenset[str] = frozenset()


class Record:
    """Anything that the log can hold. Not an `ABC`, which would make every `isinstance` on the way of a move slower."""

    __slots__ = ()
    kind: ClassVar[str]

    def encode(self) -> Json:
        """Encode it as the contract names it."""
        raise NotImplementedError

    def text(self) -> str:
        """Encode it as canonical JSON, as the log keeps it."""
        return canonical_json(self.encode())

    def with_text(self) -> "Record":
        """Return it with its text kept, if encoding it takes long."""
        return self

    def references(self) -> References:
        """Return what it names: what a store reads beforehand."""
        raise NotImplementedError

    def affected(self, graph: Graph) -> References:
        """Return what its author may have changed on screen already, and must see again if it is refused."""
        return self.references()


class SingleOperation(Record):
    """An operation that is no batch."""

    __slots__ = ()

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        """Decode it strictly: what the contract does not name is refused."""
        raise NotImplementedError

    def apply(self, graph: Graph, limits: DocumentLimits) -> "Applied":
        """Say what it does to a graph, or refuse it."""
        raise NotImplementedError

    def without(self, group: str) -> "SingleOperation | None":
        """Return the operation without a group that is gone; None if it is not about membership in it."""
        return None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a single operation does: its inverse is a sequence, so that several can be joined."""

    effect: Effect
    record: SingleOperation
    inverse: tuple[SingleOperation, ...]


def known_node(graph: Graph, id: str) -> Node:
    """Return a node that must exist."""
    node = graph.node(id)
    if node is None:
        raise Rejected("unknown_node", Reason.UNKNOWN_NODE, missing=("node", id), id=id)
    return node


def known_edge(graph: Graph, id: str) -> Edge:
    """Return an edge that must exist."""
    edge = graph.edge(id)
    if edge is None:
        raise Rejected("unknown_edge", Reason.UNKNOWN_EDGE, missing=("edge", id), id=id)
    return edge


def node_ids(*ids: str | None) -> References:
    """Refer to nodes, as far as there are any."""
    return frozenset(id for id in ids if id is not None), NOTHING


MOST_SKIPPED = 100


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was skipped of one element. No properties: the element itself, which stays, or is gone and stays so."""

    what: str
    id: str
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The difference made; the complete record for the log; what takes it back, None for the flow's creation; and the
    elements that were asked for and are gone, where that was allowed."""

    effect: Effect
    record: Record
    inverse: Record | None
    skipped: tuple[Skipped, ...] = ()


def each_once(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """Join what was skipped of the same element; at most `MOST_SKIPPED` elements are told."""
    merged: dict[Element, set[str]] = {}
    for one in skipped:
        merged.setdefault((one.what, one.id), set()).update(one.properties)
    first = islice(merged.items(), MOST_SKIPPED)
    return tuple(Skipped(what, id, tuple(sorted(names))) for (what, id), names in first)


def encode_skipped(skipped: Iterable[Skipped]) -> list[dict[str, object]]:
    """Encode what was skipped, each element once: `{"node": id, "properties": […]}`; the flow itself has no id."""
    return [({one.what: one.id} if one.id else {}) | {"properties": list(one.properties)} for one in each_once(skipped)]


def decode_skipped(value: object) -> tuple[Skipped, ...]:
    """Decode what `encode_skipped` made."""
    items = cast("list[dict[str, str | list[str]]]", value)
    return tuple(_decoded(item) for item in items)


def _decoded(item: dict[str, str | list[str]]) -> Skipped:
    what = next((what for what in ("node", "edge") if what in item), "flow")
    return Skipped(what, str(item.get(what, "")), tuple(item["properties"]))
