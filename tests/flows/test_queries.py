"""Lists of many flows: whose they are, how they are found and sorted, and at what cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.colours import own_colour
from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import create_flow, delete_flow, set_member, submit
from flows.library import counts, library
from flows.library_query import Scope, Sort
from flows.models import Flow
from flows.parsing import parse_flow
from flows.queries import Member, members, members_of
from flows.thumbnails import thumbnails
from tests.flows.conftest import Ask, move

pytestmark = pytest.mark.django_db


def titles(user: User, **asked: object) -> list[str]:
    return [item.title for item in library(Person(user.pk), **asked).items]  # type: ignore[arg-type]


class TestLibrary:
    def test_flows_of_others_and_deleted_ones_are_not_there(self, flow: Flow, alice: User, charlie: User) -> None:
        assert library(Person(charlie.pk)).items == () and library(Person(charlie.pk)).count == 0
        delete_flow(Person(alice.pk), flow.pk)
        assert titles(alice) == []

    def test_an_item_says_what_a_card_shows(self, flow: Flow, bob: User, vera: User, ask: Ask) -> None:
        submit(flow.pk, [ask(bob, move("plan", 1))])
        (item,) = library(Person(vera.pk)).items
        assert (item.id, item.title, item.description, item.version) == (flow.pk, "Plan a trip", "For two", 2)
        assert (item.node_count, item.edge_count, item.role, item.updated_by) == (4, 2, "viewer", "Bob")
        assert item.created_at < item.updated_at

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("", 3),
            ("  ", 3),
            ("STRASSE", 1),
            ("straße", 1),
            ("sommer", 1),
            ("1 stra", 1),
            ("ﬁnance", 1),
            ("plan budget", 1),
            ("budget plan", 1),
            ("plan nothing", 0),
            ("%", 1),
            ("_", 0),
            ("'; --", 0),
            ("\\", 0),
        ],
    )
    def test_search_knows_no_case(self, alice: User, q: str, found: int) -> None:
        create_flow(Person(alice.pk), parse_flow(title="Straße 1", description="im Sommer"), via="page")
        create_flow(
            Person(alice.pk), parse_flow(title="Budget of Finance", description="100 % of the PLAN"), via="page"
        )
        create_flow(Person(alice.pk), parse_flow(title="Third"), via="page")
        assert library(Person(alice.pk), q=q).count == found

    def test_sorting(self, alice: User, ask: Ask) -> None:
        flows = [
            create_flow(Person(alice.pk), parse_flow(title=title), via="page")
            for title in ("banana", "Apple", "cherry")
        ]
        for age, flow in enumerate(reversed(flows)):
            then = timezone.now() - timedelta(days=age)
            Flow.objects.filter(pk=flow.pk).update(created_at=then, updated_at=then)
        submit(flows[1].pk, [ask(alice, {"kind": "edit_flow", "set": {"description": "Now"}})])
        orders: dict[Sort, list[str]] = {
            "edited": ["Apple", "cherry", "banana"],
            "created": ["cherry", "Apple", "banana"],
            "title": ["Apple", "banana", "cherry"],
        }
        for sort, order in orders.items():
            assert titles(alice, sort=sort) == order

    def test_pages(self, alice: User) -> None:
        for number in range(5):
            create_flow(Person(alice.pk), parse_flow(title=f"Flow {number}"), via="page")
        assert titles(alice, sort="title", limit=2, offset=2) == ["Flow 2", "Flow 3"]
        assert titles(alice, sort="title", limit=2, offset=9) == []
        assert library(Person(alice.pk), limit=2).count == 5

    def test_mine_and_those_shared_with_me(self, flow: Flow, alice: User, bob: User) -> None:
        create_flow(Person(bob.pk), parse_flow(title="Bob's"), via="page")
        assert titles(bob, scope=Scope.MINE) == ["Bob's"]
        assert titles(bob, scope=Scope.SHARED) == ["Plan a trip"]
        found = [counts(Person(person.pk)) for person in (alice, bob)]
        assert [(each.mine, each.shared) for each in found] == [(1, 0), (1, 1)]

    def test_the_cost_does_not_grow_with_the_list(self, alice: User, bob: User) -> None:
        agent = {"id": "n", "kind": "agent", "x": 0, "y": 0}
        for number in range(12):
            flow = create_flow(Person(alice.pk), parse_flow(title=f"Flow {number}", nodes=[agent]), via="page")
            set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.VIEWER)
        with CaptureQueriesContext(connection) as queries:
            found = library(Person(alice.pk), limit=10)
            ids = [item.id for item in found.items]
            members_of(ids)
            thumbnails(ids)
            counts(Person(alice.pk))
        assert len(queries) == 6


class TestMembers:
    def test_in_the_order_in_which_they_came(self, flow: Flow, alice: User, bob: User, vera: User) -> None:
        assert [member.name for member in members(flow.pk)] == ["Alice", "Bob", "Vera"]
        his = own_colour(bob.pk)
        assert members(flow.pk)[1] == Member(bob.pk, "Bob", "bob@example.com", "editor", his)  # type: ignore[arg-type]
        assert members_of([flow.pk]) == {flow.pk: members(flow.pk)}
