"""An error in a pipeline on PostgreSQL, whenever it comes: it is told as itself, and the connection serves the next."""

import select
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DataError, connections
from psycopg.pq import PipelineStatus
from pytest_django.plugin import DjangoDbBlocker

from helix.environment import database
from tests.postgres import Postgres
from web.postgresql.base import DatabaseWrapper
from web.write_transaction import write_transaction

PATIENCE = 20.0


@pytest.fixture
def own(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[DatabaseWrapper]:
    """Django's connection to a PostgreSQL, from a pool of one."""
    monkeypatch.setenv("HELIX_DATABASE_URL", postgres.new_database())
    monkeypatch.setenv("HELIX_DATABASE_POOL", "1")
    before = connections["default"]
    own = DatabaseWrapper({**before.settings_dict, **database(Path())}, "default")
    connections["default"] = own
    with django_db_blocker.unblock():
        yield own
        own.close()
        own.close_pool()
    connections["default"] = before


def values(database: DatabaseWrapper, statement: str) -> list[tuple[object, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[object, ...]] = cursor.fetchall()
    return rows


def test_an_error_that_comes_before_the_next_statement_is_sent_is_told_as_itself(own: DatabaseWrapper) -> None:
    with pytest.raises(DataError), write_transaction(edits=True), own.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
        assert select.select([own.connection.fileno()], [], [], PATIENCE)[0]
        values(own, "SELECT 2")

    assert values(own, "SELECT 3") == [(3,)]
    assert own.connection.info.pipeline_status == PipelineStatus.OFF


def test_transactions_see_what_was_committed_while_they_waited(own: DatabaseWrapper) -> None:
    name = own.settings_dict["NAME"]
    with own.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'")
    own.close()
    own.close_pool()

    with write_transaction():
        assert values(own, "SHOW transaction_isolation") == [("read committed",)]
