"""Who a flow is shared with: people, teams and invitations. Members see each other and may leave; owners change it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.authentication import principal
from flows import commands
from flows.access import Role, get_flow_for
from flows.access_list import Invitation, SharedTeam, invitations_in, people_in, teams_in
from flows.api.answers import json
from flows.api.schemas import MemberId, MemberIn, MemberOut, MembersOut, RoleIn, TransferIn
from flows.commands import Invited, MemberChanged
from flows.document import Rejected
from flows.errors import FlowReason, NotFound
from flows.parsing import parse_role
from flows.queries import Member
from web.errors import answers
from web.router import Router, door

router = Router(tags=["members"])
REFUSALS = ("forbidden", "not_found", "too_large", "invalid", "rate_limited")
Item = dict[str, object]


@router.get("/flows/{flow_id}/members", **answers({200: MembersOut}, "not_found"))
def list_members(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """List the flow's people in the order in which they joined, then teams, then, for owners, invitations."""
    return json({"items": _items(request, flow_id)})


@router.post("/flows/{flow_id}/members", **answers({201: MemberOut}, *REFUSALS))
@door(scope="admin")
def add_member(request: HttpRequest, flow_id: UUID, payload: MemberIn) -> HttpResponse:
    """Give a person or a team a role, or change theirs; `invite` an address without an account. Owners only."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    role = parse_role(payload.role)
    if payload.team is not None:
        share = commands.share_with_team(principal(request), flow_id, team_id=UUID(payload.team), role=role, via="api")
        return json(_item(request, flow_id, f"team-{share.team_id}"), 201)
    email = _email(payload.email)
    if payload.invite:
        return _invite(request, flow_id, email, role)
    changed = commands.set_member(principal(request), flow_id, person=email, role=role, via="api")
    return _added(request, flow_id, changed)


@router.patch("/flows/{flow_id}/members/{member_id}", **answers({200: MemberOut}, *REFUSALS))
@door(scope="admin")
def change_member(request: HttpRequest, flow_id: UUID, member_id: MemberId, payload: RoleIn) -> HttpResponse:
    """Change the role of a member, a team or an invitation; owners only, and never the last owner's."""
    commands.change_access(principal(request), flow_id, member_id, parse_role(payload.role), via="api")
    return json(_item(request, flow_id, member_id))


@router.delete(
    "/flows/{flow_id}/members/{member_id}", **answers({204: None}, "forbidden", "not_found", "invalid", "rate_limited")
)
@door(scope="admin")
def remove_member(request: HttpRequest, flow_id: UUID, member_id: MemberId) -> HttpResponse:
    """Take a member's or a team's role away or an invitation back, owners only, or leave; never the last owner's."""
    commands.remove_access(principal(request), flow_id, member_id, via="api")
    return HttpResponse(status=204)


@router.post("/flows/{flow_id}/transfer", **answers({200: MemberOut}, *REFUSALS))
@door(scope="admin")
def transfer(request: HttpRequest, flow_id: UUID, payload: TransferIn) -> HttpResponse:
    """Make another person the owner, by e-mail address; the caller becomes an editor. Owners only."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    changed = commands.transfer_flow(principal(request), flow_id, person=_email(payload.email), via="api")
    return json(_item(request, flow_id, str(changed.user_id)))


def _invite(request: HttpRequest, flow_id: UUID, email: str, role: Role) -> HttpResponse:
    def link_of(secret: str) -> str:
        return request.build_absolute_uri(reverse("flows:invitation", args=[secret]))

    match commands.invite(principal(request), flow_id, email=email, role=role, link_of=link_of, via="api"):
        case MemberChanged() as changed:
            return _added(request, flow_id, changed)
        case Invited(made, secret, is_mailed):
            item = _invitation(Invitation(made.pk, made.email, role, made.expires_at, is_void=False))
            return json(item | {"url": link_of(secret), "mailed": is_mailed}, 201)


def _added(request: HttpRequest, flow_id: UUID, changed: MemberChanged) -> HttpResponse:
    """Answer the person who was added; that it is a person goes without saying."""
    item = _item(request, flow_id, str(changed.user_id))
    return json({name: value for name, value in item.items() if name != "type"}, 201)


def _email(text: str | None) -> str:
    if text is None or "@" not in text:
        raise Rejected("invalid", FlowReason.NOT_AN_EMAIL)
    return text


def _item(request: HttpRequest, flow_id: UUID, id: str) -> Item:
    for item in _items(request, flow_id):
        if str(item["id"]) == id.lower():
            return item
    raise NotFound  # taken away again meanwhile


def _items(request: HttpRequest, flow_id: UUID) -> list[Item]:
    """Return whom the flow is shared with; invitations only to owners, for what they hold are addresses."""
    access = get_flow_for(principal(request), flow_id)
    people = [_member(one) for one in people_in(flow_id, principal(request))]
    teams = [_team(one) for one in teams_in(flow_id)]
    invitations = [_invitation(one) for one in invitations_in(flow_id)] if access.role is Role.OWNER else []
    return people + teams + invitations


def _member(member: Member) -> Item:
    return {"type": "person", "id": member.id, "name": member.name, "email": member.email, "role": member.role}


def _team(team: SharedTeam) -> Item:
    return {"type": "team", "id": team.key, "name": team.name, "email": None, "role": team.role}


def _invitation(invitation: Invitation) -> Item:
    return {
        "type": "invitation",
        "id": invitation.key,
        "name": invitation.email,
        "email": invitation.email,
        "role": invitation.role,
        "pending": True,
        "expires_at": invitation.expires_at,
        "valid": invitation.is_valid,
    }
