"""A copy of all that is kept about a person, as one ZIP. Packages above add what is theirs (`add_part`)."""

import tempfile
import zipfile
from collections.abc import Callable, Iterable
from typing import IO, Any

import orjson
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from accounts import logins
from accounts.models import PersonalToken, User
from accounts.teams import teams_of

Part = Callable[[User], Iterable[tuple[str, bytes]]]
"""Yields files of a person's archive: name and content."""
IN_MEMORY = 1_048_576
_parts: list[Part] = []


def add_part(part: Part) -> None:
    """Let a package above put its files into every archive."""
    if part not in _parts:
        _parts.append(part)


def archive(user: User) -> IO[bytes]:
    """Return a person's archive, to be read from its start."""
    file: Any = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (the answer closes it)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("account.json", as_json(_account(user)))
        for part in _parts:
            for name, content in part(user):
                packed.writestr(name, content)
    file.seek(0)
    return file  # type: ignore[no-any-return]


def as_json(value: object) -> bytes:
    """Write a file that people can read as well."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z, default=str)


def _account(user: User) -> dict[str, object]:
    tokens = PersonalToken.objects.filter(user=user)
    fields = ("name", "scopes", "flow_id", "created_at", "expires_at", "last_used_at", "revoked_at")
    return {
        "id": user.pk,
        "email": user.email,
        "name": user.name,
        "colour": user.colour,
        "created_at": user.date_joined,
        "last_login": user.last_login,
        "teams": teams_of(user.pk),
        "logins": logins.of(user, None),
        "tokens": list(tokens.values(*fields)),
        "second_factors": list(Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")),
        "providers": list(SocialAccount.objects.filter(user=user).values("provider", "uid", "date_joined")),
    }
