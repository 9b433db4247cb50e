"""Bodies and answers of the calls about a person."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, Field

from accounts.addresses import canonical
from accounts.colours import PEOPLE_COLOURS
from web.errors import In
from web.text import hides_something, shows_something

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Refuse what not every database and encoding can hold."""
    if _UNSTORABLE.search(text):
        raise ValueError("NUL and lone surrogates are not allowed")
    return text


def name(text: str) -> str:
    """Read a person's name."""
    if not shows_something(text):
        raise ValueError("must have visible characters")
    if hides_something(text):
        raise ValueError("must not have characters that cannot be seen")
    return text.strip()


def colour(text: str) -> str:
    """Read one of the colours that people have."""
    if text not in PEOPLE_COLOURS:
        raise ValueError("must be one of " + ", ".join(PEOPLE_COLOURS))
    return text


Address = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(storable)]
Name = Annotated[str, Field(min_length=1, max_length=150), AfterValidator(storable), AfterValidator(name)]
Colour = Annotated[str, Field(json_schema_extra={"enum": list(PEOPLE_COLOURS)}), AfterValidator(colour)]
Code = Annotated[str, Field(min_length=1, max_length=32), AfterValidator(storable)]
Password = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(storable)]


class RegisterIn(In):
    email: Annotated[Address, AfterValidator(canonical)]
    password: Password
    name: Name


class TokenIn(In):
    """`email` may be the name; `code` is of an authenticator app, or a recovery code."""

    email: Annotated[str, Field(max_length=254), AfterValidator(storable)]
    password: Password
    code: Code | None = None


class RefreshIn(In):
    refresh: Annotated[str, Field(max_length=8192), AfterValidator(storable)]


class AccountOut(Schema):
    id: int
    email: str
    name: str


class LogoutIn(In):
    everywhere: bool = False


class MeIn(In):
    name: Name | None = None
    colour: Colour | None = None


class ProofIn(In):
    """`code` is of an authenticator app, or a recovery code: for those who have a second factor."""

    password: Password
    code: Code | None = None


class OwnTeamOut(Schema):
    id: UUID
    name: str
    role: str


class MeOut(AccountOut):
    colour: str
    teams: list[OwnTeamOut]
    has_two_factors: bool


class LoginOut(Schema):
    id: int
    agent: str
    address: str
    created_at: datetime
    last_used_at: datetime
    current: bool


class LoginsOut(Schema):
    items: list[LoginOut]


class TokenOut(Schema):
    access: str
    refresh: str
    expires_in: int
