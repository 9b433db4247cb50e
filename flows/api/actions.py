"""Actions: listed, run on a flow, and the long ones followed and cancelled."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from accounts.authentication import principal
from accounts.principals import user_id_of
from flows.access import Role, get_flow_for
from flows.actions import jobs, registry
from flows.actions.execute import ActionCall, Executed, execute, is_long
from flows.api.answers import json, rejected
from flows.api.schemas import ActionIn, ActionResult, ActionsOut, JobOut, JobStarted
from flows.commands import Refused
from flows.document import Effect, encode_skipped
from flows.rates import count_operations
from web.errors import answers
from web.router import Router, door

router = Router(tags=["actions"])
UNNAMED = ActionIn()
FAILS = (
    "forbidden",
    "not_found",
    "version_conflict",
    "unknown_action",
    "unknown_node",
    "invalid",
    "limit_reached",
    "too_large",
    "rate_limited",
)


@router.get("/actions", **answers({200: ActionsOut}))
@door(harmless=True)
def list_actions(request: HttpRequest) -> HttpResponse:
    """List what the server can do to a flow on request. Titles are in the caller's language."""
    return json({"items": registry.catalogue()})


@router.post("/flows/{flow_id}/actions/{action}", **answers({200: ActionResult, 202: JobStarted}, *FAILS))
def run_action(request: HttpRequest, flow_id: UUID, action: str, payload: ActionIn = UNNAMED) -> HttpResponse:
    """Run an action: one version and one step to undo. What it was asked about and is gone is in `left`.

    One that takes long is answered 202 with a job to follow. Sent again under its name, it is answered as before.
    """
    caller = principal(request)
    node_count = get_flow_for(caller, flow_id, Role.EDITOR).flow.node_count
    count_operations(user_id_of(caller))
    call = ActionCall(flow_id=flow_id, principal=caller, action=action, **payload.dict())
    if is_long(call, node_count):
        job = jobs.begin(call)
        if job.is_fresh:
            jobs.in_background(partial(jobs.run, job, call, get_language() or ""))
        return json({"job": str(job.id)}, status=202)
    return json(_result(execute(call)))


@router.get("/jobs/{job_id}", **answers({200: JobOut}, "not_found"))
def read_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Tell how far a long action of the caller's is. Its row is kept for an hour."""
    return json(jobs.find(principal(request), job_id).encoded())


@router.delete("/jobs/{job_id}", **answers({204: None}, "not_found"))
def cancel_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Cancel a long action of the caller's, unless it has been submitted or has ended: then it stays as it is."""
    jobs.cancel(principal(request), job_id)
    return HttpResponse(status=204)


def _result(executed: Executed) -> dict[str, object]:
    match executed.answer:
        case Refused() as refused:
            raise rejected(refused)
        case acked:
            left = {"left": encode_skipped(acked.skipped)} if acked.skipped else {}
            return {"version": acked.version, **changed_ids(executed.effect), **left}


def changed_ids(effect: Effect) -> dict[str, dict[str, list[str]]]:
    """Return the ids of what an effect added, changed and removed."""
    found: dict[str, dict[str, list[str]]] = {
        what: {"nodes": [], "edges": []} for what in ("added", "changed", "removed")
    }
    for name, pairs in (("nodes", effect.nodes), ("edges", effect.edges)):
        for id, pair in pairs.items():
            what = "added" if pair.before is None else "removed" if pair.after is None else "changed"
            found[what][name].append(id)
    return found
