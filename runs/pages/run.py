"""A run by itself, drawn on its own version of the flow: what was edited since does not show."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from flows.access import Access
from flows.pages.decorators import PageRequest
from flows.rendering import canvas, layout_css
from runs.models import Run
from runs.pages.panel import drawer_context, run_view
from runs.pages.state_texts import texts
from runs.pages.timeline import document_of


@require_safe
@run_view()
def run(request: PageRequest, access: Access, run: Run) -> HttpResponse:
    """Show a run on its version, read only."""
    context = drawer_context(request, access, run)
    context |= {
        "canvas": canvas(document_of(run, access.flow.version)),
        "is_current": run.version == access.flow.version,
        "texts": texts(),
        "role": access.role,
        "back": reverse("flows:editor", args=[access.flow.pk]),
    }
    return render(request, "flows/runs/run.html", context)


@require_safe
@run_view()
def layout(request: PageRequest, access: Access, run: Run) -> HttpResponse:
    """Answer the sheet that puts everything in its place; a version never changes."""
    css = layout_css(document_of(run, access.flow.version))
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
