"""The editor: the whole flow in the first answer, its places in a sheet, and the canvas for whoever fell behind.

A large flow's page holds what the first screen can show; scripts fetch the rest from the canvas address.
"""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flows import limits as helix_limits
from flows import rendering
from flows.access import Access
from flows.document import KINDS, Document, Graph, Kind
from flows.layout import layout_css
from flows.shortcuts import shortcuts
from flows.store import Loaded, load_document
from flows.texts import texts
from flows.views.doors import PageRequest, flow_view
from flows.views.inspector import panel

WHOLE = 2_000
SCREEN_WIDTH, SCREEN_HEIGHT = 2_000, 1_200
LIMITS_FOR_SCRIPTS = ("frame_bytes", "batch", "nodes", "edges", "title", "label", "description", "settings_bytes")


@require_safe
@flow_view()
def editor(request: PageRequest, access: Access) -> HttpResponse:
    """Show a flow and everything to draw it with."""
    loaded = load_document(access.flow.pk)
    shown = first_screen(loaded.document)
    context = {
        **_identity(access, loaded),
        "canvas": rendering.canvas(shown),
        "partial": shown is not loaded.document,
        "palette": _palette(),
        "blanks": rendering.blanks(),
        "shortcuts": shortcuts(),
        "catalogue": _catalogue(),
        "texts": texts(access),
        **panel(request, access, loaded),
    }
    return render(request, "flows/editor.html", context)


@require_safe
@flow_view()
def layout(request: PageRequest, access: Access) -> HttpResponse:
    """Answer the sheet that puts everything in its place; an address with a version never changes."""
    loaded = load_document(access.flow.pk)
    response = HttpResponse(layout_css(first_screen(loaded.document)), content_type="text/css; charset=utf-8")
    if request.GET.get("v") == str(loaded.version):
        response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@require_safe
@flow_view()
def canvas(request: PageRequest, access: Access) -> HttpResponse:
    """Answer all fragments of the flow, in the form of a broadcast, at the version that the headers name."""
    loaded = load_document(access.flow.pk)
    response = HttpResponse(rendering.whole(loaded.document))
    response["X-Helix-Version"] = str(loaded.version)
    response["X-Helix-Epoch"] = loaded.epoch
    response["X-Helix-Digest"] = loaded.digest
    return response


def first_screen(document: Document) -> Graph:
    """Return the document, or of a large one what stands in its top left corner, as far as a screen goes."""
    if document.node_count <= WHOLE:
        return document
    left = min(node.x for node in document.nodes())
    top = min(node.y for node in document.nodes())
    near = {
        node.id: node for node in document.nodes() if node.x <= left + SCREEN_WIDTH and node.y <= top + SCREEN_HEIGHT
    }
    edges = [edge for edge in document.edges() if edge.source in near and edge.target in near]
    return Document(document.properties, near.values(), edges)


def _palette() -> list[tuple[str, list[Kind]]]:
    """Return the kinds by group, in the catalogue's order."""
    groups: dict[str, list[Kind]] = {}
    for kind in KINDS.values():
        groups.setdefault(kind.group, []).append(kind)
    return list(groups.items())


def _identity(access: Access, loaded: Loaded) -> dict[str, Any]:
    limits = asdict(helix_limits.current())
    return {
        "flow": access.flow,
        "version": loaded.version,
        "epoch": loaded.epoch,
        "digest": loaded.digest,
        "role": access.role,
        "can_edit": access.may_edit,
        "limits": {name: limits[name] for name in LIMITS_FOR_SCRIPTS},
    }


def _catalogue() -> dict[str, dict[str, object]]:
    return {
        kind.name: {
            "title": _(kind.title),
            "group": _(kind.group),
            "icon": kind.icon,
            "colour": kind.colour,
            "width": kind.width,
            "height": kind.height,
            "inputs": kind.inputs,
            "outputs": kind.outputs,
            "default_output": kind.default_output,
        }
        for kind in KINDS.values()
    }
