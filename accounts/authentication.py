"""How a REST call says who it is from: a bearer token, or else the browser's session cookie.

A call that bears a token is judged by the token alone: a bad one is refused though a good cookie came with it. It needs
no CSRF proof, because no browser adds the header by itself. A call by cookie needs one for every unsafe method. What
tokens and guests may ask for at all is judged here too, by `accounts.scopes`.
"""

from collections.abc import Callable, Collection
from typing import Any

from allauth.headless.tokens.strategies.jwt.internal import decode_token, session_key_from_sid
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, parse_cookie
from django.utils.translation import gettext
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf
from structlog.contextvars import bind_contextvars

from accounts.acting import act_as, act_for
from accounts.credentials import stamp_of
from accounts.guests import PREFIX as GUEST
from accounts.guests import guest_in, read_guest_token
from accounts.logins import note_use as note_login
from accounts.models import User
from accounts.origin import LOCAL_PERSON
from accounts.personal_tokens import is_personal_token, note_use
from accounts.principals import Caller, Guest, Person, TokenBearer
from accounts.scopes import expect_admitted, flow_in
from accounts.session_store import is_session_key
from accounts.tokens import bearer_of
from web.errors import Problem


class BearerToken(HttpBearer):
    """`Authorization: Bearer <access>`."""

    def __call__(self, request: HttpRequest) -> TokenBearer | Guest | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self.authenticate(request, token.strip()) if scheme.lower() == "bearer" else None

    def authenticate(self, request: HttpRequest, token: str) -> TokenBearer | Guest:
        """Return the token's bearer, and make its person the request's; raise `Problem` rather than try the cookie."""
        request.user = AnonymousUser()
        found = bearer_of(token)
        if found is None:
            raise Problem("not_authenticated", gettext("The access token is not valid or has expired."))
        user, bearer = found
        if isinstance(bearer, TokenBearer):
            request.user = user
            note_use(bearer)
            note_login(bearer.login)
        act_as(bearer)
        bind_contextvars(user_id=user.pk)
        expect_admitted(request, bearer)
        return bearer


class SessionCookie(APIKeyCookie):
    """The browser's session, with header `X-CSRFToken` for what is not GET."""

    param_name = settings.SESSION_COOKIE_NAME

    def _get_key(self, request: HttpRequest) -> str | None:
        return request.COOKIES.get(self.param_name)

    def authenticate(self, request: HttpRequest, key: str | None) -> Person | Guest | None:
        """Return who is logged in, or visits the flow that is asked for.

        Without a login there is nothing to forge, so 401 comes before the CSRF proof.
        """
        caller = caller_of_session(request)
        if caller is None:
            return None
        _ = request.body  # read before Django's check may parse it as a form and leave nothing
        if check_csrf(request):
            if (token := request.headers.get("X-CSRFToken")) and token == request.COOKIES.get("csrftoken"):
                raise Problem("forbidden", gettext("Requests from this Origin or Referer are not allowed."))
            raise Problem("forbidden", gettext("Send the cookie `csrftoken` back in the header `X-CSRFToken`."))
        expect_admitted(request, caller)
        return caller


def caller_of_session(request: HttpRequest) -> Person | Guest | None:
    """Return who is logged in in this browser, else as whom it visits the flow in the request's address.

    What a flow has under addresses of their own, such as jobs and runs, names it as `flow` in the query.
    """
    if isinstance(request.user, User):
        act_for(request.user.pk)
        return Person(request.user.pk, request.session.session_key, stamp_of(request.user.password))
    flow_id = flow_in(request)
    guest = guest_in(request.session, flow_id) if flow_id else None
    if guest is not None:
        act_as(guest)
    return guest


def local_person(request: HttpRequest) -> TokenBearer | None:
    """Return the person in whose name a command on this machine acts.

    `helix flows` sets it, and calls in its own process. What comes over a connection cannot set it: a header's name
    begins with `HTTP_` there.
    """
    user = request.META.get(LOCAL_PERSON)
    if not isinstance(user, User):
        return None
    request.user = user
    act_for(user.pk)
    return TokenBearer(user.pk)


AUTHENTICATION: list[Callable[[HttpRequest], Any]] = [local_person, BearerToken(), SessionCookie()]


def shows_somebody(headers: Collection[tuple[bytes, bytes]]) -> bool:
    """Tell whether a request shows a token or session of our making; whether that still holds is asked later.

    As above, what bears a token is judged by the token alone.
    """
    for name, value in headers:
        scheme, _, token = value.decode("latin-1").partition(" ")
        if name == b"authorization" and scheme.lower() == "bearer":
            return bool(_name_of(token.strip()))
    cookies = (value.decode("latin-1") for name, value in headers if name == b"cookie")
    keys = (parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME, "") for cookie in cookies)
    return any(is_session_key(key) for key in keys)


def credentials_in(headers: Collection[tuple[bytes, bytes]]) -> frozenset[str]:
    """Return what a request shows that only we can have made: a bearer token, a session, neither or both.

    Read as Django reads it, so that nothing that comes along with a credential makes another of it. A program's session
    has the same name by its cookie and by all of its access tokens. Whether any of it still holds is asked later.
    """
    scheme, _, token = _joined(headers, b"authorization").partition(" ")
    names = {_name_of(token.strip())} if scheme.lower() == "bearer" else set()
    key = parse_cookie(_joined(headers, b"cookie")).get(settings.SESSION_COOKIE_NAME, "")
    if is_session_key(key):
        names.add(f"session {key}")
    return frozenset(names - {""})


def _joined(headers: Collection[tuple[bytes, bytes]], name: bytes) -> str:
    """Return a header as Django does if it was sent several times."""
    return b",".join(value for one, value in headers if one == name).decode("latin-1")


def _name_of(token: str) -> str:
    """Return what a bearer token is counted by, or nothing if it is not of our making; the database is not asked."""
    if token.startswith(GUEST):
        guest = read_guest_token(token)
        return f"guest {guest.user_id} {guest.visit}" if guest else ""
    if is_personal_token(token):
        return f"token {token}"
    payload = decode_token(token, "access")
    return f"session {session_key_from_sid(payload['sid'])}" if payload else ""


def person(request: HttpRequest) -> User:
    """Return the account that an authenticated call is from. Raises `Problem` (`forbidden`) for guests."""
    if not isinstance(request.user, User):
        raise Problem("forbidden", gettext("Guests of a link can only use its flow."))
    return request.user


def principal(request: HttpRequest) -> Caller:
    """Return who acts by an authenticated call: the person of a login, the bearer of a token, the guest of a link."""
    acting = getattr(request, "auth", None)
    assert isinstance(acting, Caller)  # noqa: S101  (the types' sake: authentication saw to it)
    return acting
