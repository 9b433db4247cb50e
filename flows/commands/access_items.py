"""One item of the list of those whom a flow is shared with, by its id there: a person, a team or an invitation."""

from typing import assert_never
from uuid import UUID

from accounts.principals import Principal
from flows.access import Role, read_id
from flows.commands.invitations import change_invitation, withdraw_invitation
from flows.commands.members import remove_member, set_member
from flows.commands.sharing import change_team_share, remove_team_share
from flows.errors import NotFound
from flows.submission import Via
from web.row_ids import read_row_id


def change_access(principal: Principal, flow_id: UUID, item: str, role: Role, *, via: Via | None = None) -> None:
    """Give an item another role. Raises as the command of its kind, and `NotFound` for what is no id."""
    match parse_item(item):
        case int() as user_id:
            set_member(principal, flow_id, person=user_id, role=role, via=via)
        case UUID() as team_id:
            change_team_share(principal, flow_id, team_id=team_id, role=role, via=via)
        case (invitation_id,):
            change_invitation(principal, flow_id, invitation_id=invitation_id, role=role, via=via)
        case never:
            assert_never(never)


def remove_access(principal: Principal, flow_id: UUID, item: str, *, via: Via | None = None) -> None:
    """Take an item off the list. Raises as the command of its kind, and `NotFound` for what is no id."""
    match parse_item(item):
        case int() as user_id:
            remove_member(principal, flow_id, user_id=user_id, via=via)
        case UUID() as team_id:
            remove_team_share(principal, flow_id, team_id=team_id, via=via)
        case (invitation_id,):
            withdraw_invitation(principal, flow_id, invitation_id=invitation_id, via=via)
        case never:
            assert_never(never)


def parse_item(item: str) -> int | UUID | tuple[int]:
    """Read an id: a person's number, a team's UUID, or an invitation's number in a tuple. Raises `NotFound`."""
    kind, _, rest = item.partition("-")
    match kind:
        case "team":
            return read_id(rest)
        case "invitation":
            return (_number(rest),)
        case _:
            return _number(item)


def _number(text: str) -> int:
    if (id := read_row_id(text)) is None:
        raise NotFound
    return id
