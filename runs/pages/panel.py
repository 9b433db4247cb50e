"""The runs of a flow beside its canvas: the list, one run's drawer, and one node of it, as fragments."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from flows.access import Access, Role
from flows.errors import Forbidden, NotFound
from flows.expressions import Json
from flows.pages.decorators import PageRequest, flow_view, principal, wants_fragment
from runs import commands
from runs.errors import Answered, WrongState
from runs.keys import read_key
from runs.kinds.fields import fields_of
from runs.models import Question, Run, Task
from runs.pages.forms import read_field, sent_key
from runs.pages.listing import listed, listing
from runs.pages.log import log_lines
from runs.pages.node import asked_of, node_context, shown_value
from runs.pages.state_texts import texts
from runs.pages.timeline import document_of, timeline
from runs.values import decode
from web.errors import Problem, as_failure, status_of

TABS = ("timeline", "log", "output")
RunView = Callable[..., HttpResponse]


def run_view(role: Role = Role.VIEWER) -> Callable[[RunView], Callable[..., HttpResponse]]:
    """Give a view a run of the flow instead of its id; to scripts a refusal is a 403 or 409 in words, to be shown."""

    def decorate(view: RunView) -> Callable[..., HttpResponse]:
        @flow_view(role)
        @wraps(view)
        def guarded(request: PageRequest, access: Access, run_id: UUID, **kwargs: object) -> HttpResponse:
            run = Run.objects.select_related("flow", "actor").filter(pk=run_id, flow=access.flow.pk).first()
            if run is None:
                raise NotFound
            try:
                return view(request, access, run, **kwargs)
            except (WrongState, Answered, Forbidden) as refusal:
                if isinstance(refusal, Forbidden) and not wants_fragment(request):
                    raise
                return HttpResponse(
                    refusal.message, status=status_of(refusal.code), content_type="text/plain; charset=utf-8"
                )

        return guarded

    return decorate


@require_safe
@flow_view()
def panel(request: PageRequest, access: Access) -> HttpResponse:
    """Show the list of runs, with what scripts need for all the rest; as a page of its own, the list."""
    context = {"flow": access.flow, "may_steer": access.may_edit, "listing": listing(request, access), "texts": texts()}
    context["is_owner"] = access.role is Role.OWNER
    return render(request, "flows/runs/_panel.html" if wants_fragment(request) else "flows/runs/list.html", context)


@require_safe
@flow_view()
def items(request: PageRequest, access: Access) -> HttpResponse:
    """Show the list alone; as a page of its own where a link leads to it."""
    template = "flows/runs/_list.html" if wants_fragment(request) else "flows/runs/list.html"
    return render(request, template, {"flow": access.flow, "listing": listing(request, access)})


@require_safe
@run_view()
def drawer(request: PageRequest, access: Access, run: Run) -> HttpResponse:
    """Show how a run went: its timeline, log or output."""
    return render(request, "flows/runs/_drawer.html", drawer_context(request, access, run))


def drawer_context(request: PageRequest, access: Access, run: Run) -> dict[str, Any]:
    """Return what the drawer shows of a run, in the tab that is asked for."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else TABS[0]
    told = timeline(run, document_of(run, access.flow.version))
    context: dict[str, Any] = {
        "flow": access.flow,
        "run": run,
        "listed": listed(run, request.reader.pk),
        "told": told,
        "tab": tab,
        "may_steer": access.may_edit,
        "is_over": run.state in Run.ENDED,
        "has_dead_letters": Task.objects.filter(run=run, is_dead_letter=True).exists(),
        "asking": list(Task.objects.filter(run=run, state=Task.State.ASKING).values_list("node", "label")[:20]),
    }
    if tab == "log":
        context |= log_lines(run, request.GET.get("before", ""))
    elif tab == "output":
        context |= {"output": shown_value(run, run.output), "input": shown_value(run, run.input)}
    return context


@require_safe
@run_view()
def node(request: PageRequest, access: Access, run: Run, node_id: str) -> HttpResponse:
    """Show one node of a run."""
    context = node_context(principal(request), run, access, node_id, request.GET.get("path"))
    return render(request, "flows/runs/_node.html", context | {"flow": access.flow})


@require_POST
@run_view(Role.EDITOR)
def steer(request: PageRequest, access: Access, run: Run) -> HttpResponse:
    """Pause, resume, stop or retry a run, begin a task anew at a checkpoint, or run it again."""
    who, task, asked = principal(request), request.POST.get("task", ""), request.POST.get("do", "")
    match asked:
        case "pause":
            commands.pause_run(who, run.pk)
        case "resume":
            commands.resume_run(who, run.pk)
        case "cancel":
            commands.cancel_run(who, run.pk)
        case "retry":
            commands.retry_run(who, run.pk, [task] if task else None)
        case "roll_back":
            commands.roll_back(who, run.pk, task, _number(request.POST.get("checkpoint", "")))
        case "again":
            return _again(request, access, run)
        case _:
            raise Problem("invalid", "", status=400)
    return HttpResponse(status=204)


def _again(request: PageRequest, access: Access, run: Run) -> HttpResponse:
    """Run it again, from a node if one is named, on its own version or the current one."""
    current = request.POST.get("version") == "current"
    again = commands.Again(run.pk, request.POST.get("node", ""), "fresh" not in request.POST)
    started = commands.start_run(
        principal(request),
        access.flow.pk,
        version=access.flow.version if current else run.version,
        again=again,
        trigger="again",
        idempotency_key=sent_key(request),
    )
    response = HttpResponse(status=201)
    response["X-Helix-Run"] = str(started.run.pk)
    return response


@require_POST
@run_view()
def answer(request: PageRequest, access: Access, run: Run) -> HttpResponse:
    """Answer what a task asks; the form comes again with what does not fit."""
    key = request.POST.get("task", "")
    read_key(key, run.pk)
    question = Question.objects.filter(run=run, task=key).order_by("asked_at").last()
    if question is None:
        raise NotFound
    fields = fields_of(decode(question.form))
    values = {field.name: read_field(request, field.name, field.type, field.enum) for field in fields}
    given: Json = {name: value for name, value in values.items() if value is not None} if fields else True
    try:
        commands.answer(principal(request), run.pk, key, False if request.POST.get("reply") == "no" else given)
    except Problem as problem:
        if problem.code != "invalid":  # nobody knows yet whether this person is asked
            raise
        context = {
            "flow": access.flow,
            "run": run,
            "asked": asked_of(question, request.POST.dict()),
            "error": problem.message,
            "in_list": "list" in request.POST,
        }
        return as_failure(render(request, "flows/runs/_question.html", context), problem)
    if not wants_fragment(request):
        return redirect("runs:questions")
    return trigger_client_event(HttpResponse(status=204), "questions-changed")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else -1


__all__ = ["answer", "drawer", "drawer_context", "items", "node", "panel", "run_view", "steer"]
