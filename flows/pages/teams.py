"""Teams in the browser: the list, a team with its people and invitations, and the page that a mailed link leads to.

Everything works by plain forms. A form that is refused shows the page again with the reason.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import team_invitations, teams
from accounts.forms import visible_name
from accounts.models import TeamInvitation, TeamMember
from accounts.schemas import storable
from accounts.team_api import link_to
from accounts.teams import Role, includes
from flows.pages.decorators import PageRequest, logged_in, principal, secret_address
from web.errors import Problem, as_failure
from web.row_ids import LARGEST_ID

LONGEST_NAME = 150


@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def team_list(request: PageRequest) -> HttpResponse:
    """Show a person's teams; make one."""
    if request.method != "POST":
        return _list(request)
    try:
        made = teams.create_team(principal(request), _name(request))
    except Problem as problem:
        return _list(request, problem)
    return redirect("flows:team", made.id)


@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def team(request: PageRequest, team_id: UUID) -> HttpResponse:
    """Show a team; give it another name."""
    if request.method != "POST":
        return _team(request, team_id)
    return _done(request, team_id, lambda: teams.rename_team(principal(request), team_id, _name(request)))


@require_POST
@logged_in
def delete_team(request: PageRequest, team_id: UUID) -> HttpResponse:
    """Delete a team that owns no flows."""
    try:
        teams.delete_team(principal(request), team_id)
    except Problem as problem:
        return _team(request, team_id, problem)
    return redirect("flows:teams")


@require_POST
@logged_in
def team_members(request: PageRequest, team_id: UUID) -> HttpResponse:
    """Add a person by address; an address without an account is invited by mail."""
    email = request.POST.get("email", "").strip()[:254]

    def add() -> None:
        if teams.account_of(email) is None:
            is_open = bool(request.POST.get("open"))
            _held, is_sent = team_invitations.invite(
                principal(request), team_id, email, _role(request), partial(link_to, request), is_open=is_open
            )
            if not is_sent:
                told = _(
                    "The mail could not be sent. The invitation is there: invite the address again to try once more."
                )
                raise Problem("unavailable", told)
        else:
            teams.add_member(principal(request), team_id, email, _role(request))

    return _done(request, team_id, add, typed=email)


@require_POST
@logged_in
def team_member(request: PageRequest, team_id: UUID, user_id: int) -> HttpResponse:
    """Change a member's role, or take their place away when asked to: who takes their own away leaves."""
    if user_id > LARGEST_ID:
        raise Http404
    if not request.POST.get("remove"):
        return _done(
            request, team_id, lambda: teams.change_member(principal(request), team_id, user_id, _role(request))
        )
    try:
        teams.remove_member(principal(request), team_id, user_id)
    except Problem as problem:
        return _team(request, team_id, problem)
    return redirect("flows:teams") if user_id == request.user.pk else redirect("flows:team", team_id)


@require_POST
@logged_in
def withdraw_invitation(request: PageRequest, team_id: UUID, invitation_id: int) -> HttpResponse:
    """Take an invitation back."""
    if invitation_id > LARGEST_ID:
        raise Http404
    return _done(request, team_id, lambda: team_invitations.withdraw(principal(request), team_id, invitation_id))


@require_http_methods(["GET", "HEAD", "POST"])
@secret_address
def team_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what an invitation is for, and take it. A link that is unknown is not found, logged in or not."""
    try:
        team_invitations.invitation_of(secret)
    except Problem as problem:
        raise Http404(problem.message) from problem
    return _invitation(request, secret)


@logged_in
def _invitation(request: PageRequest, secret: str) -> HttpResponse:
    problem = None
    if request.method == "POST":
        try:
            return redirect("flows:team", team_invitations.accept(principal(request), secret).team_id)
        except Problem as refused:
            problem = refused
    held = team_invitations.invitation_of(secret)
    context = {
        "invitation": held,
        "is_mine": team_invitations.is_for(held, request.user),
    }
    return _render(request, "teams/invitation.html", context, problem)


def _done(request: PageRequest, team_id: UUID, change: Callable[[], object], *, typed: str = "") -> HttpResponse:
    try:
        change()
    except Problem as problem:
        return _team(request, team_id, problem, typed=typed)
    return redirect("flows:team", team_id)


def _list(request: PageRequest, problem: Problem | None = None) -> HttpResponse:
    context = {
        "teams": [(one, one.role.label) for one in teams.teams_of(request.user.pk)],
        "typed": request.POST.get("name", ""),
        "name_length": LONGEST_NAME,
    }
    return _render(request, "teams/list.html", context, problem)


def _team(request: PageRequest, team_id: UUID, problem: Problem | None = None, *, typed: str = "") -> HttpResponse:
    mine = teams.membership(principal(request), team_id)
    is_admin, is_owner = includes(mine.role, Role.ADMIN), mine.role == Role.OWNER
    context: dict[str, Any] = {
        "team": mine.team,
        "is_admin": is_admin,
        "is_owner": is_owner,
        "can_create": includes(mine.role, Role.MEMBER),
        "members": [_row(one, mine, request) for one in teams.members(team_id)],
        "invitations": _invited(team_id) if is_admin else (),
        "roles": [(one, one.label) for one in Role if is_owner or one != Role.OWNER],
        "name_length": LONGEST_NAME,
        "typed": typed,
    }
    return _render(request, "teams/team.html", context, problem)


def _render(request: PageRequest, template: str, context: dict[str, Any], problem: Problem | None) -> HttpResponse:
    context["error"] = problem and problem.message
    response = render(request, template, context)
    return response if problem is None else as_failure(response, problem)


def _invited(team_id: UUID) -> list[tuple[TeamInvitation, bool]]:
    """Return a team's invitations, and whether each can be taken."""
    held = list(team_invitations.invitations(team_id))
    valid = team_invitations.valid_ones(team_id, held)
    return [(one, one.pk in valid) for one in held]


def _row(held: TeamMember, mine: TeamMember, request: PageRequest) -> dict[str, object]:
    is_touchable = mine.role == Role.OWNER or (includes(mine.role, Role.ADMIN) and held.role != Role.OWNER)
    return {
        "user": held.user,
        "role": held.role,
        "title": Role(held.role).label,
        "is_own": held.user_id == request.user.pk,
        "is_touchable": is_touchable,
    }


def _name(request: PageRequest) -> str:
    text = request.POST.get("name", "").strip()
    try:
        storable(text)
        return visible_name(text[:LONGEST_NAME])
    except (ValueError, ValidationError):
        raise Problem("invalid", _("Enter a name with visible characters.")) from None


def _role(request: PageRequest) -> Role:
    try:
        return Role(request.POST.get("role", ""))
    except ValueError:
        raise Problem("invalid", _("Choose a role.")) from None
