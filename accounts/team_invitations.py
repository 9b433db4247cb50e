"""Places in teams for addresses without an account: a mail with a link, and only that link gives the place.

An account under the address gives nothing by itself, and the link nothing to another account, unless the admins made
the invitation open. It is worth what its inviter may give now: their right is read again in the transaction that takes
it. Of the secret in the link only a hash is kept.
"""

import secrets
from collections.abc import Callable, Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import attempts, mails
from accounts.account_changes import changing, tell
from accounts.addresses import canonical, comparable
from accounts.audit import Action
from accounts.models import TeamInvitation, TeamMember, User
from accounts.principals import Administrator, Caller, Scope
from accounts.teams import Actor, Role, account_of, expect_may_give, expect_room_in, join, may_give, membership, note
from web.digests import digest_of
from web.errors import Problem
from web.text import unlinked


def invitations(team_id: UUID) -> "QuerySet[TeamInvitation]":
    """Return a team's invitations that still hold, in the order in which they were sent."""
    return TeamInvitation.objects.filter(team_id=team_id, expires_at__gt=timezone.now()).order_by("created_at", "pk")


def valid_ones(team_id: UUID, held: Collection[TeamInvitation]) -> frozenset[int]:
    """Return which invitations of a team can be taken now: the ids of those whose inviter may still give their role."""
    inviters = TeamMember.objects.filter(team_id=team_id, user__in={one.invited_by_id for one in held})
    roles = {one.user_id: one for one in inviters.filter(user__is_active=True)}
    return frozenset(
        one.pk for one in held if (mine := roles.get(one.invited_by_id or 0)) and may_give(mine, Role(one.role))
    )


def invite(
    principal: Caller,
    team_id: UUID,
    email: str,
    role: Role,
    link: Callable[[str], str],
    *,
    is_open: bool = False,
) -> tuple[TeamInvitation, bool]:
    """Mail an address without an account a link into a team, and tell whether the mail went out; admins and owners.

    `link` makes the whole address of a secret; `is_open` lets any account take it, once. Sent again, the link before
    ends. An account that has not confirmed the address is none. Raises `Problem` (`not_found`,
    `forbidden`, `limit_reached`, `rate_limited`, `invalid` for an address with an account).
    """
    expect_may_give(membership(principal, team_id, Role.ADMIN), role)
    attempts.count("invitation", str(principal.user_id))
    secret, address = secrets.token_urlsafe(32), _address(email)
    with changing(principal, Scope.ADMIN):
        mine = membership(principal, team_id, Role.ADMIN)
        expect_may_give(mine, role)
        if account_of(address) is not None:
            raise Problem("invalid", _("This address has an account. Add it as a member."))
        _forget_expired(team_id)
        held = TeamInvitation.objects.filter(team_id=team_id, email=address).first()
        if held is None:
            expect_room_in(team_id)
            held = TeamInvitation(team_id=team_id, email=address)
        else:
            expect_may_give(mine, Role(held.role))
        held.role, held.digest, held.invited_by_id = role, digest_of(secret), principal.user_id
        held.is_open = is_open
        held.expires_at = timezone.now() + timedelta(days=settings.HELIX_LIMITS.invitation_days)
        held.save()
        note(principal, Action.INVITATION_SENT, mine.team, email=address, role=role, open=is_open)
    return held, _mail(mine, held, link(secret))


def withdraw(principal: Actor, team_id: UUID, invitation_id: int) -> None:
    """Take an invitation back; admins and owners. Administrators see those that have expired, and take them too.

    Raises `Problem` (`not_found`, `forbidden`, `rate_limited`).
    """
    with changing(principal, Scope.ADMIN):
        mine = membership(principal, team_id, Role.ADMIN)
        is_staff = isinstance(principal, Administrator)
        seen = TeamInvitation.objects.filter(team_id=team_id) if is_staff else invitations(team_id)
        held = seen.filter(pk=invitation_id).first()
        if held is None:
            raise no_invitation()
        expect_may_give(mine, Role(held.role))
        held.delete()
        note(principal, Action.INVITATION_WITHDRAWN, mine.team, email=held.email, role=held.role)


def invitation_of(secret: str) -> TeamInvitation:
    """Return the invitation that a link is for.

    Raises `Problem` (`not_found`), also where who invited may not give the role any more.
    """
    held = TeamInvitation.objects.filter(digest=digest_of(secret), expires_at__gt=timezone.now())
    found = held.select_related("team", "invited_by").first()
    if found is None or found.pk not in valid_ones(found.team_id, [found]):
        raise no_invitation()
    return found


def is_for(invitation: TeamInvitation, user: User) -> bool:
    """Tell whether an account may take an invitation."""
    return invitation.is_open or user.email == comparable(invitation.email)


def accept(principal: Caller, secret: str) -> TeamMember:
    """Join the team that a link is for; the link is good once.

    Raises `Problem` (`not_found`, `limit_reached`, and `forbidden` for an account with another address).
    """
    with changing(principal, Scope.ADMIN):
        held = invitation_of(secret)
        if not is_for(held, User.objects.get(pk=principal.user_id)):
            raise Problem("forbidden", _("This invitation is for another address."))
        member = join(principal, held)
        note(principal, Action.INVITATION_ACCEPTED, held.team, person=principal.user_id, email=held.email)
        held.delete()
    tell([principal.user_id])
    return member


def no_invitation() -> Problem:
    """Make the failure of an invitation that is unknown, withdrawn, used or expired."""
    return Problem("not_found", _("There is no such invitation. It may have expired or been withdrawn."))


def _address(email: str) -> str:
    try:
        return canonical(email)
    except ValueError:
        raise Problem("invalid", _("email: must be an e-mail address")) from None


def _forget_expired(team_id: UUID) -> None:
    TeamInvitation.objects.filter(team_id=team_id, expires_at__lte=timezone.now()).delete()


def _mail(mine: TeamMember, invitation: TeamInvitation, link: str) -> bool:
    """Send the link, if there is a mail server; what cannot be sent stays an invitation, which can be sent again."""
    days, is_open = settings.HELIX_LIMITS.invitation_days, invitation.is_open
    who, team = unlinked(mine.user.name), unlinked(mine.team.name)
    values = {"who": who, "team": team, "link": link, "days": days, "is_open": is_open}
    return mails.send(mails.compose("teams/email/invitation", invitation.email, values), invitation=invitation.pk)
