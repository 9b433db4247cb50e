"""Teams: people who work together. Who may do what in one, and all that changes it.

Owners may do everything. Admins manage members and invitations, but neither make owners nor touch them. Anybody may
leave, but for the last owner. A team that somebody is not in is not found, known or not. Administrators of the
installation stand in for an owner, as far as their permissions go.

Each command is one transaction that first locks the audit log's head, so changes of rights come one after the other;
who loses something is waited for (`revoke_rights`), and told of after the commit (`access_changed`). What teams may do
in flows is said in `flows.access`.
"""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from django.conf import settings
from django.db.models import F, ProtectedError, QuerySet
from django.utils.translation import gettext as _

from accounts import attempts
from accounts.account_changes import changing, tell
from accounts.addresses import comparable
from accounts.administration import expect_permission
from accounts.audit import Action, record
from accounts.credentials import revoke_rights
from accounts.entrance import addable
from accounts.models import Team, TeamInvitation, TeamMember, User
from accounts.principals import Administrator, Caller, Scope
from accounts.scopes import expect_everywhere
from accounts.signals import leaving_team
from web.errors import Problem

Role: TypeAlias = TeamMember.Role
Actor: TypeAlias = Caller | Administrator
CHANGE, DELETE = "accounts.change_team", "accounts.delete_team"
_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True)
class TeamItem:
    """A team as one of its members sees it."""

    id: UUID
    name: str
    role: Role


def includes(role: str, other: Role) -> bool:
    """Tell whether a role in a team may do what `other` may."""
    return _ORDER.index(Role(role)) >= _ORDER.index(other)


def teams_of(user_id: int) -> list[TeamItem]:
    """Return a person's teams by name, with their role in each."""
    held = TeamMember.objects.filter(user_id=user_id).select_related("team").order_by("team__name", "team_id")
    return [TeamItem(one.team_id, one.team.name, Role(one.role)) for one in held]


def membership(principal: Actor, team_id: UUID, role: Role = Role.VIEWER, *, permission: str = CHANGE) -> TeamMember:
    """Return a caller's place in a team, at least `role`; an administrator with the permission has an owner's.

    Raises `Problem` (`not_found`, `forbidden`).
    """
    expect_everywhere(principal)
    if isinstance(principal, Administrator):
        return _stand_in(principal, team_id, permission)
    held = TeamMember.objects.filter(team_id=team_id, user_id=principal.user_id).select_related("team").first()
    if held is None:
        raise no_team()
    if not includes(held.role, role):
        raise Problem("forbidden", _("Your role in this team does not allow this."))
    return held


def members(team_id: UUID) -> "QuerySet[TeamMember]":
    """Return a team's members in the order in which they joined."""
    return TeamMember.objects.filter(team_id=team_id).select_related("user").order_by("created_at", "pk")


def create_team(principal: Caller, name: str) -> TeamItem:
    """Make a team that the caller owns. Raises `Problem` (`limit_reached`, `rate_limited`)."""
    with changing(principal, Scope.WRITE):
        _expect_may_make(principal.user_id)
        team = Team.objects.create(name=name)
        maker = TeamMember.objects.create(team=team, user_id=principal.user_id, role=Role.OWNER)
        TeamMember.objects.filter(pk=maker.pk).update(created_at=team.created_at)
        note(principal, Action.TEAM_CREATED, team, person=principal.user_id, name=name, role=Role.OWNER)
    tell([principal.user_id])
    return TeamItem(team.pk, team.name, Role.OWNER)


def rename_team(principal: Actor, team_id: UUID, name: str) -> TeamItem:
    """Give a team another name; admins and owners. Raises `Problem` (`not_found`, `forbidden`, `rate_limited`)."""
    with changing(principal, Scope.WRITE):
        held = membership(principal, team_id, Role.ADMIN)
        before, held.team.name = held.team.name, name
        held.team.save(update_fields=["name"])
        if before != name:
            note(principal, Action.SETTING_CHANGED, held.team, setting="name", before=before, after=name)
    return TeamItem(held.team_id, name, Role(held.role))


def delete_team(principal: Actor, team_id: UUID) -> None:
    """Delete a team that owns no flows; owners only.

    Raises `Problem` (`not_found`, `forbidden`, `rate_limited`), and `invalid` as 409 while it owns flows.
    """
    with changing(principal, Scope.ADMIN):
        team = membership(principal, team_id, Role.OWNER, permission=DELETE).team
        people = list(members(team_id).values_list("user_id", flat=True))
        revoke_rights(people)
        note(principal, Action.TEAM_DELETED, team, name=team.name)
        try:
            team.delete()
        except ProtectedError:
            told = _("The team owns flows, perhaps in the trash. Take them out of it, or delete them for good, first.")
            raise Problem("invalid", told, status=409) from None
    tell(people)


def add_member(principal: Caller, team_id: UUID, email: str, role: Role) -> TeamMember:
    """Give somebody with an account a role, or change the one they have; admins and owners.

    Each try is counted, because it tells whether an address has an account. Raises `Problem` (`not_found`, `forbidden`,
    `limit_reached`, `rate_limited`, and `invalid` for an unknown address or the last owner).
    """
    _manager(principal, team_id, role)
    attempts.count("invitation", str(principal.user_id))
    with changing(principal, Scope.ADMIN):
        mine = _manager(principal, team_id, role)
        user = account_of(email)
        if user is None:
            raise Problem("invalid", _("No account has this e-mail address."))
        changed = _set_role(principal, mine, user.pk, role)
    tell([changed.user_id])
    return changed


def put_member(principal: Administrator, team_id: UUID, user_id: int, role: Role) -> TeamMember:
    """Give any account a role in a team, or change the one it has: for the admin, which knows all accounts.

    Raises `Problem` (`not_found`, `forbidden`, `limit_reached`, and `invalid` for the last owner).
    """
    with changing(principal, Scope.ADMIN):
        mine = _manager(principal, team_id, role)
        is_member = TeamMember.objects.filter(team_id=team_id, user_id=user_id).exists()
        if not is_member and not User.objects.filter(pk=user_id, is_active=True).exists():
            raise Problem("not_found", _("There is no such account."))
        changed = _set_role(principal, mine, user_id, role)
    tell([user_id])
    return changed


def change_member(principal: Actor, team_id: UUID, user_id: int, role: Role) -> TeamMember:
    """Change a member's role; admins and owners. Raises `Problem` (`not_found`, `forbidden`, `invalid`)."""
    with changing(principal, Scope.ADMIN):
        mine = _manager(principal, team_id, role)
        _held(team_id, user_id)
        changed = _set_role(principal, mine, user_id, role)
    tell([user_id])
    return changed


def remove_member(principal: Actor, team_id: UUID, user_id: int) -> None:
    """Take a member's place away, or leave; memberships in the team's flows end with it.

    Raises `Problem` (`not_found`, `forbidden`, `invalid`).
    """
    with changing(principal, Scope.ADMIN):
        is_own = user_id == principal.user_id
        mine = membership(principal, team_id, Role.VIEWER if is_own else Role.ADMIN)
        held = _held(team_id, user_id)
        _expect_touchable(mine, held)
        _keep_an_owner(held)
        leaving_team.send(sender=Team, principal=principal, team_id=team_id, user_id=user_id)
        revoke_rights([user_id])
        held.delete()
        note(principal, Action.TEAM_MEMBER_REMOVED, mine.team, person=user_id, before=held.role, after=None)
        _end_invitations_of(principal, mine, user_id)
    tell([user_id])


def join(principal: Caller, invitation: TeamInvitation) -> TeamMember:
    """Put the caller into a team, inside the transaction that takes their invitation; a greater role stays."""
    held = TeamMember.objects.filter(team_id=invitation.team_id, user_id=principal.user_id).first()
    if held is not None and includes(held.role, Role(invitation.role)):
        return held
    if held is None:
        expect_room_in(invitation.team_id, besides=invitation)
    return _write_role(principal, invitation.team, held, principal.user_id, Role(invitation.role))


def note(principal: Actor, action: Action, team: Team, *, person: int | None = None, **detail: object) -> None:
    """Write into the audit log what was done in a team."""
    record(action, actor=principal.user_id, object=f"team:{team.pk}", person=person, detail=detail)


def expect_room_in(team_id: UUID, *, besides: TeamInvitation | None = None) -> None:
    """Raise `Problem` (`limit_reached`) if members and invitations together fill a team."""
    invited = TeamInvitation.objects.filter(team_id=team_id).exclude(pk=besides.pk if besides else 0).count()
    most: int = settings.HELIX_LIMITS.team_members
    if TeamMember.objects.filter(team_id=team_id).count() + invited >= most:
        raise Problem("limit_reached", _("A team has at most %(most)d members.") % {"most": most})


def may_give(mine: TeamMember, role: Role) -> bool:
    """Tell whether a member may invite others, or add them, in a role: admins may, owners alone make owners."""
    return includes(mine.role, Role.OWNER if role == Role.OWNER else Role.ADMIN)


def expect_may_give(mine: TeamMember, role: Role) -> None:
    """Raise `Problem` (`forbidden`) for an admin who makes an owner."""
    if not may_give(mine, role):
        raise Problem("forbidden", _("Only owners of the team can make somebody an owner."))


def account_of(email: str) -> User | None:
    """Return who can be added by an address: its account, if that is active and confirmed."""
    return addable().filter(email=comparable(email.replace("\0", ""))).first()


def no_team() -> Problem:
    """Make the failure of a team that is unknown, or that one is not in."""
    return Problem("not_found", _("There is no such team."))


def _manager(principal: Actor, team_id: UUID, role: Role) -> TeamMember:
    """Return the place of a caller who may give a role."""
    mine = membership(principal, team_id, Role.ADMIN)
    expect_may_give(mine, role)
    return mine


def _stand_in(principal: Administrator, team_id: UUID, permission: str) -> TeamMember:
    """Return the place of an administrator, which is no row."""
    expect_permission(principal, permission)
    team = Team.objects.filter(pk=team_id).first()
    if team is None:
        raise no_team()
    return TeamMember(team=team, user_id=principal.user_id, role=Role.OWNER)


def _held(team_id: UUID, user_id: int) -> TeamMember:
    held = TeamMember.objects.filter(team_id=team_id, user_id=user_id).select_related("user").first()
    if held is None:
        raise Problem("not_found", _("There is no such member."))
    return held


def _set_role(principal: Actor, mine: TeamMember, user_id: int, role: Role) -> TeamMember:
    _end_invitations_of(principal, mine, user_id)
    held = TeamMember.objects.filter(team_id=mine.team_id, user_id=user_id).first()
    if held is None:
        expect_room_in(mine.team_id)
    else:
        _expect_touchable(mine, held)
        if role != Role.OWNER:
            _keep_an_owner(held)
    return _write_role(principal, mine.team, held, user_id, role)


def _end_invitations_of(principal: Actor, mine: TeamMember, user_id: int) -> None:
    """Take back what a person's address is invited to: what is said of them by hand is the last word.

    As long as they may say it: an admin does not touch who is invited as an owner.
    """
    address = User.objects.filter(pk=user_id).values_list("email", flat=True).first()
    for held in TeamInvitation.objects.filter(team=mine.team_id, email=address) if address else ():
        if user_id != principal.user_id:
            expect_may_give(mine, Role(held.role))
        held.delete()
        note(principal, Action.INVITATION_WITHDRAWN, mine.team, email=held.email, role=held.role)


def _write_role(principal: Actor, team: Team, held: TeamMember | None, user_id: int, role: Role) -> TeamMember:
    if held is None:
        added = TeamMember.objects.create(team=team, user_id=user_id, role=role)
        note(principal, Action.TEAM_MEMBER_ADDED, team, person=user_id, before=None, after=role)
        return added
    before, held.role = held.role, role
    if before != role:
        if includes(before, role):
            revoke_rights([user_id])
        held.save(update_fields=["role"])
        note(principal, Action.TEAM_MEMBER_CHANGED, team, person=user_id, before=before, after=role)
    return held


def _expect_touchable(mine: TeamMember, held: TeamMember) -> None:
    if held.role == Role.OWNER and mine.role != Role.OWNER:
        raise Problem("forbidden", _("Only owners of the team can change an owner."))


def _keep_an_owner(held: TeamMember) -> None:
    owners = TeamMember.objects.filter(team_id=held.team_id, role=Role.OWNER, user__is_active=True)
    if held.role == Role.OWNER and not owners.exclude(pk=held.pk).exists():
        raise Problem("invalid", _("Make someone else owner first."))


def _expect_may_make(user_id: int) -> None:
    """Raise `Problem` (`limit_reached`) for a person who made and owns too many; who was added later made none."""
    most: int = settings.HELIX_LIMITS.teams_per_person
    owned = TeamMember.objects.filter(user_id=user_id, role=Role.OWNER)
    if owned.filter(created_at=F("team__created_at")).count() >= most:
        raise Problem("limit_reached", _("A person can make at most %(most)d teams.") % {"most": most})
