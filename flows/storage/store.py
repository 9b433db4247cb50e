"""Rows of a flow: written from a net effect, read whole, and each element to its row and back.

`write_effect` touches the rows that differ and no others, within the caller's transaction, which holds the flow's lock.
`load_document` reads a flow as it was at one instant without making any writer wait. Neither makes model instances: a
flow of ten thousand nodes is read in a fraction of a second. What stands in a row was checked when it was written, so
it is not checked again; only numbers are brought back to the document's spelling (whole ones are integers).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction

from flows.document import Document, Edge, Effect, FlowProperties, Node, Pair, canonical_json
from flows.errors import NotFound
from flows.models import Flow, FlowEdge, FlowNode
from flows.storage.sql import insert, key_value

T = TypeVar("T")

NODE_COLUMNS = (
    "node_id",
    "kind",
    "x",
    "y",
    "width",
    "height",
    "label",
    "description",
    "colour",
    "parent_id",
    "enabled",
    "settings",
)
EDGE_COLUMNS = ("edge_id", "source_id", "target_id", "source_port", "target_port", "label", "animated")
WRITTEN_NODE = ("key", "flow_id", "ordinal", *NODE_COLUMNS)
WRITTEN_EDGE = ("key", "flow_id", "ordinal", *EDGE_COLUMNS)

_PREFIX = 33  # 32 hexadecimal digits of the flow and a point
_KEYS_PER_QUERY = 10_000  # SQLite takes 32,766 parameters
_ORDINALS_PER_VERSION = 1 << 20
_FIXED = frozenset({"key", "flow_id", "ordinal"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """A whole flow at one version."""

    document: Document
    version: int
    digest: str
    epoch: str


def write_effect(flow_id: UUID, effect: Effect, version: int) -> None:
    """Write the rows of a net effect that ends at `version`.

    An edge with other ends is deleted and inserted, so that two edges may exchange theirs under the unique constraint;
    its place among the others stays.
    Foreign keys are checked at commit, so nodes and edges may go and come in any order.
    """
    rejoined = [key_of(flow_id, id) for id, pair in effect.edges.items() if _has_other_ends(pair)]
    places = _ordinals(rejoined)
    gone = [id for id, pair in effect.edges.items() if pair.after is None or _has_other_ends(pair)]
    for keys in _chunks([key_of(flow_id, id) for id in gone]):
        FlowEdge.objects.filter(key__in=keys).delete()
    for keys in _chunks([key_of(flow_id, id) for id, node in effect.nodes.items() if node.after is None]):
        FlowNode.objects.filter(key__in=keys).delete()
    ordinal = version * _ORDINALS_PER_VERSION
    nodes = [pair.after for pair in effect.nodes.values() if pair.after is not None]
    node_rows = [node_values(flow_id, node, ordinal + index) for index, node in enumerate(nodes)]
    insert(FlowNode._meta.db_table, WRITTEN_NODE, node_rows, fixed=_FIXED)
    edges = [pair.after for pair in effect.edges.values() if pair.after is not None]
    edge_rows = [
        edge_values(flow_id, edge, places.get(key_of(flow_id, edge.id), ordinal + index))
        for index, edge in enumerate(edges)
    ]
    insert(FlowEdge._meta.db_table, WRITTEN_EDGE, edge_rows, fixed=_FIXED)


def load_document(flow_id: UUID) -> Loaded:
    """Read a whole flow at one version. Raises `NotFound` if it is unknown or deleted."""
    with consistent_read():
        row = (
            Flow.objects.filter(pk=flow_id, deleted_at=None)
            .values_list("title", "description", "version", "digest", "epoch")
            .first()
        )
        if row is None:
            raise NotFound
        title, description, version, digest, epoch = row
        document = Document(FlowProperties(title, description), read_nodes(flow_id), read_edges(flow_id))
    return Loaded(document, version, digest, epoch)


def read_nodes(flow_id: UUID) -> list[Node]:
    """Read every node, in the order in which they came."""
    rows = FlowNode.objects.filter(flow_id=flow_id).order_by("ordinal").values_list(*NODE_COLUMNS)
    return [node_of(row) for row in rows]


def read_edges(flow_id: UUID) -> list[Edge]:
    """Read every edge, in the order in which they came."""
    rows = FlowEdge.objects.filter(flow_id=flow_id).order_by("ordinal").values_list(*EDGE_COLUMNS)
    return [edge_of(row) for row in rows]


@contextmanager
def consistent_read() -> Iterator[None]:
    """Let every query inside see the same instant, without blocking writers. Inside a transaction, that serves.

    Django would begin an immediate transaction on SQLite, which waits for writers; a deferred one only reads.
    """
    if connection.in_atomic_block or _is_reading():
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def key_of(flow_id: UUID, id: str) -> str:
    """Return the primary key of an element's row."""
    return f"{flow_id.hex}.{id}"


def node_of(row: tuple[Any, ...]) -> Node:
    """Return the node of a row of `NODE_COLUMNS`."""
    id, kind, x, y, width, height, label, description, colour, parent, enabled, settings = row
    return Node(
        id,
        kind,
        _number(x),
        _number(y),
        _number(width),
        _number(height),
        label,
        description,
        colour,
        parent and parent[_PREFIX:],
        enabled,
        settings,
    )


def edge_of(row: tuple[Any, ...]) -> Edge:
    """Return the edge of a row of `EDGE_COLUMNS`."""
    id, source, target, source_port, target_port, label, animated = row
    return Edge(id, source[_PREFIX:], target[_PREFIX:], source_port, target_port, label, animated)


def node_values(flow_id: UUID, node: Node, ordinal: int) -> tuple[Any, ...]:
    """Return the values of `WRITTEN_NODE` for a node; `ordinal` counts only if the row is new."""
    return (
        key_of(flow_id, node.id),
        key_value(flow_id),
        ordinal,
        node.id,
        node.kind,
        node.x,
        node.y,
        node.width,
        node.height,
        node.label,
        node.description,
        node.colour,
        None if node.parent is None else key_of(flow_id, node.parent),
        node.enabled,
        canonical_json(dict(node.settings)),
    )


def edge_values(flow_id: UUID, edge: Edge, ordinal: int) -> tuple[Any, ...]:
    """Return the values of `WRITTEN_EDGE` for an edge; `ordinal` counts only if the row is new."""
    return (
        key_of(flow_id, edge.id),
        key_value(flow_id),
        ordinal,
        edge.id,
        key_of(flow_id, edge.source),
        key_of(flow_id, edge.target),
        edge.source_port,
        edge.target_port,
        edge.label,
        edge.animated,
    )


def _is_reading() -> bool:
    return connection.vendor == "sqlite" and connection.connection is not None and connection.connection.in_transaction


def _ordinals(keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _chunks(keys):
        found.update(FlowEdge.objects.filter(key__in=some).values_list("key", "ordinal"))
    return found


def _has_other_ends(pair: Pair[Edge]) -> bool:
    before, after = pair.before, pair.after
    if before is None or after is None:
        return False
    mine = (before.source, before.source_port, before.target, before.target_port)
    return mine != (after.source, after.source_port, after.target, after.target_port)


def _chunks(items: Sequence[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _KEYS_PER_QUERY)):
        yield chunk


def _number(value: float) -> float:
    whole = int(value)
    return whole if whole == value else value
