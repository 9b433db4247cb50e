"""The page behind the link of an invitation: who invites to what, and one button to accept.

The address holds a secret, so it is told to no other page and kept by no cache. An invitation that is unknown, expired
or withdrawn is not found. Who is logged out is led through login or sign-up and back; another account is told so.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.addresses import comparable
from accounts.authentication import caller_of_session
from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.commands.invitations import role_words
from flows.errors import Forbidden, NotFound
from flows.models import FlowInvitation
from flows.pages.decorators import secret_address
from web.errors import Problem, as_failure


@require_http_methods(["GET", "HEAD", "POST"])
@secret_address
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Show an invitation, or accept it."""
    try:
        found = commands.open_invitation(secret)
        if request.method == "POST" and isinstance(request.user, User):
            caller = caller_of_session(request)
            assert isinstance(caller, Person)  # noqa: S101  (the types' sake: a user is logged in)
            return redirect("flows:editor", commands.accept_invitation(caller, secret))
        return _page(request, found)
    except NotFound as error:
        raise Http404(error.message) from error
    except Forbidden:
        return _page(request, found, status=403)
    except Problem as problem:
        return as_failure(_page(request, found, error=problem.message), problem)


def _page(request: HttpRequest, found: FlowInvitation, *, error: str = "", status: int = 200) -> HttpResponse:
    user = request.user if isinstance(request.user, User) else None
    context = {
        "invitation": found,
        "role_words": role_words(Role(found.role)),
        "is_logged_in": user is not None,
        "is_mine": user is not None and user.email == comparable(found.email),
        "error": error,
        "stays_here": True,
    }
    return render(request, "flows/invitation.html", context, status=status)
