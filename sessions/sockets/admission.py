"""Who may connect, and who may stay connected.

A browser authenticates by its session cookie and must come from one of our origins, exactly; a program by a bearer
token, and then cookies are not read. Access is checked again for as long as the connection stands, because logins end,
tokens expire and roles are taken away.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils.translation import get_language_from_request

from accounts.acting import acting_as
from accounts.models import User
from accounts.principals import Caller, Guest, Principal, TokenBearer
from accounts.tokens import bearer_of, caller_of_session
from flows import access
from flows.actors import guest_key
from flows.commands import note_opening
from flows.errors import NotFound
from flows.models import Flow
from sessions.protocol.codes import Close, Closing
from sessions.protocol.fields import PersonEntry

Headers = Mapping[bytes, bytes]
CLOCKS_DIFFER = 0.02
"""Seconds."""
LONGEST_WAIT = 86_400.0
CHECK_SECONDS = 13.0
"""How often a connection is checked at least: with the clock's tick and the reading itself, nobody stays for more than
15 seconds after a revocation that no hint told."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a socket authenticated with: a bearer token or the key of a browser session."""

    bearer: str | None = None
    session_key: str | None = None

    def caller(self, flow_id: UUID | None = None) -> tuple[User, Caller] | None:
        """Return who it belongs to now, and as whom they act: a browser may visit a flow by a link as a guest."""
        return bearer_of(self.bearer) if self.bearer is not None else caller_of_session(self.session_key, flow_id)


@dataclass(frozen=True, slots=True)
class Admission:
    """A person who may connect to a flow."""

    flow_id: UUID
    user_id: int
    principal: Caller
    name: str
    colour: str
    role: str
    until: datetime | None = None
    """The earliest moment at which something expires that this rests on."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A person in a flow, once for each socket. `id` is the account or the guest's row, `session` the socket.

    `program` is the name of the token that a program of theirs came with.
    """

    session: str
    id: int
    name: str
    colour: str
    role: str
    is_guest: bool = False
    program: str | None = None

    @staticmethod
    def of(admission: Admission, session: str) -> "Participant":
        """Return who was admitted, as others see them."""
        principal = admission.principal
        return Participant(
            session,
            admission.user_id,
            admission.name,
            admission.colour,
            admission.role,
            is_guest=isinstance(principal, Guest),
            program=principal.program if isinstance(principal, TokenBearer) else None,
        )

    def entry(self) -> PersonEntry:
        """Return the person as frames hold it: a guest's row has no number for others."""
        named: PersonEntry = {
            "session": self.session,
            "id": None if self.is_guest else self.id,
            "name": self.name,
            "colour": self.colour,
            "role": self.role,
        }
        if self.is_guest:
            named |= {"guest": True, "key": guest_key(self.id)}
        if self.program is not None:
            named["program"] = self.program
        return named


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
    principal: Caller


@dataclass(frozen=True, slots=True)
class Standing:
    """What a connected session may do, and `until` when at the latest it has to be checked again."""

    role: str
    until: datetime | None = None


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
    try:
        caller = credential.caller(access.read_id(flow_id))
        if caller is None:
            raise Closing(Close.LOG_IN)
        user, principal = caller
        with acting_as(principal):
            found = access.get_flow_for(principal, flow_id)
    except NotFound:
        raise Closing(Close.NOT_FOUND) from None
    until = earliest(principal.until, found.until)
    return Admission(found.flow.pk, user.pk, principal, user.name, found.colour, found.role.value, until)


def opened(admission: Admission) -> None:
    """Note for who connects that they opened the flow; that it can't be noted now closes nobody out."""
    with suppress(DatabaseError):
        note_opening(admission.principal, admission.flow_id)


def recheck(flow_id: UUID, checks: Iterable[Check]) -> dict[str, Standing | Close]:
    """Return for each session what it may do now, or the code to close it with."""
    checks = list(checks)
    if not Flow.objects.filter(pk=flow_id, deleted_at=None).exists():
        return {check.session: Close.NOT_FOUND for check in checks}
    granted = access.grants_of(flow_id, {check.principal for check in checks})
    callers = {credential: credential.caller(flow_id) for credential in {check.credential for check in checks}}
    return {check.session: _recheck_one(check, callers[check.credential], granted) for check in checks}


def earliest(*moments: datetime | None) -> datetime | None:
    """Return the first of some moments; None is never."""
    return min((one for one in moments if one is not None), default=None)


def seconds_to(until: datetime | None) -> float:
    """Return how long to wait until what expires then has expired for the database too, at most a day.

    If it should have expired already, the database has said a moment ago that it has not: its clock decides.
    """
    if until is None:
        return LONGEST_WAIT
    wait = (until - datetime.now(UTC)).total_seconds() + CLOCKS_DIFFER
    return min(wait if wait > 0 else 1.0, LONGEST_WAIT)


def _recheck_one(
    check: Check, caller: tuple[User, Caller] | None, granted: Mapping[Principal, access.Grant]
) -> Standing | Close:
    if caller is None or caller[0].pk != check.user_id:
        return Close.LOG_IN
    grant = granted.get(check.principal)
    if grant is None:
        return Close.REVOKED
    return Standing(grant.role.value, earliest(caller[1].until, grant.until))


def _is_ours(origin: bytes) -> bool:
    return origin.decode("latin-1").lower() in {ours.lower().rstrip("/") for ours in settings.HELIX_ORIGINS}
