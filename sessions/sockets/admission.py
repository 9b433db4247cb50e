"""Who may connect, and who may stay connected.

A browser authenticates by its session cookie and must come from one of our origins, exactly; a program by a bearer
token, and then cookies are not read. Access is checked again for as long as the connection stands, because logins end,
tokens expire and roles are taken away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils.translation import get_language_from_request

from accounts.models import User
from accounts.principals import Person, Principal, TokenBearer
from accounts.tokens import user_of_bearer, user_of_session
from flows import access
from flows.errors import NotFound
from flows.models import Flow
from sessions.protocol.codes import Close, Closing
from sessions.protocol.fields import PersonEntry

Headers = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Credential:
    """What a socket authenticated with: a bearer token or the key of a browser session."""

    bearer: str | None = None
    session_key: str | None = None

    def user(self) -> User | None:
        """Return the person it belongs to now."""
        return user_of_bearer(self.bearer) if self.bearer is not None else user_of_session(self.session_key)

    def principal(self, user_id: int) -> Person | TokenBearer:
        """Return who acts, if this is that person's credential."""
        return TokenBearer(user_id) if self.bearer is not None else Person(user_id)


@dataclass(frozen=True, slots=True)
class Admission:
    """A person who may connect to a flow."""

    flow_id: UUID
    user_id: int
    name: str
    colour: str
    role: str


@dataclass(frozen=True, slots=True)
class Participant:
    """A person in a flow, once for each socket. `id` is the account, `session` the socket."""

    session: str
    id: int
    name: str
    colour: str
    role: str

    def entry(self) -> PersonEntry:
        """Return the person as frames hold it."""
        return {"session": self.session, "id": self.id, "name": self.name, "colour": self.colour, "role": self.role}


@dataclass(frozen=True, slots=True)
class RosterChange:
    """A session that came, changed (`entry`), or left (None). `number` counts all changes.

    `came` is the number at which it came, if that is part of this change.
    """

    number: int
    session: str
    entry: bytes | None
    came: int | None = None

    def since(self, before: "RosterChange | None") -> "RosterChange":
        """Return this and an earlier change of the session as one."""
        return self if before is None else replace(self, came=before.came)

    def concerns(self, number: int) -> bool:
        """Whether it is news to those who know all changes up to a number: not what came and went since."""
        return self.number > number and (self.entry is not None or self.came is None or self.came <= number)


@dataclass(frozen=True, slots=True)
class Check:
    """A connected session whose access is to be checked."""

    session: str
    user_id: int
    credential: Credential

    @property
    def principal(self) -> Person | TokenBearer:
        """Who acts by it."""
        return self.credential.principal(self.user_id)


def credential_of(headers: Headers) -> Credential | None:
    """Read a handshake's credential; None if it must be refused: a foreign Origin, or a cookie without any."""
    origin, cookie = headers.get(b"origin"), headers.get(b"cookie")
    if origin is not None and not _is_ours(origin):
        return None
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return Credential(bearer=token.strip())
    if cookie is not None and origin is None:
        return None
    cookies = parse_cookie(cookie.decode("latin-1")) if cookie else {}
    return Credential(session_key=cookies.get(settings.SESSION_COOKIE_NAME))


def language_of(headers: Headers) -> str:
    """Return the language that a handshake asks for, by cookie or Accept-Language, as Django does for a page."""
    request = HttpRequest()
    request.COOKIES = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", b"").decode("latin-1")
    return get_language_from_request(request)


def admit(credential: Credential, flow_id: str) -> Admission:
    """Return who connects. Raises `Closing`."""
    user = credential.user()
    if user is None:
        raise Closing(Close.LOG_IN)
    try:
        found = access.get_flow_for(credential.principal(user.pk), flow_id)
    except NotFound:
        raise Closing(Close.NOT_FOUND) from None
    return Admission(found.flow.pk, user.pk, user.name, found.colour, found.role.value)


def recheck(flow_id: UUID, checks: Iterable[Check]) -> dict[str, str | Close]:
    """Return for each session the role it has now, or the code to close it with."""
    checks = list(checks)
    if not Flow.objects.filter(pk=flow_id, deleted_at=None).exists():
        return {check.session: Close.NOT_FOUND for check in checks}
    granted = access.grants_of(flow_id, {check.principal for check in checks})
    users = {credential: credential.user() for credential in {check.credential for check in checks}}
    return {check.session: _recheck_one(check, users[check.credential], granted) for check in checks}


def _recheck_one(check: Check, user: User | None, granted: Mapping[Principal, access.Grant]) -> str | Close:
    if user is None or user.pk != check.user_id:
        return Close.LOG_IN
    grant = granted.get(check.principal)
    return Close.REVOKED if grant is None else grant.role.value


def _is_ours(origin: bytes) -> bool:
    return origin.decode("latin-1").lower() in {ours.lower().rstrip("/") for ours in settings.HELIX_ORIGINS}
