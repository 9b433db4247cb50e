"""What a net effect does to rows: one statement for each kind of change in a table, one for a thousand that come.

Everything is encoded by `row_changes`, which may be long and needs no lock; `write_rows` hands it to the database,
which does the rest by itself, without the interpreter. Of rows that stay only the columns that differ are written.
Those of an update are one JSON text: arrays of values, read by `json_each` on SQLite and by `jsonb_array_elements` on
PostgreSQL. Numbers have at most nine digits, so both read them exactly. New rows go as parameters: with many columns
JSON takes twice as long (measured).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter, is_not, ne
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model

from flows.document import Edge, Effect, Node, Pair, canonical_json
from flows.models import FlowEdge, FlowNode
from flows.storage.sql import Row, execute, insertions, key_of, key_value, select

T = TypeVar("T", Node, Edge)

_NODES, _EDGES = FlowNode._meta.db_table, FlowEdge._meta.db_table
_ORDINALS_PER_VERSION = 1 << 20
_POSTGRESQL_TYPES: Mapping[str, str] = {
    "x": "float8",
    "y": "float8",
    "width": "float8",
    "height": "float8",
    "enabled": "boolean",
    "animated": "boolean",
    "settings": "jsonb",
}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column, the fields of an element that it holds, and its value in a row."""

    name: str
    value: Callable[[UUID, Any], object]


def _plain(*names: str) -> tuple[_Column, ...]:
    return tuple(_Column(name, _reading(name)) for name in names)


def _reading(name: str) -> Callable[[UUID, Any], object]:
    read = attrgetter(name)
    return lambda _flow_id, element: read(element)


def _pointing(name: str, field: str) -> _Column:
    read = attrgetter(field)

    def key(flow_id: UUID, element: Any) -> str | None:
        id = read(element)
        return None if id is None else key_of(flow_id, id)

    return _Column(name, key)


_NODE: tuple[_Column, ...] = (
    *_plain("kind", "x", "y", "width", "height", "label", "description", "colour"),
    _pointing("parent_id", "parent"),
    *_plain("enabled"),
    _Column("settings", lambda _flow_id, node: canonical_json(dict(node.settings))),
)
_EDGE: tuple[_Column, ...] = (
    _pointing("source_id", "source"),
    _pointing("target_id", "target"),
    *_plain("source_port", "target_port", "label", "animated"),
)
_FIELDS = {"parent_id": "parent", "source_id": "source", "target_id": "target"}


@dataclass(frozen=True, slots=True)
class RowChanges:
    """Statements with their parameters, in order."""

    statements: tuple[tuple[str, tuple[Any, ...]], ...]


def write_rows(changes: RowChanges) -> None:
    """Write what was encoded; the caller holds the flow's lock."""
    for statement, parameters in changes.statements:
        execute(statement, parameters)


def row_changes(flow_id: UUID, effect: Effect, version: int) -> RowChanges:
    """Encode what an effect that ends at `version` does to rows.

    An edge with other ends is deleted and inserted, so that two edges may exchange theirs under the unique constraint;
    its place among the others stays. Foreign keys are checked at commit, so nodes and edges may go and come in any
    order.
    """
    rejoined = [id for id, pair in effect.edges.items() if _has_other_ends(pair)]
    places = _ordinals(flow_id, rejoined)
    ordinal = version * _ORDINALS_PER_VERSION
    nodes = _Rows(flow_id, effect.nodes, {}, ordinal)
    edges = _Rows(flow_id, effect.edges, places, ordinal)
    statements = (
        *edges.removal(_EDGES),
        *nodes.removal(_NODES),
        *nodes.insertion(FlowNode, "node_id", _NODE),
        *nodes.update(_NODES, _NODE),
        *edges.insertion(FlowEdge, "edge_id", _EDGE),
        *edges.update(_EDGES, _EDGE),
    )
    return RowChanges(statements)


Statements = Iterator[tuple[str, tuple[Any, ...]]]


class _Rows:
    """The rows of one table: those that go, those that come and those that change; `places` holds which come again."""

    def __init__(self, flow_id: UUID, pairs: Mapping[str, Pair[Any]], places: Mapping[str, int], ordinal: int) -> None:
        self._flow_id, self._places, self._ordinal = flow_id, places, ordinal
        self._gone = [id for id, pair in pairs.items() if pair.after is None or id in places]
        after = [pair.after for pair in pairs.values() if pair.after is not None]
        self._new = [
            (ordinal + at, one) for at, one in enumerate(after) if pairs[one.id].before is None or one.id in places
        ]
        self._changed = [
            (pair.before, pair.after)
            for id, pair in pairs.items()
            if pair.before is not None and pair.after is not None and id not in places
        ]
        self._before, self._after = [before for before, _ in self._changed], [after for _, after in self._changed]

    def removal(self, table: str) -> Statements:
        """Delete those that go."""
        if self._gone:
            yield _deletion(table), (_encoded([key_of(self._flow_id, id)] for id in self._gone),)

    def insertion(self, model: type[Model], id_column: str, columns: Sequence[_Column]) -> Statements:
        """Insert those that come."""
        if self._new:
            names = ("key", "flow_id", "ordinal", id_column, *(column.name for column in columns))
            yield from insertions(model, names, list(self._whole(columns)))

    def update(self, table: str, columns: Sequence[_Column]) -> Statements:
        """Update the columns in which any of those that stay differs."""
        differing = [column for column in columns if self._differs(_FIELDS.get(column.name, column.name))]
        if differing:
            rows = (
                [key_of(self._flow_id, one.id), *(column.value(self._flow_id, one) for column in differing)]
                for _, one in self._changed
            )
            names = tuple(column.name for column in differing)
            yield _update(table, names, min(len(self._changed), _MANY)), (_encoded(rows),)

    def _whole(self, columns: Sequence[_Column]) -> Iterator[Sequence[object]]:
        flow_id, flow = self._flow_id, key_value(self._flow_id)
        for ordinal, one in self._new:
            values = (column.value(flow_id, one) for column in columns)
            yield [key_of(flow_id, one.id), flow, self._places.get(one.id, ordinal), one.id, *values]

    def _differs(self, field: str) -> bool:
        """Tell whether any row has another value; settings that are equal but not the same are written again."""
        read = attrgetter(field)
        differ = is_not if field == "settings" else ne
        return any(map(differ, map(read, self._before), map(read, self._after)))


def _encoded(rows: Iterable[Sequence[object]]) -> str:
    return canonical_json(list(rows))


_MANY = 100
"""How many rows PostgreSQL expects of a JSON text; told that there are fewer, it looks each up in the index."""


@lru_cache
def _deletion(table: str) -> str:
    return f"DELETE FROM {table} WHERE key {_among_given()}"  # noqa: S608  (our names)


@lru_cache(maxsize=1024)
def _update(table: str, names: tuple[str, ...], count: int) -> str:
    values, rows = _values(("key", *names), named=True)
    if connection.vendor == "postgresql" and count < _MANY:
        rows += f" LIMIT {count}"
    setting = ", ".join(f"{name} = given.{name}" for name in names)
    return f"UPDATE {table} SET {setting} FROM (SELECT {values} FROM {rows}) AS given WHERE {table}.key = given.key"  # noqa: S608


def _among_given() -> str:
    """Return the condition of keys that are given. As an array, PostgreSQL looks each up, however large the table."""
    keys, rows = _values(("key",))
    given = f"(SELECT {keys} FROM {rows})"  # noqa: S608  (our names)
    return f"= ANY(ARRAY{given})" if connection.vendor == "postgresql" else f"IN {given}"


def _values(names: Sequence[str], *, named: bool = False) -> tuple[str, str]:
    """Return the values of a row, and where rows come from."""
    if connection.vendor == "postgresql":
        rows = "jsonb_array_elements(%s::jsonb) AS row (value)"
        values = [f"(row.value->>{at})::{_POSTGRESQL_TYPES.get(name, 'text')}" for at, name in enumerate(names)]
    else:
        rows = "json_each(%s) AS row"
        values = [f"row.value->>{at}" for at in range(len(names))]
    if named:
        values = [f"{value} AS {name}" for value, name in zip(values, names, strict=True)]
    return ", ".join(values), rows


def _ordinals(flow_id: UUID, ids: Sequence[str]) -> dict[str, int]:
    """Return the places of edges that are to come again."""
    if not ids:
        return {}
    statement = f"SELECT edge_id, ordinal FROM {_EDGES} WHERE key {_among_given()}"  # noqa: S608
    found: list[Row] = select(statement, (_encoded([key_of(flow_id, id)] for id in ids),))
    return dict(found)


def _has_other_ends(pair: Pair[Edge]) -> bool:
    before, after = pair.before, pair.after
    return before is not None and after is not None and before.ends != after.ends
