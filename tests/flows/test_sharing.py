"""Owners share a flow with teams, invite addresses by mail, hand it over, and say what viewers may do."""

import smtplib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Attempt, Team, TeamMember, User
from accounts.principals import Administrator, Person, Scope, System, TokenBearer
from flows import commands
from flows.access import Role, get_flow_for, people_of
from flows.access_list import invitations_in, people_in, teams_in
from flows.commands import Invited, MemberChanged
from flows.document import Rejected
from flows.errors import Forbidden, NotFound
from flows.log import verify_flow, verify_installation
from flows.models import AuditEntry, Flow, FlowInvitation, Link, Membership, TeamShare, Visit
from tests.flows.conftest import Published
from web.errors import Problem

pytestmark = pytest.mark.django_db
Invite = Callable[..., Invited]
NEW = "new@example.org"


def address_of(secret: str) -> str:
    return f"https://helix.example/invitations/{secret}/"


@pytest.fixture
def team(alice: User, charlie: User) -> Team:
    """Alice owns it, Charlie is in it."""
    team = Team.objects.create(name="Design")
    TeamMember.objects.create(team=team, user=alice, role="owner")
    TeamMember.objects.create(team=team, user=charlie, role="viewer")
    return team


@pytest.fixture
def invite(flow: Flow, alice: User) -> Invite:
    """`invite("new@example.org")`: alice does, as an editor."""

    def send(email: str = NEW, role: Role = Role.EDITOR) -> Invited:
        invited = commands.invite(Person(alice.pk), flow.pk, email=email, role=role, link_of=address_of)
        assert isinstance(invited, Invited)
        return invited

    return send


def sign_up() -> User:
    """Somebody makes an account with the invited address."""
    return User.objects.create_user(NEW, None, name="Newcomer")


def role_of(user: User, flow: Flow) -> Role | None:
    return people_of(flow.pk).get(user.pk)


def told(flow: Flow) -> list[tuple[str, str, object, object]]:
    """What stands of the last deeds in the audit log, which agrees with the rows."""
    assert verify_flow(flow.pk) == [] and verify_installation() == []
    entries = AuditEntry.objects.filter(flow_id=flow.pk).order_by("number")
    return [
        (one.action, one.object.partition(":")[0], one.told.get("before"), one.told.get("after")) for one in entries
    ]


class TestTeams:
    @pytest.mark.parametrize(("who", "error"), [("bob", Forbidden), ("charlie", NotFound)])
    def test_only_owners_of_the_flow(
        self, flow: Flow, team: Team, who: str, error: type[Exception], request: pytest.FixtureRequest
    ) -> None:
        actor = request.getfixturevalue(who)
        TeamMember.objects.get_or_create(team=team, user=actor, defaults={"role": "owner"})
        with pytest.raises(error):
            commands.share_with_team(Person(actor.pk), flow.pk, team_id=team.pk, role=Role.VIEWER)
        with pytest.raises(error):
            commands.change_team_share(Person(actor.pk), flow.pk, team_id=team.pk, role=Role.OWNER)
        with pytest.raises(error):
            commands.remove_team_share(Person(actor.pk), flow.pk, team_id=team.pk)
        assert not TeamShare.objects.exists()

    def test_only_teams_that_one_is_in(self, flow: Flow, alice: User, dora: User) -> None:
        others = Team.objects.create(name="Others")
        TeamMember.objects.create(team=others, user=dora, role="owner")
        with pytest.raises(Rejected, match="unknown_team") as refusal:
            commands.share_with_team(Person(alice.pk), flow.pk, team_id=others.pk, role=Role.VIEWER)
        with pytest.raises(Rejected, match="unknown_team") as unknown:
            commands.share_with_team(Person(alice.pk), flow.pk, team_id=flow.pk, role=Role.VIEWER)
        assert refusal.value.code == unknown.value.code == "invalid"

    def test_everybody_in_it_gets_the_role_and_hears_of_it(
        self, flow: Flow, alice: User, charlie: User, team: Team, published: Published
    ) -> None:
        with published() as hints:
            commands.share_with_team(Person(alice.pk), flow.pk, team_id=team.pk, role=Role.EDITOR)
        assert role_of(charlie, flow) is Role.EDITOR
        assert role_of(alice, flow) is Role.OWNER, "the greater one counts"
        assert [hint.message["users"] for hint in hints] == [sorted([alice.pk, charlie.pk])]
        assert [(one.name, one.role, one.people) for one in teams_in(flow.pk)] == [("Design", "editor", 2)]

    def test_it_is_changed_and_ended(
        self, flow: Flow, alice: User, charlie: User, team: Team, published: Published
    ) -> None:
        owner = Person(alice.pk)
        commands.share_with_team(owner, flow.pk, team_id=team.pk, role=Role.EDITOR)
        commands.share_with_team(owner, flow.pk, team_id=team.pk, role=Role.EDITOR)
        commands.change_team_share(owner, flow.pk, team_id=team.pk, role=Role.VIEWER)
        assert role_of(charlie, flow) is Role.VIEWER
        with published() as hints:
            commands.remove_team_share(owner, flow.pk, team_id=team.pk)
        assert role_of(charlie, flow) is None
        assert [hint.message["users"] for hint in hints] == [sorted([alice.pk, charlie.pk])]
        with pytest.raises(NotFound):
            commands.remove_team_share(owner, flow.pk, team_id=team.pk)
        assert told(flow)[-3:] == [
            ("member_added", "team", None, "editor"),
            ("member_changed", "team", "editor", "viewer"),
            ("member_removed", "team", "viewer", None),
        ]

    def test_who_is_in_several_ways_keeps_the_others(self, flow: Flow, alice: User, bob: User, team: Team) -> None:
        TeamMember.objects.create(team=team, user=bob, role="viewer")
        commands.share_with_team(Person(alice.pk), flow.pk, team_id=team.pk, role=Role.VIEWER)
        assert role_of(bob, flow) is Role.EDITOR
        commands.remove_member(Person(alice.pk), flow.pk, user_id=bob.pk)
        assert role_of(bob, flow) is Role.VIEWER

    def test_a_role_raised_in_the_rows_is_found(self, flow: Flow, alice: User, team: Team) -> None:
        commands.share_with_team(Person(alice.pk), flow.pk, team_id=team.pk, role=Role.VIEWER)
        TeamShare.objects.update(role="owner")
        assert any(f"team:{team.pk}: owner, by the audit log viewer" in str(one) for one in verify_flow(flow.pk))
        TeamShare.objects.all().delete()
        assert any("none, by the audit log viewer" in str(one) for one in verify_flow(flow.pk))
        team.delete()
        assert verify_flow(flow.pk) == [], "with its team a share goes"


class TestTheLastOwner:
    def test_an_owner_by_a_share_with_a_team_does_not_count(self, flow: Flow, alice: User, team: Team) -> None:
        commands.share_with_team(Person(alice.pk), flow.pk, team_id=team.pk, role=Role.OWNER)
        with pytest.raises(Rejected, match="last_owner"):
            commands.remove_member(Person(alice.pk), flow.pk, user_id=alice.pk)
        with pytest.raises(Rejected, match="last_owner"):
            commands.set_member(Person(alice.pk), flow.pk, person=alice.pk, role=Role.EDITOR)

    def test_but_they_may_what_owners_may(self, flow: Flow, alice: User, charlie: User, team: Team) -> None:
        commands.share_with_team(Person(alice.pk), flow.pk, team_id=team.pk, role=Role.OWNER)
        commands.set_member(Person(charlie.pk), flow.pk, person=charlie.email, role=Role.OWNER)
        commands.remove_member(Person(charlie.pk), flow.pk, user_id=alice.pk)
        assert role_of(alice, flow) is Role.OWNER, "by the team still"

    def test_a_flow_of_a_team_needs_nobody_in_person(self, flow: Flow, alice: User, team: Team) -> None:
        Flow.objects.filter(pk=flow.pk).update(team=team)
        commands.remove_member(Person(alice.pk), flow.pk, user_id=alice.pk)
        assert (role_of(alice, flow), Membership.objects.filter(flow=flow, role="owner").exists()) == (
            Role.OWNER,
            False,
        )


class TestInvitations:
    @pytest.mark.parametrize(("who", "error"), [("bob", Forbidden), ("charlie", NotFound)])
    def test_only_owners(
        self, flow: Flow, invite: Invite, who: str, error: type[Exception], request: pytest.FixtureRequest
    ) -> None:
        actor, held = Person(request.getfixturevalue(who).pk), invite().invitation
        mail.outbox.clear()
        with pytest.raises(error):
            commands.invite(actor, flow.pk, email="other@example.org", role=Role.VIEWER, link_of=address_of)
        with pytest.raises(error):
            commands.change_invitation(actor, flow.pk, invitation_id=held.pk, role=Role.OWNER)
        with pytest.raises(error):
            commands.withdraw_invitation(actor, flow.pk, invitation_id=held.pk)
        assert (mail.outbox, FlowInvitation.objects.get().role) == ([], "editor")

    @pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@example.org", "x@" + "y" * 300 + ".org"])
    def test_what_is_no_address(self, invite: Invite, email: str) -> None:
        with pytest.raises(Rejected, match="not_an_email"):
            invite(email)

    def test_a_mail_of_plain_text_has_the_link(self, flow: Flow, alice: User, invite: Invite) -> None:
        Flow.objects.filter(pk=flow.pk).update(title="Plan <b>\r\nBcc: all@example.org")
        invited = invite(" New@Example.ORG ")
        (message,) = mail.outbox
        assert (message.to, message.bcc, invited.is_mailed) == ([NEW], [], True)
        assert message.subject == "Helix: Invitation to “Plan <b> Bcc: all example org”"
        assert address_of(invited.secret) in message.body and "Alice" in message.body and NEW in message.body
        assert message.content_subtype == "plain" and not getattr(message, "alternatives", [])
        assert invited.secret not in str(list(FlowInvitation.objects.values())), "only its hash is kept"

    def test_one_that_cannot_be_sent_stands(self, invite: Invite, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(message: EmailMessage, fail_silently: bool = False) -> NoReturn:
            raise smtplib.SMTPConnectError(421, "away")

        monkeypatch.setattr(EmailMessage, "send", fail)
        invited = invite()
        assert (invited.is_mailed, FlowInvitation.objects.count()) == (False, 1)
        assert not Attempt.objects.filter(key__startswith="mail:").exists()

    def test_mails_of_a_flow_are_counted(self, invite: Invite, settings: Settings) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, mails_per_day=1)
        invite()
        with pytest.raises(Problem) as refusal:
            invite("second@example.org")
        assert (refusal.value.code, FlowInvitation.objects.count(), len(mail.outbox)) == ("rate_limited", 1, 1)

    def test_there_are_only_so_many(self, invite: Invite, settings: Settings) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, invitations_per_flow=1)
        invite()
        with pytest.raises(Rejected, match="too_many_invitations"):
            invite("second@example.org")
        invite(role=Role.VIEWER)
        assert [(one.email, one.role) for one in FlowInvitation.objects.all()] == [(NEW, "viewer")]

    def test_an_address_with_an_account_becomes_a_member(self, flow: Flow, alice: User, charlie: User) -> None:
        added = commands.invite(
            Person(alice.pk), flow.pk, email=charlie.email or "", role=Role.VIEWER, link_of=address_of
        )
        assert isinstance(added, MemberChanged) and added.is_new
        assert (role_of(charlie, flow), mail.outbox) == (Role.VIEWER, [])

    def test_registering_gives_nothing_by_itself(self, flow: Flow, invite: Invite) -> None:
        invite()
        assert role_of(sign_up(), flow) is None

    def test_the_link_gives_the_role_once(self, flow: Flow, invite: Invite, published: Published) -> None:
        secret, newcomer = invite().secret, sign_up()
        with published() as hints:
            assert commands.accept_invitation(Person(newcomer.pk), secret) == flow.pk
        assert role_of(newcomer, flow) is Role.EDITOR
        assert [hint.message["users"] for hint in hints] == [[newcomer.pk]]
        with pytest.raises(NotFound):
            commands.accept_invitation(Person(newcomer.pk), secret)
        assert told(flow)[-3:] == [
            ("invitation_sent", "invitation", None, "editor"),
            ("invitation_accepted", "invitation", "editor", None),
            ("member_added", "", None, "editor"),
        ]

    def test_a_greater_role_stays(self, flow: Flow, alice: User, invite: Invite) -> None:
        secret, newcomer = invite(role=Role.VIEWER).secret, sign_up()
        Membership.objects.create(flow=flow, user=newcomer, role=Role.EDITOR, colour=1)
        commands.accept_invitation(Person(newcomer.pk), secret)
        assert (role_of(newcomer, flow), invitations_in(flow.pk)) == (Role.EDITOR, [])

    @pytest.mark.parametrize("by", [NEW, "Newcomer", "invite", "transfer"])
    def test_one_whose_address_is_added_by_hand_is_gone(self, flow: Flow, alice: User, invite: Invite, by: str) -> None:
        secret, newcomer = invite(role=Role.OWNER).secret, sign_up()
        match by:
            case "invite":
                commands.invite(Person(alice.pk), flow.pk, email=NEW, role=Role.VIEWER, link_of=address_of)
            case "transfer":
                commands.transfer_flow(Person(alice.pk), flow.pk, person=NEW)
            case person:
                commands.set_member(Person(alice.pk), flow.pk, person=person, role=Role.VIEWER)
        assert not FlowInvitation.objects.exists()
        assert "invitation_withdrawn" in {action for action, *_ in told(flow)}
        with pytest.raises(NotFound):
            commands.accept_invitation(Person(newcomer.pk), secret)
        assert role_of(newcomer, flow) is (Role.OWNER if by == "transfer" else Role.VIEWER)

    @pytest.mark.parametrize("end", ["removed", "changed"])
    def test_nobody_comes_back_by_one_that_was_left(
        self, flow: Flow, alice: User, invite: Invite, charlie: User, end: str
    ) -> None:
        invite(role=Role.OWNER)
        commands.set_member(Person(alice.pk), flow.pk, person=charlie.email or "", role=Role.EDITOR)
        User.objects.filter(pk=charlie.pk).update(email=NEW)  # whoever has the address now
        if end == "removed":
            commands.remove_member(Person(alice.pk), flow.pk, user_id=charlie.pk)
        else:
            commands.set_member(Person(alice.pk), flow.pk, person=charlie.pk, role=Role.VIEWER)
        assert not FlowInvitation.objects.exists()
        assert told(flow)[-1][0] in {"invitation_withdrawn", "member_removed", "member_changed"}

    @pytest.mark.parametrize("loss", ["removed", "demoted", "inactive", "deleted row", "left the team"])
    def test_one_whose_inviter_may_not_invite_any_more(
        self, flow: Flow, alice: User, bob: User, team: Team, loss: str
    ) -> None:
        owner = Person(alice.pk)
        if loss == "left the team":
            TeamMember.objects.create(team=team, user=bob, role="admin")
            commands.set_team(owner, flow.pk, team.pk)
        else:
            commands.set_member(owner, flow.pk, person=bob.pk, role=Role.OWNER)
        sent = commands.invite(Person(bob.pk), flow.pk, email=NEW, role=Role.OWNER, link_of=address_of)
        assert isinstance(sent, Invited) and not invitations_in(flow.pk)[0].is_void
        match loss:
            case "removed":
                commands.remove_member(owner, flow.pk, user_id=bob.pk)
            case "demoted":
                commands.set_member(owner, flow.pk, person=bob.pk, role=Role.EDITOR)
            case "inactive":
                User.objects.filter(pk=bob.pk).update(is_active=False)
            case "deleted row":
                FlowInvitation.objects.update(invited_by=None)
            case "left the team":
                TeamMember.objects.filter(user=bob).delete()
        newcomer = sign_up()
        for use in (commands.open_invitation, lambda secret: commands.accept_invitation(Person(newcomer.pk), secret)):
            with pytest.raises(NotFound):
                use(sent.secret)
        assert role_of(newcomer, flow) is None
        assert [one.is_void for one in invitations_in(flow.pk)] == [True], "owners are told"

    def test_another_owner_answers_for_it_who_changes_its_role(self, flow: Flow, alice: User, bob: User) -> None:
        owner = Person(alice.pk)
        commands.set_member(owner, flow.pk, person=bob.pk, role=Role.OWNER)
        sent = commands.invite(Person(bob.pk), flow.pk, email=NEW, role=Role.EDITOR, link_of=address_of)
        assert isinstance(sent, Invited)
        commands.remove_member(owner, flow.pk, user_id=bob.pk)
        commands.change_invitation(owner, flow.pk, invitation_id=sent.invitation.pk, role=Role.VIEWER)
        newcomer = sign_up()
        commands.accept_invitation(Person(newcomer.pk), sent.secret)
        assert role_of(newcomer, flow) is Role.VIEWER

    def test_another_account_cannot_take_it(self, flow: Flow, invite: Invite, charlie: User) -> None:
        secret = invite().secret
        with pytest.raises(Forbidden):
            commands.accept_invitation(Person(charlie.pk), secret)
        assert (role_of(charlie, flow), FlowInvitation.objects.count()) == (None, 1)

    @pytest.mark.parametrize("end", ["withdrawn", "expired", "again", "deleted"])
    def test_a_link_that_has_ended(self, flow: Flow, alice: User, invite: Invite, end: str) -> None:
        invited = invite()
        match end:
            case "withdrawn":
                commands.withdraw_invitation(Person(alice.pk), flow.pk, invitation_id=invited.invitation.pk)
                assert told(flow)[-1] == ("invitation_withdrawn", "invitation", "editor", None)
            case "expired":
                FlowInvitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
            case "again":
                invite()
            case "deleted":
                commands.delete_flow(Person(alice.pk), flow.pk)
        newcomer = sign_up()
        with pytest.raises(NotFound):
            commands.accept_invitation(Person(newcomer.pk), invited.secret)
        assert role_of(newcomer, flow) is None

    def test_its_role_is_changed_and_the_link_stays(self, flow: Flow, alice: User, invite: Invite) -> None:
        invited = invite()
        held = invited.invitation.pk
        commands.change_invitation(Person(alice.pk), flow.pk, invitation_id=held, role=Role.VIEWER)
        assert told(flow)[-1] == ("invitation_sent", "invitation", "editor", "viewer")
        newcomer = sign_up()
        commands.accept_invitation(Person(newcomer.pk), invited.secret)
        assert role_of(newcomer, flow) is Role.VIEWER

    def test_a_role_raised_in_the_rows_is_found(self, flow: Flow, invite: Invite) -> None:
        invite()
        FlowInvitation.objects.update(role="owner")
        assert any("owner, by the audit log editor" in str(one) for one in verify_flow(flow.pk))


class TestAddressesNobodyConfirmed:
    """Somebody may register another's address; without answering its mail they get nothing."""

    @pytest.fixture(autouse=True)
    def _confirmed(self, flow: Flow, settings: Settings) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

    def register(self, *, verified: bool = False) -> User:
        squatter = sign_up()
        EmailAddress.objects.create(user=squatter, email=NEW, primary=True, verified=verified)
        return squatter

    def test_inviting_mails_a_link(self, flow: Flow, invite: Invite) -> None:
        squatter = self.register()
        secret = invite().secret
        assert (role_of(squatter, flow), [one.to for one in mail.outbox]) == (None, [[NEW]])
        commands.accept_invitation(Person(squatter.pk), secret)
        assert role_of(squatter, flow) is Role.EDITOR, "who follows the mailed link has the address"

    def test_inviting_again_adds_nobody(self, flow: Flow, invite: Invite) -> None:
        invite()
        squatter = self.register()
        invite()
        assert (role_of(squatter, flow), FlowInvitation.objects.count(), len(mail.outbox)) == (None, 1, 2)

    def test_another_address_that_is_confirmed_is_not_enough(self, flow: Flow, invite: Invite) -> None:
        squatter = self.register()
        EmailAddress.objects.create(user=squatter, email="own@example.org", verified=True)
        invite()
        assert role_of(squatter, flow) is None

    @pytest.mark.parametrize("person", [NEW, "Newcomer"])
    def test_adding_and_handing_over_find_nobody(self, flow: Flow, alice: User, person: str) -> None:
        squatter = self.register()
        with pytest.raises(Rejected, match="unknown_person"):
            commands.set_member(Person(alice.pk), flow.pk, person=person, role=Role.VIEWER)
        with pytest.raises(Rejected, match="unknown_person"):
            commands.transfer_flow(Person(alice.pk), flow.pk, person=person)
        assert role_of(squatter, flow) is None

    def test_who_confirmed_is_added_at_once(self, flow: Flow, alice: User) -> None:
        newcomer = self.register(verified=True)
        commands.invite(Person(alice.pk), flow.pk, email=NEW, role=Role.VIEWER, link_of=address_of)
        assert (role_of(newcomer, flow), mail.outbox) == (Role.VIEWER, [])


class TestTransfer:
    @pytest.mark.parametrize(("who", "error"), [("bob", Forbidden), ("vera", Forbidden), ("charlie", NotFound)])
    def test_only_owners(self, flow: Flow, who: str, error: type[Exception], request: pytest.FixtureRequest) -> None:
        actor = request.getfixturevalue(who)
        with pytest.raises(error):
            commands.transfer_flow(Person(actor.pk), flow.pk, person=actor.email)

    def test_to_whom_it_cannot_be(self, flow: Flow, alice: User, bob: User, charlie: User) -> None:
        with pytest.raises(Rejected, match="unknown_person"):
            commands.transfer_flow(Person(alice.pk), flow.pk, person="nobody@example.com")
        with pytest.raises(Rejected, match="transfer_to_self"):
            commands.transfer_flow(Person(alice.pk), flow.pk, person=alice.email or "")
        with pytest.raises(NotFound):
            commands.transfer_flow(Person(alice.pk), flow.pk, person=charlie.pk)
        User.objects.filter(pk=bob.pk).update(is_active=False)
        with pytest.raises(NotFound):
            commands.transfer_flow(Person(alice.pk), flow.pk, person=bob.pk)
        assert role_of(alice, flow) is Role.OWNER

    @pytest.mark.parametrize("who", ["bob", "charlie"])
    def test_the_other_owns_it_and_one_edits_it(
        self, flow: Flow, alice: User, who: str, published: Published, request: pytest.FixtureRequest
    ) -> None:
        other = request.getfixturevalue(who)
        with published() as hints:
            changed = commands.transfer_flow(Person(alice.pk), flow.pk, person=other.email)
        assert (changed.user_id, changed.role, changed.is_new) == (other.pk, Role.OWNER, who == "charlie")
        assert (role_of(other, flow), role_of(alice, flow)) == (Role.OWNER, Role.EDITOR)
        assert [hint.message["users"] for hint in hints] == [sorted([alice.pk, other.pk])]
        assert told(flow)[-1][0] == "flow_transferred"

    def test_who_owns_it_by_a_team_alone_stays_so(self, flow: Flow, alice: User, bob: User, team: Team) -> None:
        Flow.objects.filter(pk=flow.pk).update(team=team)
        commands.remove_member(Person(alice.pk), flow.pk, user_id=alice.pk)
        commands.transfer_flow(Person(alice.pk), flow.pk, person=bob.pk)
        assert (role_of(bob, flow), role_of(alice, flow)) == (Role.OWNER, Role.OWNER)

    def test_the_system_gives_up_nothing(self, flow: Flow, alice: User, bob: User, dora: User) -> None:
        commands.transfer_flow(System(), flow.pk, person=bob.pk)
        commands.transfer_flow(Administrator(dora.pk), flow.pk, person=bob.pk)
        assert (role_of(bob, flow), role_of(alice, flow)) == (Role.OWNER, Role.OWNER)


class TestTokens:
    @pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
    def test_rights_are_for_the_scope_admin(self, flow: Flow, alice: User, bob: User, scope: Scope) -> None:
        owners = TokenBearer(alice.pk, scope=scope)
        with pytest.raises(Forbidden):
            commands.transfer_flow(owners, flow.pk, person=bob.pk)
        with pytest.raises(Forbidden):
            commands.set_member(owners, flow.pk, person=bob.pk, role=Role.VIEWER)
        with pytest.raises(Forbidden):
            commands.remove_member(TokenBearer(bob.pk, scope=scope), flow.pk, user_id=bob.pk)
        assert role_of(bob, flow) is Role.EDITOR


class TestViewerRights:
    @pytest.mark.parametrize(("who", "error"), [("bob", Forbidden), ("charlie", NotFound)])
    def test_only_owners(self, flow: Flow, who: str, error: type[Exception], request: pytest.FixtureRequest) -> None:
        with pytest.raises(error):
            actor = Person(request.getfixturevalue(who).pk)
            commands.set_viewer_rights(actor, flow.pk, {"can_export": False})

    def test_what_changed_is_told(self, flow: Flow, alice: User) -> None:
        commands.set_viewer_rights(Person(alice.pk), flow.pk, {"can_export": False, "can_duplicate": True})
        flow.refresh_from_db()
        assert (flow.can_duplicate, flow.can_export, flow.version) == (True, False, 1)
        assert told(flow)[-1] == ("setting_changed", "flow", True, False)
        assert AuditEntry.objects.latest("number").told["setting"] == "can_export"


def test_who_came_by_a_link_sees_no_address(flow: Flow, alice: User, charlie: User, team: Team) -> None:
    link = Link.objects.create(flow=flow, role="viewer", digest="d", sealed="")
    Visit.objects.create(link=link, user=charlie)
    assert get_flow_for(Person(charlie.pk), flow.pk).role is Role.VIEWER
    assert {one.email for one in people_in(flow.pk, Person(charlie.pk))} == {None}
    commands.share_with_team(Person(alice.pk), flow.pk, team_id=team.pk, role=Role.VIEWER)
    assert alice.email in {one.email for one in people_in(flow.pk, Person(charlie.pk))}
