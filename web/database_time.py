"""The time that many processes decide by: the clock of the database, since those of several machines differ.

On SQLite all of them are on one machine, and its clock is the database's.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

AHEAD = timedelta(minutes=1)
"""So far ahead no time can lie at which something has happened already, whatever has taken long meanwhile."""


def database_time() -> datetime:
    """Return the present time by the database. Raises what the database does."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def has_come(name: str, by: datetime, furthest: datetime) -> Q:
    """Say which rows have a time that has come, or lies further ahead than it can: the clock was wrong."""
    return Q(**{f"{name}__lte": by}) | Q(**{f"{name}__gt": furthest})
