"""Rows of a flow: written from a net effect, read whole.

`write_effect` touches the rows that differ and no others, within the caller's transaction, which holds the flow's lock.
`load_document` reads a flow as it was at one instant without making any writer wait.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction

from flows.document import Document, Edge, Effect, FlowProperties, Node, Pair
from flows.errors import NotFound
from flows.models import Flow, FlowEdge, FlowNode
from flows.storage.rows import (
    EDGE_COLUMNS,
    NODE_COLUMNS,
    WRITTEN_EDGE,
    WRITTEN_NODE,
    edge_of,
    edge_values,
    key_of,
    node_of,
    node_values,
)
from flows.storage.sql import insert
from flows.storage.stored_graph import StoredGraph

__all__ = ["Loaded", "StoredGraph", "consistent_read", "load_document", "write_effect"]

T = TypeVar("T")

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
