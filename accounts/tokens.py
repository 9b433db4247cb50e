"""Bearer tokens: allauth's JWT strategy, one server-side session behind each pair.

The session is what makes a token die before its time: with the account's password, its deactivation, or the session's
end. So validation reads the session and the person every time (`HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED`), and an
open connection asks again. A refresh token is good for one use, of many at the same moment too; a second use means that
two have it, and ends the session. Personal tokens will be read here too.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from allauth.headless import app_settings
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy
from allauth.headless.tokens.strategies.jwt.internal import (
    decode_token,
    session_key_from_sid,
    validate_access_token,
)
from django.conf import settings
from django.contrib.auth import get_user, login, logout
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from accounts.models import User
from web.write_transaction import write_transaction


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a program logs in with. `expires_in` is the access token's life in seconds."""

    access: str
    refresh: str
    expires_in: int


def issue(user: User) -> TokenPair:
    """Make a pair for a person who has proved who they are; the browser's session has no part in it."""
    request = HttpRequest()
    request.session = _session(None)
    request.user = user
    login(request, user)
    payload: dict[str, Any] = JWTTokenStrategy().create_access_token_payload(request) or {}
    request.session.save()
    return _pair(payload["access_token"], payload["refresh_token"])


def refresh(token: str) -> TokenPair | None:
    """Change a refresh token for a new pair, once; None when it is not, or no longer, good."""
    payload = decode_token(token, "refresh")
    key = session_key_from_sid(payload["sid"]) if payload else None
    if key is None:
        return None
    with write_transaction():
        if not list(Session.objects.select_for_update().filter(pk=key)):
            return None
        pair = JWTTokenStrategy().refresh_token(token)
        if pair is None:
            _end(key)
    return _pair(*pair) if pair else None


def user_of_bearer(token: str) -> User | None:
    """Return whose access token this is, or None. Ask again every few seconds while a connection stands."""
    valid = validate_access_token(token)
    return valid[0] if valid and isinstance(valid[0], User) else None


def user_of_session(key: str | None) -> User | None:
    """Return whose browser session this is now, or None when it ended; for connections that outlive their request."""
    if not key:
        return None
    request = HttpRequest()
    request.session = _session(key)
    user = get_user(request)
    return user if isinstance(user, User) else None


def _end(key: str) -> None:
    """End a session whose refresh token was used twice, and tell those who listen for logouts."""
    request = HttpRequest()
    request.session = _session(key)
    request.user = get_user(request)
    logout(request)


def _pair(access: str, refresh: str) -> TokenPair:
    return TokenPair(access, refresh, app_settings.JWT_ACCESS_TOKEN_EXPIRES_IN)


def _session(key: str | None) -> SessionBase:
    store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
    return store(key)
