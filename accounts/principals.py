"""Who acts: a value of a closed union, never a bare number and never the absence of one.

A principal says only who it is, and by what it came in, not what it may do: `flows.access` turns it into a role, each
time anew. What asks on the server's own behalf says `System()`. A further kind of principal is one class here, one arm
in `user_id_of` and one in `flows.access`. `until` is when the login, token or visit expires, as far as that is known;
`stamp` ties a login to the password that it was made with (`accounts.credentials`). Neither is part of who they are.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never
from uuid import UUID


class Scope(StrEnum):
    """What a token may do at most; each includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def includes(self, other: "Scope") -> bool:
        """Tell whether this scope may do what `other` may."""
        return _SCOPES.index(self) >= _SCOPES.index(other)


_SCOPES = tuple(Scope)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who is logged in, in a browser; `login` is the key of that session."""

    user_id: int
    login: str | None = None
    stamp: str | None = field(default=None, compare=False, repr=False)
    until: datetime | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """A program with a person's token. It may do what the person may, within the token's scope.

    `token` is the id of a personal token, which may be for one flow only; an access token that a login gave has `login`
    instead, the key of the session behind it. `program` is the name that a person gave their token.
    """

    user_id: int
    login: str | None = None
    token: int | None = None
    scope: Scope = Scope.ADMIN
    flow_id: UUID | None = None
    stamp: str | None = field(default=None, compare=False, repr=False)
    program: str | None = field(default=None, compare=False)
    until: datetime | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Guest:
    """Someone without an account who came by a link. `user_id` is the row that stands for them in logs."""

    user_id: int
    visit: int
    until: datetime | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Administrator:
    """A member of staff who acts through the admin, where Django's permissions count as well as their own roles."""

    user_id: int


@dataclass(frozen=True, slots=True)
class System:
    """The server itself, which may do everything: the demo, migrations, commands of an operator."""


Caller: TypeAlias = Person | TokenBearer | Guest
"""Who asks from outside, by page, API or socket."""
Principal: TypeAlias = Caller | Administrator | System


def user_id_of(principal: Principal) -> int | None:
    """Return whose row stands in the log for what a principal does; None for the system."""
    match principal:
        case Person(user_id) | TokenBearer(user_id) | Guest(user_id) | Administrator(user_id):
            return user_id
        case System():
            return None
        case _:
            assert_never(principal)
