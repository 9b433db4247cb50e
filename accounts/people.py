"""What a person changes about themselves, by page or API."""

from accounts.models import User
from web.write_transaction import write_transaction

DELETED_PERSON = "Deleted person"
"""What an account is called whose person has deleted it."""


def change_profile(user: User, *, name: str | None = None, colour: int | None = None) -> None:
    """Change how a person is shown: a name that can be seen, the index of a colour."""
    changed = []
    if name is not None:
        user.name = name
        changed.append("name")
    if colour is not None:
        user.own_colour = colour
        changed.append("own_colour")
    if changed:
        with write_transaction():
            user.save(update_fields=changed)
