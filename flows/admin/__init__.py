"""Flows, members and the log in the admin, for people who look after an installation.

Nothing here writes by itself: an edit of a flow goes through the commands as `via="admin"`, so it has a version and
a row in the log like any other; deletion is the one that can be taken back; roles go through the same rules as in the
sharing dialog. What the commands do not offer (editing nodes by hand, adding or removing log rows) is not offered here.
"""

from flows.admin.audit import AuditEntryAdmin, UsageAdmin
from flows.admin.contents import FlowEdgeAdmin, FlowNodeAdmin
from flows.admin.flows import FlowAdmin
from flows.admin.log import AnswerAdmin, ChangeAdmin
from flows.admin.members import MembershipAdmin
from flows.admin.people import LeavingPersonAdmin
from flows.admin.sharing import FlowInvitationAdmin, LinkAdmin, TeamShareAdmin, VisitAdmin

__all__ = [
    "AnswerAdmin",
    "AuditEntryAdmin",
    "ChangeAdmin",
    "FlowAdmin",
    "FlowEdgeAdmin",
    "FlowInvitationAdmin",
    "FlowNodeAdmin",
    "LeavingPersonAdmin",
    "LinkAdmin",
    "MembershipAdmin",
    "TeamShareAdmin",
    "UsageAdmin",
    "VisitAdmin",
]
