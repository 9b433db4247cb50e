"""Links, invitations, shares and tokens in the admin: found by staff, taken back, and never changed by hand."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Login, PersonalToken, Team, TeamInvitation, TeamMember, User
from accounts.personal_tokens import bearer_of, new_token
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.log import verify_flow, verify_installation
from flows.models import AuditEntry, Flow, FlowInvitation, Link, TeamShare, Visit
from flows.parsing import parse_flow
from web.digests import digest_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def flow(alice: User) -> Flow:
    return commands.create_flow(Person(alice.pk), parse_flow(title="Plan"), via="page")


@pytest.fixture
def link(flow: Flow, alice: User) -> Link:
    commands.create_link(Person(alice.pk), flow.pk, role=Role.EDITOR, name="For the fair", password="swordfish")
    return Link.objects.get()


@pytest.fixture
def token(alice: User) -> str:
    token = new_token()
    PersonalToken.objects.create(user=alice, name="Backup", scopes=["read"], digest=digest_of(token))
    return token


@pytest.fixture
def team(bob: User) -> Team:
    team = Team.objects.create(name="Ops")
    TeamMember.objects.create(team=team, user=bob, role="owner")
    return team


@pytest.fixture
def staff(client: Client, dora: User) -> Client:
    client.force_login(dora)
    return client


def run(staff: Client, model: str, action: str, *rows: Any) -> Any:
    address = reverse(f"admin:{model}_changelist")
    return staff.post(address, {"action": action, "_selected_action": [str(one.pk) for one in rows]})


def told() -> list[tuple[str, str | None]]:
    assert verify_installation() == []
    entries = AuditEntry.objects.exclude(action="admin_change").select_related("actor").order_by("number")
    return [(one.action, one.actor and one.actor.name) for one in entries]


def test_staff_without_the_right_take_nothing_back(link: Link, token: str, bob: User, client: Client) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(*Permission.objects.filter(codename__in=["view_link", "view_personaltoken"]))
    client.force_login(bob)

    assert client.get(reverse("admin:flows_link_changelist")).status_code == 200
    run(client, "flows_link", "switch_off", link)
    run(client, "accounts_personaltoken", "revoke", PersonalToken.objects.get())
    bob.user_permissions.add(Permission.objects.get(codename="change_link"))
    run(client, "flows_link", "switch_off", link)  # a right over links is none over flows

    assert Link.objects.get().is_active
    assert bearer_of(token)
    assert {action for action, _ in told()} == {"flow_created", "link_created"}
    assert not AuditEntry.objects.filter(action="admin_change").exists()


def test_a_link_is_switched_off(link: Link, flow: Flow, staff: Client) -> None:
    page = staff.get(reverse("admin:flows_link_changelist"), {"q": "fair"}).content.decode()
    assert "For the fair" in page and "Plan" in page

    run(staff, "flows_link", "switch_off", link)

    assert not Link.objects.get().is_active
    assert told()[-1] == ("link_changed", "Dora")
    assert verify_flow(flow.pk) == []


def test_who_came_by_it_is_listed(link: Link, staff: Client) -> None:
    guest = User.everyone.create(name="Gerda", is_guest=True)
    Visit.objects.create(link=link, user=guest)
    page = staff.get(reverse("admin:flows_visit_changelist"), {"q": "Gerda"}).content.decode()
    assert "Gerda" in page and "For the fair" in page


def test_an_invitation_is_withdrawn(flow: Flow, alice: User, staff: Client) -> None:
    later = timezone.now() + timedelta(days=1)
    invitation = FlowInvitation.objects.create(
        flow=flow, email="new@example.com", role="viewer", digest="d", invited_by=alice, expires_at=later
    )
    run(staff, "flows_flowinvitation", "withdraw", invitation)

    assert not FlowInvitation.objects.exists()
    assert told()[-1] == ("invitation_withdrawn", "Dora")


def test_a_share_with_a_team_is_removed(flow: Flow, team: Team, staff: Client) -> None:
    share = TeamShare.objects.create(flow=flow, team=team, role="viewer")
    run(staff, "flows_teamshare", "remove", share)

    assert not TeamShare.objects.exists()
    assert told()[-1] == ("member_removed", "Dora")


def test_a_token_is_revoked_and_never_shown(token: str, alice: User, staff: Client) -> None:
    held = PersonalToken.objects.get()
    for address in (
        reverse("admin:accounts_personaltoken_changelist") + "?q=alice@&works=yes",
        reverse("admin:accounts_personaltoken_change", args=[held.pk]),
    ):
        page = staff.get(address).content.decode()
        assert "Backup" in page and held.digest not in page and token not in page

    run(staff, "accounts_personaltoken", "revoke", held)
    run(staff, "accounts_personaltoken", "revoke", held)

    assert bearer_of(token) is None
    assert told() == [("token_revoked", "Dora")]
    assert AuditEntry.objects.get(action="token_revoked").person == alice


def test_a_team_is_found_by_its_people(team: Team, staff: Client) -> None:
    listed = staff.get(reverse("admin:accounts_team_changelist"), {"q": "bob@"}).content.decode()
    assert "Ops" in listed
    page = staff.get(reverse("admin:accounts_team_change", args=[team.pk])).content.decode()
    assert "Bob" in page and "Owner" in page


def test_nothing_is_added_or_changed_by_hand(link: Link, token: str, team: Team, staff: Client, alice: User) -> None:
    guest, share = User.everyone.create(name="Gus", is_guest=True), {"team": team, "role": "viewer"}
    soon = timezone.now() + timedelta(days=1)
    invited = {"email": "new@example.com", "role": "viewer", "digest": "x", "invited_by": alice, "expires_at": soon}
    rows = {
        "flows_link": link,
        "flows_visit": Visit.objects.create(link=link, user=guest),
        "flows_flowinvitation": FlowInvitation.objects.create(flow=link.flow, **invited),
        "flows_teamshare": TeamShare.objects.create(flow=link.flow, **share),
        "accounts_personaltoken": PersonalToken.objects.get(),
        "accounts_teaminvitation": TeamInvitation.objects.create(team=team, **invited),
        "accounts_login": Login.objects.get(),
    }
    before = {model: type(row)._default_manager.values().get(pk=row.pk) for model, row in rows.items()}
    for model, row in rows.items():
        assert staff.post(reverse(f"admin:{model}_add"), {"name": "x"}).status_code == 403, model
        for page in ("change", "delete"):
            address = reverse(f"admin:{model}_{page}", args=[row.pk])
            assert staff.post(address, {"name": "x", "post": "yes"}).status_code == 403, (model, page)
        assert list(type(row)._default_manager.values()) == [before[model]], model
