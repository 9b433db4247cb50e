"""Who may open a flow: a dialog for all members to read, or to leave by, and for owners to change; also as a page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.colours import colour_of
from flows import commands, queries
from flows.access import Access, Role, grants_of
from flows.document import Rejected
from flows.errors import NotFound
from flows.pages.decorators import PageRequest, flow_view, principal, wants_fragment
from flows.parsing import parse_role
from flows.sentences import sentence
from web.errors import Problem, status_of

LARGEST_ID = 2**63 - 1


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view()
def members(request: PageRequest, access: Access) -> HttpResponse:
    """Show who is here; add a person by e-mail address or name."""
    if request.method != "POST":
        return _dialog(request, access)
    person = request.POST.get("person", "")
    try:
        role = parse_role(request.POST.get("role", ""))
        commands.set_member(principal(request), access.flow.pk, person=person, role=role)
    except Rejected as rejected:
        return _dialog(request, access, error=sentence(rejected), typed=person, status=422)
    except Problem as problem:
        response = _dialog(request, access, error=problem.message, typed=person, status=status_of(problem.code))
        response["Retry-After"] = str(problem.retry_after)
        return response
    return _shown_again(request, access)


@require_POST
@flow_view()
def member(request: PageRequest, access: Access, user_id: int) -> HttpResponse:
    """Change a member's role, or take it away when asked to: who takes their own away leaves."""
    if user_id > LARGEST_ID:
        raise NotFound
    try:
        if request.POST.get("remove"):
            commands.remove_member(principal(request), access.flow.pk, user_id=user_id)
        else:
            role = parse_role(request.POST.get("role", ""))
            commands.set_member(principal(request), access.flow.pk, person=user_id, role=role)
    except Rejected as rejected:
        return _dialog(request, access, error=sentence(rejected), status=422)
    except NotFound as error:
        return _dialog(request, access, error=error.message, status=422)
    if user_id == request.user.pk and request.POST.get("remove"):
        library = resolve_url("flows:library")
        return HttpResponseClientRedirect(library) if wants_fragment(request) else redirect(library)
    return _shown_again(request, access)


def _roles(people: list[queries.Member]) -> list[tuple[Role, str]]:
    """Return the roles to choose from; commenting only if a member has it: it means nothing more yet."""
    names = {
        Role.VIEWER: _("Can view"),
        Role.COMMENTER: _("Can comment"),
        Role.EDITOR: _("Can edit"),
        Role.OWNER: _("Owner"),
    }
    held = {one.role for one in people}
    return [(role, name) for role, name in names.items() if role is not Role.COMMENTER or role in held]


def _shown_again(request: PageRequest, access: Access) -> HttpResponse:
    return _dialog(request, access) if wants_fragment(request) else redirect("flows:members", access.flow.pk)


def _dialog(
    request: PageRequest, access: Access, *, error: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    people = queries.members(access.flow.pk, reader=request.user.pk)
    mine = grants_of(access.flow.pk, [principal(request)]).get(principal(request))
    context: dict[str, Any] = {
        "flow": access.flow,
        "people": [(one, colour_of(one.colour)) for one in people],
        "is_owner": mine is not None and mine.role is Role.OWNER,
        "roles": _roles(people),
        "error": error,
        "typed": typed,
    }
    template = "flows/_members.html" if wants_fragment(request) else "flows/members.html"
    return render(request, template, context, status=status)
