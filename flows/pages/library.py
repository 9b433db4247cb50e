"""The library: a person's flows as cards, and what can be done with a flow as a whole.

Everything works by plain forms and links; htmx makes it a matter of fragments. Deleting asks nothing and offers to
undo; deleting for good asks, for nothing undoes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.colours import colour_of
from accounts.principals import Caller
from accounts.teams import TeamItem, teams_of
from flows import commands, queries
from flows import limits as helix_limits
from flows.access import Access, Role
from flows.commands import Refused, Submission
from flows.library import FlowSummary, Library, counts, library_with_counts, matching_labels
from flows.library_query import Counts, Scope, Sort
from flows.pages import forms
from flows.pages.decorators import PageRequest, flow_view, logged_in, principal, wants_fragment
from flows.pages.starters import starters
from flows.parsing import parse_flow
from flows.rates import count_operations
from flows.rendering import thumbnail_svgs
from flows.sentences import sentence
from flows.submission import parse_operation
from web.row_ids import read_uuid

PAGE = 24
SHOWN_PEOPLE = 4
CHANGED = "flows-changed"
TEAM = "team-"
SORTS: tuple[Sort, ...] = ("edited", "opened", "title", "created")
VIEWS = ("cards", "list")
VIEW_COOKIE = "library_view"


@require_safe
@logged_in
def library(request: PageRequest) -> HttpResponse:
    """List a part of a person's flows: searched, sorted, a page at a time, in the view that was chosen last."""
    context = _listing(request)
    fragment = "flows/_cards.html" if context["offset"] else "flows/_listing.html"
    response = render(request, fragment if wants_fragment(request) else "flows/library.html", context)
    if request.GET.get("view") == context["view"]:
        _remember_view(response, context["view"])
    return response


@require_POST
@logged_in
def create(request: PageRequest) -> HttpResponse:
    """Create an empty flow, for a team if one is named, and open it."""
    title = request.POST.get("title", "").strip()[: helix_limits.current().title] or _("Untitled flow")
    team = read_uuid(request.POST.get("team", ""))
    flow = commands.create_flow(principal(request), parse_flow(title=title), via="page", team=team)
    return redirect("flows:editor", flow.pk)


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
    count_operations(request.reader.pk)
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
    return _changed(request, tab="trash" if request.POST.get("tab") == "trash" else "")


@require_POST
@flow_view()
def star(request: PageRequest, access: Access) -> HttpResponse:
    """Star a flow for oneself, or no longer."""
    is_starred = request.POST.get("starred") == "true"
    commands.star_flow(principal(request), access.flow.pk, is_starred=is_starred)
    if not wants_fragment(request):
        return redirect(f"{reverse('flows:library')}?{urlencode({'tab': request.POST.get('tab', '')})}")
    number = counts(principal(request)).starred
    context = {"id": access.flow.pk, "title": access.flow.title, "is_starred": is_starred, "number": number}
    context["tab"] = request.POST.get("tab", "")
    return render(request, "flows/_star.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def purge(request: PageRequest, flow_id: UUID) -> HttpResponse:
    """Ask whether a flow in the trash may go for good, and let it go."""
    title = commands.title_in_trash(principal(request), flow_id)
    if request.method == "POST":
        commands.purge_flow(principal(request), flow_id)
        return _changed(request, closes=True, tab="trash")
    template = "flows/_purge.html" if wants_fragment(request) else "flows/purge.html"
    return render(request, template, {"flow_id": flow_id, "title": title})


def _changed(request: PageRequest, *, closes: bool = False, tab: str = "") -> HttpResponse:
    """Say that the list is another one: htmx fetches it again, a plain form goes to it."""
    if not wants_fragment(request):
        return redirect(reverse("flows:library") + (f"?{urlencode({'tab': tab})}" if tab else ""))
    response = trigger_client_event(HttpResponse(status=204), CHANGED)
    return trigger_client_event(response, "dialog-close") if closes else response


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the library as its tab shows it; `name` stands in addresses, `count` is None where none is told."""

    name: str
    title: str
    count: int | None = None
    is_team: bool = False


def _listing(request: PageRequest) -> dict[str, Any]:
    person = principal(request)
    q = request.GET.get("q", "").replace("\0", "").strip()[:200]
    sort = next((one for one in SORTS if one == request.GET.get("sort")), None)
    offset = int(text) if (text := request.GET.get("offset", "")).isdecimal() and len(text) < 9 else 0
    in_teams = teams_of(person.user_id)
    name = _section_named(request.GET.get("tab", ""), in_teams)
    find = partial(_find, person, q=q, sort=sort, offset=offset)
    found, told = find(name or Scope.MINE.value)
    if not name and told.shared and not told.mine:
        name = Scope.SHARED.value
        found, told = find(name)
    sections = _sections(in_teams, told)
    section = next(one for one in sections if one.name == (name or Scope.MINE.value))
    scope, _team = _part(section.name)
    more = offset + PAGE if offset + PAGE < found.count else None
    sorts = _sorts(scope)
    return {
        "q": q,
        "sort": sort or "",
        "sort_title": dict(sorts)[sort or ("opened" if scope is Scope.RECENT else "edited")] if sorts else "",
        "tab": section.name,
        "section": section,
        "scope": scope.value,
        "offset": offset,
        "count": found.count,
        "cards": _cards(found.items, q, request),
        "tabs": sections,
        "starters": starters(person, [one.id for one in in_teams]) if not q and not offset else None,
        "sorts": sorts,
        "view": _view(request),
        "query": urlencode({"tab": section.name} | ({"sort": sort} if sort else {}) | ({"q": q} if q else {})),
        "more": more,
        "trash_days": helix_limits.current().trash_days,
        "deleted": read_uuid(request.GET.get("deleted", "")),
        "title_length": helix_limits.current().title,
    }


def _view(request: PageRequest) -> str:
    asked = (request.GET.get("view"), request.COOKIES.get(VIEW_COOKIE))
    return next((one for one in asked if one in VIEWS), VIEWS[0])


def _remember_view(response: HttpResponse, view: str) -> None:
    response.set_cookie(
        VIEW_COOKIE,
        view,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _sections(teams: list[TeamItem], found: Counts) -> list[Section]:
    return [
        Section("mine", _("Mine"), found.mine),
        Section("shared", _("Shared with me"), found.shared),
        *(Section(f"{TEAM}{one.id}", one.name, found.teams.get(one.id, 0), is_team=True) for one in teams),
        Section("recent", _("Recent")),
        Section("starred", _("Starred"), found.starred),
        Section("trash", _("Trash"), found.trash),
    ]


def _section_named(name: str, teams: list[TeamItem]) -> str:
    """Return the name of the section that is asked for, or nothing if there is none of that name."""
    names = {*(scope.value for scope in Scope if scope is not Scope.TEAM), *(f"{TEAM}{one.id}" for one in teams)}
    return name if name in names else ""


def _part(section: str) -> tuple[Scope, UUID | None]:
    if section.startswith(TEAM):
        return Scope.TEAM, UUID(section.removeprefix(TEAM))
    return Scope(section), None


def _find(person: Caller, section: str, *, q: str, sort: Sort | None, offset: int) -> tuple[Library, Counts]:
    scope, team = _part(section)
    return library_with_counts(person, scope=scope, team=team, q=q, sort=sort, limit=PAGE, offset=offset)


def _sorts(scope: Scope) -> list[tuple[Sort, str]]:
    """Return the orders that a section offers; the trash has one."""
    titles: dict[Sort, str] = {
        "edited": _("Last edited"),
        "opened": _("Last opened"),
        "title": _("Title"),
        "created": _("Newest"),
    }
    return [] if scope is Scope.TRASH else [(sort, titles[sort]) for sort in SORTS]


def _cards(items: Sequence[FlowSummary], q: str, request: PageRequest) -> list[dict[str, Any]]:
    ids = [item.id for item in items]
    people, drawn = queries.members_of(ids), thumbnail_svgs({item.id: item.version for item in items})
    matches = matching_labels(items, q) if q else {}
    here = queries.people_now(ids)
    return [
        _card(item, people[item.id], drawn[item.id], request)
        | {"match": matches.get(item.id), "here": here.get(item.id, 0)}
        for item in items
    ]


def _card(item: FlowSummary, people: list[queries.Member], thumb: str, request: PageRequest) -> dict[str, Any]:
    return {
        "flow": item,
        "thumb": thumb,
        "people": [(one, colour_of(one.colour)) for one in people[:SHOWN_PEOPLE]] if len(people) > 1 else [],
        "others": max(len(people) - SHOWN_PEOPLE, 0),
        "by": pgettext("edited by", "you") if item.updated_by_id == request.user.pk else item.updated_by,
        "is_owner": item.role is Role.OWNER,
        "can_edit": item.role.includes(Role.EDITOR),
        "can_duplicate": item.can_duplicate or item.role.includes(Role.EDITOR),
    }


def _rename_dialog(
    request: PageRequest, access: Access, title: str, *, error: str = "", status: int = 200
) -> HttpResponse:
    template = "flows/_rename.html" if wants_fragment(request) else "flows/rename.html"
    length = helix_limits.current().title
    context = {"flow": access.flow, "title": title, "error": error, "title_length": length}
    context["shown"] = request.POST.get("shown") or forms.marks((), title=title)
    return render(request, template, context, status=status)
