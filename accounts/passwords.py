"""What passwords cost and must be: hashed few at a time, so that a flood of logins leaves the editors a core.

A hash keeps one core busy for a fifth of a second and 100 MB of memory. So many at a time as `HELIX_PASSWORD_CORES`
says are computed, the next `PASSWORDS_WAITING` wait, and more than these are told to come again. Who waits holds no
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


class PasswordSlots:
    """A semaphore of `count` slots with a bounded queue: at most `waiting` threads wait for one."""

    def __init__(self, count: int, waiting: int) -> None:
        self._slots = threading.Semaphore(count)
        self._admitted = threading.Semaphore(count + waiting)
        self._thread = threading.local()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a slot, unless this thread has one. Raises `Problem` (`unavailable`) when too many wait already."""
        if getattr(self._thread, "has_slot", False) or connection.in_atomic_block:
            yield
            return
        if not self._admitted.acquire(blocking=False):
            raise Problem(
                "unavailable", _("Too many people are logging in. Try again soon."), retry_after=RETRY_SECONDS
            )
        try:
            self._wait()
            try:
                self._thread.has_slot = True
                yield
            finally:
                self._thread.has_slot = False
                self._slots.release()
        finally:
            self._admitted.release()

    def _wait(self) -> None:
        if not self._slots.acquire(blocking=False):
            connection.close()
            self._slots.acquire()


@cache
def password_slots() -> PasswordSlots:
    """Return those of this process."""
    return PasswordSlots(settings.HELIX_PASSWORD_CORES, settings.HELIX_LIMITS.passwords_waiting)


class Argon2(Argon2PasswordHasher):
    """Django's, in a slot and on one core each."""

    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Hash a new password."""
        with password_slots().slot():
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        """Tell whether a password is the one that was hashed."""
        with password_slots().slot():
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
