"""Teams in the admin: looked after when their owners cannot, by the commands, with their rules."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Team, TeamInvitation, TeamMember, User
from accounts.principals import Administrator, Person
from flows import commands
from flows.access import Role, grants_of
from flows.log import verify_installation
from flows.models import AuditEntry, Flow, TeamShare
from flows.parsing import parse_flow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(bob: User, vera: User) -> Team:
    """Bob's team, with Vera as a member."""
    team = Team.objects.create(name="Ops")
    for user, role in ((bob, "owner"), (vera, "member")):
        TeamMember.objects.create(team=team, user=user, role=role)
    return team


@pytest.fixture
def flow(team: Team, bob: User) -> Flow:
    return commands.create_flow(Person(bob.pk), parse_flow(title="Plan"), via="page", team=team.pk)


@pytest.fixture
def staff(client: Client, dora: User) -> Client:
    client.force_login(dora)
    return client


def page_of(team: Team, page: str = "change") -> str:
    return reverse(f"admin:accounts_team_{page}", args=[team.pk])


def form_of(team: Team, *added: tuple[User, str], **changed: Any) -> dict[str, Any]:
    """Fill the team's form as its page would send it, with its members, and then with what is changed."""
    held = list(TeamMember.objects.filter(team=team).order_by("created_at", "pk"))
    rows = [(one.pk, one.user_id, one.role) for one in held] + [("", user.pk, role) for user, role in added]
    form: dict[str, Any] = {"name": team.name, "invitations-TOTAL_FORMS": 0, "invitations-INITIAL_FORMS": 0}
    form |= {"memberships-TOTAL_FORMS": len(rows), "memberships-INITIAL_FORMS": len(held)}
    for index, (pk, user_id, role) in enumerate(rows):
        values = {"id": pk, "team": str(team.pk), "user": user_id, "role": role}
        form |= {f"memberships-{index}-{name}": value for name, value in values.items()}
    return form | {name.replace("__", "-"): value for name, value in changed.items()}


def roles(team: Team) -> dict[str, str]:
    held = TeamMember.objects.filter(team=team).select_related("user")
    return {one.user.name: one.role for one in held}


def told(response: Any) -> list[str]:
    return [str(one) for one in get_messages(response.wsgi_request)]


def entries() -> list[tuple[str, str | None, str | None]]:
    assert verify_installation() == []
    found = AuditEntry.objects.exclude(action__in=["admin_change", "flow_created"]).order_by("number")
    return [(one.action, one.actor and one.actor.name, one.person and one.person.name) for one in found]


def test_staff_without_the_permission_change_nothing(team: Team, charlie: User, client: Client) -> None:
    charlie.is_staff = True
    charlie.save()
    charlie.user_permissions.add(Permission.objects.get(codename="view_team"))
    client.force_login(charlie)

    assert client.get(page_of(team)).status_code == 200
    assert client.post(page_of(team), form_of(team, name="Mine")).status_code == 403
    assert client.post(page_of(team, "delete"), {"post": "yes"}).status_code == 403
    assert (Team.objects.get().name, roles(team)) == ("Ops", {"Bob": "owner", "Vera": "member"})


def test_the_right_is_read_again_by_the_command(team: Team, charlie: User) -> None:
    from accounts.teams import rename_team
    from web.errors import Problem

    with pytest.raises(Problem, match="forbidden"):
        rename_team(Administrator(charlie.pk), team.pk, "Mine")


def test_a_team_is_renamed(team: Team, staff: Client) -> None:
    assert staff.post(page_of(team), form_of(team, name="Operations")).status_code == 302
    assert (Team.objects.get().name, entries()) == ("Operations", [("setting_changed", "Dora", None)])
    assert staff.post(page_of(team), form_of(team, name="\u202e")).status_code == 200
    assert Team.objects.get().name == "Operations"


def test_people_come_get_other_roles_and_go(team: Team, flow: Flow, alice: User, vera: User, staff: Client) -> None:
    staff.post(page_of(team), form_of(team, (alice, "viewer"), memberships__1__role="admin"))
    assert roles(team) == {"Bob": "owner", "Vera": "admin", "Alice": "viewer"}
    assert {one.role for one in grants_of(flow.pk, [Person(alice.pk)]).values()} == {Role.VIEWER}

    staff.post(page_of(team), form_of(team, memberships__2__DELETE="on"))
    assert roles(team) == {"Bob": "owner", "Vera": "admin"}
    assert grants_of(flow.pk, [Person(alice.pk)]) == {}
    assert set(entries()) == {
        ("team_member_added", "Dora", "Alice"),
        ("team_member_changed", "Dora", "Vera"),
        ("team_member_removed", "Dora", "Alice"),
    }


def test_the_last_owner_stays_and_nothing_of_the_form_is_saved(team: Team, staff: Client) -> None:
    response = staff.post(page_of(team), form_of(team, name="Other", memberships__0__DELETE="on"))

    assert told(response) == ["Make someone else owner first."]
    assert (Team.objects.get().name, roles(team)["Bob"], entries()) == ("Ops", "owner", [])


def test_a_team_whose_owner_left_is_found_and_handed_over(team: Team, bob: User, staff: Client) -> None:
    address = reverse("admin:accounts_team_changelist")
    assert "Ops" not in staff.get(address, {"owner": "no"}).content.decode()
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert "Ops" in staff.get(address, {"owner": "no"}).content.decode()

    staff.post(page_of(team), form_of(team, memberships__0__role="viewer", memberships__1__role="owner"))

    assert roles(team) == {"Bob": "viewer", "Vera": "owner"}


def test_deleting_shows_which_flows_stand_in_the_way(team: Team, flow: Flow, staff: Client, vera: User) -> None:
    page = staff.get(page_of(team, "delete")).content.decode()
    assert "Plan" in page and reverse("admin:flows_flow_change", args=[flow.pk]) in page
    staff.post(page_of(team, "delete"), {"post": "yes"})
    assert Team.objects.exists()

    commands.set_team(Administrator(User.objects.get(name="Dora").pk), flow.pk, None, via="admin")
    other = commands.create_flow(Person(vera.pk), parse_flow(title="Other"), via="page")
    TeamShare.objects.create(flow=other, team=team, role="viewer")
    page = staff.get(page_of(team, "delete")).content.decode()
    assert "Team members: 2" in page and "Shares with teams: 1" in page and "Plan" not in page
    assert staff.post(page_of(team, "delete"), {"post": "yes"}).status_code == 302
    assert not Team.objects.exists() and Flow.objects.count() == 2
    assert entries()[-1] == ("team_deleted", "Dora", None)


def test_a_flow_is_given_to_a_team_and_taken_out_of_it(team: Team, flow: Flow, staff: Client, vera: User) -> None:
    empty = {f"{name}-{part}_FORMS": 0 for name in ("memberships", "nodes", "edges") for part in ("TOTAL", "INITIAL")}
    page = reverse("admin:flows_flow_change", args=[flow.pk])
    for wanted in ("", str(team.pk)):
        assert staff.post(page, {"title": "Plan", "description": "", "team": wanted, **empty}).status_code == 302
        flow.refresh_from_db()
        assert str(flow.team_id or "") == wanted
        assert bool(grants_of(flow.pk, [Person(vera.pk)])) is bool(wanted)
    assert (flow.version, [entry[0] for entry in entries()]) == (1, ["setting_changed"] * 2)


def test_an_invitation_is_withdrawn_an_expired_one_too(team: Team, bob: User, staff: Client) -> None:
    for name, at in (("new", timezone.now() + timedelta(days=1)), ("old", timezone.now())):
        TeamInvitation.objects.create(
            team=team, email=f"{name}@example.com", role="viewer", digest=name, invited_by=bob, expires_at=at
        )
    chosen = [one.pk for one in TeamInvitation.objects.all()]
    address = reverse("admin:accounts_teaminvitation_changelist")
    assert "old@example.com" in staff.get(address).content.decode()

    staff.post(address, {"action": "withdraw", "_selected_action": chosen})

    assert not TeamInvitation.objects.exists()
    assert entries() == [("invitation_withdrawn", "Dora", None)] * 2
