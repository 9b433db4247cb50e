"""A flow as REST says it: straight from rows to bytes: ten thousand nodes are too many to validate on the way out."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpResponse

from accounts.principals import Principal
from flows.access import Access, get_flow_for
from flows.commands import Refused
from flows.document import encode_edge, encode_node
from flows.errors import Forbidden
from flows.sentences import sentence
from flows.storage.store import consistent_read, read_edges, read_nodes
from flows.templates.own import made_of
from web.errors import Problem
from web.give_way import may_step_back

_ENCODED_AT_ONCE = 200


def json(value: object, status: int = 200) -> HttpResponse:
    """Answer a value as JSON, times in UTC as `2026-01-31T09:00:00Z`."""
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8")


def whole_flow(principal: Principal, flow_id: UUID, *, status: int = 200) -> HttpResponse:
    """Answer the flow with all that is in it, at one version, and that version as its ETag; the last of a request."""
    with may_step_back():
        flow, version = flow_json(principal, flow_id)
        response = json(flow, status)
    response["ETag"] = etag(version)
    return response


def flow_json(principal: Principal, flow_id: UUID) -> tuple[dict[str, object], int]:
    """Return the flow with all that is in it, and the version it is at."""
    with consistent_read():
        access = get_flow_for(principal, flow_id)
        graph = encoded_graph(flow_id)
        template = {"template": _template(principal, flow_id)}
    return _properties(access) | graph | template | _times(access), access.flow.version


def encoded_graph(flow_id: UUID) -> dict[str, object]:
    """Read and encode all nodes and edges."""
    return {
        "nodes": _list_of(encode_node(node) for node in read_nodes(flow_id)),
        "edges": _list_of(encode_edge(edge) for edge in read_edges(flow_id)),
    }


def _list_of(values: Iterator[object]) -> orjson.Fragment:
    """Encode a long list part by part, so that never all of it exists as values."""
    parts = []
    while part := list(islice(values, _ENCODED_AT_ONCE)):
        parts.append(orjson.dumps(part)[1:-1])
    return orjson.Fragment(b"[" + b",".join(parts) + b"]")


def rejected(refused: Refused) -> Problem | Forbidden:
    """Make the failure of a whole call out of the refusal of the one thing it asked."""
    match refused.code:
        case "forbidden":
            return Forbidden()
        case "rate_limited":
            return Problem(refused.code, sentence(refused), retry_after=1)
        case code:
            return Problem(code, sentence(refused), status=422 if code == "too_large" else None)


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
        "offer_as_tool": flow.offer_as_tool,
        "team": flow.team_id,
        "can_duplicate": flow.can_duplicate,
        "can_export": flow.can_export,
        "links_can_run": flow.links_can_run,
    }


def _template(principal: Principal, flow_id: UUID) -> dict[str, object] | None:
    found = made_of(principal, flow_id)
    return found and {"id": found[0].id, "title": found[0].title_in_words, "behind": found[1]}


def _times(access: Access) -> dict[str, Any]:
    return {"created_at": access.flow.created_at, "updated_at": access.flow.updated_at}
