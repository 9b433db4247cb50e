"""Distinguishes an outage, of the database or of Redis, from a defect of ours.

An outage passes, by itself or by an operator's hand, and until then nothing can be saved or read: no connection, a
restart, a lock that does not come, a full disk. What was asked may be asked again. A collision is one too: two
transactions stood in each other's way and ours was taken back whole, so it is begun again
a few times before it is reported. Everything else that the database refuses is a bug and stays loud.
"""

import sqlite3
import sys

from django.db import InterfaceError, InternalError, OperationalError

SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
COLLISIONS = ("40001", "40P01")
"""PostgreSQL's: not serialisable, deadlock."""
SQLSTATES = (*COLLISIONS, "08", "25006", "25P03", "25P04", "53100", "53300", "55P03", "57P", "58")
"""PostgreSQL's: collisions, connection, read-only after a failover, a transaction that took too long, disk full, too
many connections, lock not available, shutdown, system. Not a statement that is cancelled or wants too much memory:
asked again, it may come to the same for ever."""

DatabaseErrors = (OperationalError, InterfaceError, InternalError)
"""What an outage may come as, and much else; a database that became read-only is an internal error to its driver."""


class LockTimeout(OperationalError):  # noqa: N818
    """The lock that lets one writer at a time did not come in time."""


def is_outage(error: BaseException) -> bool:
    """Tell whether the database, or Redis, could not do what it was asked, for reasons outside the request."""
    if is_of_redis(error, "ConnectionError", "TimeoutError"):
        return True
    if not isinstance(error, DatabaseErrors):
        return False
    cause = error.__cause__
    if cause is None:  # Django's own word for a connection that is gone, or ours for a lock that does not come
        return isinstance(error, InterfaceError | LockTimeout)
    return is_outage_of_driver(cause)


def is_outage_of_driver(error: BaseException) -> bool:
    """Tell of an operational, interface or internal error of a driver whether it is an outage."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE
    state = getattr(error, "sqlstate", None)
    return state is None or state.startswith(SQLSTATES)


def is_of_redis(error: BaseException, *classes: str) -> bool:
    """Tell whether Redis's client raised an error, of these classes. It is not loaded for that: few need its 5 MiB."""
    redis = sys.modules.get("redis.exceptions")
    return redis is not None and isinstance(error, tuple(getattr(redis, name) for name in classes or ("RedisError",)))


def is_held_up(error: BaseException) -> bool:
    """Tell whether somebody held a lock for longer than a transaction was to wait (`waiting_at_most`)."""
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) == "55P03"


def is_collision(error: BaseException) -> bool:
    """Tell whether a transaction was taken back because it and another stood in each other's way."""
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in COLLISIONS
