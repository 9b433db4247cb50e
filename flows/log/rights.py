"""Who has which role in a flow, whether it is deleted, its team and epoch: the fold of what the audit log tells of it.

Teams that a flow is shared with and invitations stand in it by their name as `object` ("team:<id>", "invitation:<id>").
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from accounts.audit import Action
from accounts.models import Team
from flows.models import AuditEntry, Flow, FlowInvitation, Membership, TeamShare


@dataclass(slots=True)
class Rights:
    """What holds after some entries: role and time of joining by member, time of deletion, epoch, team."""

    is_known: bool = False
    roles: dict[int, tuple[str, str]] = field(default_factory=dict)
    offers: dict[str, str] = field(default_factory=dict)
    """Roles of teams and of invitations."""
    deleted_at: str | None = None
    epoch: str = ""
    team: str | None = None
    is_purged: bool = False

    def take(self, entry: AuditEntry) -> None:
        """Take on one more entry."""
        detail, at, person = entry.told, entry.at.isoformat(), entry.person_id or 0
        match entry.action:
            case Action.FLOW_CREATED | Action.FLOW_RECORDED:
                since = detail.get("since", {})
                self.is_known, self.epoch, self.deleted_at = True, detail["epoch"], detail.get("deleted_at")
                self.team = detail.get("team")
                self.roles = {int(user): (role, since.get(user, at)) for user, role in detail["roles"].items()}
            case Action.FLOW_DELETED | Action.FLOW_UNDELETED:
                self.deleted_at = detail["after"]
            case Action.MEMBER_ADDED | Action.MEMBER_CHANGED | Action.INVITATION_SENT if entry.object:
                self.offers[entry.object] = detail["after"]
            case Action.MEMBER_REMOVED | Action.INVITATION_ACCEPTED | Action.INVITATION_WITHDRAWN if entry.object:
                del self.offers[entry.object]
            case Action.MEMBER_ADDED:
                self.roles[person] = detail["after"], at
            case Action.MEMBER_CHANGED:
                self.roles[person] = detail["after"], self.roles[person][1]
            case Action.MEMBER_REMOVED:
                del self.roles[person]
            case Action.FLOW_PURGED:
                self.is_purged = True
            case Action.SETTING_CHANGED:
                self.team = detail["after"] if detail["setting"] == "team" else self.team
            case Action.EPOCH_CHANGED:
                self.epoch = detail["after"]
            case other:
                if other not in set(Action):  # the others tell nothing of rights
                    raise ValueError(f"there is no action {other}")


def fold_rights(entries: Iterable[AuditEntry]) -> Rights:
    """Fold a flow's entries, ascending."""
    rights = Rights()
    for entry in entries:
        rights.take(entry)
    return rights


def rights_differ(flow: Flow) -> Iterator[str]:
    """Compare a flow's members, deletion and epoch with the audit log."""
    rights = fold_rights(AuditEntry.objects.filter(flow_id=flow.pk).order_by("number").iterator())
    if not rights.is_known:
        yield "the audit log does not know this flow"
        return
    if rights.is_purged:
        yield "by the audit log the flow was purged, but it is there"
    stored = {
        user: (role, since.isoformat())
        for user, role, since in Membership.objects.filter(flow=flow).values_list("user_id", "role", "created_at")
    }
    for user in sorted(stored.keys() | rights.roles.keys()):
        if stored.get(user) != rights.roles.get(user):
            yield f"member {user}: {_told(stored.get(user))}, by the audit log {_told(rights.roles.get(user))}"
    yield from _offers_differ(flow, rights.offers)
    deleted_at = flow.deleted_at and flow.deleted_at.isoformat()
    if deleted_at != rights.deleted_at:
        yield f"deleted: stored {deleted_at}, by the audit log {rights.deleted_at}"
    team = flow.team_id and str(flow.team_id)
    if team != rights.team:
        yield f"team: stored {team}, by the audit log {rights.team}"
    if flow.epoch != rights.epoch:
        yield f"epoch: stored {flow.epoch}, by the audit log {rights.epoch}"


def _offers_differ(flow: Flow, told: dict[str, str]) -> Iterator[str]:
    """Compare shares with teams and invitations; what a team that is gone had went with it."""
    teams, invitations = TeamShare.objects.filter(flow=flow), FlowInvitation.objects.filter(flow=flow)
    stored = {f"team:{team}": role for team, role in teams.values_list("team_id", "role")}
    stored |= {f"invitation:{id}": role for id, role in invitations.values_list("pk", "role")}
    missing = {name.removeprefix("team:") for name in told.keys() - stored.keys() if name.startswith("team:")}
    standing = {f"team:{team}" for team in Team.objects.filter(pk__in=missing).values_list("pk", flat=True)}
    gone = {f"team:{team}" for team in missing} - standing
    for name in sorted((stored.keys() | told.keys()) - gone):
        if stored.get(name) != told.get(name):
            yield f"{name}: {stored.get(name, 'none')}, by the audit log {told.get(name, 'none')}"


def _told(role: tuple[str, str] | None) -> str:
    return "none" if role is None else f"{role[0]} since {role[1]}"
