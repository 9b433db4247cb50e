"""The gallery of templates: found, looked at, made into a flow; and a flow made into a template of one's own.

Everything works by plain links and forms; htmx shows the same in the page's dialog. With `flow` in the address the
gallery fills that flow, if nothing is in it yet, instead of making another.
"""

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.teams import Role as TeamRole
from accounts.teams import includes, teams_of
from flows import commands
from flows import limits as helix_limits
from flows.access import Access, Role, get_flow_for, read_id
from flows.commands import Refused
from flows.document import Rejected
from flows.pages.decorators import PageRequest, flow_view, logged_in, principal, wants_fragment
from flows.parsing import parse_properties, parse_title
from flows.rendering import thumbnail_svg
from flows.rendering.collapsed import drawn, is_hidden, stand_ins
from flows.sentences import sentence
from flows.templates import POPULAR, Offer, Template, builtin_one, parameters_of
from flows.templates.own import categories, find, visible
from flows.thumbnails import THUMBNAIL_NODES, Block, Thumbnail
from flows.titles import category_title

LONGEST_CATEGORY = 100
POPULAR_IN_A_FLOW = 3
"""How many popular templates an empty flow offers."""


@require_safe
@logged_in
def templates(request: PageRequest) -> HttpResponse:
    """Show the gallery: found by words, one category or all; or what a flow offers that has become empty."""
    target = request.headers.get("HX-Target", "").rpartition("#")[2]
    if target == "popular" and wants_fragment(request):
        access = get_flow_for(principal(request), request.GET.get("flow", ""), Role.EDITOR)
        return render(request, "flows/_popular.html", {"flow": access.flow, "popular": popular_tiles()})
    context = _gallery(request)
    if not wants_fragment(request):
        return render(request, "flows/templates.html", context)
    is_list = target == "template-list"
    return render(request, "flows/_template_list.html" if is_list else "flows/_templates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def template(request: PageRequest, template_id: str) -> HttpResponse:
    """Ask for a template's parameters and make a flow of it, or fill an empty one."""
    found = find(principal(request), template_id)
    flow_id = _empty_flow(request)
    if request.method != "POST":
        return _form(request, found, flow_id)
    try:
        values = _values(found, request.POST)
        title = request.POST.get("title", "").strip()
        if flow_id is not None:
            return _fill(request, found, flow_id, values)
        flow = commands.create_from_template(
            principal(request), found, title=parse_title(title) if title else None, values=values
        )
    except Rejected as refusal:
        return _form(request, found, flow_id, error=sentence(refusal), status=422)
    return _go(request, flow.pk)


@require_POST
@logged_in
def delete_template(request: PageRequest, template_id: str) -> HttpResponse:
    """Delete a template of one's own, and show the gallery again."""
    commands.delete_template(principal(request), template_id)
    if not wants_fragment(request):
        return redirect("flows:templates")
    return render(request, "flows/_template_list.html", _gallery(request))


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view()
def save_template(request: PageRequest, access: Access) -> HttpResponse:
    """Ask for a title and save the flow as a template of one's own."""
    if request.method != "POST":
        return _save_form(request, access, access.flow.title, access.flow.description, "")
    given = [request.POST.get(name, "").strip() for name in ("title", "description", "category")]
    try:
        texts = parse_properties(given[0], given[1])
        commands.save_template(
            principal(request),
            access.flow.pk,
            title=texts.title,
            description=texts.description,
            category=given[2][:LONGEST_CATEGORY],
            team=_team(request),
        )
    except Rejected as refusal:
        return _save_form(request, access, *given, error=sentence(refusal), status=422)
    if not wants_fragment(request):
        return redirect("flows:templates")
    return trigger_client_event(HttpResponse(status=204), "dialog-close")


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view()
def follow_template(request: PageRequest, access: Access) -> HttpResponse:
    """Show what changed in the flow's template; bring it over."""
    error = ""
    if request.method == "POST":
        get_flow_for(principal(request), access.flow.pk, Role.EDITOR)
        receipt = commands.follow_template(principal(request), access.flow.pk)
        if receipt is None or not isinstance(answer := receipt.answers[0], Refused):
            if not wants_fragment(request):
                return redirect("flows:editor", access.flow.pk)
            return trigger_client_event(HttpResponse(status=204), "dialog-close")
        error = sentence(answer)
    context: dict[str, Any] = {
        "flow": access.flow,
        "behind": commands.template_behind(principal(request), access.flow.pk),
    }
    context |= {"can_edit": access.may_edit, "error": error, "fragment": "flows/_template_behind.html"}
    return render(request, _framed(request, context), context, status=422 if error else 200)


def popular_tiles() -> list[tuple[Offer, SafeString]]:
    """Return the templates that an empty flow offers, each with its picture."""
    return [(one, _drawn(one.id)) for one in POPULAR[:POPULAR_IN_A_FLOW]]


def _gallery(request: PageRequest) -> dict[str, Any]:
    asked = request.GET if request.method in {"GET", "HEAD"} else request.POST
    q = asked.get("q", "").replace("\0", "").strip()[:200]
    everything = visible(principal(request))
    names = categories(everything)
    category = chosen if (chosen := asked.get("category", "")) in names else ""
    found = visible(principal(request), q=q, category=category)
    flow_id = _empty_flow(request)
    return {
        "q": q,
        "category": category,
        "categories": [(name, category_title(name)) for name in names],
        "tiles": [(one, category_title(one.category), _thumb(one)) for one in found],
        "into": flow_id,
        "query": urlencode({"flow": flow_id} if flow_id else {}),
    }


def _thumb(template: Template) -> SafeString:
    return _drawn(template.id) if template.owner is None else _draw(template)


@lru_cache(128)
def _drawn(id: str) -> SafeString:
    return _draw(builtin_one(id))


def _draw(template: Template) -> SafeString:
    """Draw a template as cards draw flows: a part of a large one, without what collapsed groups hide."""
    hidden = stand_ins(template.nodes)
    shown = [drawn(node) for node in template.nodes if node.id not in hidden][:THUMBNAIL_NODES]
    blocks = {node.id: Block(node.kind, node.x, node.y, node.width, node.height, node.colour) for node in shown}
    ends = {node.id: hidden.get(node.id, node).id for node in template.nodes}
    pairs = ((ends[edge.source], ends[edge.target]) for edge in template.edges if not is_hidden(edge, hidden))
    edges = tuple((blocks[source], blocks[target]) for source, target in pairs if {source, target} <= blocks.keys())
    return thumbnail_svg(Thumbnail(tuple(blocks.values()), edges))


def _empty_flow(request: PageRequest) -> UUID | None:
    """Return the flow that is to be filled, if it is named, can be edited and is empty."""
    text = request.GET.get("flow") or request.POST.get("flow") or ""
    if not text:
        return None
    access = get_flow_for(principal(request), text, Role.EDITOR)
    return access.flow.pk if access.flow.node_count == 0 else None


def _fill(request: PageRequest, found: Template, flow_id: UUID, values: dict[str, object]) -> HttpResponse:
    receipt = commands.fill_from_template(principal(request), flow_id, found, values=values)
    if isinstance(answer := receipt.answers[0], Refused):
        return _form(request, found, flow_id, error=sentence(answer), status=422)
    return _go(request, flow_id)


def _go(request: PageRequest, flow_id: UUID) -> HttpResponse:
    if wants_fragment(request):
        return HttpResponseClientRedirect(reverse("flows:editor", args=[flow_id]))
    return redirect("flows:editor", flow_id)


def _values(template: Template, posted: Any) -> dict[str, object]:
    """Read a form's values by the parameters' types; what cannot be read is left as text, which is then refused."""
    values: dict[str, object] = {}
    for parameter in parameters_of(template):
        name, kind = str(parameter["name"]), parameter["type"]
        if kind == "boolean":
            values[name] = f"p-{name}" in posted
        elif (text := posted.get(f"p-{name}")) is not None:
            values[name] = _read(text.strip(), str(kind))
    return values


def _read(text: str, kind: str) -> object:
    try:
        return {"integer": int, "number": float}.get(kind, str)(text) if text else None
    except ValueError:
        return text


def _form(
    request: PageRequest, found: Template, flow_id: UUID | None, *, error: str = "", status: int = 200
) -> HttpResponse:
    posted = request.POST
    fields = [one | {"value": posted.get(f"p-{one['name']}", one["default"])} for one in parameters_of(found)]
    context = {
        "template": found,
        "thumb": _thumb(found),
        "category": category_title(found.category),
        "fields": [field for field in fields if field["type"] != "json"],
        "into": flow_id,
        "title": posted.get("title", found.title_in_words),
        "title_length": helix_limits.current().title,
        "error": error,
        "fragment": "flows/_template.html",
    }
    return render(request, _framed(request, context), context, status=status)


def _save_form(
    request: PageRequest,
    access: Access,
    title: str,
    description: str,
    category: str,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    names = categories(visible(principal(request)))
    context = {
        "flow": access.flow,
        "title": title,
        "description": description,
        "category": category,
        "categories": [(name, category_title(name)) for name in names],
        "teams": [(str(one.id), one.name) for one in teams_of(request.user.pk) if includes(one.role, TeamRole.MEMBER)],
        "team": request.POST.get("team", ""),
        "title_length": helix_limits.current().title,
        "description_length": helix_limits.current().description,
        "error": error,
        "fragment": "flows/_template_save.html",
    }
    return render(request, _framed(request, context), context, status=status)


def _team(request: PageRequest) -> UUID | None:
    """Return the team that is chosen to use a template. Raises `NotFound`."""
    text = request.POST.get("team", "")
    return read_id(text) if text else None


def _framed(request: PageRequest, context: dict[str, Any]) -> str:
    """Return the fragment for htmx, and the same in a page of its own for everybody else."""
    return str(context["fragment"]) if wants_fragment(request) else "flows/template_page.html"
