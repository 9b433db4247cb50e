"""The time that many processes decide by: the clock of the database, since those of several machines differ.

On SQLite all of them are on one machine, and its clock is the database's.
"""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def database_time() -> datetime:
    """Return the present time by the database. Raises what the database does."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found
