"""The library: a person's flows as cards, and what can be done with a flow as a whole.

Everything works by plain forms and links; htmx makes it a matter of fragments. Deleting asks nothing and offers to
undo.
"""

from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.colours import colour_of
from flows import commands, queries
from flows import limits as helix_limits
from flows.access import Access, Role
from flows.commands import Refused, Submission
from flows.pages import forms
from flows.pages.decorators import PageRequest, flow_view, logged_in, principal, wants_fragment
from flows.parsing import parse_flow, parse_operation
from flows.queries import Sort
from flows.rates import count_operations
from flows.rendering import thumbnail_svg
from flows.sentences import sentence
from flows.thumbnails import thumbnails

PAGE = 24
SHOWN_PEOPLE = 4
TABS = ("mine", "shared")
CHANGED = "flows-changed"


@require_safe
@logged_in
def library(request: PageRequest) -> HttpResponse:
    """List a person's flows: searched, sorted, their own or those shared with them, a page at a time."""
    context = _listing(request)
    if not wants_fragment(request):
        return render(request, "flows/library.html", context)
    return render(request, "flows/_cards.html" if context["offset"] else "flows/_listing.html", context)


@require_POST
@logged_in
def create(request: PageRequest) -> HttpResponse:
    """Create an empty flow and open it."""
    title = request.POST.get("title", "").strip()[: helix_limits.current().title] or _("Untitled flow")
    return redirect("flows:editor", commands.create_flow(principal(request), parse_flow(title=title), via="page").pk)


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view(Role.EDITOR)
def rename(request: PageRequest, access: Access) -> HttpResponse:
    """Ask for a new title and save it; an untouched title is not an edit, even if others have renamed the flow."""
    if request.method != "POST":
        return _rename_dialog(request, access, access.flow.title)
    title = request.POST.get("title", "")
    if not forms.is_touched(request.POST, "title", title):
        return _changed(request, closes=True)
    title = title.strip()
    count_operations(request.user.pk)
    edit = parse_operation({"kind": "edit_flow", "set": {"title": title}})
    receipt = commands.submit(access.flow.pk, [Submission(operation=edit, principal=principal(request), via="page")])
    if isinstance(answer := receipt.answers[0], Refused):
        return _rename_dialog(request, access, title, error=sentence(answer), status=422)
    return _changed(request, closes=True)


@require_POST
@flow_view()
def duplicate(request: PageRequest, access: Access) -> HttpResponse:
    """Make a copy of one's own."""
    commands.duplicate_flow(principal(request), access.flow.pk, via="page")
    return _changed(request)


@require_POST
@flow_view(Role.OWNER)
def delete(request: PageRequest, access: Access) -> HttpResponse:
    """Delete a flow, and offer to undo it."""
    commands.delete_flow(principal(request), access.flow.pk)
    if not wants_fragment(request):
        return redirect(f"{reverse('flows:library')}?{urlencode({'deleted': access.flow.pk})}")
    response = render(request, "flows/_deleted.html", {"flow_id": access.flow.pk, "title": access.flow.title})
    return trigger_client_event(response, CHANGED)


@require_POST
@logged_in
def restore(request: PageRequest, flow_id: UUID) -> HttpResponse:
    """Take a deletion back."""
    commands.restore_flow(principal(request), flow_id)
    return _changed(request)


def _changed(request: PageRequest, *, closes: bool = False) -> HttpResponse:
    """Say that the list is another one: htmx fetches it again, a plain form goes to it."""
    if not wants_fragment(request):
        return redirect("flows:library")
    response = trigger_client_event(HttpResponse(status=204), CHANGED)
    return trigger_client_event(response, "dialog-close") if closes else response


def _listing(request: PageRequest) -> dict[str, Any]:
    q = request.GET.get("q", "").replace("\0", "").strip()[:200]
    sort: Sort = request.GET["sort"] if request.GET.get("sort") in get_args(Sort) else "edited"  # type: ignore[assignment]
    person = principal(request)
    mine, shared = queries.counts(person)
    tab = request.GET.get("tab") if request.GET.get("tab") in TABS else "mine" if mine or not shared else "shared"
    offset = int(text) if (text := request.GET.get("offset", "")).isdecimal() and len(text) < 9 else 0
    found = queries.library(person, q=q, sort=sort, limit=PAGE, offset=offset, owned=tab == "mine")
    ids = [item.id for item in found.items]
    people, shapes = queries.members_of(ids), thumbnails(ids)
    more = offset + PAGE if offset + PAGE < found.count else None
    return {
        "q": q,
        "sort": sort,
        "tab": tab,
        "offset": offset,
        "count": found.count,
        "cards": [_card(item, people[item.id], thumbnail_svg(shapes[item.id]), request) for item in found.items],
        "tabs": [("mine", _("Mine"), mine), ("shared", _("Shared with me"), shared)],
        "sorts": [("edited", _("Last edited")), ("title", _("Title")), ("created", _("Newest"))],
        "query": urlencode({"q": q, "sort": sort, "tab": tab}),
        "more": more,
        "deleted": _flow_id(request.GET.get("deleted", "")),
        "title_length": helix_limits.current().title,
    }


def _flow_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _card(item: queries.FlowSummary, people: list[queries.Member], thumb: str, request: PageRequest) -> dict[str, Any]:
    return {
        "flow": item,
        "thumb": thumb,
        "people": [(one, colour_of(one.colour)) for one in people[:SHOWN_PEOPLE]] if len(people) > 1 else [],
        "others": max(len(people) - SHOWN_PEOPLE, 0),
        "by": pgettext("edited by", "you") if item.updated_by == request.user.name else item.updated_by,
        "is_owner": item.role is Role.OWNER,
        "can_edit": item.role.includes(Role.EDITOR),
    }


def _rename_dialog(
    request: PageRequest, access: Access, title: str, *, error: str = "", status: int = 200
) -> HttpResponse:
    template = "flows/_rename.html" if wants_fragment(request) else "flows/rename.html"
    length = helix_limits.current().title
    context = {"flow": access.flow, "title": title, "error": error, "title_length": length}
    context["shown"] = request.POST.get("shown") or forms.marks((), title=title)
    return render(request, template, context, status=status)
