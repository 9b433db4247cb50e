"""PostgreSQL alone: a machine that falls silent in the middle of a transaction, and holds its locks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from flows.storage.store import consistent_read
from runs.commands import mark_handed, work_id
from runs.commands.handing import handed_of
from runs.engine.engine import Handed
from runs.engine.handing import HandsLater
from runs.models import Run, Worker
from runs.work.locks import _conninfo
from runs.work.reconcile import Reconciler
from tests.runs.hands import NOW, claim, go, make_flow, node, states, task_of
from tests.runs.working import PATIENCE, until
from web.db_errors import DatabaseErrors, is_held_up, is_outage
from web.write_transaction import waiting_at_most, write_transaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@contextmanager
def silent(statement: str, *values: object) -> Iterator[psycopg.Connection]:
    """A session that has asked something in a transaction, and asks nothing more."""
    with psycopg.connect(_conninfo()) as held:
        held.execute(statement.encode(), values)
        yield held
        held.rollback()


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def test_what_a_dead_worker_locks_keeps_nobody_from_judging_nor_others_from_being_taken(alice: User, bob: User) -> None:
    locked, other = (go(person, make_flow(person, [node("a", retries=2)])) for person in (alice, bob))
    for run in (locked, other):
        claim(run, "a", worker="dead")
    long_ago = timezone.now() - timedelta(seconds=60)
    Worker.objects.create(id="dead", state="ready", capacity=1, lock="8999", beat_at=long_ago, started_at=long_ago)
    engine = SimpleNamespace(held_by=lambda _worker: [], reassign=lambda _ids: None, forget=lambda _ids: None)
    me = SimpleNamespace(heartbeat=SimpleNamespace(well_for=lambda: 3600.0, has_failed=False), id="me")
    reconciler = Reconciler(cast("Any", engine), cast("Any", me))

    with silent("SELECT id FROM runs_run WHERE id = %s FOR UPDATE", locked.pk):
        reconciler.judge()

        assert Worker.objects.get(pk="dead").state == "dead"
        assert until(lambda: states(other) == {"a": "queued"})
        assert states(locked) == {"a": "running"}

    reconciler.take_over("dead")
    assert states(locked) == {"a": "queued"}


def test_what_is_locked_for_long_keeps_nothing_else_from_being_handed(alice: User) -> None:
    handed: list[str] = []
    later = HandsLater(cast("Any", SimpleNamespace(hand=lambda work: handed.extend(one.id for one in work))))
    locked, other = (go(alice, make_flow(alice, [node("a")])) for _ in range(2))

    held_up = threading.Event()

    def note(one: Handed) -> None:
        try:
            mark_handed([one], now=NOW)
        except DatabaseErrors as told:
            if is_held_up(told):
                held_up.set()
            raise

    def hand(run: Run) -> Handed:
        one = handed_of(task_of(run, "a"), run)
        later.hand([one], partial(note, one))
        return one

    with silent("SELECT key FROM runs_task WHERE key = %s FOR UPDATE", task_of(locked, "a").key):
        first = hand(locked)
        assert until(lambda: first.id in handed)
        assert held_up.wait(PATIENCE)

        second = hand(other)

        assert until(lambda: second.id in handed)
        assert until(lambda: task_of(other, "a").handed_at is not None)
    assert task_of(locked, "a").handed_at is None
    assert work_id(task_of(locked, "a").key, 1) == first.id


def test_who_waits_at_most_is_told_that_something_is_held_and_others_wait_on(alice: User) -> None:
    with silent("SELECT id FROM accounts_user WHERE id = %s FOR UPDATE", alice.pk):
        with pytest.raises(DatabaseErrors) as told, waiting_at_most(0.05), write_transaction():
            User.objects.select_for_update().get(pk=alice.pk)
        assert is_held_up(told.value)
        assert is_outage(told.value)

    with waiting_at_most(0.05):
        pass
    with write_transaction():
        assert setting("lock_timeout") == "0"


def test_a_session_that_asks_nothing_in_a_transaction_is_ended_as_by_an_outage(alice: User) -> None:
    assert setting("idle_in_transaction_session_timeout") == "30s"
    assert setting("tcp_user_timeout") in {"30s", "0"}  # a Unix socket has none
    pid = connection.connection.info.backend_pid

    with (
        pytest.raises(DatabaseErrors) as told,
        write_transaction(),
        psycopg.connect(_conninfo(), autocommit=True) as aside,
    ):
        User.objects.filter(pk=alice.pk).update(name="changed")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
        assert until(lambda: not aside.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchall())
        User.objects.filter(pk=alice.pk).update(name="again")

    assert is_outage(told.value)
    connection.close()
    assert User.objects.get(pk=alice.pk).name == alice.name


def test_who_only_reads_may_think_for_longer() -> None:
    with consistent_read():
        assert setting("idle_in_transaction_session_timeout") == "10min"
    with transaction.atomic():
        assert setting("idle_in_transaction_session_timeout") == "30s"
