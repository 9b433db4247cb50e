"""What is in a flow: replaced as a whole, edited by operations, read back change by change."""

from uuid import UUID, uuid4

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Body, Query

from accounts.authentication import principal
from accounts.principals import Principal, user_id_of
from flows import commands
from flows import limits as helix_limits
from flows.access import Role, get_flow_for
from flows.actors import actor_json
from flows.api.answers import encoded_graph, json, rejected
from flows.api.schemas import (
    GRAPH_CODES,
    ChangesOut,
    ChangesQuery,
    GraphIn,
    OperationsIn,
    OperationsOut,
    TakeBackIn,
    TakenBackOut,
    VersionOut,
)
from flows.commands import Acked, RedoRequest, Refused, Submission, UndoRequest
from flows.document import Rejected, encode_skipped
from flows.errors import FlowReason, Forbidden
from flows.log import READ_BYTES, LoggedChange, changes_since, whole_changes
from flows.rates import count_operations
from flows.sentences import sentence
from flows.storage.store import consistent_read
from flows.submission import Via, parse_graph, parse_operation
from web.errors import Problem, answers
from web.router import Router

router = Router(tags=["edits"])
NOT_TAKEN_BACK = ("forbidden", "not_found", "nothing_to_undo", "invalid", "limit_reached", "rate_limited")
REPLACING_FAILS = ("forbidden", "not_found", "version_conflict", "too_large", "invalid", "rate_limited")
BATCHES = 10
"""As many full batches fit one call."""


@router.put(
    "/flows/{flow_id}/graph",
    **answers({200: VersionOut}, *REPLACING_FAILS, *GRAPH_CODES),
)
def replace_graph(request: HttpRequest, flow_id: UUID, payload: GraphIn) -> HttpResponse:
    """Replace all nodes and edges, if the flow is still at `version`.

    Else 409, with the flow as it is now: `detail: {version, nodes, edges}`. The same graph makes no version.
    """
    get_flow_for(principal(request), flow_id, Role.EDITOR)
    count_operations(user_id_of(principal(request)))
    graph = parse_graph({"nodes": payload.nodes, "edges": payload.edges})
    receipt = commands.replace_graph(principal(request), flow_id, graph, version=payload.version, via=_via(request))
    match receipt.answers:
        case (Refused(code="version_conflict") as stale,):
            raise Problem(stale.code, sentence(stale), _current(request, flow_id))
        case (Refused() as refused,):
            raise rejected(refused)
    return json({"version": receipt.version})


@router.post(
    "/flows/{flow_id}/operations",
    **answers({200: OperationsOut}, "forbidden", "not_found", "too_large", "invalid", "limit_reached", "rate_limited"),
)
def submit_operations(request: HttpRequest, flow_id: UUID, payload: OperationsIn) -> HttpResponse:
    """Submit operations, each by itself: one that is refused, malformed or not, leaves the others as they are.

    They are undone together, with what else the caller did under the same `step` right before or after. Beyond
    `REST_OPERATIONS_PER_SECOND`, a batch counted as one, nothing of the call is done: 429.
    """
    get_flow_for(principal(request), flow_id, Role.EDITOR)
    _check_amount(payload.operations)
    count_operations(user_id_of(principal(request)), len(payload.operations))
    receipt = commands.submit(flow_id, _submissions(principal(request), payload, _via(request)))
    if any(isinstance(answer, Refused) and answer.code == "forbidden" for answer in receipt.answers):
        raise Forbidden
    return json({"version": receipt.version, "results": [_result(answer) for answer in receipt.answers]})


@router.post(
    "/flows/{flow_id}/undo",
    **answers({200: TakenBackOut}, *NOT_TAKEN_BACK),
)
def undo(request: HttpRequest, flow_id: UUID, payload: Body[TakeBackIn | None] = None) -> HttpResponse:
    """Take back the caller's last step, as far as nobody else has written the same property since.

    `left` names what was left alone: an element and its properties, none meaning the element itself. The body may be
    left out.
    """
    given = payload or TakeBackIn()
    return _take_back(request, flow_id, UndoRequest(given.at), given)


@router.post(
    "/flows/{flow_id}/redo",
    **answers({200: TakenBackOut}, *NOT_TAKEN_BACK),
)
def redo(request: HttpRequest, flow_id: UUID, payload: Body[TakeBackIn | None] = None) -> HttpResponse:
    """Take back the caller's last undo. A new edit of theirs ends what can be redone."""
    given = payload or TakeBackIn()
    return _take_back(request, flow_id, RedoRequest(given.at), given)


@router.get("/flows/{flow_id}/changes", **answers({200: ChangesOut}, "not_found", "invalid"))
def list_changes(request: HttpRequest, flow_id: UUID, query: Query[ChangesQuery]) -> HttpResponse:
    """List what happened after version `since`, oldest first, and say where the flow is.

    May list fewer than `limit`, when they are long: there is no more only when the last one is at `version`.
    """
    with consistent_read():
        access = get_flow_for(principal(request), flow_id)
        stored = changes_since(flow_id, query.since, query.limit, size=READ_BYTES)
        changes = list(whole_changes(flow_id, stored, READ_BYTES))
    return json({"items": [_change(change) for change in changes], "version": access.flow.version})


def _take_back(
    request: HttpRequest, flow_id: UUID, operation: UndoRequest | RedoRequest, payload: TakeBackIn
) -> HttpResponse:
    caller = principal(request)
    get_flow_for(caller, flow_id, Role.EDITOR)
    count_operations(user_id_of(caller))
    submission = Submission(
        operation=operation, principal=caller, via=_via(request), client=payload.client, seq=payload.seq
    )
    receipt = commands.submit(flow_id, [submission])
    match receipt.answers[0]:
        case Refused() as refused:
            raise rejected(refused)
        case acked:
            return json({"version": acked.version, "left": encode_skipped(acked.skipped)})


def _via(request: HttpRequest) -> Via:
    """Return how the call came: our own tools say it in the scope, where nobody outside can."""
    scope = getattr(request, "scope", {})
    return "mcp" if scope.get("helix.via") == "mcp" else "api"


def _check_amount(operations: list[object]) -> None:
    most = helix_limits.current().batch
    if len(operations) > most:
        raise Rejected("limit_reached", FlowReason.CALL_TOO_LONG, most=most)
    inner = (one.get("operations") for one in operations if isinstance(one, dict))
    if sum(len(batch) for batch in inner if isinstance(batch, list)) > most * BATCHES:
        raise Rejected("limit_reached", FlowReason.BATCHES_TOO_LONG, most=most * BATCHES)


def _submissions(caller: Principal, payload: OperationsIn, via: Via) -> list[Submission]:
    """Make submissions of one call, which is one step to undo."""
    step = payload.step or (uuid4().hex if len(payload.operations) > 1 else None)
    return [
        Submission(
            operation=parse_operation(operation),
            principal=caller,
            via=via,
            client=payload.client,
            seq=None if payload.seq is None else payload.seq + index,
            step=step,
            based_on=payload.version,
        )
        for index, operation in enumerate(payload.operations)
    ]


def _result(answer: Acked | Refused) -> dict[str, object]:
    if isinstance(answer, Refused):
        return {"code": answer.code, "message": sentence(answer)}
    return {"version": answer.version} | ({"left": encode_skipped(answer.skipped)} if answer.skipped else {})


def _change(change: LoggedChange) -> dict[str, object]:
    return {
        "version": change.version,
        "actor": change.actor and actor_json(change.actor.id, change.actor.name, is_guest=change.actor.is_guest),
        "via": change.via,
        "operation": orjson.Fragment(change.operation),
        "created_at": change.created_at,
    }


def _current(request: HttpRequest, flow_id: UUID) -> dict[str, object]:
    with consistent_read():
        version = get_flow_for(principal(request), flow_id).flow.version
        return {"version": version, **encoded_graph(flow_id)}
