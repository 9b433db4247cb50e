"""Runs of a flow: started, listed, read, steered."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Body, Query

from accounts.authentication import principal
from flows.access import Role, get_flow_for
from flows.api.answers import json
from runs import commands
from runs.api.schemas import (
    RUN_STATES,
    AgainIn,
    EventsOut,
    EventsQuery,
    RetryIn,
    RunIn,
    RunOut,
    RunsOut,
    RunsQuery,
)
from runs.commands import Again
from runs.models import Blob, Run, RunEvent
from runs.paging import read_cursor
from runs.queries import event_row, run_for, run_row
from web.errors import Problem, answers
from web.paging import cursor_of
from web.router import Router
from web.row_ids import read_uuid

router = Router(tags=["runs"])
STARTING = ("forbidden", "not_found", "too_large", "invalid", "limit_reached", "rate_limited")
STEERING = ("forbidden", "not_found", "wrong_state", "rate_limited")
ALL_FAILED, AS_IT_IS, FROM_START = RetryIn(), RunIn.model_validate({}), AgainIn.model_validate({})


@router.post("/flows/{flow_id}/runs", **answers({200: RunOut, 201: RunOut}, *STARTING))
def start_run(request: HttpRequest, flow_id: UUID, payload: Body[RunIn | None] = None) -> HttpResponse:
    """Start a run of the flow as it is, or of the version that is named; editors only.

    With an `Idempotency-Key` that was used before, the same run is answered, with 200. If the flow has problems that
    stop runs, 422 names them in `detail.problems`; if the input does not fit, `detail.input` says where.
    """
    given = payload or AS_IT_IS
    again = None if given.from_ is None else Again(given.from_.run, given.from_.node, given.reuse)
    started = commands.start_run(
        principal(request),
        flow_id,
        version=given.version,
        input=given.input,
        name=given.name,
        idempotency_key=request.headers.get("Idempotency-Key"),
        again=again,
        trigger="api" if again is None else "again",
    )
    return _begun(request, started)


@router.get("/flows/{flow_id}/runs", **answers({200: RunsOut}, "not_found", "invalid"))
def list_runs(request: HttpRequest, flow_id: UUID, query: Query[RunsQuery]) -> HttpResponse:
    """List the flow's runs, the newest first."""
    get_flow_for(principal(request), flow_id)
    found = Run.objects.filter(flow=flow_id).select_related("actor").order_by("-created_at", "-id")
    if query.state:
        found = found.filter(state=_known(query.state, RUN_STATES))
    if query.cursor:
        at, key = _read_cursor(query.cursor)
        found = found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=key))
    rows = list(found[: query.limit + 1])
    shown = rows[: query.limit]
    more = cursor_of(shown[-1].created_at, shown[-1].pk.hex) if len(rows) > query.limit else None
    return json({"items": [run_row(run) for run in shown], "next": more})


@router.get("/runs/{run_id}", **answers({200: RunOut}, "not_found"))
def read_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Read a run."""
    return json(run_row(run_for(principal(request), run_id)))


@router.get("/runs/{run_id}/events", **answers({200: EventsOut}, "not_found", "invalid"))
def list_events(request: HttpRequest, run_id: UUID, query: Query[EventsQuery]) -> HttpResponse:
    """List what happened in a run after event `since`, oldest first, and say how far its log is: without gaps."""
    run = run_for(principal(request), run_id)
    found = RunEvent.objects.filter(run=run, seq__gt=query.since, seq__lte=run.seq).order_by("seq")
    return json({"items": [event_row(event) for event in found[: query.limit]], "seq": run.seq})


@router.get("/runs/{run_id}/values/{hash}", **answers({200: object}, "not_found"))
def read_value(request: HttpRequest, run_id: UUID, hash: str) -> HttpResponse:
    """Read a value that is too long to stand in its row."""
    run = run_for(principal(request), run_id)
    body = Blob.objects.filter(run=run, hash=hash[:64]).values_list("body", flat=True).first()
    if body is None:
        raise Problem("not_found", _("No such value."))
    return HttpResponse(body, content_type="application/json; charset=utf-8")


@router.post("/runs/{run_id}/cancel", **answers({200: RunOut}, *STEERING))
def cancel_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """End a run; what is being done is told to stop."""
    return _steered(request, commands.cancel_run(principal(request), run_id))


@router.post("/runs/{run_id}/pause", **answers({200: RunOut}, *STEERING))
def pause_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Let what is being done end, and start nothing more."""
    return _steered(request, commands.pause_run(principal(request), run_id))


@router.post("/runs/{run_id}/resume", **answers({200: RunOut}, "limit_reached", *STEERING))
def resume_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Go on with a paused run; a critical task whose failure paused it is tried again."""
    return _steered(request, commands.resume_run(principal(request), run_id))


@router.post("/runs/{run_id}/retry", **answers({200: RunOut}, "invalid", "too_large", "limit_reached", *STEERING))
def retry_run(request: HttpRequest, run_id: UUID, payload: Body[RetryIn | None] = None) -> HttpResponse:
    """Try tasks that failed again in the same run: those that are named, or all."""
    return _steered(request, commands.retry_run(principal(request), run_id, (payload or ALL_FAILED).tasks))


@router.post("/runs/{run_id}/again", **answers({200: RunOut, 201: RunOut}, *STARTING))
def run_again(request: HttpRequest, run_id: UUID, payload: Body[AgainIn | None] = None) -> HttpResponse:
    """Start a new run with the same input, on the same version unless one is given.

    Equal results are taken from this one, but for those of the node `from` and of all that follows it.
    """
    given = payload or FROM_START
    run = run_for(principal(request), run_id, Role.EDITOR)
    started = commands.start_run(
        principal(request),
        run.flow_id,
        version=run.version if given.version is None else given.version,
        name=run.name,
        idempotency_key=request.headers.get("Idempotency-Key"),
        again=Again(run.pk, given.from_ or "", given.reuse),
        trigger="again",
    )
    return _begun(request, started)


def _begun(request: HttpRequest, started: commands.Started) -> HttpResponse:
    run = Run.objects.select_related("actor").get(pk=started.run.pk)
    response = json(run_row(run), 201 if started.is_new else 200)
    if started.is_new:
        head = request.path.partition("/flows")[0].partition("/runs")[0]
        response["Location"] = f"{head}/runs/{run.pk}"
    return response


def _steered(request: HttpRequest, run: Run) -> HttpResponse:
    return json(run_row(run_for(principal(request), run.pk)))


def _known(state: str, states: tuple[str, ...]) -> str:
    if state not in states:
        raise Problem("invalid", _("state: one of %(known)s") % {"known": ", ".join(states)})
    return state


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    at, text = read_cursor(cursor)
    if (key := read_uuid(text)) is None:
        raise Problem("invalid", _("cursor: none of ours"))
    return at, key
