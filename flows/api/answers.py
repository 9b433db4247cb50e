"""A flow as REST says it: straight from rows to bytes: ten thousand nodes are too many to validate on the way out."""

from typing import Any
from uuid import UUID

import orjson
from django.http import HttpResponse

from accounts.principals import Principal
from flows.access import Access, get_flow_for
from flows.commands import Refused
from flows.document import encode_edge, encode_node
from flows.sentences import sentence
from flows.storage.store import consistent_read, read_edges, read_nodes
from web.errors import Problem


def json(value: object, status: int = 200) -> HttpResponse:
    """Answer a value as JSON, times in UTC as `2026-01-31T09:00:00Z`."""
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8")


def whole_flow(principal: Principal, flow_id: UUID, *, status: int = 200) -> HttpResponse:
    """Answer the flow with all that is in it, at one version, and that version as its ETag."""
    with consistent_read():
        access = get_flow_for(principal, flow_id)
        graph = encoded_graph(flow_id)
    response = json(_properties(access) | graph | _times(access), status)
    response["ETag"] = etag(access.flow.version)
    return response


def encoded_graph(flow_id: UUID) -> dict[str, object]:
    """Read and encode all nodes and edges."""
    return {
        "nodes": [encode_node(node) for node in read_nodes(flow_id)],
        "edges": [encode_edge(edge) for edge in read_edges(flow_id)],
    }


def rejected(refused: Refused) -> Problem:
    """Make the failure of a whole call out of the refusal of the one thing it asked."""
    return Problem(refused.code, sentence(refused), status=422 if refused.code == "too_large" else None)


def etag(version: int) -> str:
    """Return the ETag of a flow at a version."""
    return f'"{version}"'


def _properties(access: Access) -> dict[str, Any]:
    flow = access.flow
    return {
        "id": str(flow.pk),
        "title": flow.title,
        "description": flow.description,
        "version": flow.version,
        "role": access.role,
    }


def _times(access: Access) -> dict[str, Any]:
    return {"created_at": access.flow.created_at, "updated_at": access.flow.updated_at}
