"""Queries of the databases that `HELIX_DATABASES` names, for rows beyond a cursor: read-only and in bounds.

A query is one SELECT in which `:cursor` stands for the last value seen; ours around it puts the rows in the cursor's
order and takes a few. Nothing can be written: SQLite is opened so and asked of every action, PostgreSQL runs the
transaction read-only (what its role may read is the operator's to say). Time, rows and their length are bounded.
"""

import math
import sqlite3
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime
from datetime import time as clock_time
from decimal import Decimal
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from flows.expressions import Json
from runs.triggers.statements import Statement, read_statement
from web.deferred_translation import kept as _
from web.errors import Problem

SECONDS = 10.0
ROW_BYTES = 1_048_576
MOST_COLUMNS = 200
BEGINNINGS = ("0", "-infinity", "00000000-0000-0000-0000-000000000000")
"""What stands for a cursor that nothing was seen of: for numbers and texts, for times, for ids."""

Row = Mapping[str, Json]
_OTHER_KIND = (
    psycopg.errors.InvalidTextRepresentation,
    psycopg.errors.InvalidDatetimeFormat,
    psycopg.errors.DatetimeFieldOverflow,
)


class QueryFailed(Exception):  # noqa: N818  (a result, not a defect)
    """The database did not answer, or not with rows; `message` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def check_query(text: str) -> None:
    """Refuse what is not one SELECT with `:cursor` in it. Raises `Problem("invalid")`."""
    statement = read_statement(text)
    if statement is None:
        raise Problem("invalid", _("query: one SELECT, without “;” in it"))
    if not statement.has_cursor:
        raise Problem("invalid", _("query: :cursor is missing, as in “WHERE id > :cursor”"))


def rows_beyond(url: str, query: str, column: str, cursor: Json, most: int) -> list[Row]:
    """Return the next rows by a growing column, at most `most`, but all of the last value or none.

    `cursor` is the last value seen, None for none. Raises `QueryFailed`.
    """
    statement = read_statement(query)
    if statement is None:
        raise QueryFailed(_("The query is not one SELECT."))
    ask = _of_sqlite if url.startswith("sqlite:") else _of_postgres
    found = [_plain(row) for row in ask(url, statement, column, cursor, most + 1)]
    if any(column not in row for row in found):
        raise QueryFailed(_("The rows have no column “%(column)s”.") % {"column": column})
    if len(found) <= most:
        return found
    last = found[-1][column]
    whole = [row for row in found if row[column] != last]
    if not whole:
        raise QueryFailed(_("More than %(most)d rows have the same value in the column that grows.") % {"most": most})
    return whole


def _of_sqlite(url: str, statement: Statement, column: str, cursor: Json, most: int) -> list[Mapping[str, object]]:
    path = unquote(urlsplit(url).path)
    path = path[1:] if path.startswith("//") else path
    name = f"`{column.replace('`', '``')}`"
    asked = f"SELECT * FROM ({statement.text}\n) WHERE {name} IS NOT NULL ORDER BY {name} LIMIT {most:d}"  # noqa: S608
    deadline = time.monotonic() + SECONDS
    try:
        connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=2)
        try:
            connection.text_factory = lambda held: held.decode(errors="replace")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, ROW_BYTES)
            connection.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, MOST_COLUMNS)
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 1000)
            connection.set_authorizer(_allowed)
            given = {"cursor": 0 if cursor is None else cursor}
            connection.execute(f"EXPLAIN {statement.text}", given).close()  # alone it is one, too: quotes differ here
            found = connection.execute(asked, given)
            names = [str(told[0]) for told in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchmany(most)]
        finally:
            connection.close()
    except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
        raise QueryFailed(_("The database says: %(why)s") % {"why": str(error)[:300]}) from None


_READING = {
    sqlite3.SQLITE_SELECT: "",
    sqlite3.SQLITE_READ: "",
    sqlite3.SQLITE_RECURSIVE: "",
    sqlite3.SQLITE_FUNCTION: "load_extension",
}


def _allowed(action: int, _first: str | None, second: str | None, _database: str | None, _inside: str | None) -> int:
    may = action in _READING and (not second or second.lower() != _READING[action])
    return sqlite3.SQLITE_OK if may else sqlite3.SQLITE_DENY


def _of_postgres(url: str, statement: Statement, column: str, cursor: Json, most: int) -> list[Mapping[str, object]]:
    beginnings = BEGINNINGS if cursor is None else (str(cursor),)
    try:
        with psycopg.connect(
            url, connect_timeout=5, application_name="helix sensor", row_factory=dict_row
        ) as connection:
            connection.read_only = True
            for number, beginning in enumerate(beginnings, 1):
                try:
                    return _selected(connection, statement, column, beginning, most)
                except _OTHER_KIND:
                    connection.rollback()
                    if number == len(beginnings):
                        raise
    except psycopg.errors.DivisionByZero:
        raise QueryFailed(_("A row is longer than %(most)d bytes.") % {"most": ROW_BYTES}) from None
    except psycopg.errors.QueryCanceled:
        raise QueryFailed(_("The query took longer than %(most)d s.") % {"most": SECONDS}) from None
    except psycopg.Error as error:
        why = (error.diag.message_primary or _("no connection"))[:300]
        raise QueryFailed(_("The database says: %(why)s") % {"why": why}) from None
    return []


def _selected(
    connection: "psycopg.Connection[dict[str, object]]", statement: Statement, column: str, cursor: str, most: int
) -> list[Mapping[str, object]]:
    """Ask in one read-only transaction. A row that is too long fails by a division, before it is sent."""
    asked = sql.SQL(
        "SELECT * FROM ({query}\n) AS found WHERE {column} IS NOT NULL"
        " AND CASE WHEN octet_length(found::text) > {bytes} THEN octet_length(found::text) / 0 = 1 ELSE true END"
        " ORDER BY {column} LIMIT {most}"
    ).format(
        query=sql.SQL(statement.for_postgres),
        column=sql.Identifier(column),
        bytes=sql.Literal(ROW_BYTES),
        most=sql.Literal(most),
    )
    with connection.transaction(force_rollback=True), connection.cursor() as held:
        held.execute(f"SET LOCAL statement_timeout = {int(SECONDS * 1000)}")
        held.execute("SET LOCAL lock_timeout = 2000")
        held.execute(asked, {"cursor": cursor}, prepare=False)
        return list(held.fetchall())


def _plain(row: Mapping[str, object]) -> Row:
    return {str(name): _json(value) for name, value in row.items()}


def _json(value: object) -> Json:
    match value:
        case None | bool() | int() | str():
            return value
        case float() | Decimal():
            return _number(value)
        case Mapping():
            return {str(name): _json(inner) for name, inner in value.items()}
        case list() | tuple() | set():
            return [_json(inner) for inner in value]
        case _:
            return _spelt(value)


def _number(value: float | Decimal) -> Json:
    if not math.isfinite(value):
        return None
    is_whole = isinstance(value, Decimal) and value == value.to_integral_value() and -(2**63) <= value < 2**64
    return int(value) if is_whole else float(value)


def _spelt(value: object) -> str:
    if isinstance(value, datetime | date | clock_time):
        return value.isoformat()
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
