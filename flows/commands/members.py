"""Who belongs to a flow, and in which role. Owners say so, and anybody may leave; the last owner stays.

A flow always has an owner in person, unless it belongs to a team, which never lacks an owner itself. A share with a
team makes owners as well, but it can be taken back and goes with its team, so it does not count for that.

Adding people by address or name could be used to guess addresses, so each try is counted, also a failed one. The
address of a person added by name stays hidden from the flow until a member adds them by that address.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import attempts
from accounts.addresses import comparable
from accounts.audit import Action
from accounts.colours import COLOURS
from accounts.credentials import revoke_rights
from accounts.entrance import addable
from accounts.models import User
from accounts.principals import Person, Principal, Scope, TokenBearer, user_id_of
from flows.access import Role, authorize
from flows.commands.flow_lock import lock_flow
from flows.commands.invitation_ends import end_invitations_of
from flows.commands.rights import lock_rights
from flows.document import Rejected
from flows.errors import FlowReason, Forbidden, NotFound
from flows.log import audit
from flows.models import Flow, Membership
from flows.publish import hint_access, publish_after_commit
from flows.rates import count_flow_change
from flows.submission import Via, via_of
from web.write_transaction import in_write_transaction


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
    count_guess(principal, person)
    changed = _set_role(principal, flow_id, person, role, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, [changed.user_id]))
    return changed


def remove_member(principal: Principal, flow_id: UUID, *, user_id: int, via: Via | None = None) -> None:
    """Take a person's role away, or give up one's own. Raises as `set_member` does."""
    count_flow_change(principal)
    _remove_role(principal, flow_id, user_id, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, [user_id]))


def transfer_flow(principal: Principal, flow_id: UUID, *, person: str | int, via: Via | None = None) -> MemberChanged:
    """Make another person the owner; an owner who does it becomes an editor. `person` is as in `set_member`.

    Raises as `set_member` does, and `Rejected("invalid")` for oneself.
    """
    count_flow_change(principal)
    count_guess(principal, person)
    changed, others = _transfer(principal, flow_id, person, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, [changed.user_id, *others]))
    return changed


def count_guess(principal: Principal, person: str | int) -> None:
    """Count a text by which a person is looked for. Raises `Problem("rate_limited")`."""
    if isinstance(person, str) and isinstance(principal, Person | TokenBearer):
        attempts.count("invitation", str(principal.user_id))


def give_role(
    principal: Principal, flow_id: UUID, user_id: int, role: Role, via: Via, *, by_name: bool = False
) -> Membership:
    """Add a person who is no member, inside the transaction that holds the audit log's head and the flow."""
    colour = _free_colour(flow_id, user_id)
    added = Membership.objects.create(flow_id=flow_id, user_id=user_id, role=role, colour=colour, by_name=by_name)
    _record(principal, added, Action.MEMBER_ADDED, via, before=None, after=role, at=added.created_at)
    return added


def change_role(principal: Principal, held: Membership, role: Role, via: Via) -> None:
    """Change a member's role, inside the transaction that holds the audit log's head and the flow."""
    before = Role(held.role)
    if before is role:
        return
    if before.includes(role):
        revoke_rights([held.user_id])
    held.role = role
    held.save(update_fields=["role"])
    _record(principal, held, Action.MEMBER_CHANGED, via, before=before, after=role)


def take_role(principal: Principal, held: Membership, via: Via) -> None:
    """Take a member's role away, inside the transaction that holds the audit log's head and the flow."""
    _record(principal, held, Action.MEMBER_REMOVED, via, before=held.role, after=None)
    held.delete()


def expect_owner(flow_id: UUID, *, without: int | None = None) -> None:
    """Raise `Rejected("invalid")` if a flow has no owner (without the membership that is about to go), nor a team."""
    owners = Membership.objects.filter(flow_id=flow_id, role=Role.OWNER, user__is_active=True).exclude(pk=without or 0)
    if not owners.exists() and not Flow.objects.filter(pk=flow_id, team__isnull=False).exists():
        raise Rejected("invalid", FlowReason.LAST_OWNER)


@in_write_transaction
def _set_role(principal: Principal, flow_id: UUID, person: str | int, role: Role, via: Via) -> MemberChanged:
    lock_rights(principal, flow_id)
    user_id = _find_person(person) if isinstance(person, str) else person
    held = Membership.objects.filter(flow_id=flow_id, user_id=user_id).first()
    if held is not None:
        _keep_an_owner(held, role)
        change_role(principal, held, role, via)
        if isinstance(person, str) and "@" in person:
            Membership.objects.filter(pk=held.pk).update(by_name=False)
    elif isinstance(person, str):
        give_role(principal, flow_id, user_id, role, via, by_name="@" not in person)
    else:
        raise NotFound(_("There is no such member."))
    end_invitations_of(principal, flow_id, user_id, via)
    return MemberChanged(user_id, role, held is None)


@in_write_transaction
def _remove_role(principal: Principal, flow_id: UUID, user_id: int, via: Via) -> None:
    audit.lock_audit()
    lock_flow(flow_id)
    _authorize_removal(principal, flow_id, user_id)
    held = Membership.objects.filter(flow_id=flow_id, user_id=user_id).first()
    if held is None:
        raise NotFound(_("There is no such member."))
    _keep_an_owner(held, None)
    revoke_rights([user_id])
    end_invitations_of(principal, flow_id, user_id, via)
    take_role(principal, held, via)


def _authorize_removal(principal: Principal, flow_id: UUID, user_id: int) -> None:
    """Owners remove others, anybody leaves; by a token only if that may change who is in a flow."""
    leaves = user_id_of(principal) == user_id
    authorize(principal, flow_id, Role.VIEWER if leaves else Role.OWNER)
    if isinstance(principal, TokenBearer) and principal.scope is not Scope.ADMIN:
        raise Forbidden


@in_write_transaction
def _transfer(principal: Principal, flow_id: UUID, person: str | int, via: Via) -> tuple[MemberChanged, list[int]]:
    """Make one an owner and the other, if an owner in person, an editor; return who else was changed."""
    lock_rights(principal, flow_id)
    user_id, actor = _find_person(person) if isinstance(person, str) else person, user_id_of(principal)
    if user_id == actor:
        raise Rejected("invalid", FlowReason.TRANSFER_TO_SELF)
    members = Membership.objects.filter(flow_id=flow_id, user_id__in=[user_id, actor or 0], user__is_active=True)
    held = {one.user_id: one for one in members}
    other, mine = held.get(user_id), held.get(actor or 0)
    before = None if other is None else other.role
    if other is not None:
        change_role(principal, other, Role.OWNER, via)
    elif isinstance(person, str):
        give_role(principal, flow_id, user_id, Role.OWNER, via, by_name="@" not in person)
    else:
        raise NotFound(_("There is no such member."))
    end_invitations_of(principal, flow_id, user_id, via)
    previous = [mine] if mine is not None and mine.role == Role.OWNER else []
    for one in previous:
        change_role(principal, one, Role.EDITOR, via)
    detail = {"before": before, "after": Role.OWNER}
    audit.record_by(principal, Action.FLOW_TRANSFERRED, flow_id, via=via, person=user_id, detail=detail)
    return MemberChanged(user_id, Role.OWNER, other is None), [one.user_id for one in previous]


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
    detail = {"before": before, "after": after}
    audit.record_by(principal, action, held.flow_id, via=via, at=at, person=held.user_id, detail=detail)


def _find_person(text: str) -> int:
    people = addable()
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
    if held.role == Role.OWNER and wanted is not Role.OWNER:
        expect_owner(held.flow_id, without=held.pk)


def _free_colour(flow_id: UUID, user_id: int) -> int:
    """Return the person's own colour, or where a member has it the next one that is free, as long as there is one."""
    taken = {index % COLOURS for index in Membership.objects.filter(flow_id=flow_id).values_list("colour", flat=True)}
    own = User.colour_index_of(user_id)
    return next((at % COLOURS for at in range(own, own + COLOURS) if at % COLOURS not in taken), own)
