"""A lock for each worker whose end the system reports: when its process dies, the lock is free at once.

On PostgreSQL an advisory lock, held by a connection that does nothing else but beat; on SQLite, where all workers are
on one machine, a locked file in the data folder, whose time of change is the beat.
"""

import fcntl
import os
import secrets
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

FOLDER = "workers"
CONNECT_SECONDS = 2
SILENT_SECONDS = 3
"""After so long without an answer the system gives a connection up."""


class FileLock:
    """A locked file."""

    def __init__(self, worker: str) -> None:
        self.name = f"{worker}.lock"
        self._path = folder() / self.name
        self._file: int | None = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.let_go()
            raise

    def beat(self) -> None:
        """Change the file's time to now."""
        if self._file is not None:
            os.utime(self._file)

    def let_go(self) -> None:
        """Free the lock, and leave nothing."""
        file, self._file = self._file, None
        if file is not None:
            self._path.unlink(missing_ok=True)
            os.close(file)


class AdvisoryLock:
    """An advisory lock of PostgreSQL, and the connection that holds it."""

    def __init__(self) -> None:
        self._key = secrets.randbits(62)
        self.name = str(self._key)
        self._connection: psycopg.Connection | None = None

    def connected(self) -> psycopg.Connection:
        """Return the connection, made anew and holding the lock if it was lost. Raises `psycopg.Error`."""
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection = None
            made = psycopg.connect(_conninfo(), autocommit=True)
            made.execute("SELECT pg_advisory_lock(%s)", [self._key])
            self._connection = made
        return self._connection

    def drop(self) -> None:
        """Give the connection up, so that the next use makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def let_go(self) -> None:
        """Free the lock."""
        self.drop()


def folder() -> Path:
    """Return where lock files lie."""
    path: Path = settings.DATA_DIR / FOLDER
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def is_free(name: str) -> bool:
    """Tell whether nobody holds a worker's lock."""
    if connection.vendor == "postgresql":
        return _is_free_on_postgresql(int(name))
    return _is_free_file(folder() / Path(name).name)


def has_kept_sessions(seconds: float) -> bool:
    """Tell whether PostgreSQL has not restarted for so long, which frees all locks: some session is older."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_start < clock_timestamp() - %s * interval '1s')",
            [seconds],
        )
        return bool(cursor.fetchone()[0])


def beat_file_time(name: str) -> float | None:
    """Return when the worker with this lock file last beat, in seconds since 1970; None if there is no such file."""
    try:
        return (folder() / Path(name).name).stat().st_mtime
    except FileNotFoundError:
        return None


def remove_file(name: str) -> None:
    """Delete the lock file of a worker that is dead."""
    (folder() / Path(name).name).unlink(missing_ok=True)


def _is_free_file(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def _is_free_on_postgresql(key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND classid = %s AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [key >> 32, key & 0xFFFFFFFF],
        )
        return int(cursor.fetchone()[0]) == 0


def _conninfo() -> str:
    given = {name: value for name, value in connection.get_connection_params().items() if isinstance(value, str)}
    patience = {
        "connect_timeout": str(CONNECT_SECONDS),
        "tcp_user_timeout": str(SILENT_SECONDS * 1000),
        "keepalives_idle": "1",
        "keepalives_interval": "1",
        "keepalives_count": str(SILENT_SECONDS),
    }
    return make_conninfo(**{**given, **patience, "application_name": "helix-worker"})
