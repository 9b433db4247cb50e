"""What `helix up` does before it serves: make the data folder private, collect static files, bring the database up to
date, delete expired logins, seed the demo. What keeps it from starting is said in one sentence (`reason`).

Several processes may start at the same moment. A lock file in the data folder lets one at a time prepare what lies
there, and a PostgreSQL advisory lock does the same for processes on other machines; who comes second finds it done.
"""

import errno
import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from accounts.acting import as_system
from flows.storage import row_level_security

if TYPE_CHECKING:
    import psycopg

ADVISORY_LOCK = 0x48656C6978  # "Helix"
CONNECT_SECONDS = "5"
FOLDERS = {"static", "backups", "logs", "workers"}
FILES = ("helix.sqlite3*", "engine.sqlite3*", "*_key", ".*_key.*", "startup.lock")
"""What a data folder holds. One with other folders in it is not ours alone, and is left as it is around our files."""

log = structlog.get_logger(__name__)


class NotReadyError(Exception):
    """The installation cannot be made ready; the message says why."""


@as_system
def prepare(*, demo: bool) -> None:
    """Make the installation ready to serve; doing it again changes nothing."""
    from helix.settings_audit import tell_settings

    with one_at_a_time(settings.DATA_DIR):
        make_private(settings.DATA_DIR)
        expect_postgresql()
        expect_barrier(is_required=settings.HELIX_REQUIRE_BARRIER)
        collect_static_files()
        with one_per_database():
            expect_no_newer_release()
            call_command("migrate", verbosity=0, interactive=False)
            call_command("clearsessions", verbosity=0)
            warn_of_other_key()
            tell_settings()
            if demo:
                from flows.demo import seed_demo

                seed_demo()
    connection.close()


def warn_of_other_key() -> None:
    """Warn that `helix verify` will not take what is logged from now on for ours, or what was logged before."""
    from flows.log import key_mismatch

    if mismatch := key_mismatch():
        log.warning("log_key_is_another", reason=mismatch)


def reason(error: Exception) -> str:
    """Say in one sentence why an error keeps us from starting, and where there is one, what to do."""
    if isinstance(error.__cause__, sqlite3.Error) and (told := reason_of_sqlite(error.__cause__)):
        return told
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the disk that holds {error.filename or settings.DATA_DIR} is full."
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return str(error).strip().partition("\n")[0] or type(error).__name__


def reason_of_sqlite(error: sqlite3.Error) -> str | None:
    """Say what SQLite means by the errors that an operator can do something about."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return f"{database_file()} is damaged or no database of Helix. Put a backup in its place."
        case sqlite3.SQLITE_FULL:
            return f"the disk that holds {settings.DATA_DIR} is full."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return f"{database_file()} cannot be opened for writing."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{database_file()} is locked by another program."
        case _:
            return None


def database_file() -> str:
    """Return where SQLite's file is."""
    return str(settings.DATABASES["default"]["NAME"])


def make_private(folder: Path) -> None:
    """Take from others what they may do with the data folder; say so if that was anything."""
    foreign = [path.name for path in folder.iterdir() if path.is_dir() and path.name not in FOLDERS]
    status = folder.stat()
    if foreign or status.st_uid != os.getuid() or status.st_mode & stat.S_ISVTX:
        paths = [path for pattern in FILES for path in folder.glob(pattern)]
    else:
        paths = [folder, *folder.rglob("*")]
    changed = [path for path in paths if tighten(path)]
    if changed:
        log.warning("data_folder_made_private", folder=str(folder), changed=len(changed))


def tighten(path: Path) -> bool:
    """Leave a file or folder to its owner alone; say whether others had a right to it."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode) or not mode & 0o077:
        return False
    path.chmod(stat.S_IMODE(mode) & 0o700)
    return True


def expect_postgresql() -> None:
    """Raise with PostgreSQL's own words if it does not answer; the pool would try in vain and not say why."""
    if connection.vendor != "postgresql":
        return
    import psycopg

    try:
        connect_to_postgresql().close()
    except psycopg.OperationalError as error:
        raise NotReadyError(f"the database does not answer: {str(error).strip().partition(chr(10))[0]}") from error


def connect_to_postgresql() -> "psycopg.Connection":
    """Connect beside Django and its pool. Raises `psycopg.OperationalError`."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    given = {name: value for name, value in connection.get_connection_params().items() if isinstance(value, str)}
    return psycopg.connect(make_conninfo(**{"connect_timeout": CONNECT_SECONDS, **given}))


def expect_barrier(*, is_required: bool) -> None:
    """Say in one line if row-level security does not hold; raise `NotReadyError` if it must. SQLite has none."""
    if connection.vendor == "postgresql":
        with connect_to_postgresql() as beside:  # no pool: a worker forks afterwards, and a pool does not survive that
            if row_level_security.does_hold(beside):
                return
    role = connection.settings_dict["USER"] or "this role"
    if is_required and connection.vendor != "postgresql":
        raise NotReadyError("HELIX_REQUIRE_BARRIER asks for row-level security, which only PostgreSQL has.")
    if is_required:
        raise NotReadyError(
            f"row-level security does not bind {role}, a superuser or one with BYPASSRLS."
            " Make another role with `helix database grant ROLE`."
        )
    if connection.vendor == "postgresql":
        log.warning("barrier_does_not_hold", role=role, hint="helix database grant ROLE")


def expect_no_newer_release() -> None:
    """Raise if the database knows migrations that we do not."""
    loader = MigrationLoader(connection)
    newer = sorted(".".join(key) for key in loader.applied_migrations.keys() - loader.disk_migrations.keys())
    if newer:
        raise NotReadyError(f"the database was written by a newer release of Helix ({newer[-1]}). Install that one.")


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the data folder's lock file; the lock goes with the process, however it ends."""
    with (folder / "startup.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def one_per_database() -> Iterator[None]:
    """Hold PostgreSQL's advisory lock; SQLite lives in the data folder, whose lock we have."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


def collect_static_files() -> None:
    """Collect static files under hashed names, unless nothing has changed since the last time."""
    from helix.storage import fingerprint

    if settings.DEBUG:
        return
    mark = Path(settings.STATIC_ROOT) / ".fingerprint"
    now = fingerprint()
    if mark.exists() and mark.read_text() == now:
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    mark.write_text(now)
