"""Who belongs to a flow, and in which role. Owners say so, and anybody may leave; the last owner stays.

Adding people by address or name could be used to guess addresses, so each try is counted, also a failed one. The
address of a person added by name stays hidden from the flow until a member adds them by that address.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import attempts
from accounts.addresses import comparable
from accounts.colours import COLOURS, own_colour
from accounts.principals import Person, Principal, TokenBearer, user_id_of
from flows.access import Role, authorize
from flows.commands.write_transaction import in_write_transaction, lock_flow
from flows.document import Rejected
from flows.errors import FlowReason, NotFound
from flows.log import audit
from flows.log.audit import Action
from flows.models import Membership
from flows.publish import hint_access, publish_after_commit
from flows.rates import count_flow_change
from flows.submission import Via, via_of


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """A member's new role, and whether they were added just now."""

    user_id: int
    role: Role
    is_new: bool


def set_member(
    principal: Principal, flow_id: UUID, *, person: str | int, role: Role, via: Via | None = None
) -> MemberChanged:
    """Give a person a role. A text is an e-mail address or a name, and adds them; a number is a member's id.

    Raises `NotFound` or `Forbidden` for the principal; `NotFound` for a number that is no member; `Rejected("invalid")`
    for an unknown person, and for the last owner; `Problem("rate_limited")` for a text or a change too many.
    """
    count_flow_change(principal)
    if isinstance(person, str) and isinstance(principal, Person | TokenBearer):
        attempts.count("invitation", str(principal.user_id))
    changed = _set_role(principal, flow_id, person, role, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, [changed.user_id]))
    return changed


def remove_member(principal: Principal, flow_id: UUID, *, user_id: int, via: Via | None = None) -> None:
    """Take a person's role away, or give up one's own. Raises as `set_member` does."""
    count_flow_change(principal)
    _remove_role(principal, flow_id, user_id, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, [user_id]))


@in_write_transaction
def _set_role(principal: Principal, flow_id: UUID, person: str | int, role: Role, via: Via) -> MemberChanged:
    audit.lock_audit()
    lock_flow(flow_id)
    authorize(principal, flow_id, Role.OWNER)
    user_id = _find_person(person) if isinstance(person, str) else person
    held = Membership.objects.filter(flow_id=flow_id, user_id=user_id).first()
    if held is not None:
        _keep_an_owner(held, role)
        before, held.role = held.role, role
        held.save(update_fields=["role"])
        if before != role:
            _record(principal, held, Action.MEMBER_CHANGED, via, before=before, after=role)
    elif isinstance(person, str):
        colour = _free_colour(flow_id, user_id)
        added = Membership.objects.create(flow_id=flow_id, user_id=user_id, role=role, colour=colour)
        _record(principal, added, Action.MEMBER_ADDED, via, before=None, after=role, at=added.created_at)
    else:
        raise NotFound(_("There is no such member."))
    if isinstance(person, str) and (held is None or "@" in person):
        Membership.objects.filter(flow_id=flow_id, user_id=user_id).update(by_name="@" not in person)
    return MemberChanged(user_id, role, held is None)


@in_write_transaction
def _remove_role(principal: Principal, flow_id: UUID, user_id: int, via: Via) -> None:
    audit.lock_audit()
    lock_flow(flow_id)
    authorize(principal, flow_id, Role.VIEWER if user_id_of(principal) == user_id else Role.OWNER)
    held = Membership.objects.filter(flow_id=flow_id, user_id=user_id).first()
    if held is None:
        raise NotFound(_("There is no such member."))
    _keep_an_owner(held, None)
    _record(principal, held, Action.MEMBER_REMOVED, via, before=held.role, after=None)
    held.delete()


def _record(
    principal: Principal,
    held: Membership,
    action: Action,
    via: Via,
    *,
    before: str | None,
    after: str | None,
    at: datetime | None = None,
) -> None:
    """Say in the audit log whose role was changed."""
    audit.record(
        action,
        held.flow_id,
        actor=user_id_of(principal),
        via=via,
        at=at or timezone.now(),
        person=held.user_id,
        detail={"before": before, "after": after},
    )


def _find_person(text: str) -> int:
    people = get_user_model().objects.filter(is_active=True)
    wanted = text.replace("\0", "").strip()
    by_address = people.filter(email=comparable(wanted))
    found = list((by_address if "@" in wanted else people.filter(name__iexact=wanted)).values_list("pk", flat=True)[:2])
    match found:
        case [user_id]:
            return user_id
        case []:
            raise Rejected("invalid", FlowReason.UNKNOWN_PERSON)
        case _:
            raise Rejected("invalid", FlowReason.AMBIGUOUS_PERSON)


def _keep_an_owner(held: Membership, wanted: Role | None) -> None:
    if held.role != Role.OWNER or wanted is Role.OWNER:
        return
    owners = Membership.objects.filter(flow_id=held.flow_id, role=Role.OWNER, user__is_active=True)
    others = owners.exclude(pk=held.pk)
    if not others.exists():
        raise Rejected("invalid", FlowReason.LAST_OWNER)


def _free_colour(flow_id: UUID, user_id: int) -> int:
    """Return the person's own colour, or where a member has it the next one that is free, as long as there is one."""
    taken = {index % COLOURS for index in Membership.objects.filter(flow_id=flow_id).values_list("colour", flat=True)}
    own = own_colour(user_id)
    return next((at % COLOURS for at in range(own, own + COLOURS) if at % COLOURS not in taken), own)
