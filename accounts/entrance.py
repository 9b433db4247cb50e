"""The one way in, for pages and programs alike: prove an account by its password, or make one.

The pages are the login library's, but they come here for what is decided, because a page and a REST call must meet
exactly the same rules. `accounts.attempts` says how many attempts there may be, `accounts.passwords` what a password
costs; a wrong name takes as long as a wrong password.
"""

from collections.abc import Collection

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import attempts
from accounts.addresses import comparable
from accounts.audit import Action, lock_audit, record
from accounts.models import User
from accounts.passwords import password_slots
from accounts.second_factors import has_two_factors, prove_code
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


def prove(text: str, password: str) -> User:
    """Return the account of an address or a name, and its password; the address's attempt is counted already.

    Raises `Problem`: `not_authenticated`; `rate_limited` after too many failures on the account, then with the right
    password too; `unavailable` while too many others are at it.
    """
    user = _find(text)
    if not _is_right(user, password, user.email if user and user.email else comparable(text)):
        _tell_failure(user)
        raise Problem("not_authenticated", _("Wrong e-mail address or password."))
    assert user is not None  # noqa: S101  (the types' sake)
    return user


def prove_all(text: str, password: str, code: str | None) -> User:
    """Return an account for all the proof that it asks for, at once.

    Raises `Problem` as `prove` does; `second_factor_required` where there is one and its code is missing or wrong.
    """
    user = prove(text, password)
    if is_unconfirmed(user):
        raise Problem("not_authenticated", _("Confirm your e-mail address first."))
    if has_two_factors(user):
        if code is None:
            raise Problem("second_factor_required", _("Send the code of your authenticator app as `code`."))
        try:
            prove_code(user, code)
        except Problem:
            _tell_failure(user)
            raise
    return user


def is_password(user: User, password: str) -> bool:
    """Tell whether this is a person's password; wrong ones count as failed logins do. Raises as `prove` does."""
    return _is_right(user, password, user.email or f"account:{user.pk}")


def is_confirmed(user: User, text: str) -> bool:
    """Tell whether a person means it: by their password, or by their address where they have none.

    Raises as `prove` does.
    """
    if user.has_usable_password():
        return is_password(user, text)
    return user.email is not None and comparable(text) == user.email


def register(*, email: str, password: str, name: str) -> User:
    """Create account. Raises `Problem`: `invalid` (a weak password), `email_taken`, `unavailable`."""
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as weak:
        raise Problem("invalid", " ".join(weak.messages), {"field": "password"}) from None
    user = User.objects.new_user(email, password, name=name)  # hashed before the transaction, which others wait for
    try:
        with write_transaction():
            lock_audit()
            user.save()
            EmailAddress.objects.filter(email=user.email).delete()  # of people who have it no more, or not yet
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=not confirms_addresses())
            record(Action.ACCOUNT_CREATED, actor=user.pk, person=user.pk)
    except IntegrityError:
        raise Problem("email_taken", _("An account with this e-mail address already exists.")) from None
    return user


def confirms_addresses() -> bool:
    """Tell whether an account is of use only after its address was confirmed."""
    return bool(app_settings.EMAIL_VERIFICATION == app_settings.EmailVerificationMethod.MANDATORY)


def is_unconfirmed(user: User) -> bool:
    """Tell whether a person has yet to confirm their address."""
    return confirms_addresses() and not EmailAddress.objects.filter(user=user, verified=True).exists()


def addable() -> "QuerySet[User]":
    """Return the accounts that others may add by address or name: active, and confirmed where that is asked for.

    Who has not confirmed an address may not be the person that it belongs to.
    """
    people = User.objects.filter(is_active=True)
    return people.filter(_is_confirmed()) if confirms_addresses() else people


def with_confirmed_address(user_ids: Collection[int]) -> set[int]:
    """Return those of these people whose address is proven to be theirs: none where nobody is asked to confirm it."""
    if not confirms_addresses():
        return set()
    return set(User.objects.filter(_is_confirmed(), pk__in=user_ids).values_list("pk", flat=True))


def _is_confirmed() -> Exists:
    return Exists(EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True))


def _find(text: str) -> User | None:
    """Return whose address this is, or the only one of this name."""
    wanted = text.replace("\0", "").strip()
    people = User.objects.filter(is_active=True)
    named = people.filter(email=comparable(wanted)) if "@" in wanted else people.filter(name__iexact=wanted)
    found = list(named[:2])
    return found[0] if len(found) == 1 else None


def _is_right(user: User | None, password: str, account: str) -> bool:
    attempts.expect_room("guess", account)
    with password_slots().slot():
        return attempts.judged(account, lambda: _matches(user, password))


def _matches(user: User | None, password: str) -> bool:
    if user is None or not user.has_usable_password():
        User().set_password(password)
        return False
    return user.check_password(password)


def _tell_failure(user: User | None) -> None:
    with write_transaction():
        lock_audit()
        record(Action.LOGIN_FAILED, actor=None, person=user.pk if user else None)
