"""The statements of the commands, as SQL.

One edit takes eight statements on PostgreSQL and nine on SQLite, and having the ORM build them took three times as long
as the database does. Tables and columns are named here once; values are always parameters. The few types that the two
databases take differently (ids, times) are adapted by `key_value` and `time_value`; JSON goes as text, which both
accept.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from flows.models import Flow

Row = tuple[Any, ...]
_ROWS_PER_STATEMENT = 1_000
"""SQLite takes 32,766 parameters, and a node's row has 15."""


def select(statement: str, parameters: Sequence[Any]) -> list[Row]:
    """Return all rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[Row] = cursor.fetchall()
    return rows


def execute(statement: str, parameters: Sequence[Any]) -> None:
    """Run a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def insert(table: str, columns: tuple[str, ...], rows: Sequence[Row], *, fixed: frozenset[str] | None = None) -> None:
    """Insert rows. With `fixed`, a row whose first column is there already is updated, but for the fixed columns.

    On SQLite many go in one statement: each lets go of the interpreter and has to win it back. PostgreSQL's driver
    sends all at once as they are.
    """
    if connection.vendor != "sqlite":
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(_insertion(table, columns, fixed, 1), rows)
        return
    for first in range(0, len(rows), _ROWS_PER_STATEMENT):
        some = rows[first : first + _ROWS_PER_STATEMENT]
        execute(_insertion(table, columns, fixed, len(some)), [value for row in some for value in row])


def key_value(flow_id: UUID) -> Any:
    """Return a flow's id as the database takes it."""
    return Flow._meta.pk.get_db_prep_value(flow_id, connection)


def time_value(at: datetime) -> Any:
    """Return a time as the database takes it."""
    return connection.ops.adapt_datetimefield_value(at)


def places(count: int) -> str:
    """Return as many places for parameters."""
    return ", ".join(["%s"] * count)


def for_update() -> str:
    """Return what makes a query lock its rows; SQLite has locked everything when the transaction began."""
    return " FOR UPDATE" if connection.features.has_select_for_update else ""


@lru_cache
def _insertion(table: str, columns: tuple[str, ...], fixed: frozenset[str] | None, count: int) -> str:
    values = ", ".join([f"({places(len(columns))})"] * count)
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}"  # noqa: S608  (our names)
    if fixed is None:
        return statement
    updates = ", ".join(_updates(columns, fixed))
    return f"{statement} ON CONFLICT ({columns[0]}) DO UPDATE SET {updates}"


def _updates(columns: Iterable[str], fixed: frozenset[str]) -> list[str]:
    return [f"{column} = excluded.{column}" for column in columns if column not in fixed]
