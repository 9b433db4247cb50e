"""A flow's age costs nothing: whatever a batch, an undo and a join ask of the database, they look up and never scan.

The database itself is asked how it would run each statement, with a log of thousands of versions and of answers.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.principals import Person
from flows.access import get_flow_for, grants_of
from flows.commands import RedoRequest, UndoRequest, create_flow, submit, undo_availability
from flows.document import Document
from flows.log import READ_BYTES, changes_since
from flows.models import Answer, Change, Flow
from flows.parsing import parse_flow
from flows.storage.store import load_document
from sessions.live.replica import copy_of, read_back, read_delta, read_head
from tests.conftest import person
from tests.flows.conftest import Ask, label, move

pytestmark = pytest.mark.django_db

VERSIONS = 5_000
NODES = 2_000
LOGGED, ELEMENTS = {"flows_change", "flows_answer"}, {"flows_flownode", "flows_flowedge"}
NARROWING = re.compile(r"\b(version|seq|client)\b")


@pytest.fixture(scope="module")
def alice(module_db: None) -> User:
    return person("alice")


@pytest.fixture(scope="module")
def bob(module_db: None) -> User:
    return person("bob")


@pytest.fixture(scope="module")
def old(alice: User, bob: User) -> Flow:
    """A flow of many nodes that bob has moved about for years."""
    nodes = [{"id": f"n{i}", "kind": "group" if i % 10 == 0 else "agent", "x": i, "y": 0} for i in range(NODES)]
    edges = [{"id": f"e{i}", "source": f"n{i}", "target": f"n{i + 1}"} for i in range(1, NODES - 2) if i % 10 in (1, 3)]
    flow = create_flow(Person(alice.pk), parse_flow(title="Old", nodes=nodes, edges=edges), via="api")
    at = flow.created_at
    move_back = json.dumps({"kind": "move_node", "id": "n1", "x": 1, "y": 0}, separators=(",", ":"))
    Change.objects.bulk_create(
        Change(
            flow=flow, version=n, actor=bob, client="bobs-phone", seq=n, via="socket", operation=move_back,
            inverse=move_back, digest="0" * 64, created_at=at,
        )
        for n in range(2, VERSIONS)
    )  # fmt: skip
    Answer.objects.bulk_create(
        Answer(flow=flow, actor=bob, client="bobs-phone", seq=VERSIONS + n, version=1) for n in range(VERSIONS)
    )
    Flow.objects.filter(pk=flow.pk).update(version=VERSIONS - 1)
    if connection.vendor == "postgresql":  # which does so by itself; SQLite plans without figures
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return flow


def test_a_batch(old: Flow, alice: User, ask: Ask) -> None:
    seq = count(1)
    operations: list[Any] = [move(f"n{i}", 3) for i in range(20)]
    operations += [label("n5", "Five"), label("unknown", "Nothing")]
    operations += [{"kind": "edit_node", "id": "n10", "set": {"parent": "n20"}}]
    operations += [{"kind": "add_edge", "edge": {"id": "new", "source": "n11", "target": "n13"}}]
    operations += [{"kind": "edit_edge", "id": "e1", "set": {"target": "n15"}}, {"kind": "remove_node", "id": "n20"}]
    operations += [{"kind": "remove_edge", "id": "e13"}, {"kind": "edit_flow", "set": {"title": "Still old"}}]
    asked = [ask(alice, operation, client="alices-laptop", seq=next(seq)) for operation in operations]

    with explained() as plans:
        receipt = submit(old.pk, asked)
        submit(old.pk, asked)

    assert receipt.version == VERSIONS - 1 + len(operations) - 2, "one refused, and one is there already"
    assert len(plans) > 10
    assert not [plan for plan in plans if scans(*plan, whole_flow=False)]


def test_an_undo(old: Flow, alice: User, ask: Ask) -> None:
    submit(old.pk, [ask(alice, {"kind": "remove_node", "id": "n3"}, client="alices-laptop", seq=1)])

    with explained() as plans:
        undone = submit(old.pk, [ask(alice, UndoRequest(), client="alices-laptop", seq=2)])
        redone = submit(old.pk, [ask(alice, RedoRequest(at=undone.version), client="alices-laptop", seq=3)])

    assert (undone.version, redone.version) == (VERSIONS + 1, VERSIONS + 2)
    assert len(plans) > 10
    assert not [plan for plan in plans if scans(*plan, whole_flow=False)]


@pytest.mark.parametrize("since", [VERSIONS - 10, 1])
def test_a_join(old: Flow, alice: User, bob: User, since: int) -> None:
    person = Person(alice.pk)
    held = copy_of(load_document(old.pk).document)
    asked: list[Callable[[], object]] = [
        lambda: get_flow_for(person, old.pk),
        lambda: grants_of(old.pk, [person, Person(bob.pk)]),
        lambda: read_head(old.pk),
        lambda: undo_availability(alice.pk, old.pk, VERSIONS - 1),
        lambda: read_delta(old.pk, Document(held.properties, held.nodes, held.edges), VERSIONS - 10, 5),
        lambda: read_back(old.pk, VERSIONS - 10, VERSIONS - 1, held),
        lambda: changes_since(old.pk, since, 100, size=READ_BYTES),
    ]

    for look in asked:
        with explained() as plans:
            look()
        assert plans
        assert not [plan for plan in plans if scans(*plan, whole_flow=False)]
    with explained() as plans:
        load_document(old.pk)
    assert len(plans) == 3
    assert not [plan for plan in plans if scans(*plan, whole_flow=True)]


def test_a_scan_is_seen(old: Flow, alice: User) -> None:
    names = [alice.pk, "alices-laptop", 1]
    key = Flow._meta.pk.get_db_prep_value(old.pk, connection)
    with explained() as plans, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM flows_change WHERE flow_id = %s AND operation LIKE %s", [key, "%x"])
        cursor.execute("SELECT 1 FROM flows_change WHERE client = %s", names[1:2])
        if connection.vendor == "sqlite":  # how what was sent before was once asked for
            statement = (
                "SELECT 1 FROM flows_change WHERE flow_id = %s AND (actor_id, client, seq) IN (VALUES (%s, %s, %s))"
            )
            cursor.execute(statement, [key, *names])

    assert all(scans(*plan, whole_flow=False) for plan in plans), plans


Plan = tuple[str, list[tuple[str, str]]]
"""A statement, and for each table that it reads how: the index's conditions, or nothing for a scan."""


@contextmanager
def explained() -> Iterator[list[Plan]]:
    """Gather the plans of everything that the block asks of the database."""
    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            statements.append((sql, params[0] if many else params))
        return execute(sql, params, many, context)

    plans: list[Plan] = []
    with connection.execute_wrapper(note):
        yield plans
    plans += [(sql, _plan(sql, params)) for sql, params in statements]


def scans(_sql: str, plan: list[tuple[str, str]], *, whole_flow: bool) -> bool:
    """Tell whether a plan reads more of a table that grows than what is asked for."""
    for table, conditions in plan:
        if table in LOGGED and not ("flow_id" in conditions and NARROWING.search(conditions)):
            return True
        if table in ELEMENTS and not (conditions if whole_flow else re.sub(r"\bflow_id\b\W*", "", conditions)):
            return True
    return False


def _plan(sql: str, params: Any) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            return [_sqlite_step(detail) for *_, detail in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = off")  # a small table is sooner read whole, index or not
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        return list(_postgresql_steps(cursor.fetchone()[0][0]["Plan"]))


def _sqlite_step(detail: str) -> tuple[str, str]:
    found = re.match(
        r"(?:SCAN|SEARCH) (\S+)(?: USING (?:COVERING |INTEGER )?(?:INDEX|PRIMARY KEY)\s?\S* \((.*)\))?", detail
    )
    return (found[1].strip('"'), found[2] or "") if found else ("", "")


def _postgresql_steps(plan: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """A bitmap's conditions stand in the index scan below the one that names the table."""
    conditions = plan.get("Index Cond", "") or plan.get("Recheck Cond", "")
    if "Relation Name" in plan and plan["Node Type"] != "ModifyTable":
        yield plan["Relation Name"], conditions
    for below in plan.get("Plans", ()):
        yield from _postgresql_steps(below)
