"""Emptying the log between tests, which nothing in the product can do."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import TransactionTestCase

from flows.log import settle
from flows.storage import append_only


@contextmanager
def unlocked_log() -> Iterator[None]:
    """Take the triggers of the log away for as long as the block runs."""
    append_only.remove(connection)
    try:
        yield
    finally:
        append_only.install(connection)


@contextmanager
def flush_may_empty_the_log() -> Iterator[None]:
    """Unlock the log whenever the end of a transactional test empties the tables, and let snapshots finish before."""
    empty_tables = TransactionTestCase._fixture_teardown

    def unlock_and_empty_tables(case: TransactionTestCase) -> None:
        settle()
        with unlocked_log():
            empty_tables(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", unlock_and_empty_tables)
        yield
