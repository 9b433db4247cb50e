"""What is wrong with a flow, or with a graph that is not one yet."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.authentication import principal
from accounts.principals import user_id_of
from flows import limits as helix_limits
from flows.access import get_flow_for
from flows.api.answers import json
from flows.api.schemas import ProblemsOut, ValidateIn
from flows.document import Reason, Rejected
from flows.installation import installation_of
from flows.problem_sentences import encoded_report
from flows.rates import count_operations
from flows.sentences import sentence
from flows.storage.store import load_document
from flows.validation import judge, judge_values
from web.errors import Problem, answers
from web.router import Router, door

router = Router(tags=["validation"])
NODES_PER_OPERATION = 500
"""To judge so many nodes counts as one operation of the person."""


@router.get("/flows/{flow_id}/problems", **answers({200: ProblemsOut}, "not_found", "rate_limited"))
def list_problems(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """List what is wrong with the flow, what stops runs first. `counts` counts all, `items` are as many as fit."""
    access = get_flow_for(principal(request), flow_id)
    count_operations(user_id_of(principal(request)), 1 + access.flow.node_count // NODES_PER_OPERATION)
    loaded = load_document(flow_id)
    return json(encoded_report(judge(loaded.document, helix_limits.current().problems, installation_of(flow_id))))


@router.post("/validate", **answers({200: ProblemsOut}, "too_large", "invalid", "rate_limited"))
@door(scope="read", harmless=True)
def validate(request: HttpRequest, payload: ValidateIn) -> HttpResponse:
    """List what is wrong with a graph; one that could not be stored is judged too. Nothing is stored."""
    for name, value in (("nodes", payload.nodes), ("edges", payload.edges)):
        if not isinstance(value, list):
            raise Problem("invalid", sentence(Rejected("invalid", Reason.NOT_A_LIST, name=name)))
    count_operations(user_id_of(principal(request)), 1 + len(payload.nodes) // NODES_PER_OPERATION)
    limits = helix_limits.current()
    return json(
        encoded_report(judge_values(payload.nodes, payload.edges, limits, limits.problems, installation_of(None)))
    )
