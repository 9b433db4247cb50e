"""Who acts: a value of a closed union, never a bare number and never the absence of one.

A principal says only who it is, not what it may do: `flows.access` turns it into a role, each time anew. What asks on
the server's own behalf says `System()`. A further kind of principal is one class here, one arm in `user_id_of` and one
in `flows.access`.
"""

from dataclasses import dataclass
from typing import TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who is logged in, in a browser."""

    user_id: int


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """A program with a person's access token. It may do what the person may."""

    user_id: int


@dataclass(frozen=True, slots=True)
class Administrator:
    """A member of staff who acts through the admin, where Django's permissions count as well as their own roles."""

    user_id: int


@dataclass(frozen=True, slots=True)
class System:
    """The server itself, which may do everything: the demo, migrations, commands of an operator."""


Principal: TypeAlias = Person | TokenBearer | Administrator | System


def user_id_of(principal: Principal) -> int | None:
    """Return whose account stands in the log for what a principal does; None for the system."""
    match principal:
        case Person(user_id) | TokenBearer(user_id) | Administrator(user_id):
            return user_id
        case System():
            return None
        case _:
            assert_never(principal)
