"""Owners say who belongs to a flow; it never loses its last owner."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from accounts.colours import COLOURS, colour_of, own_colour
from accounts.models import Attempt, User
from accounts.principals import Administrator, Person, System, TokenBearer
from flows.access import Role
from flows.commands import create_flow, remove_member, set_member
from flows.document import Rejected
from flows.errors import Forbidden, NotFound
from flows.models import Flow, Membership
from flows.parsing import parse_flow, parse_role
from flows.queries import members
from tests.conftest import person as new_person
from tests.flows.conftest import Published
from web.errors import Problem

pytestmark = pytest.mark.django_db


def roles(flow: Flow) -> dict[str, str]:
    return dict(flow.memberships.values_list("user__name", "role"))


class TestRefusals:
    @pytest.mark.parametrize(("who", "error"), [("bob", Forbidden), ("vera", Forbidden), ("charlie", NotFound)])
    def test_only_owners(self, flow: Flow, who: str, error: type[Exception], request: pytest.FixtureRequest) -> None:
        actor = request.getfixturevalue(who)
        with pytest.raises(error):
            set_member(Person(actor.pk), flow.pk, person="nobody@example.com", role=Role.VIEWER)
        with pytest.raises(error):
            remove_member(Person(actor.pk), flow.pk, user_id=User.objects.get(name="Alice").pk)
        assert roles(flow) == {"Alice": "owner", "Bob": "editor", "Vera": "viewer"}

    @pytest.mark.parametrize("person", ["nobody@example.com", "Nobody", "", " ", "dora@example.com"])
    def test_somebody_unknown(self, flow: Flow, alice: User, dora: User, person: str) -> None:
        User.objects.filter(pk=dora.pk).update(is_active=False)
        with pytest.raises(Rejected) as refusal:
            set_member(Person(alice.pk), flow.pk, person=person, role=Role.VIEWER)
        assert refusal.value.code == "invalid"

    def test_a_name_that_several_have(self, flow: Flow, alice: User, charlie: User) -> None:
        User.objects.create_user("charlie@example.org", None, name="charlie")
        with pytest.raises(Rejected, match="ambiguous_person"):
            set_member(Person(alice.pk), flow.pk, person="Charlie", role=Role.VIEWER)

    @pytest.mark.parametrize("role", ["", "boss", None, 7, "Owner"])
    def test_a_role_that_there_is_not(self, flow: Flow, alice: User, charlie: User, role: object) -> None:
        with pytest.raises(Rejected) as refusal:
            set_member(Person(alice.pk), flow.pk, person=charlie.email, role=parse_role(role))
        assert refusal.value.code == "invalid"

    def test_a_number_that_is_no_member(self, flow: Flow, alice: User, charlie: User) -> None:
        with pytest.raises(NotFound):
            set_member(Person(alice.pk), flow.pk, person=charlie.pk, role=Role.VIEWER)
        with pytest.raises(NotFound):
            remove_member(Person(alice.pk), flow.pk, user_id=charlie.pk)

    def test_the_last_owner_cannot_go(self, flow: Flow, alice: User) -> None:
        for attempt in (
            lambda: remove_member(Person(alice.pk), flow.pk, user_id=alice.pk),
            lambda: set_member(Person(alice.pk), flow.pk, person=alice.pk, role=Role.EDITOR),
            lambda: set_member(Person(alice.pk), flow.pk, person=alice.email, role=Role.VIEWER),
            lambda: remove_member(System(), flow.pk, user_id=alice.pk),
        ):
            with pytest.raises(Rejected) as refusal:
                attempt()
            assert refusal.value.code == "invalid"
        assert roles(flow)["Alice"] == "owner"

    def test_who_is_no_member_cannot_leave(self, flow: Flow, charlie: User) -> None:
        with pytest.raises(NotFound):
            remove_member(Person(charlie.pk), flow.pk, user_id=charlie.pk)

    def test_nobody_adds_more_people_than_the_limit_and_who_cannot_be_added_counts(
        self, flow: Flow, alice: User, bob: User, charlie: User, settings: Settings
    ) -> None:
        Attempt.objects.all().delete()
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, invitations_per_hour=3)
        set_member(Person(alice.pk), flow.pk, person="charlie", role=Role.VIEWER)
        for principal in (Person(alice.pk), TokenBearer(alice.pk)):
            with pytest.raises(Rejected):
                set_member(principal, flow.pk, person="nobody@example.com", role=Role.VIEWER)
        for principal in (Person(alice.pk), TokenBearer(alice.pk)):
            with pytest.raises(Problem) as refusal:
                set_member(principal, flow.pk, person=charlie.email, role=Role.EDITOR)
            assert refusal.value.code == "rate_limited"
        assert roles(flow)["Charlie"] == "viewer"
        set_member(Person(alice.pk), flow.pk, person=charlie.pk, role=Role.OWNER)
        set_member(Person(charlie.pk), flow.pk, person=bob.email, role=Role.VIEWER)
        assert (roles(flow)["Charlie"], roles(flow)["Bob"]) == ("owner", "viewer"), "members and others are not counted"


class TestMembers:
    @pytest.mark.parametrize("who", ["bob", "vera"])
    def test_anybody_leaves(self, flow: Flow, who: str, published: Published, request: pytest.FixtureRequest) -> None:
        actor = request.getfixturevalue(who)
        with published() as hints:
            remove_member(Person(actor.pk), flow.pk, user_id=actor.pk)
        assert actor.name not in roles(flow)
        assert [hint.message["users"] for hint in hints] == [[actor.pk]]

    def test_who_was_added_by_name_shows_others_no_address(self, flow: Flow, alice: User, charlie: User) -> None:
        def addresses(reader: int | None = None) -> dict[str, str | None]:
            return {one.name: one.email for one in members(flow.pk, reader=reader)}

        set_member(Person(alice.pk), flow.pk, person="charlie", role=Role.VIEWER)
        assert addresses() == {
            "Alice": "alice@example.com",
            "Bob": "bob@example.com",
            "Vera": "vera@example.com",
            "Charlie": None,
        }
        assert addresses(alice.pk)["Charlie"] is None
        assert addresses(charlie.pk)["Charlie"] == charlie.email
        set_member(Person(alice.pk), flow.pk, person="CHARLIE", role=Role.EDITOR)
        set_member(Person(alice.pk), flow.pk, person=charlie.pk, role=Role.EDITOR)
        assert addresses()["Charlie"] is None
        set_member(Person(alice.pk), flow.pk, person=charlie.email, role=Role.EDITOR)
        assert addresses()["Charlie"] == charlie.email
        set_member(Person(alice.pk), flow.pk, person="charlie", role=Role.VIEWER)
        assert addresses()["Charlie"] == charlie.email, "known already"

    @pytest.mark.parametrize("person", ["charlie@example.com", " Charlie@Example.com ", "charlie", "CHARLIE"])
    def test_somebody_is_added_by_address_or_name(
        self, flow: Flow, alice: User, charlie: User, person: str, published: Published
    ) -> None:
        with published() as hints:
            changed = set_member(Person(alice.pk), flow.pk, person=person, role=Role.COMMENTER)
        assert (changed.user_id, changed.role, changed.is_new) == (charlie.pk, "commenter", True)
        assert [hint.message for hint in hints] == [
            {"type": "flow.access", "flow": str(flow.pk), "users": [charlie.pk]}
        ]
        assert roles(flow)["Charlie"] == "commenter"

    @pytest.mark.parametrize("by", ["pk", "email"])
    def test_a_role_is_changed(self, flow: Flow, alice: User, bob: User, by: str, published: Published) -> None:
        changed = set_member(Person(alice.pk), flow.pk, person=getattr(bob, by), role=Role.OWNER)
        assert (changed.is_new, roles(flow)["Bob"]) == (False, "owner")
        with published() as hints:
            remove_member(Person(bob.pk), flow.pk, user_id=alice.pk)
        assert [hint.message["users"] for hint in hints] == [[alice.pk]]
        assert roles(flow) == {"Bob": "owner", "Vera": "viewer"}

    def test_an_owner_who_cannot_log_in_does_not_count(self, flow: Flow, alice: User, bob: User) -> None:
        set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.OWNER)
        User.objects.filter(pk=bob.pk).update(is_active=False)
        with pytest.raises(Rejected):
            remove_member(Person(alice.pk), flow.pk, user_id=alice.pk)
        assert roles(flow)["Alice"] == "owner"

    def test_an_owner_who_stays_one_is_no_loss(self, flow: Flow, alice: User) -> None:
        assert not set_member(Person(alice.pk), flow.pk, person=alice.pk, role=Role.OWNER).is_new

    def test_a_colour_that_a_person_chose_is_theirs_in_flows_too(self, alice: User, bob: User) -> None:
        User.objects.filter(pk=alice.pk).update(own_colour=(alice.pk + 4) % COLOURS)
        User.objects.filter(pk=bob.pk).update(own_colour=(alice.pk + 5) % COLOURS)
        flow = create_flow(Person(alice.pk), parse_flow(title="Drawn"), via="api")
        set_member(Person(alice.pk), flow.pk, person=str(bob.email), role=Role.VIEWER)
        colours = {m.user_id: colour_of(m.colour) for m in Membership.objects.filter(flow=flow)}
        assert colours == {one.pk: one.colour for one in User.objects.filter(pk__in=colours)}

    def test_each_is_drawn_in_their_own_colour_and_no_two_alike(self, alice: User) -> None:
        flow = create_flow(Person(alice.pk), parse_flow(title="Many"), via="api")
        people = [new_person(f"person{number}") for number in range(20)]
        twin = next(one for one in people if one.colour == alice.colour)
        others = [one for one in people if one.colour != alice.colour][:7]
        for one in (*others[:3], twin, *others[3:]):
            set_member(Person(alice.pk), flow.pk, person=one.email, role=Role.VIEWER)
        colours = {m.user_id: colour_of(m.colour) for m in Membership.objects.filter(flow=flow)}
        assert [colours[one.pk] for one in (alice, *others[:3])] == [one.colour for one in (alice, *others[:3])]
        assert len(set(colours.values())) == 9
        set_member(Person(alice.pk), flow.pk, person=people[-1].email, role=Role.VIEWER)
        assert Membership.objects.get(flow=flow, user=people[-1]).colour == own_colour(people[-1].pk)

    def test_staff_may_in_the_admin(self, flow: Flow, dora: User, charlie: User) -> None:
        given: dict[str, Any] = {"person": charlie.email, "role": Role.VIEWER}
        with pytest.raises(NotFound):
            set_member(Person(dora.pk), flow.pk, **given)
        assert set_member(Administrator(dora.pk), flow.pk, **given).is_new
