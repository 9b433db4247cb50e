"""The address of a hook: a token that follows from the trigger and the installation's key, and is stored nowhere.

Sixteen bytes name the trigger, four count how often its address was changed, sixteen prove that we made it. So a wrong
token is known without a look at the database, and a copy of the rows alone opens no hook.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.conf import settings

_PROOF = 16
_LENGTH = 48


@dataclass(frozen=True, slots=True)
class Hook:
    """What a token says: which trigger, and which of its addresses."""

    trigger: UUID
    rotation: int


def token_of(hook: Hook) -> str:
    """Return the token of a hook, 48 letters of an address."""
    named = hook.trigger.bytes + hook.rotation.to_bytes(4, "big")
    return base64.urlsafe_b64encode(named + _proof(named)).decode()


def read_token(token: str) -> Hook | None:
    """Return what a token says, or None if it is not of our making."""
    if len(token) != _LENGTH:
        return None
    try:
        told = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    named, proof = told[:-_PROOF], told[-_PROOF:]
    if not hmac.compare_digest(_proof(named), proof):
        return None
    return Hook(UUID(bytes=named[:16]), int.from_bytes(named[16:], "big"))


def _proof(named: bytes) -> bytes:
    key = sha256(f"hooks:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, named, sha256).digest()[:_PROOF]
