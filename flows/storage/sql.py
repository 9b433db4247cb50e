"""The statements of the commands, as SQL.

One edit takes six statements on PostgreSQL and seven on SQLite, and having the ORM build them took three times as long
as the database does. Tables and columns are named here once; values are always parameters. The few types that the two
databases take differently (ids, times) are adapted by `key_value` and `time_value`; JSON goes as text, which both
accept. On SQLite the driver's own cursor runs them: what Django puts around a statement takes as long as SQLite does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import chain
from typing import Any
from uuid import UUID

import orjson
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model

Row = tuple[Any, ...]
KEY_PREFIX = 33
"""32 hexadecimal digits of the flow and a point."""
_ROWS_PER_STATEMENT = 1_000
"""SQLite takes 32,766 parameters, and a node's row has 15."""


def select(statement: str, parameters: Sequence[Any]) -> list[Row]:
    """Return all rows of a query."""
    with _executed(statement, parameters) as cursor:
        rows: list[Row] = cursor.fetchall()
    return rows


def select_together(queries: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Row]]:
    """Return the rows of several queries, run in order; in a pipeline of PostgreSQL by one round trip."""
    with ExitStack() as stack:
        if connection.vendor == "sqlite":
            return [select(*query) for query in queries]
        cursors = [stack.enter_context(_executed(*query)) for query in queries]
        return [cursor.fetchall() for cursor in cursors]


def execute(statement: str, parameters: Sequence[Any]) -> None:
    """Run a statement."""
    with _executed(statement, parameters):
        pass


@contextmanager
def _executed(statement: str, parameters: Sequence[Any]) -> Iterator[Any]:
    """Run a statement and give its cursor."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "sqlite" or database.queries_logged:
        with database.cursor() as cursor:
            cursor.execute(statement, parameters)
            yield cursor
        return
    database.ensure_connection()
    database.validate_no_broken_transaction()
    with closing(database.connection.cursor()) as cursor:
        run: Callable[..., object] = _run_on_sqlite
        for wrapper in reversed(database.execute_wrappers):
            run = partial(wrapper, run)
        with database.wrap_database_errors:
            run(statement, parameters, False, {"connection": database, "cursor": cursor})
            yield cursor


def _run_on_sqlite(statement: str, parameters: Sequence[Any], _many: bool, context: Mapping[str, Any]) -> None:
    marked = _with_question_marks if len(statement) <= LONGEST_KEPT else _with_question_marks.__wrapped__
    context["cursor"].execute(marked(statement), parameters)


LONGEST_KEPT = 4_096
"""Longer statements hold many rows, and come in as many lengths: they are not kept."""


@lru_cache(1024)
def _with_question_marks(statement: str) -> str:
    return statement.replace("%s", "?")


def insert(model: type[Model], columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows."""
    for statement, values in insertions(model, columns, rows):
        execute(statement, values)


def insertions(
    model: type[Model], columns: tuple[str, ...], rows: Sequence[Sequence[Any]]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the statements that insert rows, with their values.

    Many go in one statement: each lets go of the interpreter and has to win it back. To PostgreSQL they go as one JSON
    text, which it reads six times as fast as literals (measured).
    """
    if rows and connection.vendor == "postgresql":
        given = [dict(zip(columns, row, strict=True)) for row in rows]
        yield _insertion_of_json(model, columns), (orjson.dumps(given).decode(),)
        return
    for first in range(0, len(rows), _ROWS_PER_STATEMENT):
        some = rows[first : first + _ROWS_PER_STATEMENT]
        yield _insertion(model, columns, len(some)), tuple(chain.from_iterable(some))


def key_value(flow_id: UUID) -> Any:
    """Return a flow's id as the database takes it."""
    return flow_id if connection.vendor == "postgresql" else flow_id.hex


def key_of(flow_id: UUID, id: str) -> str:
    """Return the primary key of an element's row; the element's id begins at `KEY_PREFIX`."""
    return f"{flow_id.hex}.{id}"


def read_key(value: UUID | str) -> UUID:
    """Return a flow's or a team's id that a statement of ours found."""
    return value if isinstance(value, UUID) else UUID(value)


def time_value(at: datetime) -> Any:
    """Return a time as the database takes it."""
    return at if connection.vendor == "postgresql" else str(at.astimezone(UTC).replace(tzinfo=None))


def read_time(value: Any) -> datetime:
    """Return a time that a statement of ours found."""
    at: datetime = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def places(count: int) -> str:
    """Return as many places for parameters."""
    return ", ".join(["%s"] * count)


def for_update() -> str:
    """Return what makes a query lock its rows; SQLite has locked everything when the transaction began."""
    return " FOR UPDATE" if connection.features.has_select_for_update else ""


@lru_cache
def _insertion(model: type[Model], columns: tuple[str, ...], count: int) -> str:
    values = ", ".join([f"({places(len(columns))})"] * count)
    return f"{_into(model, columns)} VALUES {values}"


@lru_cache
def _insertion_of_json(model: type[Model], columns: tuple[str, ...]) -> str:
    """Return an insertion whose rows come as one JSON text; what is JSON itself comes as text in it."""
    types = {field.column: field.db_type(connection) or "text" for field in model._meta.fields}
    read = ", ".join(f"{name} {'text' if types[name] == 'jsonb' else types[name]}" for name in columns)
    taken = ", ".join(f"{name}::jsonb" if types[name] == "jsonb" else name for name in columns)
    return f"{_into(model, columns)} SELECT {taken} FROM json_to_recordset(%s::json) AS given ({read})"  # noqa: S608


def _into(model: type[Model], columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"
