"""What entries of the audit log say to people: one sentence for each action, which names who, whom and what."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import Action
from accounts.people import DELETED_PERSON
from flows.log.audit_search import who
from flows.models import AuditEntry

ISOLATED, ENDED = "\u2068", "\u2069"
"""Around a name: one in another direction does not turn the sentence."""

SENTENCES: Mapping[str, Any] = {
    Action.FLOW_CREATED: gettext_lazy("%(who)s created the flow"),
    Action.FLOW_RECORDED: gettext_lazy("The flow was recorded as it was found"),
    Action.FLOW_DELETED: gettext_lazy("%(who)s deleted the flow"),
    Action.FLOW_UNDELETED: gettext_lazy("%(who)s restored the flow"),
    Action.FLOW_TRANSFERRED: gettext_lazy("%(who)s made %(whom)s the owner"),
    Action.FLOW_EXPORTED: gettext_lazy("%(who)s exported the flow as %(format)s"),
    Action.MEMBER_ADDED: gettext_lazy("%(who)s gave %(whom)s access: %(after)s"),
    Action.MEMBER_CHANGED: gettext_lazy("%(who)s changed the access of %(whom)s: %(before)s → %(after)s"),
    Action.MEMBER_REMOVED: gettext_lazy("%(who)s took the access of %(whom)s away"),
    Action.INVITATION_SENT: gettext_lazy("%(who)s invited %(whom)s: %(after)s"),
    Action.INVITATION_ACCEPTED: gettext_lazy("%(who)s accepted an invitation"),
    Action.INVITATION_WITHDRAWN: gettext_lazy("%(who)s withdrew the invitation of %(whom)s"),
    Action.LINK_CREATED: gettext_lazy("%(who)s made a link"),
    Action.LINK_CHANGED: gettext_lazy("%(who)s changed a link"),
    Action.LINK_DELETED: gettext_lazy("%(who)s deleted a link"),
    Action.GUEST_ENTERED: gettext_lazy("%(who)s came in by a link"),
    Action.EPOCH_CHANGED: gettext_lazy("A backup of the flow was put back"),
    Action.ADMIN_CHANGE: gettext_lazy("%(who)s changed the flow in the administration"),
    Action.SETTING_CHANGED: gettext_lazy("%(who)s changed a setting of the flow"),
}
NAMES: Mapping[str, Any] = {
    Action.FLOW_CREATED: gettext_lazy("Created"),
    Action.FLOW_RECORDED: gettext_lazy("Recorded"),
    Action.FLOW_DELETED: gettext_lazy("Deleted"),
    Action.FLOW_UNDELETED: gettext_lazy("Restored"),
    Action.FLOW_TRANSFERRED: gettext_lazy("Transferred"),
    Action.FLOW_EXPORTED: gettext_lazy("Exported"),
    Action.MEMBER_ADDED: gettext_lazy("Access given"),
    Action.MEMBER_CHANGED: gettext_lazy("Access changed"),
    Action.MEMBER_REMOVED: gettext_lazy("Access taken away"),
    Action.INVITATION_SENT: gettext_lazy("Invitation sent"),
    Action.INVITATION_ACCEPTED: gettext_lazy("Invitation accepted"),
    Action.INVITATION_WITHDRAWN: gettext_lazy("Invitation withdrawn"),
    Action.LINK_CREATED: gettext_lazy("Link made"),
    Action.LINK_CHANGED: gettext_lazy("Link changed"),
    Action.LINK_DELETED: gettext_lazy("Link deleted"),
    Action.GUEST_ENTERED: gettext_lazy("Guest came in"),
    Action.EPOCH_CHANGED: gettext_lazy("Backup put back"),
    Action.ADMIN_CHANGE: gettext_lazy("Administration"),
    Action.SETTING_CHANGED: gettext_lazy("Setting changed"),
}
ROLES: Mapping[object, Any] = {
    "viewer": gettext_lazy("Can view"),
    "commenter": gettext_lazy("Can comment"),
    "editor": gettext_lazy("Can edit"),
    "owner": gettext_lazy("Owner"),
}


def audit_sentence(entry: AuditEntry) -> str:
    """Say what an entry tells. One of an action that has no sentence is told by the action's own name."""
    detail = entry.told
    words = {
        "who": isolated(name_of_actor(entry)),
        "whom": isolated(_whom(entry, detail)),
        "before": _role(detail.get("before")),
        "after": _role(detail.get("after")),
        "format": str(detail.get("format", "")),
    }
    return str(SENTENCES.get(entry.action, entry.action)) % words


def name_of_actor(entry: AuditEntry) -> str:
    """Name who did it."""
    actor = who(entry.actor)
    if actor is None:
        return _("The system")
    if actor.get("guest"):
        return _("%(name)s (guest)") % {"name": actor["name"]}
    return _name(actor)


def isolated(text: str) -> str:
    """Return a name as it may stand in a sentence of any direction."""
    return f"{ISOLATED}{text}{ENDED}"


def _whom(entry: AuditEntry, detail: Mapping[str, Any]) -> str:
    person = who(entry.person)
    if person is not None:
        return _name(person)
    if entry.object.startswith("team:"):
        return str(detail.get("name") or _("a team"))
    return str(detail.get("email") or detail.get("name") or _("somebody"))


def _name(person: Mapping[str, Any]) -> str:
    return _("Deleted person") if person["name"] == DELETED_PERSON else str(person["name"])


def _role(value: object) -> str:
    return str(ROLES.get(value, value)) if isinstance(value, str) else "–"
