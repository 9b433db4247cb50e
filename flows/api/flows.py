"""Flows as a whole: listed, created, read, renamed, deleted, duplicated."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Body, Query

from accounts.authentication import principal
from accounts.principals import user_id_of
from flows import commands
from flows.access import Role, get_flow_for
from flows.api.answers import json, rejected, whole_flow
from flows.api.schemas import GRAPH_CODES, CreateIn, DuplicateIn, FlowOut, FlowPage, FlowQuery, PatchIn
from flows.commands import Refused, Submission
from flows.library import FlowSummary, library
from flows.parsing import parse_flow, parse_title
from flows.rates import count_operations
from flows.submission import parse_operation
from web.errors import answers
from web.router import Router, door

router = Router(tags=["flows"])
UNNAMED = DuplicateIn()


@router.get("/flows", **answers({200: FlowPage}, "invalid"))
def list_flows(request: HttpRequest, query: Query[FlowQuery]) -> HttpResponse:
    """List the caller's flows, all or a part of the library, and count all that fit.

    `recent` has those first that the caller opened last, `trash` those that were deleted last, all else those that
    were changed last, unless `sort` says otherwise.
    """
    found = library(principal(request), **query.dict())
    return json({"items": [_item(flow) for flow in found.items], "count": found.count})


@router.post(
    "/flows", **answers({201: FlowOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited", *GRAPH_CODES)
)
def create_flow(request: HttpRequest, payload: CreateIn) -> HttpResponse:
    """Create a flow of the caller's own, and of a team if one is given, with a graph if one is given.

    If that does not hold together, 422 says why.
    """
    owner = principal(request)
    given = dict(payload)
    team = given.pop("team")
    flow = commands.create_flow(owner, parse_flow(**given), via="api", team=team)
    return _created(whole_flow(owner, flow.pk, status=201), flow.pk, request)


@router.get("/flows/{flow_id}", **answers({200: FlowOut}, "not_found"))
def read_flow(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """Read a flow and all that is in it. The ETag is its version, which tells nothing of roles: there is no 304."""
    return whole_flow(principal(request), flow_id)


@router.patch(
    "/flows/{flow_id}", **answers({200: FlowOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited")
)
def change_flow(request: HttpRequest, flow_id: UUID, payload: PatchIn) -> HttpResponse:
    """Change title or description, whether it is offered as a tool; for owners, its team and what viewers may do.

    Or star it, for oneself alone, which viewers may too.
    """
    given = payload.dict(exclude_unset=True)
    is_starred = given.pop("starred", None)
    if is_starred is not None and not given:
        commands.star_flow(principal(request), flow_id, is_starred=is_starred)
        return whole_flow(principal(request), flow_id)
    get_flow_for(principal(request), flow_id, Role.EDITOR)
    count_operations(user_id_of(principal(request)))
    if is_starred is not None:
        commands.star_flow(principal(request), flow_id, is_starred=is_starred)
    is_offered = given.pop("offer_as_tool", None)
    rights = {name: given.pop(name) for name in commands.VIEWER_RIGHTS if name in given}
    if rights:
        commands.set_viewer_rights(principal(request), flow_id, rights, via="api")
    if is_offered is not None:
        commands.offer_as_tool(principal(request), flow_id, is_offered=is_offered, via="api")
    if "team" in given:
        commands.set_team(principal(request), flow_id, given.pop("team"), via="api")
    if not given and payload.model_fields_set:
        return whole_flow(principal(request), flow_id)
    operation = parse_operation({"kind": "edit_flow", "set": given})
    receipt = commands.submit(flow_id, [Submission(operation=operation, principal=principal(request), via="api")])
    match receipt.answers:
        case (Refused() as refused,):
            raise rejected(refused)
    return whole_flow(principal(request), flow_id)


@router.delete(
    "/flows/{flow_id}", **answers({204: None}, "forbidden", "not_found", "wrong_state", "invalid", "rate_limited")
)
@door(scope="admin")
def delete_flow(request: HttpRequest, flow_id: UUID, purge: bool = False) -> HttpResponse:
    """Delete the flow; owners only. It goes to the trash; with `purge` one in the trash goes for good, with its log."""
    if purge:
        commands.purge_flow(principal(request), flow_id, via="api")
    else:
        commands.delete_flow(principal(request), flow_id, via="api")
    return HttpResponse(status=204)


@router.post("/flows/{flow_id}/undelete", **answers({200: FlowOut}, "not_found", "rate_limited"))
def undelete_flow(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """Take a flow out of the trash, within `TRASH_DAYS`; owners only, to all others it is not there."""
    commands.restore_flow(principal(request), flow_id, via="api")
    return whole_flow(principal(request), flow_id)


@router.post(
    "/flows/{flow_id}/duplicate",
    **answers({201: FlowOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited"),
)
@door(reaches_out=True)
def duplicate_flow(request: HttpRequest, flow_id: UUID, payload: Body[DuplicateIn] = UNNAMED) -> HttpResponse:
    """Make a flow of the caller's own with the same elements under the same ids."""
    owner = principal(request)
    title = None if payload.title is None else parse_title(payload.title)
    flow = commands.duplicate_flow(owner, flow_id, title=title, via="api")
    return _created(whole_flow(owner, flow.pk, status=201), flow.pk, request)


def _item(flow: FlowSummary) -> dict[str, object]:
    item: dict[str, object] = {
        "id": str(flow.id),
        "title": flow.title,
        "description": flow.description,
        "version": flow.version,
        "nodes": flow.node_count,
        "edges": flow.edge_count,
        "role": flow.role,
        "updated_at": flow.updated_at,
        "starred": flow.is_starred,
    }
    if flow.team is not None:
        item["team"] = {"id": str(flow.team_id), "name": flow.team}
    if flow.deleted_at is not None:
        item["deleted_at"] = flow.deleted_at
    return item


def _created(response: HttpResponse, flow_id: UUID, request: HttpRequest) -> HttpResponse:
    response["Location"] = f"{request.path.partition('/flows')[0]}/flows/{flow_id}"
    return response
