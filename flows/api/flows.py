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
from flows.parsing import parse_flow, parse_operation, parse_title
from flows.queries import FlowSummary, library
from flows.rates import count_operations
from web.errors import answers
from web.router import Router

router = Router(tags=["flows"])
UNNAMED = DuplicateIn()


@router.get("/flows", **answers({200: FlowPage}, "invalid"))
def list_flows(request: HttpRequest, query: Query[FlowQuery]) -> HttpResponse:
    """List the caller's flows, the last changed first, and count all that fit."""
    found = library(principal(request), **query.dict())
    return json({"items": [_item(flow) for flow in found.items], "count": found.count})


@router.post("/flows", **answers({201: FlowOut}, "forbidden", "too_large", "invalid", "rate_limited", *GRAPH_CODES))
def create_flow(request: HttpRequest, payload: CreateIn) -> HttpResponse:
    """Create a flow of the caller's own, with a graph if one is given; if that does not hold together, 422 says why."""
    owner = principal(request)
    flow = commands.create_flow(owner, parse_flow(**dict(payload)), via="api")
    return _created(whole_flow(owner, flow.pk, status=201), flow.pk, request)


@router.get("/flows/{flow_id}", **answers({200: FlowOut}, "not_found"))
def read_flow(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """Read a flow and all that is in it. The ETag is its version, which tells nothing of roles: there is no 304."""
    return whole_flow(principal(request), flow_id)


@router.patch(
    "/flows/{flow_id}", **answers({200: FlowOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited")
)
def change_flow(request: HttpRequest, flow_id: UUID, payload: PatchIn) -> HttpResponse:
    """Change the flow's title or description."""
    get_flow_for(principal(request), flow_id, Role.EDITOR)
    count_operations(user_id_of(principal(request)))
    operation = parse_operation({"kind": "edit_flow", "set": payload.dict(exclude_unset=True)})
    receipt = commands.submit(flow_id, [Submission(operation=operation, principal=principal(request), via="api")])
    match receipt.answers:
        case (Refused() as refused,):
            raise rejected(refused)
    return whole_flow(principal(request), flow_id)


@router.delete("/flows/{flow_id}", **answers({204: None}, "forbidden", "not_found", "rate_limited"))
def delete_flow(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """Delete the flow; owners only."""
    commands.delete_flow(principal(request), flow_id, via="api")
    return HttpResponse(status=204)


@router.post(
    "/flows/{flow_id}/duplicate",
    **answers({201: FlowOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited"),
)
def duplicate_flow(request: HttpRequest, flow_id: UUID, payload: Body[DuplicateIn] = UNNAMED) -> HttpResponse:
    """Make a flow of the caller's own with the same elements under the same ids."""
    owner = principal(request)
    title = None if payload.title is None else parse_title(payload.title)
    flow = commands.duplicate_flow(owner, flow_id, title=title, via="api")
    return _created(whole_flow(owner, flow.pk, status=201), flow.pk, request)


def _item(flow: FlowSummary) -> dict[str, object]:
    return {
        "id": str(flow.id),
        "title": flow.title,
        "description": flow.description,
        "version": flow.version,
        "nodes": flow.node_count,
        "edges": flow.edge_count,
        "role": flow.role,
        "updated_at": flow.updated_at,
    }


def _created(response: HttpResponse, flow_id: UUID, request: HttpRequest) -> HttpResponse:
    response["Location"] = f"{request.path.partition('/flows')[0]}/flows/{flow_id}"
    return response
