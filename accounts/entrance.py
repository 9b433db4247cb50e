"""The one way in, for pages and programs alike: prove an account by its password, or make one.

allauth checks the credentials (in constant time, whether the account exists or not) and counts the attempts; the
numbers are `ACCOUNT_RATE_LIMITS` of the settings. Its own forms and flows are not used, because a page and a REST call
must meet exactly the same rules. Attempts on one account are taken one at a time, so that many at once cannot outrun
the count, and a burst of right passwords is not mistaken for guessing.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from allauth.core import ratelimit
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from web.errors import Problem

MINUTE = 60
FAILURES_WINDOW = 300
QUEUE_SECONDS = 10


def may_try(request: HttpRequest, action: str) -> bool:
    """Count one more attempt from the request's address, and say whether it is not one too many."""
    return bool(ratelimit.consume(request, action=action))


def attempt(request: HttpRequest, action: str) -> None:
    """Count an attempt; raise `Problem` (`rate_limited`) when it is one too many."""
    if not may_try(request, action):
        raise _too_many(MINUTE)


def prove(request: HttpRequest, email: str, password: str) -> User:
    """Return the account of these credentials; the address's attempt is counted already.

    Raises `Problem`: `not_authenticated`; or `rate_limited` after too many failures on the account, then with the
    right password too.
    """
    account = email.strip().lower()
    with _one_at_a_time(account):
        if not ratelimit.consume(request, action="login_failed", key=account, dry_run=True):
            raise _too_many(FAILURES_WINDOW)
        user = authenticate(request, email=account, password=password)
        if isinstance(user, User):
            return user
        ratelimit.consume(request, action="login_failed", key=account)
    raise Problem("not_authenticated", _("Wrong e-mail address or password."))


def register(*, email: str, password: str, name: str) -> User:
    """Create account. Raises `Problem`: `invalid` (a weak password), `email_taken`."""
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as weak:
        raise Problem("invalid", " ".join(weak.messages), {"field": "password"}) from None
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name)
    except IntegrityError:
        raise Problem("email_taken", _("An account with this e-mail address already exists.")) from None


def _too_many(seconds: int) -> Problem:
    return Problem("rate_limited", _("Too many attempts. Try again later."), retry_after=seconds)


@contextmanager
def _one_at_a_time(account: str) -> Iterator[None]:
    lock = f"accounts:entrance:{sha256(account.encode()).hexdigest()}"
    deadline = time.monotonic() + QUEUE_SECONDS
    while not cache.add(lock, True, timeout=2 * QUEUE_SECONDS):
        if time.monotonic() > deadline:
            raise _too_many(QUEUE_SECONDS)
        time.sleep(0.02)
    try:
        yield
    finally:
        cache.delete(lock)
