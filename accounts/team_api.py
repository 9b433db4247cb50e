"""REST about teams: who is in them, who is invited, and in which role."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Schema, Status
from pydantic import AfterValidator, Field, WithJsonSchema

from accounts import team_invitations, teams
from accounts.authentication import principal
from accounts.models import TeamInvitation, TeamMember
from accounts.schemas import Address, name, storable
from accounts.teams import Role
from web.errors import In, answers
from web.router import Router, door
from web.row_ids import RowId

router = Router(tags=["teams"])


def _role(value: Any) -> Role:
    if value not in Role.values:
        raise ValueError(f"must be one of {', '.join(Role.values)}")
    return Role(value)


TeamName = Annotated[str, Field(min_length=1, max_length=150), AfterValidator(storable), AfterValidator(name)]
TeamRole = Annotated[Any, WithJsonSchema({"type": "string", "enum": Role.values}), AfterValidator(_role)]


class TeamIn(In):
    name: TeamName


class TeamMemberIn(In):
    email: Address
    role: TeamRole


class TeamInvitationIn(TeamMemberIn):
    """`open` lets any account take the link, once; else it is for an account with this address."""

    open: bool = False


class TeamRoleIn(In):
    role: TeamRole


class TeamOut(Schema):
    """A team; `role` is the caller's in it."""

    id: UUID
    name: str
    role: str


class TeamsOut(Schema):
    items: list[TeamOut]


class TeamMemberOut(Schema):
    id: int
    name: str
    email: str | None
    role: str


class TeamMembersOut(Schema):
    items: list[TeamMemberOut]


class TeamInvitationOut(Schema):
    """`valid` tells whether the link works: not when who sent it may not invite any more."""

    id: int
    email: str
    role: str
    expires_at: datetime
    open: bool
    valid: bool


class SentInvitationOut(TeamInvitationOut):
    """`sent` tells whether the mail went out; if not, the invitation is there and can be sent again."""

    sent: bool


class TeamInvitationsOut(Schema):
    items: list[TeamInvitationOut]


@router.get("/teams", **answers({200: TeamsOut}, "forbidden"))
def list_teams(request: HttpRequest) -> dict[str, object]:
    """List the caller's teams by name."""
    return {"items": teams.teams_of(principal(request).user_id)}


@router.post("/teams", **answers({201: TeamOut}, "forbidden", "too_large", "invalid", "limit_reached", "rate_limited"))
def create_team(request: HttpRequest, payload: TeamIn) -> Status[teams.TeamItem]:
    """Make a team that the caller owns."""
    return Status(201, teams.create_team(principal(request), payload.name))


@router.get("/teams/{team_id}", **answers({200: TeamOut}, "forbidden", "not_found"))
def read_team(request: HttpRequest, team_id: UUID) -> dict[str, object]:
    """Read a team that the caller is in."""
    held = teams.membership(principal(request), team_id)
    return {"id": held.team_id, "name": held.team.name, "role": held.role}


@router.patch(
    "/teams/{team_id}", **answers({200: TeamOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited")
)
def rename_team(request: HttpRequest, team_id: UUID, payload: TeamIn) -> teams.TeamItem:
    """Give the team another name; admins and owners."""
    return teams.rename_team(principal(request), team_id, payload.name)


@router.delete("/teams/{team_id}", **answers({204: None}, "forbidden", "not_found", "invalid", "rate_limited"))
def delete_team(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Delete the team; owners only. While it owns flows: 409 `invalid`."""
    teams.delete_team(principal(request), team_id)
    return HttpResponse(status=204)


@router.get("/teams/{team_id}/members", **answers({200: TeamMembersOut}, "forbidden", "not_found"))
def list_team_members(request: HttpRequest, team_id: UUID) -> dict[str, object]:
    """List the team's people, in the order in which they joined."""
    teams.membership(principal(request), team_id)
    return {"items": [_member(one) for one in teams.members(team_id)]}


@router.post(
    "/teams/{team_id}/members",
    **answers({201: TeamMemberOut}, "forbidden", "not_found", "too_large", "invalid", "limit_reached", "rate_limited"),
)
@door(scope="admin")
def add_team_member(request: HttpRequest, team_id: UUID, payload: TeamMemberIn) -> Status[dict[str, object]]:
    """Give somebody with an account a role, or change the one they have; admins and owners."""
    return Status(201, _member(teams.add_member(principal(request), team_id, payload.email, payload.role)))


@router.patch(
    "/teams/{team_id}/members/{user_id}",
    **answers({200: TeamMemberOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited"),
)
@door(scope="admin")
def change_team_member(request: HttpRequest, team_id: UUID, user_id: RowId, payload: TeamRoleIn) -> dict[str, object]:
    """Change a member's role; admins and owners, and never the last owner's."""
    return _member(teams.change_member(principal(request), team_id, user_id, payload.role))


@router.delete(
    "/teams/{team_id}/members/{user_id}", **answers({204: None}, "forbidden", "not_found", "invalid", "rate_limited")
)
def remove_team_member(request: HttpRequest, team_id: UUID, user_id: RowId) -> HttpResponse:
    """Take somebody's place away, admins and owners, or leave; the last owner stays."""
    teams.remove_member(principal(request), team_id, user_id)
    return HttpResponse(status=204)


@router.get("/teams/{team_id}/invitations", **answers({200: TeamInvitationsOut}, "forbidden", "not_found"))
def list_team_invitations(request: HttpRequest, team_id: UUID) -> dict[str, object]:
    """List invitations that still hold; admins and owners."""
    teams.membership(principal(request), team_id, Role.ADMIN)
    held = list(team_invitations.invitations(team_id))
    valid = team_invitations.valid_ones(team_id, held)
    return {"items": [_invitation(one, is_valid=one.pk in valid) for one in held]}


@router.post(
    "/teams/{team_id}/invitations",
    **answers(
        {201: SentInvitationOut},
        *("forbidden", "not_found", "too_large", "invalid", "limit_reached", "rate_limited"),
    ),
)
@door(scope="admin")
def invite_to_team(request: HttpRequest, team_id: UUID, payload: TeamInvitationIn) -> Status[dict[str, object]]:
    """Mail an address without an account a link into the team; admins and owners. Sent again, the link before ends."""
    held, is_sent = team_invitations.invite(
        principal(request),
        team_id,
        payload.email,
        payload.role,
        partial(link_to, request),
        is_open=payload.open,
    )
    return Status(201, _invitation(held, is_valid=True) | {"sent": is_sent})


@router.delete(
    "/teams/{team_id}/invitations/{invitation_id}", **answers({204: None}, "forbidden", "not_found", "rate_limited")
)
def withdraw_team_invitation(request: HttpRequest, team_id: UUID, invitation_id: RowId) -> HttpResponse:
    """Take an invitation back: its link is not found from then on."""
    team_invitations.withdraw(principal(request), team_id, invitation_id)
    return HttpResponse(status=204)


def link_to(request: HttpRequest, secret: str) -> str:
    """Return the whole address by which an invitation is accepted."""
    return request.build_absolute_uri(reverse("flows:team-invitation", args=[secret]))


def _member(held: TeamMember) -> dict[str, object]:
    return {"id": held.user_id, "name": held.user.name, "email": held.user.email, "role": _plain(held.role)}


def _invitation(held: TeamInvitation, *, is_valid: bool) -> dict[str, object]:
    return {
        "id": held.pk,
        "email": held.email,
        "role": _plain(held.role),
        "expires_at": held.expires_at,
        "open": held.is_open,
        "valid": is_valid,
    }


def _plain(role: str) -> str:
    return Role(role).value
