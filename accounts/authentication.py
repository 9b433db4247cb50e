"""How a REST call says who it is from: a bearer token, or else the browser's session cookie.

A call that bears a token is judged by the token alone: a bad one is refused though a good cookie came with it. It needs
no CSRF proof, because no browser adds the header by itself. A call by cookie needs one for every unsafe method.
"""

from collections.abc import Collection

from allauth.headless.tokens.strategies.jwt.internal import decode_token
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, parse_cookie
from django.utils.translation import gettext
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf
from structlog.contextvars import bind_contextvars

from accounts.models import User
from accounts.principals import Person, TokenBearer
from accounts.session_store import is_session_key
from accounts.tokens import user_of_bearer
from web.errors import Problem


class BearerToken(HttpBearer):
    """`Authorization: Bearer <access>`."""

    def __call__(self, request: HttpRequest) -> TokenBearer | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self.authenticate(request, token.strip()) if scheme.lower() == "bearer" else None

    def authenticate(self, request: HttpRequest, token: str) -> TokenBearer:
        """Return the token's bearer, and make its person the request's; raise `Problem` rather than try the cookie."""
        request.user = AnonymousUser()
        user = user_of_bearer(token)
        if user is None:
            raise Problem("not_authenticated", gettext("The access token is not valid or has expired."))
        request.user = user
        bind_contextvars(user_id=user.pk)
        return TokenBearer(user.pk)


class SessionCookie(APIKeyCookie):
    """The browser's session, with header `X-CSRFToken` for what is not GET."""

    param_name = settings.SESSION_COOKIE_NAME

    def _get_key(self, request: HttpRequest) -> str | None:
        return request.COOKIES.get(self.param_name)

    def authenticate(self, request: HttpRequest, key: str | None) -> Person | None:
        """Return who is logged in. Without a login there is nothing to forge, so 401 comes before the CSRF proof."""
        if not isinstance(request.user, User):
            return None
        _ = request.body  # read before Django's check may parse it as a form and leave nothing
        if check_csrf(request):
            if (token := request.headers.get("X-CSRFToken")) and token == request.COOKIES.get("csrftoken"):
                raise Problem("forbidden", gettext("Requests from this Origin or Referer are not allowed."))
            raise Problem("forbidden", gettext("Send the cookie `csrftoken` back in the header `X-CSRFToken`."))
        return Person(request.user.pk)


AUTHENTICATION = [BearerToken(), SessionCookie()]


def shows_somebody(headers: Collection[tuple[bytes, bytes]]) -> bool:
    """Tell whether a request shows a token or session of our making; whether that still holds is asked later.

    As above, what bears a token is judged by the token alone.
    """
    for name, value in headers:
        scheme, _, token = value.decode("latin-1").partition(" ")
        if name == b"authorization" and scheme.lower() == "bearer":
            return decode_token(token.strip(), "access") is not None
    cookies = (value.decode("latin-1") for name, value in headers if name == b"cookie")
    keys = (parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME, "") for cookie in cookies)
    return any(is_session_key(key) for key in keys)


def person(request: HttpRequest) -> User:
    """Return who an authenticated call is from."""
    assert isinstance(request.user, User)  # noqa: S101  (the types' sake: authentication saw to it)
    return request.user


def principal(request: HttpRequest) -> Person | TokenBearer:
    """Return who acts by an authenticated call: the person of a login, or the bearer of a token."""
    acting = getattr(request, "auth", None)
    assert isinstance(acting, Person | TokenBearer)  # noqa: S101  (the types' sake: authentication saw to it)
    return acting
