"""`helix createadmin`: an account for whoever administers the installation.

Made like any other, by the same rules for addresses, names and passwords; that it may administer is all there is to it.
"""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError

from accounts.addresses import canonical
from accounts.models import User
from web.text import shows_something
from web.write_transaction import write_transaction

LONGEST_NAME = 150


class NotMade(Exception):  # noqa: N818
    """Why there is no new account."""


def create_admin(email: str, name: str, password: str) -> str:
    """Make a superuser; return the address by which it logs in. Raises `NotMade`."""
    address, name = _address(email), name.strip()
    if not shows_something(name) or len(name) > LONGEST_NAME:
        raise NotMade(f"a name has 1 to {LONGEST_NAME} characters that can be seen.")
    try:
        validate_password(password, User(email=address, name=name))
    except ValidationError as weak:
        raise NotMade(" ".join(weak.messages)) from None
    user = User.objects.new_user(address, password, name=name, is_staff=True, is_superuser=True)
    try:
        with write_transaction():
            user.save()
    except IntegrityError:
        raise NotMade(f"there is an account with the address {address} already.") from None
    except DatabaseError as error:
        raise NotMade(f"cannot write to the database: {error}") from None
    return address


def _address(email: str) -> str:
    try:
        return canonical(email)
    except ValueError:
        raise NotMade(f"{email} is no e-mail address.") from None
