"""Flows that are offered as tools, by REST; over MCP each is a tool of its own (`helix.mcp`)."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from accounts.authentication import principal
from flows.api.answers import json
from runs.flow_tools import tools_of
from web.errors import answers
from web.router import Router

router = Router(tags=["tools"])


class FlowToolOut(Schema):
    """`input_schema` is that of a run's `input`."""

    flow: UUID
    name: str
    title: str
    description: str
    input_schema: dict[str, Any]


class FlowToolsOut(Schema):
    items: list[FlowToolOut]


@router.get("/flow-tools", **answers({200: FlowToolsOut}))
def list_flow_tools(request: HttpRequest) -> HttpResponse:
    """List the flows that are offered as tools, that the caller may run, and that they made, opened or starred."""
    items = [
        {
            "flow": str(one.flow),
            "name": one.name,
            "title": one.title,
            "description": one.description,
            "input_schema": one.schema,
        }
        for one in tools_of(principal(request))
    ]
    return json({"items": items})
