"""The audit log's age costs nothing: each filter, and each next page of it, is read off its index in its order.

The database itself is asked how it would run each statement, on thousands of entries: by which index it reads, and that
it sorts nothing. PostgreSQL, which may sort a handful of rows instead, is told not to.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin import site
from django.db import connection
from django.db.models import QuerySet
from django.test import RequestFactory
from django.utils import timezone

from accounts.audit import Action
from accounts.models import User
from flows.log.audit_search import AuditFilter, actors_of, fitting, older
from flows.models import AuditEntry
from tests.conftest import person

pytestmark = pytest.mark.django_db

ENTRIES, TABLE = 20_000, AuditEntry._meta.db_table
FLOW, NOW = uuid4(), timezone.now()
HOUR = timedelta(hours=1)
BOB = -1
"""Stands for bob's id, which is known when he is there."""
FILTERS = {
    "all of it": (AuditFilter(), "audit_by_time"),
    "by time": (AuditFilter(since=NOW - 2 * HOUR, until=NOW - HOUR), "audit_by_time"),
    "by action": (AuditFilter(action=Action.LINK_DELETED), "audit_by_action"),
    "by action and time": (AuditFilter(action=Action.LINK_DELETED, since=NOW - 3 * HOUR), "audit_by_action"),
    "by team": (AuditFilter(object="team:7"), "audit_by_object"),
    "by actor": (AuditFilter(actor=BOB), "audit_by_actor"),
    "by actor and action": (AuditFilter(actor=BOB, action=Action.TEAM_CREATED), "audit_by_actor_action"),
    "by person": (AuditFilter(object=f"user:{BOB}"), "audit_by_person"),
    "by flow": (AuditFilter(flow_id=FLOW), "audit_by_flow"),
    "by flow and action": (AuditFilter(flow_id=FLOW, action=Action.LINK_DELETED), "audit_by_flow_action"),
    "by flow and actor": (AuditFilter(flow_id=FLOW, actor=BOB), "audit_by_flow_actor"),
}


@pytest.fixture(scope="module")
def bob(module_db: None) -> User:
    """Many entries; bob did some of them, and few are what is looked for."""
    bob = person("bob")
    rare = {0: Action.LINK_DELETED, 4: Action.TEAM_CREATED}
    AuditEntry.objects.bulk_create(
        AuditEntry(
            number=1_000 + n,
            at=NOW - timedelta(seconds=ENTRIES - n),
            actor=bob if n % 32 == 0 else None,
            person=bob if n % 500 == 0 else None,
            via="admin" if n % 500 == 8 else "api",
            action=rare.get(n % 500, Action.LOGIN),
            flow_id=FLOW if n % 400 == 0 else None,
            object=f"team:{n % 900}",
            detail="{}",
            digest="",
        )
        for n in range(ENTRIES)
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return bob


def of_bob(wanted: AuditFilter, bob: User) -> AuditFilter:
    about = f"user:{bob.pk}" if wanted.object == f"user:{BOB}" else wanted.object
    return replace(wanted, actor=bob.pk if wanted.actor == BOB else wanted.actor, object=about)


def plan(entries: "QuerySet[AuditEntry]") -> tuple[set[str], bool]:
    """Return by which indexes the database reads entries ("" is none), and whether it sorts anything."""
    if connection.vendor == "sqlite":
        steps = entries.explain().splitlines()
        indexes = {
            step.partition(" INDEX ")[2].split()[0] if " INDEX " in step else "" for step in steps if TABLE in step
        }
        return indexes, any("TEMP B-TREE" in step for step in steps)
    with connection.cursor() as cursor:
        for way in ("sort", "seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    nodes = list(nodes_of(json.loads(entries.explain(format="json"))[0]["Plan"]))
    indexes = {node.get("Index Name", "") for node in nodes if node.get("Relation Name") == TABLE}
    return indexes, any("Sort" in node["Node Type"] for node in nodes)


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes_of(child)


@pytest.mark.parametrize("is_next", [False, True], ids=["first", "next"])
@pytest.mark.parametrize(("wanted", "index"), FILTERS.values(), ids=FILTERS)
def test_a_page_is_read_off_its_index(bob: User, wanted: AuditFilter, index: str, is_next: bool) -> None:
    entries = fitting(of_bob(wanted, bob))
    if is_next:
        entries = older(entries, NOW - HOUR, 1_000 + ENTRIES - 3_600)
    assert plan(entries[:51]) == ({index}, False)


def test_the_admins_filter_by_way_is_read_off_its_index(bob: User) -> None:
    entries = AuditEntry.objects.filter(via="admin").order_by("-at", "-number")
    assert plan(entries[:100]) == ({"audit_by_way"}, False)


def test_every_part_of_the_admins_search_has_an_index(bob: User, rf: RequestFactory) -> None:
    admin = site.get_model_admin(AuditEntry)
    found, _ = admin.get_search_results(rf.get("/"), AuditEntry.objects.order_by("-at", "-number"), "192.0.2.7")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "SCAN flows_auditentry" not in found.explain() and "Seq Scan on flows_auditentry" not in found.explain()
    assert "audit_by_address" in found.explain() and "audit_by_object" in found.explain()


def test_who_did_something_in_a_flow_is_found_once_each(bob: User) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(number=number, at=NOW, actor_id=actor, via="api", action=Action.LOGIN, flow_id=flow, detail="{}")
        for number, (actor, flow) in enumerate([(bob.pk, FLOW), (None, FLOW), (None, uuid4())], 100_000)
    )
    assert actors_of(FLOW, 10) == [bob.pk]
    assert actors_of(FLOW, 0) == actors_of(uuid4(), 10) == []
