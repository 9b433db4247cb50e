"""When invitations hold no more, besides their time: with the right of who invited, and with another word of an owner.

What an invitation gives is given by whoever sent it, so it is worth what they may give now: one whose inviter is no
owner any more gives nothing, until an owner sends it again or changes its role, and so answers for it. And what owners
say of a person by hand is their last word: an invitation of that person's address does not stand beside it.
"""

from collections.abc import Iterable
from uuid import UUID

from accounts.audit import Action
from accounts.models import User
from accounts.principals import Person, Principal
from flows.access import Role, grants_of
from flows.log import audit
from flows.models import FlowInvitation
from flows.submission import Via


def inviters(flow_id: UUID, user_ids: Iterable[int | None]) -> frozenset[int]:
    """Return which of these people may invite to a flow now; in a transaction they keep that until it has committed."""
    people = [Person(one) for one in sorted({one for one in user_ids if one is not None})]
    grants = grants_of(flow_id, people) if people else {}
    return frozenset(one.user_id for one in people if one in grants and grants[one].role is Role.OWNER)


def end_invitations_of(principal: Principal, flow_id: UUID, user_id: int, via: Via) -> None:
    """Take back what a person's address is invited to, inside the transaction that changes their role by hand."""
    address = User.objects.filter(pk=user_id).values_list("email", flat=True).first()
    for held in FlowInvitation.objects.filter(flow_id=flow_id, email=address) if address else ():
        record_invitation(principal, held, Action.INVITATION_WITHDRAWN, via, before=held.role, after=None)
        held.delete()


def record_invitation(
    principal: Principal,
    invitation: FlowInvitation,
    action: Action,
    via: Via | None,
    *,
    before: str | None,
    after: str | None,
    person: int | None = None,
) -> None:
    """Say in the audit log what became of an invitation."""
    what, detail = f"invitation:{invitation.pk}", {"before": before, "after": after, "email": invitation.email}
    audit.record_by(principal, action, invitation.flow_id, via=via, person=person, object=what, detail=detail)
