"""All that changes a flow, and nothing else writes its rows.

Every command is one transaction that first locks the flow's row, then reads the principal's role as it is now, then
writes; after its commit it publishes what it did. `submit` edits the graph, `lifecycle` makes, duplicates, deletes and
restores flows, `purging` lets them go for good, `members`, `sharing` and `invitations` give and take roles, `teams`
hands flows to teams. A live session, which tells the others itself, uses `commit`.
"""

from flows.commands.access_items import change_access, remove_access
from flows.commands.exports import count_export, counted_export, note_export
from flows.commands.imports import Merged, import_flow, import_into
from flows.commands.invitations import (
    Invited,
    accept_invitation,
    change_invitation,
    invite,
    open_invitation,
    withdraw_invitation,
)
from flows.commands.lifecycle import change_epoch, create_flow, delete_flow, duplicate_flow, restore_flow
from flows.commands.links import LinkChange, change_link, create_link, delete_link, switch_off_links_of
from flows.commands.members import MemberChanged, remove_member, set_member, transfer_flow
from flows.commands.offering import offer_as_tool
from flows.commands.personal import note_opening, star_flow
from flows.commands.purging import purge_flow, title_in_trash
from flows.commands.sharing import (
    VIEWER_RIGHTS,
    change_team_share,
    remove_team_share,
    set_viewer_rights,
    share_with_team,
)
from flows.commands.submit import commit, replace_graph, submit
from flows.commands.teams import set_team
from flows.commands.templates import (
    change_template,
    create_from_template,
    delete_template,
    fill_from_template,
    follow_template,
    save_template,
    template_behind,
)
from flows.commands.undo import undo_availability
from flows.commands.visits import Entered, enter_as_guest, enter_as_person, find_link, leave, prove_password
from flows.commands.work_budget import TooLong
from flows.submission import (
    Acked,
    ChangeHead,
    Planned,
    Receipt,
    RedoRequest,
    Refused,
    Submission,
    UndoRequest,
    Versioned,
    Via,
)

__all__ = [
    "VIEWER_RIGHTS",
    "Acked",
    "ChangeHead",
    "Entered",
    "Invited",
    "LinkChange",
    "MemberChanged",
    "Merged",
    "Planned",
    "Receipt",
    "RedoRequest",
    "Refused",
    "Submission",
    "TooLong",
    "UndoRequest",
    "Versioned",
    "Via",
    "accept_invitation",
    "change_access",
    "change_epoch",
    "change_invitation",
    "change_link",
    "change_team_share",
    "change_template",
    "commit",
    "count_export",
    "counted_export",
    "create_flow",
    "create_from_template",
    "create_link",
    "delete_flow",
    "delete_link",
    "delete_template",
    "duplicate_flow",
    "enter_as_guest",
    "enter_as_person",
    "fill_from_template",
    "find_link",
    "follow_template",
    "import_flow",
    "import_into",
    "invite",
    "leave",
    "note_export",
    "note_opening",
    "offer_as_tool",
    "open_invitation",
    "prove_password",
    "purge_flow",
    "remove_access",
    "remove_member",
    "remove_team_share",
    "replace_graph",
    "restore_flow",
    "save_template",
    "set_member",
    "set_team",
    "set_viewer_rights",
    "share_with_team",
    "star_flow",
    "submit",
    "switch_off_links_of",
    "template_behind",
    "title_in_trash",
    "transfer_flow",
    "undo_availability",
    "withdraw_invitation",
]
