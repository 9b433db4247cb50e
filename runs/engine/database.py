"""Where the engine keeps its queue: a SQLite file of its own beside ours, or a schema of its own in our PostgreSQL.

In one SQLite file with the flows an edit's slowest commits took a second (measured); two files do not wait for each
other. Nothing here must survive a power cut, because rows are the truth and a sweep hands over again: so commits do
not wait for the disk. A file that is spoilt is made anew, and who has opened one that is not there any more opens the
new one.
"""

import fcntl
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from django.conf import settings
from django.db import connections

from web.db_errors import is_outage_of_driver

FILE = "engine.sqlite3"
SCHEMA = "engine"
POOL = 8
CONNECT_SECONDS = 5
SPOILT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

log = structlog.get_logger(__name__)


def open_database() -> sa.Engine:
    """Open the engine's database of this installation."""
    given = connections["default"].settings_dict
    if connections["default"].vendor == "sqlite":
        return open_sqlite(settings.DATA_DIR / FILE)
    return open_postgresql(given)


def open_sqlite(path: Path) -> sa.Engine:
    """Open a file, in WAL mode."""
    database = sa.create_engine(f"sqlite:///{path}", pool_size=POOL, max_overflow=0)

    @sa.event.listens_for(database, "connect")
    def prepare(raw: Any, _record: object) -> None:
        raw.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=20000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            raw.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(database, "connect")
    def note_file(_raw: Any, record: Any) -> None:
        record.info["file"] = _file_at(path)

    @sa.event.listens_for(database, "checkout")
    def expect_file(_raw: Any, record: Any, _proxy: object) -> None:
        if record.info.get("file") != _file_at(path):
            raise sa.exc.DisconnectionError("the file was replaced")

    return database


def replace_if_spoilt(database: sa.Engine, failure: sa.exc.DBAPIError) -> None:
    """Delete a file of SQLite's that is none any more, as an error says; what was in it is handed over again.

    One process at a time looks whether that is still so.
    """
    if getattr(failure.orig, "sqlite_errorcode", 0) & 0xFF not in SPOILT:
        return
    path = Path(str(database.url.database))
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_sound(path):
            log.error("engine_file_spoilt", file=str(path), reason=repr(failure)[:300])
            for suffix in ("-shm", "-wal", ""):  # in this order: beside a new file they would be taken for its own
                path.with_name(path.name + suffix).unlink(missing_ok=True)
    database.dispose()


def _is_sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as opened:
            return bool(opened.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as failure:
        return failure.sqlite_errorcode & 0xFF not in SPOILT


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def open_postgresql(given: dict[str, Any]) -> sa.Engine:
    """Open the database that Django's settings name."""
    known = {name: value for name, value in given["OPTIONS"].items() if isinstance(value, str)}
    url = sa.URL.create(
        "postgresql+psycopg", given["USER"] or None, given["PASSWORD"] or None, database=str(given["NAME"])
    )
    place = {"host": given["HOST"] or None, "port": given["PORT"] or None}
    database = sa.create_engine(
        url,
        connect_args={
            **known,
            **{name: value for name, value in place.items() if value},
            "application_name": "helix-engine",
            "connect_timeout": CONNECT_SECONDS,
        },
        pool_size=POOL,
        max_overflow=0,
        pool_pre_ping=True,
    )

    @sa.event.listens_for(database, "connect")
    def prepare(raw: Any, _record: object) -> None:
        with raw.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SET idle_in_transaction_session_timeout = 10000")
        raw.commit()

    return database


def is_outage(failure: Exception) -> bool:
    """Tell whether the engine's database could not do what it was asked, for reasons outside of that."""
    if isinstance(failure, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.InternalError):
        return failure.connection_invalidated or failure.orig is None or is_outage_of_driver(failure.orig)
    return isinstance(failure, sa.exc.TimeoutError)  # of the pool
