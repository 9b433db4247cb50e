"""What the dialog of a flow's sharing shows: everybody to those who are in it, the means to change it to owners."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.colours import colour_of
from accounts.models import Team
from accounts.principals import user_id_of
from flows import queries
from flows.access import Access, Role, grants_of
from flows.access_list import SharedTeam, invitations_in, people_in, teams_in, teams_of
from flows.models import Flow
from flows.pages.decorators import PageRequest, principal, wants_fragment
from flows.pages.link_forms import LIFETIMES, links_in


@dataclass(frozen=True, slots=True)
class NewLink:
    """An address that is shown once, to be copied: whom it invites, and whether it was mailed to them."""

    email: str
    url: str
    is_mailed: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What the dialog says about what was just asked; the id that has the focus then, and the form that is open.

    `links_by` is the id of a person who was removed and whose links still let people in.
    """

    done: str = ""
    error: str = ""
    typed: str = ""
    can_invite: bool = False
    new_link: NewLink | None = None
    links_by: int | None = None
    focus: str = ""
    opened: str = ""


NOTHING = Said()


def show(request: PageRequest, access: Access, said: Said = NOTHING, *, status: int = 200) -> HttpResponse:
    """Draw the dialog, or the page of it without htmx."""
    template = "flows/_members.html" if wants_fragment(request) else "flows/members.html"
    return render(request, template, _context(request, access, said), status=status)


def team_label(team: Team) -> str:
    """Return what the field offers for a team."""
    return _("%(name)s (team)") % {"name": team.name}


def _context(request: PageRequest, access: Access, said: Said) -> dict[str, Any]:
    who, flow_id = principal(request), access.flow.pk
    mine = grants_of(flow_id, [who]).get(who)
    is_owner = mine is not None and mine.role is Role.OWNER
    people, teams = people_in(flow_id, who), teams_in(flow_id)
    flow = Flow.objects.select_related("team").get(pk=flow_id)
    context = {
        "flow": flow,
        "link": request.build_absolute_uri(reverse("flows:editor", args=[flow_id])),
        "people": [(one, colour_of(one.colour)) for one in people],
        "teams": teams,
        "me": user_id_of(who),
        "is_owner": is_owner,
        "said": said,
    }
    return context | (_for_owners(request, access, people, teams) if is_owner else {})


def _for_owners(
    request: PageRequest, access: Access, people: list[queries.Member], teams: list[SharedTeam]
) -> dict[str, Any]:
    flow_id, me = access.flow.pk, user_id_of(principal(request)) or 0
    invitations, links, my_teams = invitations_in(flow_id), links_in(request, flow_id), teams_of(me)
    held = [one.role for one in people] + [one.role for one in teams]
    roles = _roles({*held, *(one.role for one in invitations), *(one.role for one in links)})
    return {
        "invitations": invitations,
        "links": links,
        "roles": roles,
        "link_roles": [(role, name) for role, name in roles if role is not Role.OWNER],
        "lifetimes": LIFETIMES,
        "my_teams": my_teams,
        "team_labels": [team_label(team) for team in my_teams],
        "heirs": [one for one in people if one.id != me],
    }


def _roles(held: set[Role]) -> list[tuple[Role, str]]:
    """Return the roles to choose from; commenting only if it is given to anyone: it means nothing more yet."""
    names = {
        Role.VIEWER: _("Can view"),
        Role.COMMENTER: _("Can comment"),
        Role.EDITOR: _("Can edit"),
        Role.OWNER: _("Owner"),
    }
    return [(role, name) for role, name in names.items() if role is not Role.COMMENTER or role in held]
