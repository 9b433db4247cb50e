"""The one way in, for pages and programs alike: prove an account by its password, or make one.

allauth checks the credentials, in the same time whether the account exists or not. Its own forms and flows are not
used, because a page and a REST call must meet exactly the same rules. `accounts.attempts` says how often somebody may
try, `accounts.passwords` what a password costs.
"""

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import attempts
from accounts.addresses import comparable
from accounts.models import User
from accounts.passwords import password_slots
from web.errors import Problem
from web.write_transaction import write_transaction

MINUTE = 60


def may_try(request: HttpRequest, action: str) -> bool:
    """Count one more attempt from the request's address, and say whether it is not one too many."""
    try:
        attempt(request, action)
    except Problem:
        return False
    return True


def attempt(request: HttpRequest, action: str) -> None:
    """Count an attempt; raise `Problem` (`rate_limited`) when it is one too many."""
    attempts.count(action, attempts.address_of(request))


def prove(request: HttpRequest, email: str, password: str) -> User:
    """Return the account of these credentials; the address's attempt is counted already.

    Raises `Problem`: `not_authenticated`; `rate_limited` after too many failures on the account, then with the right
    password too; `unavailable` while too many others are at it.
    """
    account = comparable(email)
    attempts.expect_room("guess", account)
    with password_slots().slot():
        guess = attempts.open_guess(account)
        try:
            user = authenticate(request, email=account, password=password)
        except BaseException:
            guess.delete()
            raise
        if isinstance(user, User):
            guess.delete()
            return user
        attempts.close(guess)
    raise Problem("not_authenticated", _("Wrong e-mail address or password."))


def register(*, email: str, password: str, name: str) -> User:
    """Create account. Raises `Problem`: `invalid` (a weak password), `email_taken`, `unavailable`."""
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as weak:
        raise Problem("invalid", " ".join(weak.messages), {"field": "password"}) from None
    user = User.objects.new_user(email, password, name=name)  # hashed before the transaction, which others wait for
    try:
        with write_transaction():
            user.save()
    except IntegrityError:
        raise Problem("email_taken", _("An account with this e-mail address already exists.")) from None
    return user


def enter(request: HttpRequest, user: User) -> None:
    """Log a person in by a session of its own: whoever was logged in here is out, with all that hangs on it."""
    if request.user.is_authenticated:
        logout(request)
    login(request, user)
