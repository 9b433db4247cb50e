"""Rows of a flow, read: a whole flow, or each element from its row.

`load_document` reads a flow as it was at one instant without making any writer wait. No model instances are made, nor
what Django makes of a column: a flow of ten thousand nodes is read in a fraction of a second. What stands in a row was
checked when it was written, so it is not checked again; only numbers are brought back to the document's spelling (whole
ones are integers), and what is equal is made one object.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction

from flows.document import Document, Edge, FlowProperties, Node, parse_json
from flows.errors import NotFound
from flows.models import Flow, FlowEdge, FlowNode
from flows.storage.sql import KEY_PREFIX, key_value
from web.give_way import give_way, step_back
from web.write_transaction import only_reading

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
_ALL = "SELECT {columns} FROM {table} WHERE flow_id = %s ORDER BY ordinal"
_ALL_NODES = _ALL.format(columns=", ".join(NODE_COLUMNS), table=FlowNode._meta.db_table)
_ALL_EDGES = _ALL.format(columns=", ".join(EDGE_COLUMNS), table=FlowEdge._meta.db_table)

_ROWS_AT_ONCE = 1_000
_ROWS_IN_A_ROW = 200
"""Elements are made of so many, about a millisecond, without giving way to others."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A whole flow at one version."""

    document: Document
    version: int
    digest: str
    epoch: str


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
        shared = Shared()
        nodes, edges = read_nodes(flow_id, shared), read_edges(flow_id, shared)
        document = Document(FlowProperties(title, description), nodes, edges)
    return Loaded(document, version, digest, epoch)


def read_nodes(flow_id: UUID, shared: "Shared | None" = None) -> Iterator[Node]:
    """Read every node, in the order in which they came, a few rows at a time."""
    shared = shared or Shared()
    return (node_of(row, shared) for row in _rows(_ALL_NODES, flow_id))


def read_edges(flow_id: UUID, shared: "Shared | None" = None) -> Iterator[Edge]:
    """Read every edge, in the order in which they came, a few rows at a time."""
    shared = shared or Shared()
    return (edge_of(row, shared) for row in _rows(_ALL_EDGES, flow_id))


def _rows(statement: str, flow_id: UUID) -> Iterator[tuple[Any, ...]]:
    """Give the rows as the database does, without what Django makes of each column."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, [key_value(flow_id)])
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            for at in range(0, len(rows), _ROWS_IN_A_ROW):
                give_way()
                yield from rows[at : at + _ROWS_IN_A_ROW]
            if len(rows) == _ROWS_AT_ONCE:
                step_back()


_AT_ONE_INSTANT = """SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL idle_in_transaction_session_timeout = '10min'"""
"""It may think for long between two statements: it holds up nobody."""


@contextmanager
def consistent_read() -> Iterator[None]:
    """Let every query inside see the same instant, without blocking writers. Inside a transaction, that serves.

    Django would begin an immediate transaction on SQLite, which waits for writers; a deferred one only reads.
    """
    if connection.in_atomic_block or _is_reading():
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), only_reading(), connection.cursor() as cursor:
            cursor.execute(_AT_ONE_INSTANT)
            yield
    else:
        with only_reading(), connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


class Shared:
    """The strings, numbers and empty settings of one flow's rows: what is equal is one object.

    Each row brings its own, so a thousand nodes of one kind would keep its name a thousand times.
    """

    __slots__ = ("_numbers", "_texts")

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._numbers: dict[float, float] = {}

    def text(self, value: str) -> str:
        """Return the one string that is equal."""
        return self._texts.setdefault(value, value)

    def number(self, value: float) -> float:
        """Return the one number that is equal, in the document's spelling: a whole one is an integer."""
        whole = int(value)
        number = whole if whole == value else value
        return self._numbers.setdefault(number, number)

    def settings(self, value: str | Mapping[str, object]) -> Mapping[str, object]:
        """Return settings whose names are shared; all that are empty are one value, which nothing changes."""
        if value == "{}" or not value:
            return _UNSET
        held = cast("Mapping[str, object]", parse_json(value)) if isinstance(value, str) else value
        return {self.text(name): item for name, item in held.items()}


_UNSET: Mapping[str, object] = {}


def node_of(row: tuple[Any, ...], shared: Shared | None = None) -> Node:
    """Return the node of a row of `NODE_COLUMNS`."""
    id, kind, x, y, width, height, label, description, colour, parent, enabled, settings = row
    shared = shared or Shared()
    text, number = shared.text, shared.number
    return Node(
        text(id),
        text(kind),
        number(x),
        number(y),
        number(width),
        number(height),
        text(label),
        text(description),
        text(colour),
        parent and text(parent[KEY_PREFIX:]),
        bool(enabled),
        shared.settings(settings),
    )


def edge_of(row: tuple[Any, ...], shared: Shared | None = None) -> Edge:
    """Return the edge of a row of `EDGE_COLUMNS`."""
    id, source, target, source_port, target_port, label, animated = row
    text = (shared or Shared()).text
    return Edge(
        text(id),
        text(source[KEY_PREFIX:]),
        text(target[KEY_PREFIX:]),
        text(source_port),
        text(target_port),
        text(label),
        bool(animated),
    )


def _is_reading() -> bool:
    return connection.vendor == "sqlite" and connection.connection is not None and connection.connection.in_transaction
