"""What holds for all pages under `/accounts/`, the login library's as well as ours.

Each attempt is counted for its address before anything of it is read. What is refused (`Problem`) is a page that says
so. Who goes on to a provider is led by a page of ours: a form's answer may not redirect to another site
(`form-action`). And each use of a login is noted, now and then.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import sync_only_middleware

from accounts import entrance, logins
from web.errors import Problem, as_failure

GetResponse = Callable[[HttpRequest], HttpResponseBase]
ROOT = "/accounts/"
COUNTED = {
    "login": "login",
    "register": "signup",
    "account_login": "login",
    "account_signup": "signup",
    "account_reauthenticate": "login",
    "account_change_password": "login",
    "account_set_password": "login",
    "account_reset_password": "account mail",
    "account_reset_password_from_key": "login",
    "account_email": "account mail",
    "account_confirm_email": "login",
    "mfa_authenticate": "login",
    "mfa_reauthenticate": "login",
    "mfa_login_webauthn": "login",
    "mfa_reauthenticate_webauthn": "login",
    "mfa_activate_totp": "login",
    "socialaccount_signup": "signup",
    "flows:delete-account": "login",
}
"""What a form that is sent counts as, by the name of its page."""


@sync_only_middleware
def account_pages(get_response: GetResponse) -> GetResponse:
    """Count, refuse, lead and note."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.session.accessed:
            logins.note_use(request.session.session_key)
        return _led(request, response) if request.path.startswith(ROOT) else response

    def process_view(request: HttpRequest, view: object, args: object, values: object) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if request.method != "POST" or name not in COUNTED:
            return None
        try:
            entrance.attempt(request, COUNTED[name])
        except Problem as problem:
            return refused(request, problem)
        return None

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        is_ours = isinstance(error, Problem) and request.path.startswith(ROOT)
        return refused(request, error) if is_ours and isinstance(error, Problem) else None

    answer.process_view = process_view  # type: ignore[attr-defined]
    answer.process_exception = process_exception  # type: ignore[attr-defined]
    return answer


def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Say why not."""
    return as_failure(render(request, "accounts/refused.html", {"problem": problem}), problem)


def _led(request: HttpRequest, response: Any) -> HttpResponseBase:
    """Replace a redirection to another site, after a form, by a page that leads there."""
    there = response.get("Location", "") if response.status_code == 302 and request.method == "POST" else ""
    host = urlsplit(there).netloc
    if not host or host == request.get_host():
        return response  # type: ignore[no-any-return]
    page = render(request, "accounts/to_provider.html", {"address": there, "host": host})
    page["Cache-Control"] = "no-store"
    return page
