"""Whether it is still the same person: one rule for pages and programs.

What could let somebody else take an account over, or cannot be taken back, asks again: for the second factor where the
account has one, else for the password. Pages lead to the login library's for that, whose answer holds for
`ACCOUNT_REAUTHENTICATION_TIMEOUT`; programs send `password` and `code` with the call. Deleting the account asks for
both each time. A new personal token asks for neither within the first hour of a login, which proved all there is; one
made with a token has no more than that (`accounts.personal_tokens`).
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.usersessions.models import UserSession
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.entrance import is_confirmed
from accounts.models import User
from accounts.principals import Caller, Person, TokenBearer
from accounts.second_factors import has_two_factors, prove_code
from web.errors import Problem

FRESH = timedelta(hours=1)
"""How long after it a login proves who somebody is: as long as its first access token."""
View = Callable[..., HttpResponseBase]


def prove_again(user: User, password: str, code: str | None) -> None:
    """Return if these prove that it is still the same person: the password, and the second factor if there is one.

    Raises `Problem`: `forbidden`, `second_factor_required`, and as `entrance.prove` does.
    """
    if has_two_factors(user) and code is None:
        raise Problem("second_factor_required", _("Send the code of your authenticator app as `code`."))
    if not is_confirmed(user, password):
        raise Problem("forbidden", _("Wrong password."))
    if code is not None and has_two_factors(user):
        prove_code(user, code)


def is_fresh(request: HttpRequest, user: User, caller: Caller) -> bool:
    """Tell whether somebody proved who they are so lately that they may make a token; programs with tokens may."""
    login = caller.login if isinstance(caller, Person | TokenBearer) else None
    if login is None:
        return True
    began = UserSession.objects.filter(user=user, session_key=login, created_at__gt=timezone.now() - FRESH)
    return began.exists() or (isinstance(caller, Person) and did_recently_reauthenticate(request))


def second_factor_again(view: View) -> View:
    """Ask who has a second factor for it before this page, unless they just showed it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **values: Any) -> HttpResponseBase:
        user = request.user
        if isinstance(user, User) and has_two_factors(user) and not did_recently_reauthenticate(request):
            return to_proof(request)
        return view(request, *args, **values)

    return guarded


def to_proof(request: HttpRequest) -> HttpResponseBase:
    """Lead to the page that asks who it is, and back. What was posted is not kept: it may hold a password."""
    return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': request.path})}")
