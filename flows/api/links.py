"""Links to a flow: made and changed by owners, and entered by anybody who has one."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Schema
from pydantic import AfterValidator, Field, WithJsonSchema

from accounts import attempts
from accounts.api import Attempts
from accounts.authentication import principal
from accounts.guests import LIFE_SECONDS, issue_guest_token
from accounts.schemas import name as visible
from accounts.schemas import storable
from flows import commands
from flows.access import Role, get_flow_for
from flows.api.answers import json
from flows.commands import LinkChange
from flows.commands.links import ROLES, UNCHANGED, links_of, secret_of
from flows.models import Link
from flows.parsing import parse_role
from web.errors import In, answers
from web.router import Router, door

router = Router(tags=["links"])
LONGEST_LIFE = 10 * 365 * 86_400
LinkRole = Annotated[Any, WithJsonSchema({"type": "string", "enum": [str(role) for role in ROLES]})]
Seconds = Annotated[int, Field(ge=1, le=LONGEST_LIFE)]
Password = Annotated[str, Field(max_length=1_024), AfterValidator(storable)]


class LinkIn(In):
    """`expires_in` is in seconds; without it the link lasts. `name` is for owners, to tell links apart."""

    role: LinkRole
    expires_in: Seconds | None = None
    password: Password | None = None
    name: Annotated[str, Field(max_length=150), AfterValidator(storable)] = ""


class LinkPatch(In):
    """What is left out stays as it is; `expires_in` or `password` null: none."""

    active: bool = Field(default_factory=bool)
    role: LinkRole = Field(default_factory=str)
    expires_in: Seconds | None = None
    password: Password | None = None


class LinkOut(Schema):
    """`url` is null where the key that its secret was sealed by is gone; `uses` counts who entered.

    Links are the flow's and stay when `made_by` is no member any more.
    """

    id: UUID
    url: str | None
    role: Literal["viewer", "commenter", "editor"]
    name: str
    expires_at: datetime | None
    has_password: bool
    active: bool
    uses: int
    made_by: str | None


class LinksOut(Schema):
    items: list[LinkOut]


class EnterIn(In):
    name: Annotated[str, Field(min_length=1, max_length=150), AfterValidator(storable), AfterValidator(visible)]
    password: Password | None = None


class EnteredOut(Schema):
    """`access` is a bearer token for this flow alone, good for `expires_in` seconds, or as long as the link is."""

    access: str
    expires_in: int
    flow: UUID
    role: Literal["viewer", "commenter", "editor"]


@router.get("/flows/{flow_id}/links", **answers({200: LinksOut}, "forbidden", "not_found"))
@door(scope="admin")
def list_links(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """List the flow's links with their addresses; owners only."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    return json({"items": [link_json(request, one) for one in links_of(flow_id)]})


@router.post(
    "/flows/{flow_id}/links",
    **answers({201: LinkOut}, "forbidden", "not_found", "too_large", "invalid", "limit_reached", "rate_limited"),
)
@door(scope="admin")
def create_link(request: HttpRequest, flow_id: UUID, payload: LinkIn) -> HttpResponse:
    """Make a link that gives those who have it a role; owners only."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    link = commands.create_link(
        principal(request),
        flow_id,
        role=parse_role(payload.role),
        name=payload.name,
        expires_in=payload.expires_in,
        password=payload.password,
        via="api",
    )
    return json(link_json(request, link), 201)


@router.patch(
    "/flows/{flow_id}/links/{link_id}",
    **answers({200: LinkOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited"),
)
@door(scope="admin")
def change_link(request: HttpRequest, flow_id: UUID, link_id: UUID, payload: LinkPatch) -> HttpResponse:
    """Change a link; owners only. Off or with a new password, it puts out who is in by it."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    given = payload.dict(exclude_unset=True)
    change = LinkChange(
        is_active=given.get("active"),
        role=parse_role(given["role"]) if "role" in given else None,
        expires_in=given.get("expires_in", UNCHANGED),
        password=given.get("password", UNCHANGED),
    )
    return json(link_json(request, commands.change_link(principal(request), flow_id, link_id, change, via="api")))


@router.delete("/flows/{flow_id}/links/{link_id}", **answers({204: None}, "forbidden", "not_found", "rate_limited"))
@door(scope="admin")
def delete_link(request: HttpRequest, flow_id: UUID, link_id: UUID) -> HttpResponse:
    """Delete a link and put out who is in by it; owners only."""
    commands.delete_link(principal(request), flow_id, link_id, via="api")
    return HttpResponse(status=204)


@router.post(
    "/links/{secret}/enter",
    auth=None,
    throttle=Attempts("visit"),
    **answers(
        {200: EnteredOut},
        "forbidden",
        "not_found",
        "too_large",
        "invalid",
        "limit_reached",
        "rate_limited",
        public=True,
    ),
)
def enter(request: HttpRequest, secret: str, payload: EnterIn) -> HttpResponse:
    """Enter a flow as a guest of a link. A wrong or missing password is `forbidden`."""
    link = commands.find_link(secret)
    commands.prove_password(link, payload.password or "")
    entered = commands.enter_as_guest(link, payload.name, via="api", network=attempts.address_of(request))
    return json(
        {
            "access": issue_guest_token(entered.principal),
            "expires_in": LIFE_SECONDS,
            "flow": str(entered.flow_id),
            "role": entered.role,
        }
    )


def link_json(request: HttpRequest, link: Link) -> dict[str, object]:
    """Return a link as its owners see it."""
    secret = secret_of(link)
    return {
        "id": str(link.pk),
        "url": secret and request.build_absolute_uri(reverse("flows:enter", args=[secret])),
        "role": link.role,
        "name": link.name,
        "expires_at": link.expires_at,
        "has_password": bool(link.password),
        "active": link.is_active,
        "uses": link.uses,
        "made_by": None if link.created_by is None else link.created_by.name,
    }
