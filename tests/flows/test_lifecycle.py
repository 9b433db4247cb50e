"""Flows are created, duplicated, deleted and restored."""

import uuid
from typing import Any

import pytest

from accounts.colours import own_colour
from accounts.models import User
from accounts.principals import Administrator, Person
from flows.commands import create_flow, delete_flow, duplicate_flow, remove_member, restore_flow, submit
from flows.document import CreateFlow, Rejected
from flows.errors import Forbidden, NotFound
from flows.log import changes_since, verify_flow
from flows.models import Change, Flow, Membership
from flows.parsing import parse_flow, parse_title
from flows.publish import group_name
from flows.storage.store import load_document
from tests.flows.conftest import EDGES, NODES, Ask, Published, move

pytestmark = pytest.mark.django_db


class TestCreation:
    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"title": ""}, "invalid"),
            ({"title": "  "}, "invalid"),
            ({"title": None}, "invalid"),
            ({"title": "x" * 256}, "invalid"),
            ({"title": "a\x00b"}, "invalid"),
            ({"description": 7}, "invalid"),
            ({"nodes": {}}, "invalid"),
            ({"nodes": [{"id": "a"}]}, "invalid"),
            ({"nodes": [NODES[0], NODES[0]]}, "duplicate_id"),
            ({"nodes": NODES[:1], "edges": EDGES[:1]}, "unknown_node"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, alice: User, given: dict[str, Any], code: str) -> None:
        with pytest.raises(Rejected) as refusal:
            create_flow(Person(alice.pk), parse_flow(**{"title": "Plan", **given}), via="api")
        assert refusal.value.code == code
        assert not Flow.objects.exists() and not Change.objects.exists()

    def test_it_is_version_one_and_stands_in_the_log(self, alice: User) -> None:
        flow = create_flow(
            Person(alice.pk), parse_flow(title="Plan", description="All", nodes=NODES, edges=EDGES), via="import"
        )
        (first,) = changes_since(flow.pk, 0)
        assert (first.version, first.via, first.digest) == (1, "import", flow.digest)
        assert isinstance(first.record, CreateFlow) and first.record.nodes[0].width == 144, "defaults are filled in"
        assert first.record.edges[0].source_port == "out"
        loaded = load_document(flow.pk)
        assert (loaded.version, loaded.document.node_count, loaded.document.edge_count) == (1, 4, 2)
        assert verify_flow(flow.pk) == []

    def test_whoever_creates_it_owns_it(self, alice: User) -> None:
        flow = create_flow(Person(alice.pk), parse_flow(title="Plan"), via="page")
        assert list(Membership.objects.values_list("flow", "user", "role", "colour")) == [
            (flow.pk, alice.pk, "owner", own_colour(alice.pk))
        ]


class TestDuplication:
    def test_a_stranger_cannot(self, flow: Flow, charlie: User) -> None:
        with pytest.raises(NotFound):
            duplicate_flow(Person(charlie.pk), flow.pk, via="page")

    def test_a_title_that_does_not_fit(self, flow: Flow, alice: User) -> None:
        with pytest.raises(Rejected):
            duplicate_flow(Person(alice.pk), flow.pk, title=parse_title(" "), via="page")
        assert Flow.objects.count() == 1

    def test_a_viewer_gets_a_flow_of_their_own(self, flow: Flow, alice: User, vera: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("plan", 77))])
        copy = duplicate_flow(Person(vera.pk), flow.pk, via="page")
        assert (copy.title, copy.description, copy.version) == ("Plan a trip (Copy)", "For two", 1)
        assert list(copy.memberships.values_list("user", "role")) == [(vera.pk, "owner")]
        original, copied = load_document(flow.pk).document, load_document(copy.pk).document
        assert (copied.nodes(), copied.edges()) == (original.nodes(), original.edges())
        assert verify_flow(copy.pk) == [] == verify_flow(flow.pk)

    def test_a_long_title_is_cut_to_fit(self, alice: User) -> None:
        long = create_flow(Person(alice.pk), parse_flow(title="x" * 255), via="page")
        copy = duplicate_flow(Person(alice.pk), long.pk, via="page")
        assert copy.title == "x" * 248 + " (Copy)"
        assert duplicate_flow(Person(alice.pk), long.pk, title="Mine", via="page").title == "Mine"


class TestDeletion:
    @pytest.mark.parametrize(("who", "error"), [("bob", Forbidden), ("vera", Forbidden), ("charlie", NotFound)])
    def test_only_its_owner_may(
        self, flow: Flow, who: str, error: type[Exception], request: pytest.FixtureRequest
    ) -> None:
        with pytest.raises(error):
            delete_flow(Person(request.getfixturevalue(who).pk), flow.pk)
        assert load_document(flow.pk)

    def test_an_unknown_flow(self, alice: User) -> None:
        with pytest.raises(NotFound):
            delete_flow(Person(alice.pk), uuid.uuid4())

    def test_it_is_gone_and_nothing_is_lost(self, flow: Flow, alice: User, published: Published) -> None:
        with published() as hints:
            delete_flow(Person(alice.pk), flow.pk)
        (hint,) = hints
        assert hint.message == {"type": "flow.deleted", "flow": str(flow.pk)}
        assert group_name(hint.flow_id) == f"flow.{flow.pk.hex}"
        for attempt in (load_document, lambda id: duplicate_flow(Person(alice.pk), id, via="page")):
            with pytest.raises(NotFound):
                attempt(flow.pk)
        with pytest.raises(NotFound):
            delete_flow(Person(alice.pk), flow.pk)
        assert verify_flow(flow.pk) == []

    @pytest.mark.parametrize("who", ["bob", "charlie"])
    def test_others_cannot_restore_it(self, flow: Flow, alice: User, who: str, request: pytest.FixtureRequest) -> None:
        delete_flow(Person(alice.pk), flow.pk)
        with pytest.raises(NotFound):
            restore_flow(Person(request.getfixturevalue(who).pk), flow.pk)

    def test_its_owner_can(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        delete_flow(Person(alice.pk), flow.pk)
        assert restore_flow(Person(alice.pk), flow.pk).deleted_at is None
        assert submit(flow.pk, [ask(bob, move("plan", 1))]).version == 2

    def test_staff_may_in_the_admin(self, flow: Flow, dora: User) -> None:
        with pytest.raises(NotFound):
            delete_flow(Person(dora.pk), flow.pk)
        delete_flow(Administrator(dora.pk), flow.pk)
        restore_flow(Administrator(dora.pk), flow.pk)
        assert load_document(flow.pk)


def test_a_role_that_is_gone_when_the_lock_is_had(flow: Flow, alice: User, bob: User) -> None:
    remove_member(Person(alice.pk), flow.pk, user_id=bob.pk)
    with pytest.raises(NotFound):
        duplicate_flow(Person(bob.pk), flow.pk, via="page")
