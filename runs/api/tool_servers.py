"""Tool servers by REST: everybody sees which there are, staff see where, and change them. No header comes out."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import AfterValidator, Field

from accounts.authentication import person
from accounts.schemas import storable
from flows.api.answers import json
from runs.api.providers import Id, Title, check_staff
from runs.models import ToolServer
from runs.providers.health import state_of
from runs.tools.commands import ToolServerRecord, delete_tool_server, put_tool_server
from web.egress import LONGEST_URL
from web.errors import In, Problem, answers
from web.router import Router

router = Router(tags=["tools"])
Value = Annotated[str, Field(max_length=4_000), AfterValidator(storable)]


class ToolServerIn(In):
    """`url` or `command`, the name of an entry of `HELIX_TOOL_COMMANDS`. Headers that are left out stay as they are."""

    title: Title
    url: Annotated[str, Field(max_length=LONGEST_URL), AfterValidator(storable)] = ""
    command: Id = ""
    headers: Annotated[dict[Id, Value], Field(max_length=20)] | None = None


class ToolServerOut(Schema):
    """`url`, `command` and `has_headers` are for staff alone."""

    id: str
    title: str
    state: str
    checked_at: datetime | None
    url: str | None = None
    command: str | None = None
    has_headers: bool | None = None


class ToolServersOut(Schema):
    items: list[ToolServerOut]


@router.get("/tool-servers", **answers({200: ToolServersOut}))
def list_tool_servers(request: HttpRequest) -> HttpResponse:
    """List the tool servers that agents may name."""
    is_staff = person(request).is_staff
    return json({"items": [_server(row, is_staff=is_staff) for row in ToolServer.objects.all()]})


@router.get("/tool-servers/{server_id}", **answers({200: ToolServerOut}, "not_found"))
def read_tool_server(request: HttpRequest, server_id: str) -> HttpResponse:
    """Read one tool server, and how it answered lately."""
    row = ToolServer.objects.filter(pk=server_id).first()
    if row is None:
        raise Problem("not_found", _("Not found."))
    return json(_server(row, is_staff=person(request).is_staff))


@router.put(
    "/tool-servers/{server_id}",
    **answers({200: ToolServerOut, 201: ToolServerOut}, "forbidden", "invalid", "limit_reached", "too_large"),
)
def keep_tool_server(request: HttpRequest, server_id: str, payload: ToolServerIn) -> HttpResponse:
    """Register a tool server, or change it; staff only. Its headers are never shown again."""
    check_staff(request)
    row, is_new = put_tool_server(server_id, ToolServerRecord(**payload.dict()))
    return json(_server(row, is_staff=True), 201 if is_new else 200)


@router.delete("/tool-servers/{server_id}", **answers({204: None}, "forbidden", "not_found"))
def remove_tool_server(request: HttpRequest, server_id: str) -> HttpResponse:
    """Take a tool server away; staff only."""
    check_staff(request)
    delete_tool_server(server_id)
    return HttpResponse(status=204)


def _server(row: ToolServer, *, is_staff: bool) -> dict[str, object]:
    seen: dict[str, object] = {
        "id": row.id,
        "title": row.title,
        "state": state_of(row),
        "checked_at": row.checked_at,
    }
    if is_staff:
        seen |= {"url": row.url, "command": row.command, "has_headers": bool(row.sealed)}
    return seen
