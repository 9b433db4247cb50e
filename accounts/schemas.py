"""Bodies and answers of the calls about a person."""

import re
from typing import Annotated

from ninja import Schema
from pydantic import AfterValidator, Field

from accounts.addresses import canonical
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


Address = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(storable)]
Password = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(storable)]


class RegisterIn(In):
    email: Annotated[Address, AfterValidator(canonical)]
    password: Password
    name: Annotated[str, Field(min_length=1, max_length=150), AfterValidator(storable), AfterValidator(name)]


class TokenIn(In):
    email: Address
    password: Password


class RefreshIn(In):
    refresh: Annotated[str, Field(max_length=8192), AfterValidator(storable)]


class AccountOut(Schema):
    id: int
    email: str
    name: str


class MeOut(AccountOut):
    colour: str


class TokenOut(Schema):
    access: str
    refresh: str
    expires_in: int
