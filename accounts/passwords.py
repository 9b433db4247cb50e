"""What passwords cost and must be: hashed few at a time, so that a flood of logins leaves the editors a core.

A hash keeps one core busy for a fifth of a second and 100 MB of memory. So many at a time as `HELIX_PASSWORD_CORES`
says are computed, the next `PASSWORDS_WAITING` wait, and whoever comes then is told to come again. Who waits holds no
database connection. Who holds a transaction does not wait, since others may be waiting for that: only the admin and
commands hash in one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from web.errors import Problem
from web.text import shows_something

RETRY_SECONDS = 5


class Turnstile:
    """Lets `width` threads through at a time while at most `waiting` others wait."""

    def __init__(self, width: int, waiting: int) -> None:
        self._places = threading.Semaphore(width)
        self._room = threading.Semaphore(width + waiting)
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, unless this thread has one. Raises `Problem` (`unavailable`) when too many wait already."""
        if getattr(self._mine, "is_held", False) or connection.in_atomic_block:
            yield
            return
        if not self._room.acquire(blocking=False):
            raise Problem(
                "unavailable", _("Too many people are logging in. Try again soon."), retry_after=RETRY_SECONDS
            )
        try:
            self._wait()
            try:
                self._mine.is_held = True
                yield
            finally:
                self._mine.is_held = False
                self._places.release()
        finally:
            self._room.release()

    def _wait(self) -> None:
        if not self._places.acquire(blocking=False):
            connection.close()
            self._places.acquire()


@cache
def turnstile() -> Turnstile:
    """Return the one of this process."""
    return Turnstile(settings.HELIX_PASSWORD_CORES, settings.HELIX_LIMITS.passwords_waiting)


class Argon2(Argon2PasswordHasher):
    """Django's, in turns and on one core each."""

    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Hash a new password."""
        with turnstile().turn():
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        """Tell whether a password is the one that was hashed."""
        with turnstile().turn():
            return bool(super().verify(password, encoded))


class VisiblePassword:
    """Refuses a password of white space alone."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise `ValidationError` for a password that shows nothing."""
        if not shows_something(password):
            raise ValidationError(_("The password must have visible characters."), code="password_invisible")

    def get_help_text(self) -> str:
        """Say what is asked for."""
        return _("Your password must have visible characters.")
