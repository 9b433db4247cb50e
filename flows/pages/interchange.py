"""The dialog that writes a flow as a file. Its form asks the API itself, so it works without a script."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flows.access import Access, expect_may_export
from flows.interchange.formats import FORMATS
from flows.pages.decorators import PageRequest, flow_view, wants_fragment


@require_safe
@flow_view()
def export(request: PageRequest, access: Access) -> HttpResponse:
    """Ask in which format; the answer is a file."""
    expect_may_export(access)
    uses = _uses()
    formats = [(format, uses[name]) for name, format in FORMATS.items()]
    template = "flows/_export.html" if wants_fragment(request) else "flows/export.html"
    return render(request, template, {"flow": access.flow, "formats": formats})


def _uses() -> dict[str, str]:
    """Say what each format is good for."""
    return {
        "json": _("Everything; for programs"),
        "yaml": _("Everything; for version control"),
        "mermaid": _("For Markdown and documentation"),
        "dot": _("For Graphviz"),
        "drawio": _("For diagrams.net"),
        "reactflow": _("For React Flow"),
        "n8n": _("For n8n workflows"),
        "nodered": _("For Node-RED flows"),
        "svg": _("A picture that scales"),
        "png": _("A picture of pixels"),
        "pdf": _("A page to print"),
    }
