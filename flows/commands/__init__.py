"""The writing door: whoever changes a flow comes through here, and nobody else writes its rows.

Every action is one transaction that first locks the flow's row, then reads the actor's role as it is now, then writes.
`submission` edits the graph, `lifecycle` makes, duplicates, deletes and restores flows, `membership` says who may.
Nothing here publishes: each action returns what is to be published once it has returned, that is, after its commit.
"""

from flows.commands.lifecycle import create_flow, delete_flow, duplicate_flow, restore_flow
from flows.commands.members import MemberChanged, remove_member, set_member
from flows.commands.submit import replace_graph, submit
from flows.commands.undo import can_take_back
from flows.submission import Acked, ChangeHead, Receipt, Redo, Refused, Submission, Undo, Versioned, Via

__all__ = [
    "Acked",
    "ChangeHead",
    "MemberChanged",
    "Receipt",
    "Redo",
    "Refused",
    "Submission",
    "Undo",
    "Versioned",
    "Via",
    "can_take_back",
    "create_flow",
    "delete_flow",
    "duplicate_flow",
    "remove_member",
    "replace_graph",
    "restore_flow",
    "set_member",
    "submit",
]
