"""Sessions whose keys show by themselves that we made them, and whose end holds from its commit on.

A session is looked up in the database, and that is too late for a body: on daphne it is read before anything of ours
runs. So a key ends with a code that only we can make, and a cookie that was made up is known for one by itself. It
says nothing more: a key that ended long ago is one of ours too. However a session is ended, what is being written by it
is waited for (`accounts.credentials`).
"""

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.crypto import get_random_string

from web.write_transaction import is_only_reading, write_transaction

CHOSEN, CODE = 20, 12


class SessionStore(DatabaseStore):
    """Django's own, but for how a new key is made and how one ends. `expires_at` is known once it is loaded."""

    expires_at: datetime | None = None

    def delete(self, session_key: str | None = None) -> None:
        """End a session: nothing is written by its login after this has committed. Not while only reading."""
        key = session_key or self.session_key
        if key is None or is_only_reading():
            return
        with write_transaction():
            row = self.model.objects.filter(pk=key).first()
            if row is not None:
                _let_finish(self.decode(row.session_data).get(SESSION_KEY))
                row.delete()

    def _get_session_from_db(self) -> Any:
        row = super()._get_session_from_db()  # type: ignore[misc]
        self.expires_at = row.expire_date if row else None
        return row

    def _get_new_session_key(self) -> str:
        while True:
            chosen = get_random_string(CHOSEN, VALID_KEY_CHARS)
            if not self.exists(key := chosen + _code(chosen)):
                return key


def is_session_key(text: str) -> bool:
    """Tell whether this is a key that we made, for a session that there is or was."""
    chosen, code = text[:CHOSEN], text[CHOSEN:]
    return text.isascii() and len(text) == CHOSEN + CODE and hmac.compare_digest(code, _code(chosen))


def _let_finish(user_id: object) -> None:
    """Wait for what a session's person is writing."""
    from accounts.credentials import revoke_rights  # the store is loaded before the models are

    if user_id is not None:
        revoke_rights([int(str(user_id))])


def _code(chosen: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"session key:{chosen}".encode(), sha256).hexdigest()[:CODE]
