"""Starting a run: the form of its inputs, made by the server; what is wrong with them stands under the fields.

A flow without inputs starts at once. What cannot run yet says where: the problems lead to their nodes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from flows.access import Access, Role
from flows.document import Document
from flows.expressions import Json
from flows.pages.decorators import PageRequest, flow_view, principal, wants_fragment
from flows.storage.store import load_document
from runs import commands
from runs.by_link import hint_for
from runs.kinds.fields import Field
from runs.kinds.input import form_of
from runs.models import Run
from runs.pages.forms import FormField, read_field, sent_key, shown_fields, with_errors
from runs.plan import Step
from runs.plan.compile import plan_of
from web.errors import Problem, as_failure

STARTED = "run-started"


@dataclass(frozen=True, slots=True)
class Section:
    """The inputs that one node asks for."""

    node: str
    label: str
    fields: list[FormField]


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view(Role.EDITOR)
def start(request: PageRequest, access: Access) -> HttpResponse:
    """Ask for the inputs, or start if there are none or they were sent."""
    if told := _kept_out(access):
        return _page(request, access, "flows/runs/_by_link.html", {"told": told}, status=403)
    if request.method != "POST":
        return _form(request, access, _steps(access))
    steps = _steps(access)
    if "ask" in request.POST and steps:
        return _form(request, access, steps)
    try:
        started = commands.start_run(
            principal(request),
            access.flow.pk,
            input=_given(request, steps),
            name=request.POST.get("run-name", "").strip(),
            idempotency_key=sent_key(request),
        )
    except Problem as problem:
        return _refused(request, access, steps, problem)
    return _begun(request, started.run)


def _kept_out(access: Access) -> str:
    """Return why somebody who came by a link may not run the flow as it is; "" if they may."""
    return hint_for(access, plan_of(load_document(access.flow.pk).document)) if access.edits_by_link_alone else ""


def _begun(request: PageRequest, run: Run) -> HttpResponse:
    if not wants_fragment(request):
        return redirect("runs:run", run.flow_id, run.pk)
    response = trigger_client_event(HttpResponse(status=204), STARTED, {"run": str(run.pk)})
    return trigger_client_event(response, "dialog-close")


def _steps(access: Access) -> list[Step]:
    return [step for step in input_steps(load_document(access.flow.pk).document) if _fields(step)]


def input_steps(document: Document) -> list[Step]:
    """Return the nodes that a run is given something by."""
    nodes = (node for node in document.nodes() if node.kind == "input" and node.enabled)
    return [
        Step(node.id, node.kind, node.label, cast(dict[str, Json], dict(node.settings)), (), ("out",)) for node in nodes
    ]


def _fields(step: Step) -> tuple[Field, ...]:
    kind = str(step.settings.get("type") or "form")
    if kind == "form":
        return form_of(step)
    default: Json = step.settings.get("default_values")
    default = default.get(step.id) if isinstance(default, dict) and step.id in default else default
    types = {"text": "text", "file": "file"}
    return (Field(step.id, step.label or _("Input"), types.get(kind, "json"), default=default or None),)


def _given(request: PageRequest, steps: list[Step]) -> dict[str, Json]:
    given: dict[str, Json] = {}
    for step in steps:
        for field in _fields(step):
            kind = "string" if field.type == "text" else field.type
            value = read_field(request, field.name, kind, field.enum)
            if value is not None:
                given[field.name] = value
    return given


def _refused(request: PageRequest, access: Access, steps: list[Step], problem: Problem) -> HttpResponse:
    detail: Mapping[str, Any] = problem.detail if isinstance(problem.detail, dict) else {}
    if "problems" in detail:
        return _page(request, access, "flows/runs/_refused.html", {"problems": detail["problems"]}, status=422)
    errors = {one["field"] or one["node"]: one["message"] for one in detail.get("input", [])}
    shown = {field.name for step in steps for field in _fields(step)}
    error = "" if errors.keys() & shown else problem.message
    return as_failure(_form(request, access, steps, errors=errors, error=error), problem)


def _form(
    request: PageRequest,
    access: Access,
    steps: list[Step],
    *,
    errors: Mapping[str, str] | None = None,
    error: str = "",
) -> HttpResponse:
    typed = None if errors is None else request.POST.dict()
    sections = [
        Section(step.id, step.label, with_errors(shown_fields(_fields(step), typed), errors or {})) for step in steps
    ]
    context = {
        "sections": sections,
        "focus": _focus(sections),
        "error": error,
        "key": request.POST.get("key") or uuid4().hex,
        "run_name": request.POST.get("run-name", ""),
    }
    return _page(request, access, "flows/runs/_start.html", context)


def _focus(sections: list[Section]) -> str:
    """Return the id of what to fill in first: the first field that is wrong, else the first; without any, Run."""
    fields = [field for section in sections for field in section.fields]
    wrong = [field for field in fields if field.error]
    return next((field.id for field in (*wrong, *fields)), "start-run")


def _page(
    request: PageRequest, access: Access, fragment: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context |= {"flow": access.flow, "fragment": fragment}
    template = fragment if wants_fragment(request) else "flows/runs/sheet.html"
    return render(request, template, context, status=status)
