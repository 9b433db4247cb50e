"""All that changes a flow, and nothing else writes its rows.

Every command is one transaction that first locks the flow's row, then reads the principal's role as it is now, then
writes; after its commit it publishes what it did. `submit` edits the graph, `lifecycle` makes, duplicates, deletes and
restores flows, `members` gives and takes roles. A live session, which tells the others itself, uses `commit`.
"""

from flows.commands.lifecycle import change_epoch, create_flow, delete_flow, duplicate_flow, restore_flow
from flows.commands.members import MemberChanged, remove_member, set_member
from flows.commands.submit import commit, replace_graph, submit
from flows.commands.undo import undo_availability
from flows.submission import Acked, ChangeHead, Receipt, RedoRequest, Refused, Submission, UndoRequest, Versioned, Via

__all__ = [
    "Acked",
    "ChangeHead",
    "MemberChanged",
    "Receipt",
    "RedoRequest",
    "Refused",
    "Submission",
    "UndoRequest",
    "Versioned",
    "Via",
    "change_epoch",
    "commit",
    "create_flow",
    "delete_flow",
    "duplicate_flow",
    "remove_member",
    "replace_graph",
    "restore_flow",
    "set_member",
    "submit",
    "undo_availability",
]
