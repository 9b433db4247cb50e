"""A person leaves for good: the account goes, what they did stays in the logs, by "Deleted person".

Their row stays, without anything that tells who it was. Flows that only they are in and no team owns go with them; the
only owner of a team, or of a flow that others are in, makes another person owner first.
"""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from accounts import logins, mails, personal_tokens
from accounts.acting import as_system
from accounts.administration import DELETE_PEOPLE, touchable
from accounts.audit import Action
from accounts.audit import record as record_of_accounts
from accounts.models import TeamMember, User
from accounts.people import DELETED_PERSON
from accounts.principals import Administrator
from flows.access import Role
from flows.commands.purging import begin_purge, finish_purges
from flows.document import Rejected
from flows.errors import FlowReason
from flows.log import audit
from flows.models import Flow, Membership, Opening, OwnTemplate, Star, TeamShare
from flows.publish import hint_access, hint_deleted, publish_after_commit
from flows.submission import Via
from web.write_transaction import after_commit, in_write_transaction

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class _Left:
    """What a person left: flows that are gone with them, and those that go on."""

    gone: list[UUID]
    others: list[UUID]
    address: str | None


def delete_account(user_id: int, *, via: Via, by: Administrator | None = None) -> None:
    """Delete an account whose person has just proved who they are, or that staff delete; its address is told by mail.

    Raises `Rejected("invalid")` while they are the only owner of a team or of a flow shared with others, naming those,
    and `Problem` (`forbidden`, `not_found`) for staff who may not.
    """
    left = _delete(user_id, via, by)
    if left.address:
        values = {"by_administrator": by is not None}
        after_commit(partial(mails.send, mails.compose("account/email/account_deleted", left.address, values)))
    for flow_id in left.gone:
        publish_after_commit(hint_deleted(flow_id))
    for flow_id in left.others:
        publish_after_commit(hint_access(flow_id, [user_id]))
    after_commit(partial(finish_purges, left.gone))


def flows_going_with(user_id: int) -> list[Flow]:
    """Return the flows that nobody else is in and no team owns."""
    held = Membership.objects.filter(user_id=user_id, role=Role.OWNER, flow__team=None).select_related("flow")
    own = [one.flow for one in held.order_by("flow__title", "flow_id")]
    return [flow for flow in own if not _has_others(flow.pk, user_id)]


@as_system
@in_write_transaction
def _delete(user_id: int, via: Via, by: Administrator | None) -> _Left:
    audit.lock_audit()
    if by is not None:
        touchable(by, user_id, DELETE_PEOPLE)
    actor = user_id if by is None else by.user_id
    held = Membership.objects.filter(user_id=user_id).order_by("flow_id")
    flows = list(Flow.objects.select_for_update().filter(pk__in=held.values("flow_id")).order_by("pk"))
    _expect_other_owners(user_id, flows)
    gone = [flow.pk for flow in flows_going_with(user_id)]
    personal_tokens.end_within(personal_tokens.tokens_of(user_id), actor=actor)
    logins.end_within(user_id)
    others = [_leave(one, via, actor) for one in held.exclude(flow_id__in=gone)]
    for flow_id in gone:
        begin_purge(flow_id, actor, via=via)
    _leave_teams(user_id, actor)
    address = _forget(user_id)
    record_of_accounts(Action.ACCOUNT_DELETED, actor=actor, person=user_id)
    return _Left(gone, others, address)


def _expect_other_owners(user_id: int, flows: list[Flow]) -> None:
    """Raise for what would be left without an owner."""
    if names := _only_owned(user_id, flows):
        raise Rejected("invalid", FlowReason.ONLY_OWNER, names=tuple(names[:MOST_NAMED]))


def only_owned_by(user_id: int) -> list[str]:
    """Name the teams and shared flows that would be left without an owner."""
    return _only_owned(user_id, list(Flow.objects.filter(memberships__user=user_id)))


def _only_owned(user_id: int, flows: list[Flow]) -> list[str]:
    mine = TeamMember.objects.filter(user_id=user_id, role=TeamMember.Role.OWNER).select_related("team")
    names = [one.team.name for one in mine.order_by("team__name") if not _has_other_owner(one)]
    owned = set(Membership.objects.filter(user_id=user_id, role=Role.OWNER).values_list("flow_id", flat=True))
    for flow in flows:
        is_mine_alone = flow.pk in owned and flow.team_id is None and flow.deleted_at is None
        if is_mine_alone and _has_others(flow.pk, user_id) and not _has_another_owner(flow.pk, user_id):
            names.append(flow.title)
    return names


def _has_other_owner(held: TeamMember) -> bool:
    owners = TeamMember.objects.filter(team=held.team_id, role=TeamMember.Role.OWNER, user__is_active=True)
    return owners.exclude(pk=held.pk).exists()


def _has_another_owner(flow_id: UUID, user_id: int) -> bool:
    owners = Membership.objects.filter(flow_id=flow_id, role=Role.OWNER, user__is_active=True)
    return owners.exclude(user_id=user_id).exists()


def _has_others(flow_id: UUID, user_id: int) -> bool:
    is_shared = TeamShare.objects.filter(flow_id=flow_id).exists()
    return is_shared or Membership.objects.filter(flow_id=flow_id).exclude(user_id=user_id).exists()


def _leave(held: Membership, via: Via, actor: int) -> UUID:
    detail = {"before": held.role, "after": None}
    audit.record(
        Action.MEMBER_REMOVED,
        held.flow_id,
        actor=actor,
        via=via,
        at=timezone.now(),
        person=held.user_id,
        detail=detail,
    )
    held.delete()
    return held.flow_id


def _leave_teams(user_id: int, actor: int) -> None:
    for held in TeamMember.objects.filter(user_id=user_id).order_by("team_id"):
        record_of_accounts(
            Action.TEAM_MEMBER_REMOVED,
            actor=actor,
            object=f"team:{held.team_id}",
            person=user_id,
            detail={"before": held.role, "after": None},
        )
        held.delete()


def _forget(user_id: int) -> str | None:
    """Take away all that tells who this was, and all that they came in by; return the address, to tell them."""
    user = User.objects.get(pk=user_id)
    address = user.email
    for model in (EmailAddress, Authenticator, SocialAccount, Star, Opening):
        model._default_manager.filter(user=user).delete()
    OwnTemplate.objects.filter(owner=user, team=None).delete()
    user.groups.clear()
    user.user_permissions.clear()
    user.email, user.name, user.own_colour = None, DELETED_PERSON, None
    user.is_active = user.is_staff = user.is_superuser = False
    user.deleted_at = timezone.now()
    user.set_unusable_password()
    user.save()
    return address
