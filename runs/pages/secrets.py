"""Secrets of a flow and of a team: one page for both, which works without scripts. Names and numbers, never a value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.teams import Role as TeamRole
from accounts.teams import membership
from flows.access import Access, Role
from flows.errors import NotFound
from flows.pages.decorators import PageRequest, flow_view, logged_in, person, principal
from runs.models import Secret, TeamSecret
from runs.secrets import (
    delete_secret,
    delete_team_secret,
    put_secret,
    put_team_secret,
    secrets_of,
    team_secrets_of,
)
from web.errors import Problem, as_failure

LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Shown:
    """A secret in the list, and by how many nodes it is named, where that is known."""

    name: str
    version: int
    updated_at: datetime
    used: int | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose secrets a page is about, and how they are read and written for the person who asks."""

    title: str
    note: str
    address: str
    back: str
    back_text: str
    listed: Callable[[], Sequence[Shown]]
    put: Callable[[str, str], tuple[Secret | TeamSecret, bool]]
    delete: Callable[[str], None]


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view(Role.OWNER)
def secrets(request: PageRequest, access: Access) -> HttpResponse:
    """Show the secrets of a flow; keep a value, take a secret away."""
    who, flow = principal(request), access.flow
    holder = Holder(
        title=flow.title,
        note=_("Nodes of this flow name them; runs get their values, and nobody reads them again."),
        address=reverse("runs:secrets", args=[flow.pk]),
        back=reverse("flows:editor", args=[flow.pk]),
        back_text=_("Back to the flow"),
        listed=lambda: [
            Shown(one.name, one.version, one.updated_at, len(one.used_by)) for one in secrets_of(who, flow.pk)
        ],
        put=lambda name, value: put_secret(who, flow.pk, name, value),
        delete=lambda name: delete_secret(who, flow.pk, name),
    )
    return _answer(request, holder)


@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def team_secrets(request: PageRequest, team_id: UUID) -> HttpResponse:
    """Show the secrets of a team to its admins; keep a value, take a secret away."""
    who = person(request)
    team = membership(who, team_id, TeamRole.ADMIN).team
    holder = Holder(
        title=team.name,
        note=_("All flows of the team find them, under names that they have no secret of their own for."),
        address=reverse("runs:team-secrets", args=[team_id]),
        back=reverse("flows:team", args=[team_id]),
        back_text=_("Back to the team"),
        listed=lambda: [Shown(one.name, one.version, one.updated_at) for one in team_secrets_of(who, team_id)],
        put=lambda name, value: put_team_secret(who, team_id, name, value),
        delete=lambda name: delete_team_secret(who, team_id, name),
    )
    return _answer(request, holder)


def _answer(request: PageRequest, holder: Holder) -> HttpResponse:
    if request.method != "POST":
        return _page(request, holder)
    name = request.POST.get("name", "").strip()[: LONGEST_NAME + 1]
    try:
        if request.POST.get("action") == "delete":
            holder.delete(name)
            messages.success(request, _("Secret removed."))
        else:
            _secret, is_new = holder.put(name, _value(request.POST.get("value", "")))
            messages.success(request, _("Secret added.") if is_new else _("The secret has a new value."))
    except Problem as problem:
        return _page(request, holder, problem, typed=name)
    except NotFound:
        pass  # somebody was faster; the page shows it
    return redirect(holder.address)


def _value(text: str) -> str:
    """Return what was meant: lines end as they do in files, and one line has no end."""
    lines = text.replace("\r\n", "\n")
    line = lines.strip("\n")
    return lines if "\n" in line else line


def _page(request: PageRequest, holder: Holder, problem: Problem | None = None, *, typed: str = "") -> HttpResponse:
    held = holder.listed()
    context = {
        "holder": holder,
        "secrets": held,
        "typed": typed,
        "is_about_new": problem is not None and typed not in {one.name for one in held},
        "error": problem and problem.message,
        "name_length": LONGEST_NAME,
    }
    response = render(request, "flows/runs/secrets.html", context)
    return response if problem is None else as_failure(response, problem)
