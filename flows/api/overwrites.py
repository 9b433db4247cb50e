"""The work that others have overwritten since a person was last here, and that they have of others'."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query

from accounts.authentication import principal
from flows.api.answers import json
from flows.api.schemas import ReplacedOut, ReplacedQuery
from flows.document import Rejected
from flows.overwrite_report import overwrites_since
from flows.sentences import sentence
from web.errors import Problem, answers
from web.router import Router

router = Router(tags=["edits"])


@router.get("/flows/{flow_id}/replaced", **answers({200: ReplacedOut}, "not_found", "invalid", "rate_limited"))
def list_replaced(request: HttpRequest, flow_id: UUID, query: Query[ReplacedQuery]) -> HttpResponse:
    """List what others replaced of the caller's work after version `since`, and what the caller replaced of theirs.

    `stands` says whose value stands, `put` is the operation that puts the other one back. Empty for who may not edit.
    With `clients` (names, separated by commas): only what those wrote over what the caller had written by others.
    """
    clients = frozenset(query.clients.split(",")) if query.clients else None
    try:
        found = overwrites_since(principal(request), flow_id, query.since, clients)
    except Rejected as refused:
        raise Problem(refused.code, sentence(refused), retry_after=1) from None
    return json({"version": found.version, "items": found.items, "more": found.more})
