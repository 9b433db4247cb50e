"""Lists of the admin cost the same however long they are: statements, counts, orders."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.admin_base import BoundedPaginator
from accounts.models import Login, PersonalToken, Team, TeamInvitation, User
from bench.administration import fill
from flows.models import AuditEntry, Change, Flow, FlowEdge, FlowInvitation, FlowNode, Membership, Visit

pytestmark = pytest.mark.django_db
SMALL = {"auth.group", "runs.provider", "runs.toolserver", "live.liveflow"}
"""Of these an installation has few."""
LISTS = sorted((model for model in admin.site._registry if model._meta.label_lower not in SMALL), key=str)
ORDERED = [AuditEntry, Change, FlowNode, FlowEdge, Login, Membership, TeamInvitation, User, Visit, FlowInvitation]
"""What there are very many of: their list is read off an index."""


def name(model: type[Model]) -> str:
    return str(model._meta.label_lower)


def address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.fixture
def staff(client: Client, dora: User) -> Client:
    fill(30, 30)
    client.force_login(dora)
    return client


def statements(
    staff: Client, model: type[Model], monkeypatch: pytest.MonkeyPatch, rows: int, **query: str
) -> list[str]:
    """Return the statements of a list that shows so many rows."""
    monkeypatch.setattr(admin.site._registry[model], "list_per_page", rows)
    with CaptureQueriesContext(connection) as asked:
        answer: Any = staff.get(address(model), query)
    assert answer.status_code == 200
    return [one["sql"] for one in asked]


@pytest.mark.parametrize("model", LISTS, ids=name)
def test_more_rows_are_no_more_statements_and_no_table_is_counted(
    staff: Client, model: type[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert admin.site._registry[model].paginator is BoundedPaginator
    for query in ({}, {"q": "invoice"}, {"q": "person1"}):
        few, many = (statements(staff, model, monkeypatch, rows, **query) for rows in (2, 25))
        assert len(few) == len(many) < 20, query
        for sql in many:
            assert not re.match(r"SELECT COUNT\(.*\) AS \"__count\" FROM (?!\()", sql), "a count without a bound"
            assert not sql.startswith("SELECT DISTINCT"), "values that there can be are known"


@pytest.mark.parametrize("model", ORDERED, ids=name)
def test_a_page_is_read_off_an_index(staff: Client, model: type[Model], monkeypatch: pytest.MonkeyPatch) -> None:
    (sql,) = [
        one
        for one in statements(staff, model, monkeypatch, 25)
        if f'FROM "{model._meta.db_table}"' in one and "ORDER BY" in one and "__count" not in one
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"{'EXPLAIN QUERY PLAN' if connection.vendor == 'sqlite' else 'EXPLAIN'} {sql}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert not re.search(r"(?<!Incremental )Sort  \(", plan), plan  # an increment sorts rows of one value only
    assert "TEMP B-TREE FOR ORDER BY" not in plan, plan


def test_a_person_with_many_tokens_is_found(staff: Client) -> None:
    page = staff.get(address(PersonalToken), {"q": "person7@"}).content.decode()
    assert page.count("field-user") == 2


def test_more_members_are_no_more_statements_of_a_page(staff: Client) -> None:
    team, flow = Team.objects.order_by("pk")[0], Flow.objects.order_by("pk")[0]
    for one in (team, flow):
        page = reverse(f"admin:{one._meta.app_label}_{one._meta.model_name}_change", args=[one.pk])
        staff.get(page)  # what is looked up once for all
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as asked:
                assert staff.get(page).status_code == 200
            counts.append(len(asked))
            rows = one.memberships.model._base_manager  # type: ignore[attr-defined]
            held, name = one.memberships.values("user"), one._meta.model_name  # type: ignore[attr-defined]
            rows.bulk_create(
                rows.model(user=user, role="viewer", **{str(name): one})
                for user in User.objects.exclude(pk__in=list(held.values_list("user", flat=True)))[:8]
            )
        assert counts[0] == counts[1]
