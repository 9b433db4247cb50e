"""A flow handed to a team, to another one, or taken out of one. It makes no version, but stands in the audit log.

Flows of a team find its secrets, so who leaves the team loses what they have in its flows as a person, too, and takes
none of them along.
"""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.administration import expect_permission
from accounts.audit import Action
from accounts.credentials import revoke_rights
from accounts.models import Team, TeamMember, User
from accounts.principals import Administrator, Caller, Person, Principal, System, TokenBearer
from accounts.teams import CHANGE, includes, membership, no_team
from flows.access import people_of
from flows.commands.invitation_ends import end_invitations_of
from flows.commands.members import expect_owner, take_role
from flows.commands.rights import lock_rights
from flows.errors import Forbidden
from flows.log import audit
from flows.models import Flow, Membership
from flows.publish import hint_access, publish_after_commit
from flows.rates import count_flow_change
from flows.submission import Via, via_of
from web.write_transaction import in_write_transaction


def set_team(principal: Principal, flow_id: UUID, team_id: UUID | None, *, via: Via | None = None) -> None:
    """Give a flow to a team, or to none; for owners of the flow who are members of the team, and more than viewers.

    Of the team that it leaves as well.

    Raises `NotFound`, `Forbidden`, `Problem` (`not_found` or `forbidden` for the team, `rate_limited`), and
    `Rejected("invalid")` if nobody would own the flow.
    """
    count_flow_change(principal)
    if affected := _set_team(principal, flow_id, team_id, via or via_of(principal)):
        publish_after_commit(hint_access(flow_id, affected))


def expect_in_team(principal: Principal, team_id: UUID) -> None:
    """Raise `Problem` (`not_found`, `forbidden`) for those who may not put anything into a team."""
    match principal:
        case System():
            return
        case Administrator() as staff:
            expect_permission(staff, CHANGE)
            if not Team.objects.filter(pk=team_id).exists():
                raise no_team()
        case caller:
            membership(caller, team_id, TeamMember.Role.MEMBER)


def leave_flows(principal: Principal, team_id: UUID, user_id: int, **_: Any) -> None:
    """End a person's memberships in a team's flows, deleted ones too, inside the transaction in which they leave it.

    The team owns those flows, so none is left without an owner. Invitations of their address end as well. Who writes
    for them is waited for by that transaction (`accounts.teams`).
    """
    via = via_of(principal)
    address = User.objects.filter(pk=user_id).values_list("email", flat=True).first()
    theirs = Q(memberships__user=user_id) | Q(invitations__email=address) if address else Q(memberships__user=user_id)
    ids = Flow.objects.filter(theirs, team=team_id).values("pk")
    flows = list(Flow.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    for flow_id in flows:
        end_invitations_of(principal, flow_id, user_id, via)
    for held in Membership.objects.filter(user_id=user_id, flow_id__in=flows).order_by("flow_id"):
        take_role(principal, held, via)


@in_write_transaction
def _set_team(principal: Principal, flow_id: UUID, team_id: UUID | None, via: Via) -> list[int]:
    """Write it, and return whose role is another one."""
    lock_rights(principal, flow_id)
    held = Flow.objects.get(pk=flow_id).team_id
    if held == team_id:
        return []
    if held is not None:
        _expect_may_take_from(principal, held)
    if team_id is not None:
        expect_in_team(principal, team_id)
    before = people_of(flow_id)
    revoke_rights(before)
    Flow.objects.filter(pk=flow_id).update(team_id=team_id)
    expect_owner(flow_id)
    detail = {"setting": "team", "before": held and str(held), "after": team_id and str(team_id)}
    what = f"flow:{flow_id}"
    audit.record_by(principal, Action.SETTING_CHANGED, flow_id, via=via, object=what, detail=detail)
    after = people_of(flow_id)
    if isinstance(principal, Person | TokenBearer) and principal.user_id not in after:
        raise Forbidden(_("You own this flow only through its team."))
    return sorted(one for one in before.keys() | after.keys() if before.get(one) != after.get(one))


def _expect_may_take_from(principal: Principal, team_id: UUID) -> None:
    """Raise `Forbidden` for those who could not put a flow into the team that it leaves."""
    if isinstance(principal, Caller):
        place = TeamMember.objects.filter(team_id=team_id, user_id=principal.user_id).first()
        if place is None or not includes(place.role, TeamMember.Role.MEMBER):
            raise Forbidden(_("Only members of the flow's team can take it out of the team."))
