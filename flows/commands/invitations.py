"""A role for an address that has no account yet: a mail with a link, and only that link gives it.

The secret of the link is 256 random bits, kept as its hash, so it is known only in the mail and to the owner at the
moment of inviting. It is taken up by an account with that very address, as long as who invited may invite: their right
is read again in the transaction that gives the role. Mail is sent after the commit; if that fails the invitation
stands, and its link can be passed on by hand.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import attempts, mails
from accounts.acting import as_system
from accounts.addresses import canonical, comparable
from accounts.audit import Action
from accounts.entrance import addable
from accounts.models import User
from accounts.principals import Person, Principal, user_id_of
from flows import limits as helix_limits
from flows.access import Role, authorize
from flows.commands.flow_lock import lock_flow
from flows.commands.invitation_ends import inviters, record_invitation
from flows.commands.members import MemberChanged, change_role, count_guess, give_role, set_member
from flows.commands.rights import lock_rights
from flows.document import Rejected
from flows.errors import FlowReason, Forbidden, NotFound
from flows.log import audit
from flows.models import FlowInvitation, Membership
from flows.publish import hint_access, publish_after_commit
from flows.rates import count_flow_change
from flows.submission import Via, via_of
from web.digests import digest_of
from web.text import unlinked
from web.write_transaction import in_write_transaction

LONGEST_TITLE = 120
"""Characters of a title that stand in a mail."""


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was just made, the secret of its link, and whether the mail could be sent."""

    invitation: FlowInvitation
    secret: str
    is_mailed: bool


def invite(
    principal: Principal,
    flow_id: UUID,
    *,
    email: str,
    role: Role,
    link_of: Callable[[str], str],
    via: Via | None = None,
) -> Invited | MemberChanged:
    """Invite an address, in place of an earlier invitation of it; one that has an account is added as a member.

    `link_of` makes the address of the page out of the secret. Raises `NotFound` or `Forbidden` for the principal;
    `Rejected("invalid")` for what is no address, and for too many invitations; `Problem("rate_limited")`.
    """
    authorize(principal, flow_id, Role.OWNER)
    wanted, secret = _address(email), secrets.token_urlsafe(32)
    if addable().filter(email=wanted).exists():
        return set_member(principal, flow_id, person=wanted, role=role, via=via)
    count_flow_change(principal)
    count_guess(principal, wanted)
    counted = attempts.count("mail", str(flow_id))
    new = FlowInvitation(flow_id=flow_id, email=wanted, role=role, digest=digest_of(secret))
    try:
        invitation = _invite(principal, new, via or via_of(principal))
    except (Rejected, NotFound, Forbidden):
        counted.delete()
        raise
    is_mailed = _send(invitation, link_of(secret))
    if not is_mailed:
        counted.delete()
    return Invited(invitation, secret, is_mailed)


@in_write_transaction
def change_invitation(
    principal: Principal, flow_id: UUID, *, invitation_id: int, role: Role, via: Via | None = None
) -> FlowInvitation:
    """Change the role that an invitation gives; its link stays, and who changes it answers for it. Owners only.

    Raises as `withdraw_invitation` does.
    """
    count_flow_change(principal)
    invitation = _held(principal, flow_id, invitation_id)
    before, invitation.role = invitation.role, role
    is_void = invitation.invited_by_id not in inviters(flow_id, [invitation.invited_by_id])
    if before != role or is_void:
        invitation.invited_by_id = user_id_of(principal)
        invitation.save(update_fields=["role", "invited_by"])
        record_invitation(principal, invitation, Action.INVITATION_SENT, via, before=before, after=role)
    return invitation


@in_write_transaction
def withdraw_invitation(principal: Principal, flow_id: UUID, *, invitation_id: int, via: Via | None = None) -> None:
    """Take an invitation back: its link gives nothing any more. Owners only.

    Raises `NotFound`, `Forbidden` or `Problem("rate_limited")`.
    """
    count_flow_change(principal)
    invitation = _held(principal, flow_id, invitation_id)
    record_invitation(principal, invitation, Action.INVITATION_WITHDRAWN, via, before=invitation.role, after=None)
    invitation.delete()


@as_system
def open_invitation(secret: str) -> FlowInvitation:
    """Return what a link invites to.

    Raises `NotFound` if it is unknown, expired or withdrawn, or if who invited may not invite any more.
    """
    found = FlowInvitation.objects.filter(digest=digest_of(secret), expires_at__gt=timezone.now())
    invitation = found.filter(flow__deleted_at=None).select_related("flow", "invited_by").first()
    if invitation is None or invitation.invited_by_id not in inviters(invitation.flow_id, [invitation.invited_by_id]):
        raise NotFound(_("This invitation is not valid any more."))
    return invitation


@as_system
def accept_invitation(person: Person, secret: str) -> UUID:
    """Take up an invitation and return the flow; a greater role that the person has stays.

    Raises `NotFound` as `open_invitation` does, and `Forbidden` for an account with another address.
    """
    count_flow_change(person)
    flow_id = _accept(person, secret)
    publish_after_commit(hint_access(flow_id, [person.user_id]))
    return flow_id


@in_write_transaction
def _invite(principal: Principal, new: FlowInvitation, via: Via) -> FlowInvitation:
    """Write a new invitation, in the row of an earlier one of the same address."""
    flow_id, limits = new.flow_id, helix_limits.current()
    lock_rights(principal, flow_id)
    held = FlowInvitation.objects.filter(flow_id=flow_id)
    before = held.filter(email=new.email).values_list("role", flat=True).first()
    if before is None and held.count() >= limits.invitations_per_flow:
        raise Rejected("invalid", FlowReason.TOO_MANY_INVITATIONS, most=limits.invitations_per_flow)
    given = {
        "role": new.role,
        "digest": new.digest,
        "invited_by_id": user_id_of(principal),
        "expires_at": timezone.now() + timedelta(days=limits.invitation_days),
    }
    invitation, _is_new = FlowInvitation.objects.update_or_create(flow_id=flow_id, email=new.email, defaults=given)
    record_invitation(principal, invitation, Action.INVITATION_SENT, via, before=before, after=new.role)
    return FlowInvitation.objects.select_related("flow", "invited_by").get(pk=invitation.pk)


def _flow_of(secret: str) -> UUID:
    """Return the flow of an invitation, without holding anybody's rights: the flow is locked before those."""
    flow_id = FlowInvitation.objects.filter(digest=digest_of(secret)).values_list("flow", flat=True).first()
    if flow_id is None:
        raise NotFound(_("This invitation is not valid any more."))
    return flow_id


@in_write_transaction
def _accept(person: Person, secret: str) -> UUID:
    audit.lock_audit()
    flow_id = _flow_of(secret)
    lock_flow(flow_id)
    invitation = open_invitation(secret)
    if not User.objects.filter(pk=person.user_id, is_active=True, email=comparable(invitation.email)).exists():
        raise Forbidden
    role = Role(invitation.role)
    held = Membership.objects.filter(flow_id=flow_id, user_id=person.user_id).first()
    record_invitation(
        person, invitation, Action.INVITATION_ACCEPTED, "page", before=role, after=None, person=person.user_id
    )
    if held is None:
        give_role(person, flow_id, person.user_id, role, "page")
    elif not Role(held.role).includes(role):
        change_role(person, held, role, "page")
    invitation.delete()
    return flow_id


def _held(principal: Principal, flow_id: UUID, invitation_id: int) -> FlowInvitation:
    lock_rights(principal, flow_id)
    invitation = FlowInvitation.objects.filter(flow_id=flow_id, pk=invitation_id).first()
    if invitation is None:
        raise NotFound(_("There is no such member."))
    return invitation


def _address(text: str) -> str:
    """Return the one spelling of an address, as accounts keep it."""
    try:
        return canonical(text.replace("\0", ""))
    except ValueError:
        raise Rejected("invalid", FlowReason.NOT_AN_EMAIL) from None


def _send(invitation: FlowInvitation, link: str) -> bool:
    """Send the mail; one that cannot be sent is no failure of the invitation."""
    inviter = invitation.invited_by
    values = {
        "who": unlinked(inviter.name) if inviter else mails.PRODUCT,
        "title": unlinked(invitation.flow.title, LONGEST_TITLE),
        "role": role_words(Role(invitation.role)),
        "email": invitation.email,
        "days": helix_limits.current().invitation_days,
        "link": link,
    }
    return mails.send(mails.compose("flows/email/invitation", invitation.email, values), invitation=invitation.pk)


def role_words(role: Role) -> str:
    """Say in a few words what a role allows."""
    return {
        Role.VIEWER: _("you can view it"),
        Role.COMMENTER: _("you can comment on it"),
        Role.EDITOR: _("you can edit it"),
        Role.OWNER: _("you become an owner"),
    }[role]
