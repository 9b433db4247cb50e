"""Personal tokens: made by people for programs, shown once, kept as a hash.

A token is 256 random bits, so its plain SHA-256 is kept and looked up: there is nothing to guess. A revoked one ends
what it wrote before (`revoke_rights`) and its sockets at once (`access_changed`). A token that was made with a token
never has more than that one: no wider scope, no later end, no other flow; and it is revoked with it.
"""

import hmac
import secrets
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import OperationalError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.account_changes import changing, tell
from accounts.audit import Action, record
from accounts.credentials import revoke_rights
from accounts.models import PersonalToken, User
from accounts.principals import Caller, Scope, TokenBearer
from web.digests import digest_of
from web.errors import Problem

PREFIX = "hlx_"
"""What a personal token begins with."""
CODE = 12
USED_AGAIN = timedelta(minutes=1)
"""`last_used_at` is written at most so often."""


def new_token() -> str:
    """Return a new token: its last letters say that it is one of ours, without asking the database."""
    chosen = secrets.token_urlsafe(32)
    return PREFIX + chosen + _code(chosen)


def is_personal_token(token: str) -> bool:
    """Tell whether we made a token, whatever has become of it."""
    chosen, code = token.removeprefix(PREFIX)[:-CODE], token[-CODE:]
    return token.startswith(PREFIX) and token.isascii() and hmac.compare_digest(code, _code(chosen))


def bearer_of(token: str) -> tuple[User, TokenBearer] | None:
    """Return whose token this is, and who acts by it; None if it is unknown, expired or revoked."""
    now = timezone.now()
    found = (
        PersonalToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), digest=digest_of(token))
        .filter(revoked_at=None, user__is_active=True)
        .select_related("user")
        .first()
    )
    if found is None:
        return None
    scope = max((Scope(one) for one in found.scopes), key=list(Scope).index)
    bearer = TokenBearer(
        found.user_id,
        token=found.pk,
        scope=scope,
        flow_id=found.flow_id,
        program=found.name,
        until=found.expires_at,
    )
    return found.user, bearer


def note_use(bearer: TokenBearer) -> None:
    """Note that a personal token was used, at most every `USED_AGAIN`."""
    if bearer.token is not None:
        now = timezone.now()
        long_ago = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_AGAIN)
        held = PersonalToken.objects.filter(long_ago, pk=bearer.token)
        if held.exists():  # an update takes SQLite's lock even if it finds nothing
            with suppress(OperationalError):  # it is noted the next time; a call that only reads does not fail of it
                held.update(last_used_at=now)


def tokens_of(user_id: int) -> "QuerySet[PersonalToken]":
    """Return a person's tokens that were not revoked, expired ones too, the newest first."""
    return PersonalToken.objects.filter(user_id=user_id, revoked_at=None)


def create_token(
    principal: Caller,
    *,
    name: str,
    scopes: Collection[Scope],
    expires_in: int | None = None,
    flow_id: UUID | None = None,
) -> tuple[PersonalToken, str]:
    """Make a token of the caller's, and return it with its secret, this once; `expires_in` is in seconds.

    Made with a token that expires, it ends with that one where no end is given. That the caller may see the flow is for
    who asks. Raises `Problem` (`forbidden`, `limit_reached`, `rate_limited`).
    """
    secret, now = new_token(), timezone.now()
    with changing(principal, Scope.ADMIN):
        most: int = settings.HELIX_LIMITS.tokens_per_person
        if tokens_of(principal.user_id).count() >= most:
            told = _("You have %(most)d access tokens, which is all you may. Revoke one first.")
            raise Problem("limit_reached", told % {"most": most})
        ends_at = None if expires_in is None else now + timedelta(seconds=expires_in)
        made_by = _maker(principal)
        if made_by is not None:
            ends_at = ends_at or made_by.expires_at
            _expect_within(made_by, scopes, ends_at, flow_id)
        token = PersonalToken.objects.create(
            user_id=principal.user_id,
            name=name,
            scopes=[scope.value for scope in Scope if scope in scopes],
            flow_id=flow_id,
            digest=digest_of(secret),
            made_by=made_by,
            created_at=now,
            expires_at=ends_at,
        )
        detail = {"name": name, "scopes": token.scopes, "flow": flow_id and str(flow_id)}
        _note(principal.user_id, Action.TOKEN_CREATED, token, **detail)
    return token, secret


def with_made(tokens: "QuerySet[PersonalToken]") -> "QuerySet[PersonalToken]":
    """Return tokens and all that were made with them, and with those, which were not revoked."""
    found = set(tokens.values_list("pk", flat=True))
    new = found
    while new:
        new = set(PersonalToken.objects.filter(made_by__in=new).values_list("pk", flat=True)) - found
        found |= new
    return PersonalToken.objects.filter(pk__in=found, revoked_at=None)


def revoke_token(principal: Caller, token_id: int) -> None:
    """End one of the caller's tokens, and those that were made with it.

    Raises `Problem` (`forbidden`, `not_found`).
    """
    if not _revoke(principal, tokens_of(principal.user_id).filter(pk=token_id)):
        raise Problem("not_found", _("There is no such access token."))


def revoke_tokens(principal: Caller) -> None:
    """End all of the caller's tokens. Raises `Problem` (`forbidden`)."""
    _revoke(principal, tokens_of(principal.user_id))


def end_within(chosen: "QuerySet[PersonalToken]", *, actor: int | None) -> int:
    """End tokens and those that were made with them, in a transaction that holds the audit log; return how many.

    What they are writing is waited for, and their people are told after the commit.
    """
    tokens = list(with_made(chosen).order_by("pk").select_for_update())
    owners = {token.user_id for token in tokens}
    revoke_rights(owners)
    PersonalToken.objects.filter(pk__in=[token.pk for token in tokens]).update(revoked_at=timezone.now())
    for token in tokens:
        _note(actor, Action.TOKEN_REVOKED, token, name=token.name)
    if tokens:
        tell(owners)
    return len(tokens)


def _maker(principal: Caller) -> PersonalToken | None:
    """Return the personal token that a caller acts by, which stands: the transaction has made sure."""
    token = principal.token if isinstance(principal, TokenBearer) else None
    return None if token is None else PersonalToken.objects.get(pk=token)


def _expect_within(
    maker: PersonalToken, scopes: Collection[Scope], ends_at: datetime | None, flow_id: UUID | None
) -> None:
    """Raise `Problem` (`forbidden`) for a token that would have more than the one that it is made with."""
    widest = max((Scope(one) for one in maker.scopes), key=list(Scope).index)
    if not all(widest.includes(scope) for scope in scopes):
        raise Problem("forbidden", _("A token that is made with a token has no wider scope."))
    if maker.expires_at is not None and (ends_at is None or ends_at > maker.expires_at):
        raise Problem("forbidden", _("A token that is made with a token ends no later than that one."))
    if maker.flow_id is not None and flow_id != maker.flow_id:
        raise Problem("forbidden", _("A token that is made with a token is for the same flow."))


def _revoke(principal: Caller, chosen: "QuerySet[PersonalToken]") -> int:
    """End tokens of the caller's; return how many. Never refused as too much: a stolen token would see to that."""
    with changing(principal, Scope.ADMIN, is_counted=False):
        return end_within(chosen, actor=principal.user_id)


def _note(actor: int | None, action: Action, token: PersonalToken, **detail: object) -> None:
    record(action, actor=actor, object=f"token:{token.pk}", person=token.user_id, flow_id=None, detail=detail)


def _code(chosen: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"personal token:{chosen}".encode(), sha256).hexdigest()[:CODE]
