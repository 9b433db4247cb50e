"""Emptying the log between tests, which nothing in the product can do."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import TransactionTestCase

from flows.log import settle
from flows.storage import append_only
from runs import append_only as events_append_only

OF_MIGRATIONS = {
    "auth_permission",
    "django_content_type",
    "django_site",
    MigrationRecorder.Migration._meta.db_table,
}
"""What migrations write for the models that there are, and would write again after each test."""


@contextmanager
def unlocked_log() -> Iterator[None]:
    """Take the triggers of the log away for as long as the block runs."""
    append_only.remove(connection)
    events_append_only.remove(connection)
    try:
        yield
    finally:
        append_only.install(connection)
        events_append_only.install(connection)


@contextmanager
def log_emptied_after_tests() -> Iterator[None]:
    """Let the end of a transactional test empty what it filled, the log too, and let snapshots finish before.

    In one transaction, by DELETE: Django's own flush writes all content types and permissions again, and on PostgreSQL
    its TRUNCATE makes new files for each table.
    """

    def empty(_case: TransactionTestCase) -> None:
        settle()
        with transaction.atomic():
            if filled := filled_tables():
                with unlocked_log(), connection.cursor() as cursor:
                    for table in filled:
                        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


def filled_tables() -> list[str]:
    """Name the tables that a test has written to."""
    tables = sorted({*connection.introspection.django_table_names(include_views=False)} - OF_MIGRATIONS)
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})" for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [table for (table,) in cursor.fetchall()]
