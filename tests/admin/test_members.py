"""Memberships in the admin: the rules are those of the sharing dialog."""

import pytest
from django.test import Client

from accounts.colours import own_colour
from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.models import Flow, Membership
from flows.parsing import parse_flow

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/flows/membership/"


@pytest.fixture
def flow(alice: User, bob: User) -> Flow:
    flow = commands.create_flow(Person(alice.pk), parse_flow(title="Plan"), via="page")
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    return flow


@pytest.fixture
def staff(client: Client, dora: User) -> Client:
    client.force_login(dora)
    return client


def page_of(user: User) -> str:
    return f"{LIST}{Membership.objects.get(user=user).pk}/change/"


def test_the_last_owner_stays(staff: Client, flow: Flow, alice: User) -> None:
    staff.post(page_of(alice), {"role": "viewer"})
    staff.post(page_of(alice).replace("change", "delete"), {"post": "yes"})
    everyone = {"action": "delete_selected", "_selected_action": list(Membership.objects.values_list("pk", flat=True))}
    staff.post(LIST, everyone | {"post": "yes"})

    assert Membership.objects.get(user=alice).role == "owner"
    assert Membership.objects.count() == 2, "all or none"
    assert "Make someone else owner first." in staff.get(LIST).content.decode()


def test_a_membership_keeps_its_flow_and_person(staff: Client, flow: Flow, bob: User, charlie: User) -> None:
    staff.post(page_of(bob), {"role": "viewer", "user": charlie.pk})

    assert Membership.objects.get(user=bob).role == "viewer"
    assert not Membership.objects.filter(user=charlie).exists()


def test_a_membership_is_added_and_taken_away(staff: Client, flow: Flow, charlie: User) -> None:
    form = {"flow": str(flow.pk), "user": charlie.pk, "role": "commenter"}

    assert staff.post(f"{LIST}add/", form).status_code == 302
    assert Membership.objects.get(user=charlie).colour == own_colour(charlie.pk)

    assert staff.post(page_of(charlie).replace("change", "delete"), {"post": "yes"}).status_code == 302
    assert not Membership.objects.filter(user=charlie).exists()
    assert Flow.objects.filter(pk=flow.pk).exists()


def test_people_are_found_by_flow_and_name(staff: Client, flow: Flow) -> None:
    assert "Bob" in staff.get(LIST, {"q": "plan", "role__exact": "editor"}).content.decode()
