"""Pages of the library and the editor, and the fragments htmx asks for.

Every view of a flow goes through `decorators.flow_view`, the one place that asks for the role and turns the errors of a
flow into a page. Views write through `flows.commands` alone.
"""

from flows.pages.activity import audit
from flows.pages.editor import canvas, editor, layout, outline
from flows.pages.inspector import inspector, inspectors
from flows.pages.interchange import export
from flows.pages.invitations import invitation
from flows.pages.leaving import delete_own_account
from flows.pages.library import create, delete, duplicate, library, purge, rename, restore, star
from flows.pages.link_page import enter, join, leave
from flows.pages.members import flow_team, member, members, transfer, viewer_rights
from flows.pages.offers import offers
from flows.pages.offline import offline, worker
from flows.pages.preview import preview
from flows.pages.share_links import link, links
from flows.pages.teams import (
    delete_team,
    team,
    team_invitation,
    team_list,
    team_member,
    team_members,
    withdraw_invitation,
)
from flows.pages.templates import delete_template, follow_template, save_template, template, templates
from flows.pages.tokens import revoke_token, revoke_tokens, tokens

__all__ = [
    "audit",
    "canvas",
    "create",
    "delete",
    "delete_own_account",
    "delete_team",
    "delete_template",
    "duplicate",
    "editor",
    "enter",
    "export",
    "flow_team",
    "follow_template",
    "inspector",
    "inspectors",
    "invitation",
    "join",
    "layout",
    "leave",
    "library",
    "link",
    "links",
    "member",
    "members",
    "offers",
    "offline",
    "outline",
    "preview",
    "purge",
    "rename",
    "restore",
    "revoke_token",
    "revoke_tokens",
    "save_template",
    "star",
    "team",
    "team_invitation",
    "team_list",
    "team_member",
    "team_members",
    "template",
    "templates",
    "tokens",
    "transfer",
    "viewer_rights",
    "withdraw_invitation",
    "worker",
]
