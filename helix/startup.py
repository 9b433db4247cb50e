"""What `helix up` does before it serves: collect static files, bring the database up to date, delete expired
logins, seed the demo.

Several processes may start at the same moment. A lock file in the data folder lets one at a time prepare what lies
there, and a PostgreSQL advisory lock does the same for processes on other machines; who comes second finds it done.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import connection

log = structlog.get_logger(__name__)

ADVISORY_LOCK = 0x48656C6978  # "Helix"


def prepare(*, demo: bool) -> None:
    """Make the installation ready to serve; doing it again changes nothing."""
    with one_at_a_time(settings.DATA_DIR):
        collect_static_files()
        with one_per_database():
            call_command("migrate", verbosity=0, interactive=False)
            call_command("clearsessions", verbosity=0)
            say_if_key_is_another()
            if demo:
                from flows.demo import seed_demo

                seed_demo()
    connection.close()


def say_if_key_is_another() -> None:
    """Warn that `helix verify` will not take what is logged from now on for ours, or what was logged before."""
    from flows.log import other_key

    if said := other_key():
        log.warning("log_key_is_another", reason=said)


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
