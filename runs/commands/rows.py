"""Rows of runs by plain SQL: a settled task reads and writes a dozen of them, and having the ORM build each statement
takes ten times as long as the database does.

Rows come back as instances of their models; of those that were read, only the columns that changed are written.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model

from flows.storage.sql import Row, execute, for_update, insert, key_value, places, select, time_value

M = TypeVar("M", bound=Model)
AT_ONCE = 500
"""Rows of one statement: SQLite takes 32,766 parameters."""


class Rows(Generic[M]):
    """The rows of one model."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._fields = list(model._meta.concrete_fields)
        self._names = tuple(field.attname for field in self._fields)
        self._columns = tuple(str(field.column) for field in self._fields)
        self._table = model._meta.db_table
        self._key = str(model._meta.pk.column)

    def where(self, condition: str, values: Sequence[object], *, lock: bool = False) -> list[M]:
        """Read rows; `condition` holds `%s` for each value."""
        statement = f"SELECT {', '.join(self._columns)} FROM {self._table} WHERE {condition}"  # noqa: S608  (our names)
        rows = select(statement + (for_update() if lock else ""), [_value(value) for value in values])
        readers = self._readers(connection.vendor)
        return [self._instance(row, readers) for row in rows]

    def keyed(self, keys: Sequence[object], *, lock: bool = False) -> list[M]:
        """Read rows by their primary keys."""
        found: list[M] = []
        for first in range(0, len(keys), AT_ONCE):
            some = keys[first : first + AT_ONCE]
            found += self.where(f"{self._key} IN ({places(len(some))})", some, lock=lock)
        return found

    def insert(self, rows: Sequence[M]) -> None:
        """Insert rows; a key that counts up is the database's."""
        auto = self._model._meta.auto_field
        kept = [index for index, field in enumerate(self._fields) if field is not auto]
        columns = tuple(self._columns[index] for index in kept)
        for first in range(0, len(rows), AT_ONCE):
            some = rows[first : first + AT_ONCE]
            insert(self._model, columns, [self._row(row, kept) for row in some])

    def update(self, row: M, before: Mapping[str, object]) -> None:
        """Write what is other than before."""
        changed = {
            column: value
            for name, column in zip(self._names, self._columns, strict=True)
            if (value := getattr(row, name)) != before[name]
        }
        if changed:
            self.write(f"{self._key} = %s", [row.pk], **changed)

    def write(self, condition: str, values: Sequence[object], **given: object) -> None:
        """Write columns of all rows that fit a condition."""
        assignments = ", ".join(f"{column} = %s" for column in given)
        statement = f"UPDATE {self._table} SET {assignments} WHERE {condition}"  # noqa: S608  (our names)
        execute(statement, [_value(value) for value in (*given.values(), *values)])

    def state_of(self, row: M) -> dict[str, object]:
        """Return what a row holds, to tell later what changed."""
        return {name: getattr(row, name) for name in self._names}

    def _row(self, row: M, kept: Iterable[int]) -> Row:
        return tuple(_value(getattr(row, self._names[index])) for index in kept)

    def _instance(self, row: Row, readers: Sequence[tuple[int, Callable[[Any], Any]]]) -> M:
        values = list(row)
        for index, read in readers:
            if values[index] is not None:
                values[index] = read(values[index])
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, values)

    @lru_cache(2)  # noqa: B019  (one for each model, for ever)
    def _readers(self, vendor: str) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
        """Return what makes values of columns that the database gives as something else."""
        if vendor != "sqlite":
            return ()
        found = ((index, _READERS.get(field.get_internal_type())) for index, field in enumerate(self._types()))
        return tuple((index, read) for index, read in found if read is not None)

    def _types(self) -> list[Any]:
        return [getattr(field, "target_field", field) for field in self._fields]


def _value(value: object) -> Any:
    match value:
        case UUID():
            return key_value(value)
        case datetime():
            return time_value(value)
        case bool() if connection.vendor == "sqlite":
            return int(value)
        case _:
            return value


def _read_time(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "UUIDField": lambda text: UUID(hex=text),
    "DateTimeField": _read_time,
    "BooleanField": bool,
}
