"""Teams: who may do what in one; the last owner stays; limits; what the audit log and those with sockets are told."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts import team_invitations, teams
from accounts.audit import Action
from accounts.models import PersonalToken, Team, TeamInvitation, TeamMember, User
from accounts.principals import Guest, Person, Scope, TokenBearer
from accounts.signals import access_changed
from accounts.teams import Role
from flows.log.audit import AuditEntry
from tests.conftest import person
from web.errors import Problem

pytestmark = pytest.mark.django_db
Told = Callable[..., list[int]]


def refusal(*call: object, **given: object) -> str:
    """Return the code with which a call is refused."""
    function, *arguments = call
    with pytest.raises(Problem) as refused:
        function(*arguments, **given)  # type: ignore[operator]
    return refused.value.code


def by(user: User) -> Person:
    return Person(user.pk)


@pytest.fixture
def team(alice: User, bob: User, vera: User) -> Team:
    """Alice owns, bob is admin, vera views; charlie is a stranger."""
    made = teams.create_team(by(alice), "Kitchen")
    teams.add_member(by(alice), made.id, bob.email or "", Role.ADMIN)
    teams.add_member(by(alice), made.id, vera.email or "", Role.VIEWER)
    return Team.objects.get(pk=made.id)


@pytest.fixture
def told(
    team: Team, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> Iterator[Told]:
    """`told(call, …)`: whose access is said to have changed once the call has committed."""
    heard: list[int] = []

    def hear(user_ids: list[int], **_: object) -> None:
        heard.extend(user_ids)

    def listen(call: Callable[..., object], *arguments: object) -> list[int]:
        heard.clear()
        with django_capture_on_commit_callbacks(execute=True):
            call(*arguments)
            assert not heard
        return sorted(heard)

    access_changed.connect(hear)
    yield listen
    access_changed.disconnect(hear)


def roles(team: Team) -> dict[str, str]:
    return {one.user.name: one.role for one in teams.members(team.pk)}


def actions(team: Team) -> list[str]:
    return list(AuditEntry.objects.filter(object=f"team:{team.pk}").order_by("number").values_list("action", flat=True))


class TestMaking:
    def test_a_guest_makes_none(self, alice: User) -> None:
        assert refusal(teams.create_team, Guest(alice.pk, 1), "Kitchen") == "forbidden"

    def test_a_token_that_reads_makes_none(self, alice: User) -> None:
        assert refusal(teams.create_team, TokenBearer(alice.pk, scope=Scope.READ), "Kitchen") == "forbidden"

    def test_a_token_that_was_revoked_meanwhile_makes_none(self, alice: User) -> None:
        token = PersonalToken.objects.create(user=alice, name="CI", scopes=["admin"], digest="x")
        bearer = TokenBearer(alice.pk, token=token.pk)
        PersonalToken.objects.update(revoked_at=timezone.now())

        assert refusal(teams.create_team, bearer, "Kitchen") == "not_authenticated"
        assert not Team.objects.exists()

    def test_one_more_than_a_person_may_make_is_refused(self, alice: User, settings: Settings) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, teams_per_person=2)
        made = [teams.create_team(by(alice), name) for name in ("One", "Two")]

        assert refusal(teams.create_team, by(alice), "Three") == "limit_reached"
        teams.delete_team(by(alice), made[0].id)
        teams.create_team(by(alice), "Three")

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.OWNER])
    def test_teams_of_others_do_not_count(self, alice: User, charlie: User, settings: Settings, role: Role) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, teams_per_person=2)
        for name in ("One", "Two"):
            theirs = teams.create_team(by(alice), name)
            teams.add_member(by(alice), theirs.id, charlie.email or "", role)
            if role == Role.OWNER:
                teams.remove_member(by(alice), theirs.id, alice.pk)

        for name in ("Three", "Four"):
            teams.create_team(by(charlie), name)
        assert refusal(teams.create_team, by(charlie), "Five") == "limit_reached"

    def test_too_many_changes_in_an_hour_are_refused(self, alice: User, settings: Settings) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, account_changes_per_hour=1)
        teams.create_team(by(alice), "One")

        assert refusal(teams.create_team, by(alice), "Two") == "rate_limited"

    def test_who_makes_it_owns_it(self, alice: User) -> None:
        made = teams.create_team(by(alice), "Kitchen")

        assert teams.teams_of(alice.pk) == [made]
        assert made.role == Role.OWNER
        entry = AuditEntry.objects.get(action=Action.TEAM_CREATED)
        assert (entry.actor_id, entry.object) == (alice.pk, f"team:{made.id}")


class TestMembers:
    def test_a_stranger_finds_no_team(self, team: Team, charlie: User, vera: User) -> None:
        for call in (
            (teams.membership, by(charlie), team.pk),
            (teams.membership, by(charlie), uuid4()),
            (teams.rename_team, by(charlie), team.pk, "Mine"),
            (teams.add_member, by(charlie), team.pk, charlie.email, Role.VIEWER),
            (teams.change_member, by(charlie), team.pk, vera.pk, Role.ADMIN),
            (teams.remove_member, by(charlie), team.pk, vera.pk),
            (teams.delete_team, by(charlie), team.pk),
        ):
            assert refusal(*call) == "not_found"

    def test_a_viewer_changes_nothing_but_may_leave(self, team: Team, vera: User, bob: User, charlie: User) -> None:
        for call in (
            (teams.rename_team, by(vera), team.pk, "Mine"),
            (teams.add_member, by(vera), team.pk, charlie.email, Role.VIEWER),
            (teams.change_member, by(vera), team.pk, vera.pk, Role.ADMIN),
            (teams.remove_member, by(vera), team.pk, bob.pk),
            (teams.delete_team, by(vera), team.pk),
        ):
            assert refusal(*call) == "forbidden"

        teams.remove_member(by(vera), team.pk, vera.pk)
        assert roles(team) == {"Alice": "owner", "Bob": "admin"}

    def test_an_admin_neither_makes_nor_touches_owners(
        self, team: Team, alice: User, bob: User, vera: User, charlie: User
    ) -> None:
        for call in (
            (teams.add_member, by(bob), team.pk, charlie.email, Role.OWNER),
            (teams.add_member, by(bob), team.pk, alice.email, Role.VIEWER),
            (teams.change_member, by(bob), team.pk, vera.pk, Role.OWNER),
            (teams.change_member, by(bob), team.pk, bob.pk, Role.OWNER),
            (teams.change_member, by(bob), team.pk, alice.pk, Role.ADMIN),
            (teams.remove_member, by(bob), team.pk, alice.pk),
            (teams.delete_team, by(bob), team.pk),
        ):
            assert refusal(*call) == "forbidden"
        assert roles(team) == {"Alice": "owner", "Bob": "admin", "Vera": "viewer"}

    def test_an_admin_manages_all_others(self, team: Team, bob: User, vera: User, charlie: User) -> None:
        teams.add_member(by(bob), team.pk, "CHARLIE@example.com", Role.ADMIN)
        teams.change_member(by(bob), team.pk, vera.pk, Role.MEMBER)
        assert roles(team) == {"Alice": "owner", "Bob": "admin", "Vera": "member", "Charlie": "admin"}

        teams.remove_member(by(bob), team.pk, charlie.pk)
        assert "Charlie" not in roles(team)

    def test_the_last_owner_stays(self, team: Team, alice: User, bob: User) -> None:
        assert refusal(teams.remove_member, by(alice), team.pk, alice.pk) == "invalid"
        assert refusal(teams.change_member, by(alice), team.pk, alice.pk, Role.ADMIN) == "invalid"
        assert refusal(teams.add_member, by(alice), team.pk, alice.email, Role.ADMIN) == "invalid"

        teams.change_member(by(alice), team.pk, bob.pk, Role.OWNER)
        teams.remove_member(by(alice), team.pk, alice.pk)
        assert roles(team) == {"Bob": "owner", "Vera": "viewer"}

    def test_an_owner_whose_account_is_inactive_is_none(self, team: Team, alice: User, bob: User) -> None:
        teams.change_member(by(alice), team.pk, bob.pk, Role.OWNER)
        User.objects.filter(pk=bob.pk).update(is_active=False)

        assert refusal(teams.remove_member, by(alice), team.pk, alice.pk) == "invalid"

    def test_an_unknown_address_is_refused_and_counted(self, team: Team, alice: User, settings: Settings) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, invitations_per_hour=3)

        assert refusal(teams.add_member, by(alice), team.pk, "nobody@example.com", Role.VIEWER) == "invalid"
        assert refusal(teams.add_member, by(alice), team.pk, "nobody@example.com", Role.VIEWER) == "rate_limited"

    def test_one_more_than_a_team_holds_is_refused(self, team: Team, alice: User, settings: Settings) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, team_members=4)
        person("cora")
        person("dan")
        teams.add_member(by(alice), team.pk, "cora@example.com", Role.VIEWER)

        assert refusal(teams.add_member, by(alice), team.pk, "dan@example.com", Role.VIEWER) == "limit_reached"

    def test_who_made_all_teams_that_they_may_is_still_added(
        self, team: Team, alice: User, charlie: User, settings: Settings
    ) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, teams_per_person=1)
        teams.create_team(by(charlie), "Own")

        assert teams.add_member(by(alice), team.pk, charlie.email or "", Role.VIEWER).user_id == charlie.pk

    def test_what_is_done_is_recorded_and_told(self, team: Team, alice: User, vera: User, told: Told) -> None:
        assert told(teams.change_member, by(alice), team.pk, vera.pk, Role.MEMBER) == [vera.pk]
        assert told(teams.remove_member, by(alice), team.pk, vera.pk) == [vera.pk]
        assert told(teams.rename_team, by(alice), team.pk, "Hall") == []

        assert actions(team)[-3:] == ["team_member_changed", "team_member_removed", "setting_changed"]
        changed = AuditEntry.objects.get(action=Action.TEAM_MEMBER_CHANGED)
        assert (changed.person_id, changed.told) == (vera.pk, {"before": "viewer", "after": "member"})


class TestDeleting:
    def test_while_it_owns_flows_it_stays(self, team: Team, alice: User) -> None:
        from flows import commands
        from flows.parsing import parse_flow

        flow = commands.create_flow(by(alice), parse_flow(title="Soup"), via="page", team=team.pk)

        with pytest.raises(Problem) as refused:
            teams.delete_team(by(alice), team.pk)
        assert (refused.value.code, refused.value.status) == ("invalid", 409)

        commands.set_team(by(alice), flow.pk, None)
        teams.delete_team(by(alice), team.pk)
        assert not Team.objects.exists()

    def test_all_who_were_in_it_are_told(self, team: Team, alice: User, bob: User, vera: User, told: Told) -> None:
        assert told(teams.delete_team, by(alice), team.pk) == [alice.pk, bob.pk, vera.pk]

        assert actions(team)[-1] == "team_deleted"


class TestInvitations:
    def invite(
        self,
        user: User,
        team: Team,
        email: str = "new@example.com",
        role: Role = Role.MEMBER,
        *,
        is_open: bool = False,
    ) -> str:
        """Invite, and return the secret of the mailed link."""
        secrets: list[str] = []

        def link(secret: str) -> str:
            secrets.append(secret)
            return f"https://helix.example/teams/invitations/{secret}/"

        team_invitations.invite(by(user), team.pk, email, role, link, is_open=is_open)
        return secrets[0]

    def test_only_admins_invite_and_only_owners_invite_owners(self, team: Team, bob: User, vera: User) -> None:
        assert refusal(self.invite, vera, team) == "forbidden"
        assert refusal(self.invite, bob, team, role=Role.OWNER) == "forbidden"
        assert not TeamInvitation.objects.exists()
        assert not mail.outbox

    @pytest.mark.parametrize("email", ["charlie@example.com", "Charlie@Example.com", "nonsense"])
    def test_an_address_with_an_account_or_none_at_all_is_refused(
        self, team: Team, alice: User, charlie: User, email: str
    ) -> None:
        assert refusal(self.invite, alice, team, email) == "invalid"

    def test_the_mail_has_the_link_and_the_row_has_not(self, team: Team, alice: User) -> None:
        secret = self.invite(alice, team)

        (sent,) = mail.outbox
        assert sent.to == ["new@example.com"]
        assert f"https://helix.example/teams/invitations/{secret}/" in str(sent.body)
        assert secret not in TeamInvitation.objects.get().digest
        assert actions(team)[-1] == "invitation_sent"

    def test_it_holds_for_seven_days(self, team: Team, alice: User, charlie: User) -> None:
        secret = self.invite(alice, team, is_open=True)
        held = TeamInvitation.objects.get()
        assert abs(held.expires_at - held.created_at - timedelta(days=7)) < timedelta(minutes=1)

        TeamInvitation.objects.update(expires_at=timezone.now())

        assert refusal(team_invitations.accept, by(charlie), secret) == "not_found"

    def test_sent_again_the_link_before_ends(self, team: Team, alice: User, charlie: User) -> None:
        before = self.invite(alice, team, is_open=True)
        after = self.invite(alice, team, "NEW@example.com", Role.VIEWER, is_open=True)

        assert refusal(team_invitations.accept, by(charlie), before) == "not_found"
        assert team_invitations.accept(by(charlie), after).role == Role.VIEWER

    def test_registering_the_address_gives_nothing(self, team: Team, alice: User) -> None:
        self.invite(alice, team)

        assert teams.teams_of(person("new").pk) == []

    def test_who_has_the_address_joins_once(self, team: Team, alice: User) -> None:
        secret, newcomer = self.invite(alice, team), person("new")

        team_invitations.accept(by(newcomer), secret)

        assert roles(team)["New"] == "member"
        assert actions(team)[-2:] == ["team_member_added", "invitation_accepted"]
        assert refusal(team_invitations.accept, by(newcomer), secret) == "not_found"

    def test_another_account_cannot_take_it(self, team: Team, alice: User, charlie: User) -> None:
        secret = self.invite(alice, team)

        assert refusal(team_invitations.accept, by(charlie), secret) == "forbidden"
        assert "Charlie" not in roles(team)
        assert TeamInvitation.objects.exists(), "it is there for whom it is for"

    def test_an_open_one_is_for_any_account_once(self, team: Team, alice: User, charlie: User, dora: User) -> None:
        secret = self.invite(alice, team, is_open=True)

        team_invitations.accept(by(charlie), secret)

        assert roles(team)["Charlie"] == "member"
        assert refusal(team_invitations.accept, by(dora), secret) == "not_found"
        sent = AuditEntry.objects.filter(action=Action.INVITATION_SENT).latest("number")
        assert sent.told["open"] is True

    def test_a_member_keeps_a_greater_role(self, team: Team, alice: User, bob: User) -> None:
        team_invitations.accept(by(bob), self.invite(alice, team, role=Role.VIEWER, is_open=True))

        assert roles(team)["Bob"] == "admin"

    def test_a_withdrawn_one_is_gone(self, team: Team, alice: User, bob: User, vera: User, charlie: User) -> None:
        secret = self.invite(alice, team)
        held = TeamInvitation.objects.get()
        assert refusal(team_invitations.withdraw, by(vera), team.pk, held.pk) == "forbidden"

        team_invitations.withdraw(by(bob), team.pk, held.pk)

        assert refusal(team_invitations.accept, by(charlie), secret) == "not_found"
        assert refusal(team_invitations.withdraw, by(bob), team.pk, held.pk) == "not_found"
        assert actions(team)[-1] == "invitation_withdrawn"

    def test_invitations_fill_a_team_as_members_do(self, team: Team, alice: User, settings: Settings) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, team_members=4)
        self.invite(alice, team, "one@example.com")

        assert refusal(self.invite, alice, team, "two@example.com") == "limit_reached"
        self.invite(alice, team, "one@example.com", Role.VIEWER)

    def test_the_last_place_is_for_who_was_invited(
        self, team: Team, alice: User, charlie: User, settings: Settings
    ) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, team_members=4)

        team_invitations.accept(by(charlie), self.invite(alice, team, is_open=True))

        assert TeamMember.objects.filter(team=team).count() == 4

    @pytest.mark.parametrize("loss", ["removed", "demoted", "inactive", "deleted row", "left"])
    def test_one_whose_inviter_may_not_invite_any_more(self, team: Team, alice: User, bob: User, loss: str) -> None:
        secret = self.invite(bob, team)
        match loss:
            case "removed":
                teams.remove_member(by(alice), team.pk, bob.pk)
            case "demoted":
                teams.change_member(by(alice), team.pk, bob.pk, Role.MEMBER)
            case "inactive":
                User.objects.filter(pk=bob.pk).update(is_active=False)
            case "deleted row":
                TeamInvitation.objects.update(invited_by=None)
            case "left":
                teams.remove_member(by(bob), team.pk, bob.pk)
        newcomer = person("new")

        assert refusal(team_invitations.invitation_of, secret) == "not_found"
        assert refusal(team_invitations.accept, by(newcomer), secret) == "not_found"
        assert "New" not in roles(team)
        (held,) = team_invitations.invitations(team.pk)
        assert held.pk not in team_invitations.valid_ones(team.pk, [held]), "admins are told"

    def test_an_admin_who_was_an_owner_makes_no_owner_by_an_earlier_one(
        self, team: Team, alice: User, bob: User
    ) -> None:
        teams.change_member(by(alice), team.pk, bob.pk, Role.OWNER)
        secret, other = self.invite(bob, team, role=Role.OWNER), self.invite(bob, team, "other@example.com")
        teams.change_member(by(alice), team.pk, bob.pk, Role.ADMIN)

        assert refusal(team_invitations.accept, by(person("new")), secret) == "not_found"
        assert team_invitations.accept(by(person("other")), other).role == Role.MEMBER, "what admins may, they may"

    def test_an_admin_does_not_replace_one_of_an_owner(self, team: Team, alice: User, bob: User) -> None:
        secret = self.invite(alice, team, role=Role.OWNER)

        assert refusal(self.invite, bob, team, "NEW@example.com", Role.VIEWER) == "forbidden"

        assert team_invitations.invitation_of(secret).role == Role.OWNER
        lowered = self.invite(alice, team, role=Role.VIEWER)
        assert team_invitations.invitation_of(lowered).role == Role.VIEWER

    def test_who_made_all_teams_that_they_may_takes_one(
        self, team: Team, alice: User, charlie: User, settings: Settings
    ) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, teams_per_person=1)
        teams.create_team(by(charlie), "Own")

        assert team_invitations.accept(by(charlie), self.invite(alice, team, is_open=True)).team_id == team.pk

    def test_one_whose_address_is_added_by_hand_is_gone(self, team: Team, alice: User) -> None:
        secret, newcomer = self.invite(alice, team, role=Role.OWNER), person("new")

        teams.add_member(by(alice), team.pk, "new@example.com", Role.VIEWER)

        assert not TeamInvitation.objects.exists()
        assert "invitation_withdrawn" in actions(team)
        assert refusal(team_invitations.accept, by(newcomer), secret) == "not_found"
        assert roles(team)["New"] == "viewer"

    def test_who_is_taken_out_does_not_come_back_by_one_that_was_left(
        self, team: Team, alice: User, vera: User
    ) -> None:
        self.invite(alice, team)
        User.objects.filter(pk=vera.pk).update(email="new@example.com")

        teams.remove_member(by(alice), team.pk, vera.pk)

        assert not TeamInvitation.objects.exists()

    def test_an_address_that_nobody_confirmed_is_mailed_a_link(
        self, team: Team, alice: User, settings: Settings
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        squatter = person("new")
        EmailAddress.objects.create(user=squatter, email="new@example.com", primary=True, verified=False)

        assert refusal(teams.add_member, by(alice), team.pk, "new@example.com", Role.ADMIN) == "invalid"
        for _again in range(2):
            secret = self.invite(alice, team)
            assert "New" not in roles(team)
        team_invitations.accept(by(squatter), secret)
        assert roles(team)["New"] == "member", "who follows the mailed link has the address"
