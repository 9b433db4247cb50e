"""Who has which role in a flow, whether it is deleted, and its epoch: the fold of what the audit log tells of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flows.log.audit import Action
from flows.models import AuditEntry, Flow, Membership


@dataclass(slots=True)
class Rights:
    """What holds after some entries: role and time of joining by member, time of deletion, epoch."""

    is_known: bool = False
    roles: dict[int, tuple[str, str]] = field(default_factory=dict)
    deleted_at: str | None = None
    epoch: str = ""

    def take(self, entry: AuditEntry) -> None:
        """Take on one more entry."""
        detail, at, person = entry.told, entry.at.isoformat(), entry.person_id or 0
        match entry.action:
            case Action.FLOW_CREATED | Action.FLOW_RECORDED:
                since = detail.get("since", {})
                self.is_known, self.epoch, self.deleted_at = True, detail["epoch"], detail.get("deleted_at")
                self.roles = {int(user): (role, since.get(user, at)) for user, role in detail["roles"].items()}
            case Action.FLOW_DELETED | Action.FLOW_UNDELETED:
                self.deleted_at = detail["after"]
            case Action.MEMBER_ADDED:
                self.roles[person] = detail["after"], at
            case Action.MEMBER_CHANGED:
                self.roles[person] = detail["after"], self.roles[person][1]
            case Action.MEMBER_REMOVED:
                del self.roles[person]
            case Action.EPOCH_CHANGED:
                self.epoch = detail["after"]
            case unknown:
                raise ValueError(f"there is no action {unknown}")


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
    stored = {
        user: (role, since.isoformat())
        for user, role, since in Membership.objects.filter(flow=flow).values_list("user_id", "role", "created_at")
    }
    for user in sorted(stored.keys() | rights.roles.keys()):
        if stored.get(user) != rights.roles.get(user):
            yield f"member {user}: {_told(stored.get(user))}, by the audit log {_told(rights.roles.get(user))}"
    deleted_at = flow.deleted_at and flow.deleted_at.isoformat()
    if deleted_at != rights.deleted_at:
        yield f"deleted: stored {deleted_at}, by the audit log {rights.deleted_at}"
    if flow.epoch != rights.epoch:
        yield f"epoch: stored {flow.epoch}, by the audit log {rights.epoch}"


def _told(role: tuple[str, str] | None) -> str:
    return "none" if role is None else f"{role[0]} since {role[1]}"
