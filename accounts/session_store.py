"""Sessions whose keys show by themselves that we made them.

A session is looked up in the database, and that is too late for a body: on daphne it is read before anything of ours
runs. So a key ends with a code that only we can make, and a cookie that somebody made up is known for one by itself. It
says nothing more: a key that ended long ago is one of ours too.
"""

import hmac
from hashlib import sha256

from django.conf import settings
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.crypto import get_random_string

CHOSEN, CODE = 20, 12


class SessionStore(DatabaseStore):
    """Django's own, but for how a new key is made."""

    def _get_new_session_key(self) -> str:
        while True:
            chosen = get_random_string(CHOSEN, VALID_KEY_CHARS)
            if not self.exists(key := chosen + _code(chosen)):
                return key


def is_session_key(text: str) -> bool:
    """Tell whether this is a key that we made, for a session that there is or was."""
    chosen, code = text[:CHOSEN], text[CHOSEN:]
    return text.isascii() and len(text) == CHOSEN + CODE and hmac.compare_digest(code, _code(chosen))


def _code(chosen: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"session key:{chosen}".encode(), sha256).hexdigest()[:CODE]
