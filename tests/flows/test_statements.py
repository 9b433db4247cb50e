"""How many statements a commit takes: the same for one submission and for a hundred, on both databases.

Counted is what the database is given, rows of one statement together, without the transaction's begin and end; and how
many functions of Python one more submission calls.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.principals import Person
from accounts.tokens import caller_of_session
from flows.commands import Submission, Versioned, commit, create_flow, submit
from flows.models import Flow
from flows.parsing import parse_flow
from flows.storage.store import load_document
from tests.flows.conftest import Ask, label, move
from tests.flows.test_revocation import session_of

pytestmark = pytest.mark.django_db

NODES = 100
CALLS_A_MOVE = 95


@pytest.fixture
def wide(alice: User) -> Flow:
    """A flow of a hundred nodes without edges."""
    nodes = [{"id": f"n{i}", "kind": "agent", "x": i, "y": 0} for i in range(NODES)]
    return create_flow(Person(alice.pk), parse_flow(title="Wide", nodes=nodes), via="api")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Gather the statements that the block gives the database; one for many rows counts as often as it has rows."""
    given: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "SAVEPOINT" not in sql:  # the test's own transaction is around it
            given.extend([sql] * (len(params) if many else 1))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield given


def most() -> int:
    """SQLite counts what a flow and a person take by two statements; PostgreSQL by one, but holds rights by one."""
    return 8


def logged_in(asked: list[Submission], user: User) -> list[Submission]:
    """Ask the same by a login, which has to stand."""
    caller = caller_of_session(session_of(user))
    assert caller is not None
    return [replace(one, principal=caller[1]) for one in asked]


@pytest.mark.parametrize("count", [1, NODES])
def test_a_commit_of_a_live_session(wide: Flow, alice: User, ask: Ask, count: int) -> None:
    loaded = load_document(wide.pk)
    asked = [ask(alice, move(f"n{i}", 500), seq=i + 1) for i in range(count)]
    with statements() as given:
        receipt = commit(wide.pk, asked, graph=Versioned(loaded.document, loaded.version))
    assert receipt.version == 1 + count
    assert len(given) == most(), given


@pytest.mark.parametrize("count", [1, NODES])
def test_without_the_flow_in_memory_its_nodes_are_read_too(wide: Flow, alice: User, ask: Ask, count: int) -> None:
    asked = [ask(alice, label(f"n{i}", "New"), seq=i + 1) for i in range(count)]
    with statements() as given:
        submit(wide.pk, asked)
    assert len(given) == most() + 1, given


@pytest.mark.parametrize("count", [1, NODES])
def test_refusals_are_kept_by_one_statement(wide: Flow, alice: User, ask: Ask, count: int) -> None:
    loaded = load_document(wide.pk)
    asked = [ask(alice, move("nowhere", 500), seq=i + 1) for i in range(count)]
    commit(wide.pk, asked[:1], graph=Versioned(loaded.document, loaded.version))
    with statements() as given:
        commit(wide.pk, asked, graph=Versioned(loaded.document, loaded.version))
    assert len(given) <= most(), given


def test_what_was_answered_is_only_read(wide: Flow, alice: User, ask: Ask) -> None:
    loaded = load_document(wide.pk)
    asked = [ask(alice, move(f"n{i}", 500), seq=i + 1) for i in range(NODES)]
    first = commit(wide.pk, asked, graph=Versioned(loaded.document, loaded.version))
    with statements() as given:
        again = commit(wide.pk, asked, graph=Versioned(loaded.document, loaded.version))
    assert (again.version, len(again.answers)) == (first.version, NODES)
    assert len(given) == (3 if connection.vendor == "sqlite" else 4), given


def test_whether_logins_stand_is_asked_by_one_more(wide: Flow, alice: User, ask: Ask) -> None:
    loaded = load_document(wide.pk)
    asked = logged_in([ask(alice, move(f"n{i}", 500), seq=i + 1) for i in range(NODES)], alice)
    with statements() as given:
        commit(wide.pk, asked, graph=Versioned(loaded.document, loaded.version))
    assert len(given) == most() + 1, given


def calls_of(flow: Flow, asked: list[Submission]) -> int:
    """Commit, and count the functions of Python that are called for it, without what other tests left to clear away."""
    loaded, called = load_document(flow.pk), 0

    def note(_frame: FrameType, event: str, _given: object) -> None:
        nonlocal called
        called += event == "call"

    gc.disable()
    sys.setprofile(note)
    try:
        commit(flow.pk, asked, graph=Versioned(loaded.document, loaded.version))
    finally:
        sys.setprofile(None)
        gc.enable()
    return called


def test_one_more_move_calls_little(wide: Flow, alice: User, ask: Ask) -> None:
    """Its time is that of these calls: a commit of a hundred takes a thread as long as all else together."""
    few, many = ([ask(alice, move(f"n{i}", x), seq=x + i) for i in range(count)] for x, count in ((500, 10), (700, 90)))
    assert (calls_of(wide, many) - calls_of(wide, few)) / 80 <= CALLS_A_MOVE
