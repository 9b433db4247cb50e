"""Who belongs to a flow. Members see each other and may leave; only owners change anything else."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.authentication import person, principal
from flows import commands
from flows.access import Role, get_flow_for
from flows.api.answers import json
from flows.api.schemas import MemberIn, MemberOut, MembersOut, PersonId, RoleIn
from flows.document import Rejected
from flows.errors import FlowReason, NotFound
from flows.parsing import parse_role
from flows.queries import Member, members
from web.errors import answers
from web.router import Router

router = Router(tags=["members"])


@router.get("/flows/{flow_id}/members", **answers({200: MembersOut}, "not_found"))
def list_members(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """List the flow's people, in the order in which they joined."""
    get_flow_for(principal(request), flow_id)
    return json({"items": [_member(one) for one in members(flow_id, reader=person(request).pk)]})


@router.post(
    "/flows/{flow_id}/members",
    **answers({201: MemberOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited"),
)
def add_member(request: HttpRequest, flow_id: UUID, payload: MemberIn) -> HttpResponse:
    """Give somebody a role by e-mail address, or change the one they have; owners only."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    if "@" not in payload.email:
        raise Rejected("invalid", FlowReason.NOT_AN_EMAIL)
    return _set(request, flow_id, payload.email, payload.role, status=201)


@router.patch(
    "/flows/{flow_id}/members/{user_id}",
    **answers({200: MemberOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited"),
)
def change_member(request: HttpRequest, flow_id: UUID, user_id: PersonId, payload: RoleIn) -> HttpResponse:
    """Change a member's role; owners only, and never the last owner's."""
    return _set(request, flow_id, user_id, payload.role, status=200)


@router.delete(
    "/flows/{flow_id}/members/{user_id}", **answers({204: None}, "forbidden", "not_found", "invalid", "rate_limited")
)
def remove_member(request: HttpRequest, flow_id: UUID, user_id: PersonId) -> HttpResponse:
    """Take somebody's role away, owners only, or leave; never the last owner's."""
    commands.remove_member(principal(request), flow_id, user_id=user_id, via="api")
    return HttpResponse(status=204)


def _set(request: HttpRequest, flow_id: UUID, whom: str | int, role: object, *, status: int) -> HttpResponse:
    changed = commands.set_member(principal(request), flow_id, person=whom, role=parse_role(role), via="api")
    for one in members(flow_id, reader=person(request).pk):
        if one.id == changed.user_id:
            return json(_member(one), status)
    raise NotFound  # taken away again meanwhile


def _member(member: Member) -> dict[str, object]:
    return {"id": member.id, "name": member.name, "email": member.email, "role": member.role}
