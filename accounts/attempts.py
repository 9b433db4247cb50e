"""Count attempts in the database, where no flood can push a count out and every process sees it.

Each attempt is a row until its time is over, and a count never has more rows than its limit. A refused call writes
nothing. Every new row takes a few of those with it whose time is over, so the table stays as small as what counts.

A guess is counted before it is known to be one and is *open* until then; where open ones fill the count, the next waits
for what comes of them. So many guesses at once cannot outrun the count, and many right passwords at once are not taken
for guessing.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeVar

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Attempt
from web.errors import Problem
from web.networks import network_of
from web.write_transaction import write_transaction

T = TypeVar("T")
PATIENCE = 10.0
"""Seconds that one waits for what comes of open guesses."""
OPEN_SECONDS = 30
"""After this the process that was to decide a guess is gone: the guess was wrong."""
POLL_SECONDS = 0.02
SWEPT = 100
"""Rows whose time is over that go with each new one."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What is allowed: as many as the limit of this name says, in so many seconds."""

    limit: str
    seconds: int


RATES = {
    "signup": Rate("signups_per_minute", 60),
    "login": Rate("logins_per_minute", 60),
    "refresh": Rate("refreshes_per_minute", 60),
    "guess": Rate("login_failures", 300),
    "account mail": Rate("account_mails_per_hour", 3600),
    "invitation": Rate("invitations_per_hour", 3600),
    "mail": Rate("mails_per_day", 86_400),
    "visit": Rate("visits_per_minute", 60),
    "link": Rate("link_failures", 300),
    "account_change": Rate("account_changes_per_hour", 3600),
}


@dataclass(frozen=True, slots=True)
class _Full:
    """No more for now: until when, and whether some that count are still open."""

    until: datetime
    has_open: bool


def count(action: str, subject: str) -> Attempt:
    """Count one attempt; delete it if it came to nothing.

    Raises `Problem` (`rate_limited`) when it is one too many; then it is not counted.
    """
    taken = _take(action, subject, is_open=False)
    if isinstance(taken, _Full):
        raise _too_many(taken)
    return taken


def expect_room(action: str, subject: str) -> None:
    """Count nothing. Raises as `count` does if there is no room for one more, nor soon will be."""
    full = _full(action, _key(action, subject))
    if full and not full.has_open:
        raise _too_many(full)


def judged(account: str, judge: Callable[[], T], *, action: str = "guess") -> T:
    """Return what is found by a guess, which counts if that is nothing; one that could not be judged does not count.

    Raises as `count` does, and what `judge` raises.
    """
    guess, is_wrong = open_guess(account, action=action), False
    try:
        found = judge()
        is_wrong = not found
    finally:
        if is_wrong:
            close(guess)
        else:
            guess.delete()
    return found


def open_guess(account: str, *, action: str = "guess") -> Attempt:
    """Count a guess whose outcome is open: delete it if it was right, `close` it if not. Raises as `count` does."""
    deadline = time.monotonic() + PATIENCE
    while isinstance(taken := _take(action, account, is_open=True), _Full):
        if not taken.has_open or time.monotonic() > deadline:
            raise _too_many(taken)
        time.sleep(POLL_SECONDS)
    return taken


def close(guess: Attempt) -> None:
    """Count a guess that was wrong."""
    Attempt.objects.filter(pk=guess.pk).update(is_open=False)


def address_of(request: HttpRequest) -> str:
    """Return whom to count a call for: the client's address, or its network."""
    return network_of(str(get_adapter().get_client_ip(request)))


def _too_many(full: _Full) -> Problem:
    seconds = max(1, math.ceil((full.until - timezone.now()).total_seconds()))
    return Problem("rate_limited", _("Too many attempts. Try again later."), retry_after=seconds)


def _take(action: str, subject: str, *, is_open: bool) -> Attempt | _Full:
    key = _key(action, subject)
    if full := _full(action, key):
        return full
    with write_transaction():
        _lock(key)
        if full := _full(action, key):
            return full
        _sweep()
        expires_at = timezone.now() + timedelta(seconds=RATES[action].seconds)
        return Attempt.objects.create(key=key, expires_at=expires_at, is_open=is_open)


def _key(action: str, subject: str) -> str:
    return f"{action}:{sha256(subject.encode()).hexdigest()}"


def _full(action: str, key: str) -> _Full | None:
    rate, now = RATES[action], timezone.now()
    rows = Attempt.objects.filter(key=key, expires_at__gt=now).order_by("expires_at")
    held = list(rows.values_list("expires_at", "is_open"))
    limit: int = getattr(settings.HELIX_LIMITS, rate.limit)
    if len(held) < limit:
        return None
    abandoned = now + timedelta(seconds=rate.seconds - OPEN_SECONDS)
    has_open = any(is_open and expires_at > abandoned for expires_at, is_open in held)
    return _Full(held[len(held) - limit][0], has_open)


def _lock(key: str) -> None:
    """One at a time for a count, until the transaction ends; on SQLite the transaction itself is that."""
    if connection.vendor == "postgresql":
        number = int.from_bytes(sha256(key.encode()).digest()[:8], signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _sweep() -> None:
    over = Attempt.objects.filter(expires_at__lte=timezone.now()).order_by("expires_at")
    found = over.select_for_update(skip_locked=True).values_list("pk", flat=True)[:SWEPT]
    Attempt.objects.filter(pk__in=list(found)).delete()
