"""A flow shared with a whole team, and what those may do who cannot edit it. Owners say so.

Sharing with a team takes an owner who is in that team, so that nobody can find out which teams there are, or put a flow
before people they have nothing to do with. Changing and ending a share takes any owner.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.audit import Action
from accounts.credentials import revoke_rights
from accounts.models import Team, TeamMember
from accounts.principals import Administrator, Principal, System
from flows.access import Role
from flows.commands.rights import lock_rights
from flows.document import Rejected
from flows.errors import FlowReason, NotFound
from flows.log import audit
from flows.models import Flow, TeamShare
from flows.publish import hint_access, publish_after_commit
from flows.rates import count_flow_change
from flows.submission import Via, via_of
from web.write_transaction import in_write_transaction

VIEWER_RIGHTS = ("can_duplicate", "can_export", "links_can_run")
"""What owners allow to those who cannot edit the flow, and to those who came by a link: columns of `Flow`."""


def share_with_team(
    principal: Principal, flow_id: UUID, *, team_id: UUID, role: Role, via: Via | None = None
) -> TeamShare:
    """Give everybody in a team of the principal's a role, or another one than before.

    Raises `NotFound` or `Forbidden` for the principal; `Rejected("invalid")` for a team that they are not in.
    """
    count_flow_change(principal)
    share = _share(principal, flow_id, team_id, role, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, _people_of(team_id)))
    return share


def change_team_share(
    principal: Principal, flow_id: UUID, *, team_id: UUID, role: Role, via: Via | None = None
) -> TeamShare:
    """Change the role of a team that a flow is shared with. Raises as `share_with_team`, `NotFound` for no such one."""
    count_flow_change(principal)
    share = _change(principal, flow_id, team_id, role, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, _people_of(team_id)))
    return share


def remove_team_share(principal: Principal, flow_id: UUID, *, team_id: UUID, via: Via | None = None) -> None:
    """End a share with a team. Raises as `change_team_share` does."""
    count_flow_change(principal)
    _remove(principal, flow_id, team_id, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, _people_of(team_id)))


@in_write_transaction
def set_viewer_rights(
    principal: Principal, flow_id: UUID, rights: Mapping[str, bool], *, via: Via | None = None
) -> None:
    """Say what those may do who cannot edit a flow: `VIEWER_RIGHTS`, those that are given. Owners only.

    Raises `NotFound`, `Forbidden` or `Problem("rate_limited")`.
    """
    count_flow_change(principal)
    lock_rights(principal, flow_id)
    before = Flow.objects.values(*VIEWER_RIGHTS).get(pk=flow_id)
    for name in VIEWER_RIGHTS:
        if name in rights and rights[name] != before[name]:
            Flow.objects.filter(pk=flow_id).update(**{name: rights[name]})
            detail = {"setting": name, "before": before[name], "after": rights[name]}
            what = f"flow:{flow_id}"
            audit.record_by(principal, Action.SETTING_CHANGED, flow_id, via=via, object=what, detail=detail)


@in_write_transaction
def _share(principal: Principal, flow_id: UUID, team_id: UUID, role: Role, via: Via) -> TeamShare:
    lock_rights(principal, flow_id)
    if not _may_name(principal, team_id):
        raise Rejected("invalid", FlowReason.UNKNOWN_TEAM)
    held = TeamShare.objects.filter(flow_id=flow_id, team_id=team_id).first()
    if held is not None:
        return _set_role(principal, held, role, via)
    share = TeamShare.objects.create(flow_id=flow_id, team_id=team_id, role=role)
    _record(principal, share, Action.MEMBER_ADDED, via, before=None, after=role, at=share.created_at)
    return share


@in_write_transaction
def _change(principal: Principal, flow_id: UUID, team_id: UUID, role: Role, via: Via) -> TeamShare:
    return _set_role(principal, _held(principal, flow_id, team_id), role, via)


@in_write_transaction
def _remove(principal: Principal, flow_id: UUID, team_id: UUID, via: Via) -> None:
    share = _held(principal, flow_id, team_id)
    revoke_rights(_people_of(team_id))
    _record(principal, share, Action.MEMBER_REMOVED, via, before=share.role, after=None)
    share.delete()


def _held(principal: Principal, flow_id: UUID, team_id: UUID) -> TeamShare:
    lock_rights(principal, flow_id)
    share = TeamShare.objects.filter(flow_id=flow_id, team_id=team_id).first()
    if share is None:
        raise NotFound(_("There is no such member."))
    return share


def _set_role(principal: Principal, share: TeamShare, role: Role, via: Via) -> TeamShare:
    before = Role(share.role)
    if before is role:
        return share
    if before.includes(role):
        revoke_rights(_people_of(share.team_id))
    share.role = role
    share.save(update_fields=["role"])
    _record(principal, share, Action.MEMBER_CHANGED, via, before=before, after=role)
    return share


def _may_name(principal: Principal, team_id: UUID) -> bool:
    match principal:
        case System() | Administrator():
            return Team.objects.filter(pk=team_id).exists()
        case _:
            return TeamMember.objects.filter(team_id=team_id, user_id=principal.user_id).exists()


def _people_of(team_id: UUID) -> list[int]:
    return list(TeamMember.objects.filter(team_id=team_id).order_by("user_id").values_list("user_id", flat=True))


def _record(
    principal: Principal,
    share: TeamShare,
    action: Action,
    via: Via,
    *,
    before: str | None,
    after: str | None,
    at: datetime | None = None,
) -> None:
    """Say in the audit log which team's role was changed."""
    detail = {"before": before, "after": after}
    audit.record_by(principal, action, share.flow_id, via=via, at=at, object=f"team:{share.team_id}", detail=detail)
