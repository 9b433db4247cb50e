"""Bearer tokens: allauth's JWT strategy, one server-side session behind each pair.

The session is what makes a token die before its time: with the account's password, its deactivation, or the session's
end. So validation reads the session and the person every time (`HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED`), and an
open connection asks again. A refresh token is good for one use, of many at the same moment too; a second use means that
two have it, and ends the session.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from uuid import UUID

from allauth.headless import app_settings
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy
from allauth.headless.tokens.strategies.jwt.internal import (
    decode_token,
    session_key_from_sid,
    validate_access_token,
)
from django.conf import settings
from django.contrib.auth import get_user, logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from accounts import logins, personal_tokens
from accounts.audit import Action, lock_audit, record
from accounts.credentials import stamp_of
from accounts.guests import guest_in, read_guest_token, row_of
from accounts.models import User
from accounts.principals import Guest, Person, TokenBearer
from accounts.session_store import SessionStore
from web.write_transaction import write_transaction


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a program logs in with. `expires_in` is the access token's life in seconds."""

    access: str
    refresh: str
    expires_in: int


def issue(user: User, asking: HttpRequest | None = None) -> TokenPair:
    """Make a pair for a person who has proved who they are; the browser's session has no part in it.

    `asking` is the call that they did it by, whose address and program the login keeps.
    """
    request = HttpRequest()
    request.META = dict(asking.META) if asking else {}
    request.session, request.user = _session(None), AnonymousUser()
    logins.begin(request, user, is_told=asking is not None)
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
        _end_of_reused(key)
        return None
    return _pair(*pair)


def bearer_of(token: str) -> tuple[User, TokenBearer | Guest] | None:
    """Return whose token this is, and who acts by it; None if it is none of ours, or no longer good.

    Access tokens, personal tokens and guests' tokens; ask again every few seconds while a connection stands.
    """
    if token.startswith(personal_tokens.PREFIX):
        return personal_tokens.bearer_of(token)
    if (guest := read_guest_token(token)) is not None:
        user = row_of(guest)
        return (user, guest) if user else None
    valid = validate_access_token(token)
    if valid is None or not isinstance(valid[0], User):
        return None
    user, payload = valid
    until = datetime.fromtimestamp(payload["exp"], UTC)
    login_key, stamp = session_key_from_sid(payload["sid"]), stamp_of(user.password)
    return user, TokenBearer(user.pk, login=login_key, stamp=stamp, until=until)


def caller_of_session(key: str | None, flow_id: UUID | None = None) -> tuple[User, Person | Guest] | None:
    """Return whose browser session this is now, or as whom it visits a flow; None when it ended.

    For connections, which outlive their request.
    """
    if not key:
        return None
    request = HttpRequest()
    request.session = _session(key)
    user = get_user(request)
    if isinstance(user, User):
        return user, Person(user.pk, key, stamp_of(user.password), _expiry(request.session))
    guest = guest_in(request.session, flow_id) if flow_id else None
    row = row_of(guest) if guest else None
    return (row, replace(guest, until=_expiry(request.session))) if row and guest else None


def _end_of_reused(key: str) -> None:
    """End a session whose refresh token was used twice, once, and tell it to those who listen and to the audit log."""
    request = HttpRequest()
    with write_transaction():
        lock_audit()
        if not list(Session.objects.select_for_update().filter(pk=key)):
            return
        request.session = _session(key)
        request.user = user = get_user(request)
        if isinstance(user, User):
            record(Action.TOKEN_REUSE, actor=None, object=f"user:{user.pk}")
        logout(request)


def _expiry(session: SessionBase) -> datetime | None:
    return session.expires_at if isinstance(session, SessionStore) else None


def _pair(access: str, refresh: str) -> TokenPair:
    return TokenPair(access, refresh, app_settings.JWT_ACCESS_TOKEN_EXPIRES_IN)


def _session(key: str | None) -> SessionBase:
    store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
    return store(key)
