"""Who may open a flow: everybody in it sees the list, owners change it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import Attempt, Team, TeamMember, User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.commands import Invited
from flows.models import AuditEntry, Flow, FlowInvitation, Link, Membership, TeamShare, Visit
from tests.pages.conftest import Enter


def role_of(flow: Flow, person: User) -> str | None:
    return Membership.objects.filter(flow=flow, user=person).values_list("role", flat=True).first()


@pytest.mark.parametrize("name", ["bob", "vera"])
def test_others_read_the_list_and_change_nothing(
    flow: Flow, charlie: User, enter: Enter, request: pytest.FixtureRequest, name: str
) -> None:
    person = request.getfixturevalue(name)
    client = enter(person)
    html = client.get(f"/flows/{flow.pk}/members").content.decode()
    assert "alice@example.com" in html
    assert 'name="person"' not in html
    assert client.post(f"/flows/{flow.pk}/members", {"person": charlie.email, "role": "viewer"}).status_code == 403
    assert client.post(f"/flows/{flow.pk}/members/{person.pk}", {"role": "owner"}).status_code == 403
    assert role_of(flow, charlie) is None
    assert role_of(flow, person) != "owner"


@pytest.mark.parametrize("person", ["nobody@example.com", "Nobody", ""])
def test_an_unknown_person_is_told(flow: Flow, alice: User, enter: Enter, hx: dict[str, str], person: str) -> None:
    answer = enter(alice).post(f"/flows/{flow.pk}/members", {"person": person, "role": "viewer"}, headers=hx)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_the_last_owner_stays(flow: Flow, alice: User, enter: Enter, hx: dict[str, str]) -> None:
    address = f"/flows/{flow.pk}/members/{alice.pk}"
    assert enter(alice).post(address, {"remove": "1"}, headers=hx).status_code == 422
    assert enter(alice).post(address, {"role": "viewer"}, headers=hx).status_code == 422
    assert role_of(flow, alice) == "owner"


@pytest.mark.parametrize("person", ["charlie@example.com", "charlie"])
def test_an_owner_invites_by_address_or_name(
    flow: Flow, alice: User, charlie: User, enter: Enter, hx: dict[str, str], person: str
) -> None:
    answer = enter(alice).post(f"/flows/{flow.pk}/members", {"person": person, "role": "editor"}, headers=hx)
    assert answer.status_code == 200
    assert "Charlie" in answer.content.decode()
    assert ("charlie@example.com" in answer.content.decode()) == (person == "charlie@example.com")
    assert role_of(flow, charlie) == "editor"
    assert charlie.email in enter(charlie).get(f"/flows/{flow.pk}/members").content.decode()


def test_one_invitation_too_many_is_told(
    flow: Flow, alice: User, charlie: User, enter: Enter, hx: dict[str, str], settings: Settings
) -> None:
    Attempt.objects.all().delete()
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, invitations_per_hour=1)
    client, address = enter(alice), f"/flows/{flow.pk}/members"
    assert client.post(address, {"person": "nobody@example.com", "role": "viewer"}, headers=hx).status_code == 422
    answer = client.post(address, {"person": charlie.email, "role": "viewer"}, headers=hx)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    assert 'role="alert"' in answer.content.decode()
    assert role_of(flow, charlie) is None


@pytest.mark.parametrize("by_htmx", [True, False])
def test_anybody_leaves(flow: Flow, vera: User, enter: Enter, hx: dict[str, str], by_htmx: bool) -> None:
    client, headers = enter(vera), hx if by_htmx else {}
    html = client.get(f"/flows/{flow.pk}/members").content.decode()
    assert html.count('name="remove"') == 1
    assert f'action="/flows/{flow.pk}/members/{vera.pk}"' in html
    answer = client.post(f"/flows/{flow.pk}/members/{vera.pk}", {"remove": "1"}, headers=headers)
    assert answer.headers["HX-Redirect" if by_htmx else "Location"] == "/"
    assert role_of(flow, vera) is None
    assert client.get(f"/flows/{flow.pk}/members").status_code == 404


def test_an_owner_changes_a_role_and_takes_it_away(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    client, address = enter(alice), f"/flows/{flow.pk}/members/{bob.pk}"
    assert client.post(address, {"role": "viewer"}).headers["Location"] == f"/flows/{flow.pk}/members"
    assert role_of(flow, bob) == "viewer"
    client.post(address, {"remove": "1"})
    assert role_of(flow, bob) is None


def test_without_scripts_it_is_a_page(flow: Flow, alice: User, enter: Enter, hx: dict[str, str]) -> None:
    client, address = enter(alice), f"/flows/{flow.pk}/members"
    assert "<html" in client.get(address).content.decode()
    assert "<html" not in client.get(address, headers=hx).content.decode()


class TestTeams:
    @pytest.fixture
    def team(self, alice: User, charlie: User) -> Team:
        team = Team.objects.create(name="Design")
        TeamMember.objects.create(team=team, user=alice, role="owner")
        TeamMember.objects.create(team=team, user=charlie, role="member")
        return team

    @pytest.mark.parametrize("typed", ["Design", " design ", "Design (team)"])
    def test_one_is_shared_with_by_its_name(
        self, flow: Flow, alice: User, charlie: User, team: Team, enter: Enter, hx: dict[str, str], typed: str
    ) -> None:
        client, address = enter(alice), f"/flows/{flow.pk}/members"
        assert '<option value="Design (team)">' in client.get(address).content.decode()
        html = client.post(address, {"person": typed, "role": "viewer"}, headers=hx).content.decode()
        assert "Team of 2 people" in html and 'role="status"' in html
        assert enter(charlie).get(address).status_code == 200

    def test_only_their_own(self, flow: Flow, alice: User, bob: User, team: Team, enter: Enter) -> None:
        commands.set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.OWNER)
        assert enter(bob).post(f"/flows/{flow.pk}/members", {"person": "Design", "role": "viewer"}).status_code == 422
        assert not TeamShare.objects.exists()

    def test_it_is_changed_and_removed(
        self, flow: Flow, alice: User, team: Team, enter: Enter, hx: dict[str, str]
    ) -> None:
        commands.share_with_team(Person(alice.pk), flow.pk, team_id=team.pk, role=Role.VIEWER)
        client, address = enter(alice), f"/flows/{flow.pk}/members/team-{team.pk}"
        html = client.post(address, {"role": "editor"}, headers=hx).content.decode()
        assert (TeamShare.objects.get().role, f'data-focus="role-team-{team.pk}"' in html) == ("editor", True)
        client.post(address, {"remove": "1"}, headers=hx)
        assert not TeamShare.objects.exists()

    @pytest.mark.parametrize("name", ["alice", "vera"])
    def test_the_dialog_asks_for_nothing_twice(
        self, flow: Flow, alice: User, vera: User, team: Team, enter: Enter, hx: dict[str, str], name: str
    ) -> None:
        commands.share_with_team(Person(alice.pk), flow.pk, team_id=team.pk, role=Role.VIEWER)
        client = enter({"alice": alice, "vera": vera}[name])
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/flows/{flow.pk}/members", headers=hx)
        twice = [sql for sql, times in Counter(one["sql"] for one in asked).items() if times > 1]
        rights = ("django_session", "is_active", "pg_advisory")  # held and read again after what was asked
        assert [sql for sql in twice if not any(word in sql for word in rights)] == []


class TestTeamOfTheFlow:
    """The flow itself is moved to a team, to another one, or out of it."""

    @pytest.fixture
    def team(self, alice: User, charlie: User) -> Team:
        team = Team.objects.create(name="Design")
        TeamMember.objects.create(team=team, user=alice, role="member")
        TeamMember.objects.create(team=team, user=charlie, role="member")
        return team

    @pytest.fixture
    def address(self, flow: Flow) -> str:
        return f"/flows/{flow.pk}/team"

    def test_only_owners(self, flow: Flow, bob: User, vera: User, charlie: User, enter: Enter, address: str) -> None:
        team = Team.objects.create(name="Bobs")
        TeamMember.objects.create(team=team, user=bob, role="owner")
        for person, status in ((bob, 403), (vera, 403), (charlie, 404)):
            client = enter(person)
            assert client.post(address, {"team": str(team.pk)}).status_code == status
        assert 'name="team"' not in enter(bob).get(f"/flows/{flow.pk}/members").content.decode()
        assert Flow.objects.get(pk=flow.pk).team_id is None

    def test_an_unknown_team_and_anothers_are_refused_alike(
        self, flow: Flow, alice: User, bob: User, enter: Enter, hx: dict[str, str], address: str
    ) -> None:
        others = Team.objects.create(name="Bobs secret team")
        TeamMember.objects.create(team=others, user=bob, role="owner")
        for chosen, status in (("x", 422), (str(uuid4()), 404), (str(others.pk), 404)):
            answer = enter(alice).post(address, {"team": chosen}, headers=hx)
            html = answer.content.decode()
            assert (answer.status_code, 'role="alert"' in html) == (status, True)
            assert 'data-focus="flow-team"' in html and "Bobs secret team" not in html
        assert Flow.objects.get(pk=flow.pk).team_id is None

    def test_a_viewer_of_the_team_is_refused(
        self, flow: Flow, alice: User, team: Team, enter: Enter, hx: dict[str, str], address: str
    ) -> None:
        TeamMember.objects.filter(user=alice).update(role="viewer")
        answer = enter(alice).post(address, {"team": str(team.pk)}, headers=hx)
        assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (403, True)
        assert Flow.objects.get(pk=flow.pk).team_id is None

    def test_its_members_come_in_and_go_again(
        self, flow: Flow, alice: User, charlie: User, team: Team, enter: Enter, hx: dict[str, str], address: str
    ) -> None:
        client, stranger = enter(alice), enter(charlie)
        assert f'<option value="{team.pk}">Design</option>' in client.get(f"/flows/{flow.pk}/members").content.decode()
        html = client.post(address, {"team": str(team.pk)}, headers=hx).content.decode()
        assert f'<option value="{team.pk}" selected>' in html
        assert ('role="status"' in html, 'data-focus="flow-team"' in html) == (True, True)
        assert stranger.get(f"/flows/{flow.pk}/").status_code == 200
        assert client.post(address, {"team": ""}).headers["Location"] == f"/flows/{flow.pk}/members"
        assert Flow.objects.get(pk=flow.pk).team_id is None
        assert stranger.get(f"/flows/{flow.pk}/").status_code == 404

    def test_who_owns_it_by_the_team_alone_cannot_take_it_out(
        self, flow: Flow, alice: User, charlie: User, team: Team, enter: Enter, hx: dict[str, str], address: str
    ) -> None:
        enter(alice).post(address, {"team": str(team.pk)})
        TeamMember.objects.filter(user=charlie).update(role="admin")
        answer = enter(charlie).post(address, {"team": ""}, headers=hx)
        assert answer.status_code == 403
        assert Flow.objects.get(pk=flow.pk).team_id == team.pk


class TestInvitations:
    @pytest.fixture
    def link(self, flow: Flow, alice: User) -> str:
        made = commands.invite(
            Person(alice.pk), flow.pk, email="new@example.org", role=Role.EDITOR, link_of=lambda secret: secret
        )
        assert isinstance(made, Invited)
        return f"/invitations/{made.secret}/"

    def test_an_unknown_address_is_asked_about_first(
        self, flow: Flow, alice: User, enter: Enter, hx: dict[str, str]
    ) -> None:
        client, address = enter(alice), f"/flows/{flow.pk}/members"
        asked = client.post(address, {"person": "new@example.org", "role": "viewer"}, headers=hx)
        assert (asked.status_code, 'name="invite"' in asked.content.decode(), mail.outbox) == (422, True, [])
        nobody = client.post(address, {"person": "Nobody", "role": "viewer"}, headers=hx)
        assert 'name="invite"' not in nobody.content.decode()

    @pytest.mark.parametrize("by_htmx", [True, False])
    def test_its_link_is_shown_once(
        self, flow: Flow, alice: User, enter: Enter, hx: dict[str, str], by_htmx: bool
    ) -> None:
        client, address = enter(alice), f"/flows/{flow.pk}/members"
        asked = {"person": "new@example.org", "role": "viewer", "invite": "1"}
        html = client.post(address, asked, headers=hx if by_htmx else {}).content.decode()
        assert "Invitation sent to new@example.org" in html and "/invitations/" in html
        again = client.get(address).content.decode()
        assert "new@example.org" in again and "/invitations/" not in again

    def test_others_do_not_see_it(self, flow: Flow, bob: User, link: str, enter: Enter) -> None:
        assert "new@example.org" not in enter(bob).get(f"/flows/{flow.pk}/members").content.decode()

    def test_an_owner_withdraws_it(
        self, flow: Flow, alice: User, link: str, enter: Enter, client: Client, hx: dict[str, str]
    ) -> None:
        address = f"/flows/{flow.pk}/members/invitation-{FlowInvitation.objects.get().pk}"
        assert enter(alice).post(address, {"remove": "1"}, headers=hx).status_code == 200
        assert client.get(link).status_code == 404

    @pytest.mark.parametrize("secret", ["x", "%00", "a" * 500])
    def test_an_unknown_link_is_not_found(self, client: Client, db: None, secret: str) -> None:
        assert client.get(f"/invitations/{secret}/").status_code == 404

    def test_who_is_logged_out_is_led_to_login_and_back(self, link: str, client: Client) -> None:
        answer = client.get(link)
        html = answer.content.decode()
        assert f"?next={quote(link, safe='')}" in html
        assert html.count("?next=") == 2
        assert (answer["Referrer-Policy"], "no-store" in answer["Cache-Control"]) == ("strict-origin", True)
        assert client.post(link).status_code == 200, "nothing happens"
        assert FlowInvitation.objects.exists()

    def test_the_wrong_account_is_told(self, flow: Flow, charlie: User, link: str, enter: Enter) -> None:
        client = enter(charlie)
        html = client.get(link).content.decode()
        assert "This invitation is for new@example.org" in html and "charlie@example.com" in html
        assert client.post(link).status_code == 403
        assert role_of(flow, charlie) is None

    def test_the_right_account_accepts(self, flow: Flow, link: str, enter: Enter) -> None:
        person = User.objects.create_user("new@example.org", None, name="New")
        client = enter(person)
        assert "Accept and open" in client.get(link).content.decode()
        assert client.post(link).headers["Location"] == f"/flows/{flow.pk}/"
        assert role_of(flow, person) == "editor"
        assert client.get(link).status_code == 404


class TestLinks:
    NEW: ClassVar = {"role": "viewer", "expires_in": "86400", "name": "For all", "password": "swordfish"}

    def test_only_owners(self, flow: Flow, bob: User, enter: Enter) -> None:
        client = enter(bob)
        assert client.post(f"/flows/{flow.pk}/links", self.NEW).status_code == 403
        assert "New link" not in client.get(f"/flows/{flow.pk}/members").content.decode()
        assert not Link.objects.exists()

    @pytest.mark.parametrize("wrong", [{"role": "owner"}, {"role": "x"}, {"expires_in": "7"}, {"name": "x" * 151}])
    def test_a_bad_one_is_told(
        self, flow: Flow, alice: User, enter: Enter, hx: dict[str, str], wrong: dict[str, str]
    ) -> None:
        answer = enter(alice).post(f"/flows/{flow.pk}/links", {**self.NEW, **wrong}, headers=hx)
        assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (422, True)
        assert not Link.objects.exists()

    def test_one_is_made_shown_changed_switched_off_and_deleted(
        self, flow: Flow, alice: User, enter: Enter, hx: dict[str, str]
    ) -> None:
        client = enter(alice)
        html = client.post(f"/flows/{flow.pk}/links", self.NEW, headers=hx).content.decode()
        link = Link.objects.get()
        assert "For all" in html and "With password" in html and "/s/" in html
        address = f"/flows/{flow.pk}/links/{link.pk}"
        client.post(address, {"role": "editor", "expires_in": "", "no_password": "1"}, headers=hx)
        link.refresh_from_db()
        assert (link.role, link.expires_at, link.password) == ("editor", None, "")
        client.post(address, {"role": "editor", "expires_in": "keep", "password": "other"}, headers=hx)
        assert Link.objects.get().password
        assert "Switched off" in client.post(address, {"switch": "1"}, headers=hx).content.decode()
        client.post(address, {"switch": "1", "active": "1"}, headers=hx)
        assert Link.objects.get().is_active
        client.post(address, {"remove": "1"}, headers=hx)
        assert not Link.objects.exists()
        assert client.post(address, {"remove": "1"}, headers=hx).status_code == 422


def test_who_is_removed_leaves_links_that_owners_are_told_of(
    flow: Flow, alice: User, bob: User, enter: Enter, hx: dict[str, str]
) -> None:
    commands.create_link(Person(alice.pk), flow.pk, role=Role.VIEWER)
    commands.set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.OWNER)

    page = enter(bob).post(f"/flows/{flow.pk}/members/{alice.pk}", {"remove": "1"}, headers=hx).content.decode()

    assert "Links that they made still let people in" in page
    assert "made by <bdi>Alice</bdi>" in page
    assert f'name="made_by" value="{alice.pk}"' in page


class TestLinksOfOneWhoIsGone:
    @pytest.fixture
    def switch_off(self, flow: Flow, alice: User, bob: User, enter: Enter) -> Callable[..., HttpResponse]:
        """Alice made two links and bob one; she was removed, and he switches hers off."""
        commands.set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.OWNER)
        for maker in (alice, alice, bob):
            commands.create_link(Person(maker.pk), flow.pk, role=Role.VIEWER, name=maker.name)
        commands.remove_member(Person(bob.pk), flow.pk, user_id=alice.pk)
        return lambda who=bob, made_by=alice.pk, **how: enter(who).post(
            f"/flows/{flow.pk}/links", {"made_by": str(made_by)}, **how
        )

    def test_they_go_off_and_end_what_came_by_them(
        self, switch_off: Callable[..., HttpResponse], flow: Flow, vera: User, hx: dict[str, str]
    ) -> None:
        hers, his = Link.objects.filter(name="Alice").first(), Link.objects.get(name="Bob")
        for link in (hers, his):
            Visit.objects.create(link=link, user=vera)

        page = switch_off(headers=hx).content.decode()

        assert "2 links switched off." in page
        assert list(Link.objects.order_by("name").values_list("name", "is_active")) == [
            ("Alice", False),
            ("Alice", False),
            ("Bob", True),
        ]
        assert list(Visit.objects.filter(ended_at=None).values_list("link", flat=True)) == [his.pk]
        assert AuditEntry.objects.filter(action="link_changed", flow_id=flow.pk).count() == 2
        assert "0 links switched off." in switch_off(headers=hx).content.decode()

    def test_only_owners_may(self, switch_off: Callable[..., HttpResponse], vera: User) -> None:
        assert switch_off(who=vera).status_code == 403
        assert Link.objects.filter(is_active=True).count() == 3

    @pytest.mark.parametrize("made_by", ["", "x", "9" * 30])
    def test_nobody_is_named_clearly(self, switch_off: Callable[..., HttpResponse], made_by: str) -> None:
        assert switch_off(made_by=made_by).status_code == 422
        assert Link.objects.filter(is_active=True).count() == 3


def test_an_owner_says_what_viewers_may(flow: Flow, alice: User, vera: User, enter: Enter, hx: dict[str, str]) -> None:
    address = f"/flows/{flow.pk}/viewer-rights"
    assert enter(vera).post(address, {}).status_code == 403
    assert enter(alice).post(address, {"can_duplicate": "1"}, headers=hx).status_code == 200
    flow.refresh_from_db()
    assert (flow.can_duplicate, flow.can_export) == (True, False)
    assert f"{flow.pk}/duplicate" in enter(vera).get("/").content.decode()
    Flow.objects.update(can_duplicate=False)
    assert f"{flow.pk}/duplicate" not in enter(vera).get("/").content.decode()
    assert f"{flow.pk}/duplicate" in enter(alice).get("/").content.decode()
    Flow.objects.update(can_duplicate=True)
    assert "may export it" in enter(vera).get(f"/flows/{flow.pk}/members").content.decode()


def test_an_owner_hands_the_flow_over(flow: Flow, alice: User, bob: User, enter: Enter, hx: dict[str, str]) -> None:
    address = f"/flows/{flow.pk}/transfer"
    assert enter(bob).post(address, {"person": str(bob.pk)}).status_code == 403
    for wrong in ("", "x", "999999", str(alice.pk)):
        assert enter(alice).post(address, {"person": wrong}, headers=hx).status_code == 422
    html = enter(alice).post(address, {"person": str(bob.pk)}, headers=hx).content.decode()
    assert (role_of(flow, bob), role_of(flow, alice)) == ("owner", "editor")
    assert "Ownership transferred" in html and 'name="person"' not in html


def test_hostile_names_stay_text(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    evil = "<img src=x onerror=alert(1)>"
    User.objects.filter(pk=bob.pk).update(name=evil)
    team = Team.objects.create(name=evil)
    TeamMember.objects.create(team=team, user=alice, role="owner")
    commands.share_with_team(Person(alice.pk), flow.pk, team_id=team.pk, role=Role.VIEWER)
    commands.create_link(Person(alice.pk), flow.pk, role=Role.VIEWER, name=evil)
    assert "<img src=x" not in enter(alice).get(f"/flows/{flow.pk}/members").content.decode()
