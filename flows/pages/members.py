"""Whom a flow is shared with: a dialog for everybody in it to read, or to leave by, and for owners to change.

Without scripts it is a page: each form leads back to it. What was done or refused is said in the dialog itself, and the
focus goes where it was, since all of it is drawn anew.
"""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.principals import user_id_of
from flows import commands
from flows.access import Access, Role
from flows.access_list import teams_of
from flows.commands import Invited
from flows.commands.access_items import parse_item
from flows.commands.links import has_open_links_of
from flows.document import Rejected
from flows.errors import FlowReason, Forbidden, NotFound
from flows.pages.decorators import PageRequest, flow_view, principal, wants_fragment
from flows.pages.share_dialog import NewLink, Said, show, team_label
from flows.parsing import parse_role
from flows.sentences import sentence
from web.errors import Problem, as_failure
from web.row_ids import read_row_id, read_uuid

ADDED = "invite-person"
"""The field in which people are named."""


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view()
def members(request: PageRequest, access: Access) -> HttpResponse:
    """Show who is here; add a person by e-mail address or name, a team of one's own by name, or invite an address."""
    if request.method != "POST":
        return show(request, access)
    typed = request.POST.get("person", "")
    try:
        return show_again(request, access, _add(request, access.flow.pk, typed))
    except Rejected as rejected:
        can_invite = rejected.reason is FlowReason.UNKNOWN_PERSON and "@" in typed
        text = _("Nobody has an account with this address.") if can_invite else sentence(rejected)
        said = Said(error=text, typed=typed, can_invite=can_invite, focus=ADDED)
        return show(request, access, said, status=422)
    except Problem as problem:
        return refused(request, access, problem, Said(error=problem.message, typed=typed, focus=ADDED))


@require_POST
@flow_view()
def member(request: PageRequest, access: Access, member_id: str) -> HttpResponse:
    """Change the role of a person, a team or an invitation, or take it away: who takes their own away leaves."""
    parse_item(member_id)

    def change() -> Said | HttpResponse:
        if request.POST.get("remove"):
            commands.remove_access(principal(request), access.flow.pk, member_id)
            is_me = member_id == str(user_id_of(principal(request)))
            if is_me:
                return _to_library(request)
            person = read_row_id(member_id)
            if person is not None and has_open_links_of(access.flow.pk, person):
                done = _("Removed. Links that they made still let people in.")
                return Said(done=done, links_by=person, focus="switch-off-links")
            return Said(done=_("Removed."), focus=ADDED)
        role = parse_role(request.POST.get("role", ""))
        commands.change_access(principal(request), access.flow.pk, member_id, role)
        return Said(done=_("Role changed."), focus=f"role-{member_id}")

    return attempt(request, access, change, focus=f"role-{member_id}")


@require_POST
@flow_view(Role.OWNER)
def transfer(request: PageRequest, access: Access) -> HttpResponse:
    """Make another member the owner; one becomes an editor oneself."""

    def change() -> Said:
        chosen = read_row_id(request.POST.get("person", ""))
        if chosen is None:
            raise Rejected("invalid", FlowReason.UNKNOWN_PERSON)
        commands.transfer_flow(principal(request), access.flow.pk, person=chosen)
        return Said(done=_("Ownership transferred. You can edit the flow now."))

    return attempt(request, access, change, focus="transfer-person")


@require_POST
@flow_view(Role.OWNER)
def viewer_rights(request: PageRequest, access: Access) -> HttpResponse:
    """Say whether those who cannot edit may duplicate the flow and export it."""

    def change() -> Said:
        rights = {name: bool(request.POST.get(name)) for name in commands.VIEWER_RIGHTS}
        commands.set_viewer_rights(principal(request), access.flow.pk, rights)
        changed = request.POST.get("changed", "")
        return Said(done=_("Saved."), focus=changed if changed in rights else "")

    return attempt(request, access, change)


@require_POST
@flow_view(Role.OWNER)
def flow_team(request: PageRequest, access: Access) -> HttpResponse:
    """Give the flow to a team of one's own, or take it out of its team."""

    def change() -> Said:
        chosen = request.POST.get("team", "")
        team = read_uuid(chosen)
        if chosen and team is None:
            raise Rejected("invalid", FlowReason.UNKNOWN_TEAM)
        commands.set_team(principal(request), access.flow.pk, team)
        return Said(done=_("Saved."), focus="flow-team")

    return attempt(request, access, change, focus="flow-team")


def attempt(
    request: PageRequest,
    access: Access,
    change: Callable[[], Said | HttpResponse],
    *,
    focus: str = "",
    opened: str = "",
) -> HttpResponse:
    """Do something and show the dialog again, with what was done or with why it was refused; or answer otherwise."""
    try:
        done = change()
        return show_again(request, access, done) if isinstance(done, Said) else done
    except Rejected as rejected:
        return show(request, access, Said(error=sentence(rejected), focus=focus, opened=opened), status=422)
    except NotFound as error:
        return show(request, access, Said(error=error.message, focus=focus, opened=opened), status=422)
    except Forbidden as error:
        return show(request, access, Said(error=error.message), status=403)
    except Problem as problem:
        return refused(request, access, problem, Said(error=problem.message, focus=focus, opened=opened))


def show_again(request: PageRequest, access: Access, said: Said) -> HttpResponse:
    """Show the result: htmx gets the dialog, a plain form is redirected, unless something is shown only once.

    That is a new link, or the question what is to become of older ones.
    """
    if wants_fragment(request) or said.new_link or said.links_by:
        return show(request, access, said)
    return redirect("flows:members", access.flow.pk)


def refused(request: PageRequest, access: Access, problem: Problem, said: Said) -> HttpResponse:
    """Show the dialog with a refusal that may say when to try again."""
    return as_failure(show(request, access, said), problem)


def _add(request: PageRequest, flow_id: UUID, typed: str) -> Said:
    role, who = parse_role(request.POST.get("role", "")), principal(request)
    if request.POST.get("invite"):
        return _invite(request, flow_id, typed, role)
    for team in teams_of(user_id_of(who) or 0):
        if typed.strip().casefold() in {team.name.casefold(), team_label(team).casefold()}:
            commands.share_with_team(who, flow_id, team_id=team.pk, role=role)
            return Said(done=_("Shared with the team %(name)s.") % {"name": team.name}, focus=ADDED)
    commands.set_member(who, flow_id, person=typed, role=role)
    return Said(done=_("Added."), focus=ADDED)


def _invite(request: PageRequest, flow_id: UUID, email: str, role: Role) -> Said:
    def link_of(secret: str) -> str:
        return request.build_absolute_uri(reverse("flows:invitation", args=[secret]))

    match commands.invite(principal(request), flow_id, email=email, role=role, link_of=link_of):
        case Invited(invitation, secret, is_mailed):
            return Said(new_link=NewLink(invitation.email, link_of(secret), is_mailed), focus=ADDED)
        case _:
            return Said(done=_("Added."), focus=ADDED)


def _to_library(request: PageRequest) -> HttpResponse:
    library = resolve_url("flows:library")
    return HttpResponseClientRedirect(library) if wants_fragment(request) else redirect(library)
