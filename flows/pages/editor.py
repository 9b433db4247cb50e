"""The editor: the whole flow in the first answer, its places in a sheet, and the canvas for pages that fell behind.

A large flow's page holds what the first screen can show; scripts fetch the rest from the canvas address.
"""

import re
from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from flows import limits as helix_limits
from flows.access import Access
from flows.commands import note_opening, undo_availability
from flows.document import KINDS
from flows.first_paint import open_flow
from flows.messages import texts
from flows.pages.decorators import PageRequest, flow_view, principal
from flows.pages.forms.empty_forms import empty_forms_url
from flows.pages.inspector import panel
from flows.pages.offline import keepable
from flows.pages.templates import popular_tiles
from flows.rendering import blanks, footer_settings, layout_css, second_line_settings, whole
from flows.rendering import canvas as layers
from flows.rendering import outline as rows
from flows.shortcuts import more_commands, shortcuts
from flows.storage.store import Loaded, load_document
from flows.templates import builtin_count
from flows.templates.builtin import CATEGORIES
from flows.titles import group_title, kind_title, setting_title
from web.give_way import may_step_back

ROWS_IN_THE_PAGE = 200
CLOSED = 500
LIMITS_FOR_SCRIPTS = (
    "frame_bytes",
    "operations_per_second",
    "outbox",
    "batch",
    "nodes",
    "edges",
    "title",
    "label",
    "description",
    "settings_bytes",
)


@require_safe
@flow_view()
def editor(request: PageRequest, access: Access) -> HttpResponse:
    """Show a flow and everything to draw it with."""
    note_opening(principal(request), access.flow.pk)
    opening = open_flow(access.flow.pk)
    context = {
        **_identity(access, opening.loaded),
        **_undo_availability(request.reader.pk, access, opening.loaded.version),
        "canvas": layers(opening.loaded.document),
        "partial": opening.is_partial,
        "outline": rows(opening.loaded.document, most=ROWS_IN_THE_PAGE),
        "palette": _palette(),
        "blanks": blanks(),
        "empty_forms_url": empty_forms_url(),
        "shortcuts": shortcuts(),
        "more_commands": more_commands(),
        "catalogue": _catalogue(),
        "texts": texts(access),
        **_beginning(request, access),
        **panel(request, access),
    }
    response = render(request, "flows/editor.html", context)
    sheet = f"{reverse('flows:layout', args=[access.flow.pk])}?v={opening.loaded.version}"
    return keepable(response, access.flow.title, opening.loaded, [sheet, context["empty_forms_url"]])


@require_safe
@flow_view()
def layout(request: PageRequest, access: Access) -> HttpResponse:
    """Answer the sheet that puts everything in its place; an address with a version never changes."""
    loaded = open_flow(access.flow.pk).loaded
    response = HttpResponse(layout_css(loaded.document), content_type="text/css; charset=utf-8")
    if request.GET.get("v") == str(loaded.version):
        response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@require_safe
@flow_view()
def canvas(request: PageRequest, access: Access) -> HttpResponse:
    """Answer all fragments of the flow, in the form of a broadcast, at the version that the headers name."""
    with may_step_back():
        loaded = load_document(access.flow.pk)
        response = HttpResponse(whole(loaded.document))
    response["X-Helix-Version"] = str(loaded.version)
    response["X-Helix-Epoch"] = loaded.epoch
    response["X-Helix-Digest"] = loaded.digest
    return response


@require_safe
@flow_view()
def outline(request: PageRequest, access: Access) -> HttpResponse:
    """Answer a window of the outline, from row `from` or around `node`, without what is inside the `closed` ones."""
    with may_step_back():
        loaded = load_document(access.flow.pk)
    first = request.GET.get("from", "")
    shown = rows(
        loaded.document,
        start=int(first) if re.fullmatch("[0-9]{1,9}", first) else 0,
        node=request.GET.get("node", ""),
        closed=request.GET.get("closed", "").split(",")[:CLOSED],
    )
    response = HttpResponse(shown.html)
    response["X-Helix-Version"] = str(loaded.version)
    response["X-Helix-From"] = str(shown.start)
    response["X-Helix-Rows"] = str(shown.total)
    return response


def _palette() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the kinds' names and titles by group, in the catalogue's order."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for kind in KINDS.values():
        groups.setdefault(kind.group, []).append((kind.name, kind_title(kind)))
    return [(group_title(group), kinds) for group, kinds in groups.items()]


def _beginning(request: PageRequest, access: Access) -> dict[str, Any]:
    """Return what an empty flow offers to begin with. Guests have no templates."""
    offers = access.may_edit and not request.reader.is_guest
    return {
        "offers_templates": offers,
        "templates": builtin_count(),
        "template_categories": len(CATEGORIES),
        "popular": popular_tiles() if offers and access.flow.node_count == 0 else [],
    }


def _identity(access: Access, loaded: Loaded) -> dict[str, Any]:
    limits = asdict(helix_limits.current())
    return {
        "flow": access.flow,
        "version": loaded.version,
        "epoch": loaded.epoch,
        "digest": loaded.digest,
        "role": access.role,
        "can_edit": access.may_edit,
        "by_link_alone": access.edits_by_link_alone,
        "can_export": access.may_export,
        "limits": {name: limits[name] for name in LIMITS_FOR_SCRIPTS},
    }


def _undo_availability(user_id: int, access: Access, version: int) -> dict[str, bool]:
    if not access.may_edit:
        return {"can_undo": False, "can_redo": False}
    return undo_availability(user_id, access.flow.pk, version)._asdict()


def _catalogue() -> dict[str, dict[str, object]]:
    return {
        kind.name: {
            "title": kind_title(kind),
            "group": group_title(kind.group),
            "icon": kind.icon,
            "colour": kind.colour,
            "width": kind.width,
            "height": kind.height,
            "inputs": kind.inputs,
            "outputs": kind.outputs,
            "default_output": kind.default_output,
            "settings": {setting.name: setting_title(setting) for setting in kind.settings},
            "captions": {"second": second_line_settings(kind.name), "footer": footer_settings(kind.name)},
        }
        for kind in KINDS.values()
    }
