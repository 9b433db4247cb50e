"""The inspector: what is selected, as a typed form.

With scripts, a change in a field becomes one edit over the socket, and the form is a blank that they filled; this view
draws the first one, and who is in the flow. Without them, or when htmx posts the form, the same fields come here and go
through the same commands; what is refused comes back beside its field.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.colours import colour_of
from flows import commands, queries
from flows import limits as helix_limits
from flows.access import Access, Role, get_flow_for
from flows.commands import Receipt, Refused, Submission, UndoRequest
from flows.document import KINDS, Edge, Graph, Node, default_size, ports_of
from flows.pages import forms
from flows.pages.decorators import PageRequest, flow_view, logged_in, principal, wants_fragment
from flows.pages.forms import Section
from flows.pages.forms.empty_forms import empty_forms
from flows.rates import count_operations
from flows.sentences import sentence
from flows.storage.stored_graph import StoredGraph
from flows.submission import parse_operation
from flows.templates.own import made_of
from flows.titles import kind_title, node_title

MOST_SELECTED = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """What the form is about: one edge, one node, several, or with nothing the flow."""

    nodes: tuple[Node, ...] = ()
    edge: Edge | None = None

    @property
    def node(self) -> Node | None:
        return self.nodes[0] if len(self.nodes) == 1 else None


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view()
def inspector(request: PageRequest, access: Access) -> HttpResponse:
    """Show the form of what is selected; apply what is posted."""
    graph = StoredGraph(access.flow)
    asked = request.POST if request.method == "POST" else request.GET
    selected = _selected(graph, asked)
    if request.method != "POST":
        context = _context(access, graph, selected, _sections(selected, graph)) | _made_of(request, access, selected)
        return render(request, context["inspector_template"], context)
    get_flow_for(principal(request), access.flow.pk, Role.EDITOR)
    return _apply(request, access, graph, selected)


@require_safe
@logged_in
def inspectors(request: PageRequest) -> HttpResponse:
    """Answer the blank forms; under their own address they never change."""
    blanks = empty_forms()
    response = HttpResponse(blanks.html)
    if request.GET.get("v") == blanks.stamp:
        response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def panel(request: PageRequest, access: Access) -> dict[str, Any]:
    """Return what the editor page needs to hold the inspector from the start."""
    graph = StoredGraph(access.flow)
    selected = _selected(graph, request.GET)
    return _context(access, graph, selected, _sections(selected, graph)) | _made_of(request, access, selected)


def _apply(request: PageRequest, access: Access, graph: Graph, selected: Selection) -> HttpResponse:
    sections = _sections(selected, graph)
    count_operations(request.reader.pk)
    if "undo" in request.POST:
        return _undo(request, access, selected)
    reading = forms.read(sections, request.POST)
    _read_common(reading, selected, request.POST)
    errors, general = dict(reading.errors), ""
    if not errors and reading.changes:
        operation = parse_operation(_operation(selected, reading.changes, graph))
        submission = Submission(operation=operation, principal=principal(request), via="page")
        receipt = commands.submit(access.flow.pk, [submission])
        if isinstance(answer := receipt.answers[0], Refused):
            errors, general = _place(sections, answer)
        else:
            _tell(request, receipt)
    if errors or general:
        context = _context(access, graph, selected, forms.with_errors(sections, errors, request.POST))
        context |= {"error": general, "shown": request.POST.get("shown", "")}
        return render(request, context["inspector_template"], context, status=422)
    return _shown_again(request, access, selected)


def _undo(request: PageRequest, access: Access, selected: Selection) -> HttpResponse:
    """Undo what the notice was about; say why if that cannot be done."""
    at = request.POST["undo"]
    undo = UndoRequest(int(at) if re.fullmatch("[0-9]{1,18}", at) else None)
    receipt = commands.submit(access.flow.pk, [Submission(operation=undo, principal=principal(request), via="page")])
    if isinstance(answer := receipt.answers[0], Refused):
        messages.warning(request, sentence(answer))
    return _shown_again(request, access, selected)


def _tell(request: PageRequest, receipt: Receipt) -> None:
    """Say at once what went along with an edit without being named in it."""
    gone = sum(pair.after is None for pair in receipt.effect.edges.values())
    if gone:
        said = ngettext("{count} edge was removed too.", "{count} edges were removed too.", gone)
        messages.info(request, said.format(count=gone), extra_tags=str(receipt.version))


def _shown_again(request: PageRequest, access: Access, selected: Selection) -> HttpResponse:
    if not wants_fragment(request):
        return redirect(f"{reverse('flows:editor', args=[access.flow.pk])}{_query(selected)}")
    access.flow.refresh_from_db()
    now = StoredGraph(access.flow)
    selected = _selected(now, request.POST)
    context = _context(access, now, selected, _sections(selected, now))
    return render(request, context["inspector_template"], context)


def _selected(graph: StoredGraph, asked: QueryDict) -> Selection:
    """Return what is asked for and exists; another person may have deleted it a moment ago."""
    if edge_id := asked.get("edge"):
        return Selection(edge=graph.edge(edge_id) if "\0" not in edge_id else None)
    ids = [*asked.getlist("node"), *asked.get("nodes", "").split(",")][:MOST_SELECTED]
    ids = [id for id in dict.fromkeys(ids) if id and "\0" not in id]
    graph.foresee(ids)
    nodes = (graph.node(id) for id in ids)
    return Selection(nodes=tuple(node for node in nodes if node))


def _sections(selected: Selection, graph: Graph) -> tuple[Section, ...]:
    limits = helix_limits.current()
    if selected.edge:
        return forms.edge_sections(selected.edge, limits)
    if selected.node:
        return *forms.node_sections(selected.node, limits), forms.position_section(selected.node)
    return () if selected.nodes else forms.flow_sections(graph.properties, limits)


def _context(access: Access, graph: Graph, selected: Selection, sections: tuple[Section, ...]) -> dict[str, Any]:
    common = {
        "flow": access.flow,
        "can_edit": access.may_edit,
        "sections": sections,
        "shown": forms.marks(sections, **_shown_in_common(selected.nodes)),
    }
    if selected.edge:
        ends = (graph.node(selected.edge.source), graph.node(selected.edge.target))
        return {
            **common,
            "inspector_template": "flows/_inspect_edge.html",
            "edge": selected.edge,
            "ends": [node_title(end) if end else "" for end in ends],
            "has_outputs": ends[0] is not None and len(ports_of(ends[0]).outputs) > 1,
        }
    if selected.nodes:
        template = "flows/_inspect_node.html" if selected.node else "flows/_inspect_nodes.html"
        shown = selected.nodes[0]
        return {
            **common,
            "inspector_template": template,
            "node": shown,
            "kind_title": kind_title(KINDS[shown.kind]),
            "nodes": selected.nodes,
            "ids": ",".join(node.id for node in selected.nodes),
            "all_enabled": all(node.enabled for node in selected.nodes),
            "swatches": forms.swatches(selected.nodes),
        }
    people = [(member, colour_of(member.colour)) for member in queries.members(access.flow.pk)]
    return {**common, "inspector_template": "flows/_inspect_flow.html", "people": people}


def _made_of(request: PageRequest, access: Access, selected: Selection) -> dict[str, Any]:
    """Return the template the flow was made of, for the flow's own form."""
    if selected.nodes or selected.edge:
        return {}
    found = made_of(principal(request), access.flow.pk)
    return {"made_of": found and found[0], "is_behind": found and found[1]}


def _read_common(reading: forms.Reading, selected: Selection, typed: QueryDict) -> None:
    """Read what one node and many have in common: on or off, and the colour."""
    if not selected.nodes:
        return
    enabled = typed.get("enabled") in {"on", "true"}
    is_sent = "enabled.sent" in typed and forms.is_touched(typed, "enabled", str(enabled))
    if is_sent and any(node.enabled != enabled for node in selected.nodes):
        reading.changes["enabled"] = enabled
    colour = typed.get("colour", "")
    colour = typed.get("colour.own", "") if colour == "own" else colour
    if not forms.is_touched(typed, "colour", colour.lower()):
        return
    if colour and any(node.colour.lower() != colour.lower() for node in selected.nodes):
        reading.changes["colour"] = colour


def _shown_in_common(nodes: tuple[Node, ...]) -> dict[str, str]:
    """Return what the form says of one node and of many, as `_read_common` reads it."""
    if not nodes:
        return {}
    return {"enabled": str(all(node.enabled for node in nodes)), "colour": forms.swatches(nodes)["chosen"]}


def _operation(selected: Selection, changes: dict[str, Any], graph: Graph) -> dict[str, Any]:
    if selected.edge:
        return {"kind": "edit_edge", "id": selected.edge.id, "set": changes}
    if not selected.nodes:
        return {"kind": "edit_flow", "set": changes}
    properties = {name: value for name, value in changes.items() if name not in forms.POSITION_AND_SIZE}
    edits: list[dict[str, Any]] = []
    if selected.node and "branches" in properties.get("settings", {}):
        edits = forms.edit_branches(selected.node, properties, graph.edges_of(selected.node.id))
        edits += _grown(selected.node, properties["settings"])
    elif properties:
        edits = [{"kind": "edit_node", "id": node.id, "set": properties} for node in selected.nodes]
    if selected.node:
        edits += forms.edit_position(selected.node, changes)
    return edits[0] if len(edits) == 1 else {"kind": "batch", "operations": edits}


def _grown(node: Node, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """A decision grows with its branches, as it does in the browser."""
    _, height = default_size(node.kind, settings)
    if node.height >= height:
        return []
    return [{"kind": "resize_node", "id": node.id, "width": node.width, "height": height}]


def _place(sections: tuple[Section, ...], refused: Refused) -> tuple[dict[str, str], str]:
    """Put a refusal beside the field that it is about, by the field's own title, or over the form."""
    said = sentence(refused)
    for field in (field for section in sections for field in section.fields):
        if found := re.search(rf"(?:^|\s){re.escape(field.name)}: (.*)", said):
            return {field.name: f"{field.title}: {found[1]}"}, ""
    return {}, said


def _query(selected: Selection) -> str:
    if selected.edge:
        return f"?edge={selected.edge.id}"
    return f"?nodes={','.join(node.id for node in selected.nodes)}" if selected.nodes else ""
