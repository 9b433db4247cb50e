"""Guests: people without an account who came by a link, each for the one flow of that link.

A browser's session keeps its visits, a program gets a signed token. Both only name the visit; what it gives is read
from the visit and its link each time (`flows.access`), so a link that is switched off ends both.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.core import signing

from accounts.models import User
from accounts.principals import Guest

PREFIX = "hlxg_"
"""What a guest's token begins with."""
LIFE_SECONDS = 3600
_KEY, _SALT = "visits", "helix.guest"


def remember_visit(session: SessionBase, flow_id: UUID, guest: Guest) -> None:
    """Keep a visit in a browser's session; of one flow the last."""
    session[_KEY] = {**session.get(_KEY, {}), flow_id.hex: [guest.user_id, guest.visit]}


def visits_anything(session: SessionBase) -> bool:
    """Tell whether a browser's session keeps any visit."""
    return bool(session.get(_KEY))


def forget_visit(session: SessionBase, flow_id: UUID) -> None:
    """Keep a visit no longer."""
    session[_KEY] = {flow: visit for flow, visit in session.get(_KEY, {}).items() if flow != flow_id.hex}


def guest_in(session: SessionBase, flow_id: UUID) -> Guest | None:
    """Return as whom this browser visits a flow, if it does."""
    kept: Any = session.get(_KEY, {}).get(flow_id.hex)
    return None if kept is None else Guest(*kept)


def issue_guest_token(guest: Guest) -> str:
    """Return a token for a guest's program, good for `LIFE_SECONDS`."""
    return PREFIX + signing.dumps([guest.user_id, guest.visit], salt=_SALT)


def read_guest_token(token: str) -> Guest | None:
    """Return whose token this is; None if we did not make it, or it has expired."""
    if not token.startswith(PREFIX):
        return None
    try:
        signed = token.removeprefix(PREFIX)
        user_id, visit = signing.loads(signed, salt=_SALT, max_age=LIFE_SECONDS)
        made_at = signing.b62_decode(signed.rsplit(":", 2)[1])
    except signing.BadSignature:
        return None
    return Guest(user_id, visit, datetime.fromtimestamp(made_at + LIFE_SECONDS, UTC))


def row_of(guest: Guest) -> User | None:
    """Return the row that stands for a guest."""
    return User.everyone.filter(pk=guest.user_id, is_guest=True, is_active=True).first()
