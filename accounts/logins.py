"""Where a person is logged in: a row of the login library beside each session, browser's or program's.

A session's own row does not say whose it is, so these do; together they make the list of a person's devices, and let a
new password, a new address or a lost second factor end every login at once. Ending one deletes its session: that is
what tokens, sockets and writes ask about.
"""

import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib.auth import login as django_login
from django.contrib.auth import logout as django_logout
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.http import HttpRequest
from django.utils import timezone

from accounts import mails, personal_tokens
from accounts.account_changes import tell
from accounts.agents import name_of
from accounts.audit import Action, lock_audit, record
from accounts.credentials import revoke_rights
from accounts.models import User
from web.write_transaction import after_commit, write_transaction

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NOTED_EVERY = 60.0
"""Seconds: `last_used_at` is written at most so often by each process."""
MOST_NOTED = 10_000
KEPT, MOST_FORGOTTEN = 50, 1_000
"""Logins of a person that are kept after their end, so that it is known what they came in by; and how many of the rest
go at once."""


@dataclass(frozen=True, slots=True)
class Login:
    """A login as its person sees it."""

    id: int
    agent: str
    address: str
    created_at: datetime
    last_used_at: datetime
    current: bool

    @property
    def name(self) -> str:
        """What the browser or program is called."""
        return name_of(self.agent)


def begin(request: HttpRequest, user: User, *, is_told: bool = True) -> None:
    """Log a person in by a session of its own: who was logged in here before is out, with all that hangs on it.

    The audit log is told of it, but for what the server does by itself.
    """
    if request.user.is_authenticated:
        django_logout(request)
    is_new = is_told and _is_new(request, user)
    with write_transaction():
        lock_audit()
        django_login(request, user, BACKEND)
        if is_told:
            record(Action.LOGIN, actor=user.pk, person=user.pk)
    if is_new:
        after_commit(partial(mails.tell_person, "account/email/new_login", user, **_told_of(request)))


def remember(request: HttpRequest, user: User, **_: Any) -> None:
    """Write down a login that has just begun; forget the person's that ended long ago."""
    if not request.session.session_key:
        request.session.save()
    key = str(request.session.session_key)
    row = {"user": user, "ip": get_adapter().get_client_ip(request), "user_agent": _agent_of(request)}
    with write_transaction():
        ended = UserSession.objects.filter(user=user).exclude(session_key__in=Session.objects.values("session_key"))
        old = list(ended.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + MOST_FORGOTTEN])
        UserSession.objects.filter(pk__in=old).delete()
        UserSession.objects.update_or_create(session_key=key, defaults=row)
    _is_noted(key)


def _agent_of(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_USER_AGENT", ""))[: UserSession._meta.get_field("user_agent").max_length]


def _is_new(request: HttpRequest, user: User) -> bool:
    """Tell whether a person, who was here before, never was with this browser or program."""
    agents = UserSession.objects.filter(user=user).order_by("-pk").values_list("user_agent", flat=True)
    known = {name_of(agent) for agent in agents[: 2 * KEPT]}
    return bool(known) and name_of(_agent_of(request)) not in known


def _told_of(request: HttpRequest) -> dict[str, object]:
    return {"address": get_adapter().get_client_ip(request), "device": name_of(_agent_of(request))}


def go_on(request: HttpRequest, user: User) -> None:
    """Give the browser that has just ended all logins of its person a new one."""
    request.session.cycle_key()
    request.user = user
    request.session["_auth_user_hash"] = user.get_session_auth_hash()
    remember(request, user)


def of(user: User, current: str | None) -> list[Login]:
    """Return a person's logins that stand, the last used first; `current` is the key of the one that asks."""
    rows = UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk")
    alive = set(
        Session.objects.filter(pk__in=rows.values("session_key"), expire_date__gt=timezone.now()).values_list(
            "pk", flat=True
        )
    )
    return [
        Login(row.pk, row.user_agent, row.ip, row.created_at, row.last_seen_at, row.session_key == current)
        for row in rows
        if row.session_key in alive
    ]


def end(user: User, login_id: int) -> bool:
    """End one login of a person; say whether there was such a one."""
    key = UserSession.objects.filter(user=user, pk=login_id).values_list("session_key", flat=True).first()
    if key is None:
        return False
    log_out(user, [key])
    return True


def end_others(user: User, current: str | None) -> None:
    """End all logins of a person but the one that asks, together."""
    with write_transaction():
        lock_audit()
        others = UserSession.objects.filter(user=user).exclude(session_key=current)
        end_within(user.pk, list(others.values_list("session_key", flat=True)))
        record(Action.LOGOUT, actor=user.pk, person=user.pk, detail={"everywhere": False})


def log_out(user: User, keys: Collection[str] | None = None) -> None:
    """End logins of a person, all unless some are named, because they said so."""
    with write_transaction():
        lock_audit()
        end_within(user.pk, keys)
        record(Action.LOGOUT, actor=user.pk, person=user.pk, detail={"everywhere": keys is None})


def end_within(user_id: int, keys: Collection[str] | None = None) -> None:
    """End logins of a person, all unless some are named, inside a transaction that has locked all else it locks."""
    revoke_rights([user_id])
    rows = UserSession.objects.filter(user_id=user_id)
    if keys is not None:
        rows = rows.filter(session_key__in=list(keys))
    held = {*rows.values_list("session_key", flat=True), *(keys or ())}
    Session.objects.filter(pk__in=held).delete()
    UserSession.objects.filter(session_key__in=held).delete()
    tell([user_id])


def deactivate(user: User, *, actor: int | None) -> None:
    """Switch an account off: its logins and personal tokens end, its work stays."""
    with write_transaction():
        lock_audit()
        personal_tokens.end_within(personal_tokens.tokens_of(user.pk), actor=actor)
        end_within(user.pk)
        user.is_active = False
        user.save(update_fields=["is_active"])
        record(Action.ACCOUNT_DEACTIVATED, actor=actor, person=user.pk)


def note_use(key: str | None) -> None:
    """Note that a login is used, now and then."""
    if key and not _is_noted(key):
        with suppress(OperationalError):
            UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now())


_noted: dict[str, float] = {}
_guard = Lock()


def _is_noted(key: str) -> bool:
    """Tell whether a use was noted a moment ago; if not, take it for noted now."""
    now = time.monotonic()
    with _guard:
        if now - _noted.get(key, -NOTED_EVERY) < NOTED_EVERY:
            return True
        if len(_noted) >= MOST_NOTED:
            _noted.clear()
        _noted[key] = now
        return False
