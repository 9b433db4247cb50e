"""Secrets at the moment of use, a flow's own and its team's: what `Work.secret` is.

Whatever it gave is taken out of all that is kept.
"""

from uuid import UUID

from flows.expressions import Json
from runs.errors import TaskFailure
from runs.secrets.masking import looks_of, masked
from runs.secrets.queries import find
from web.deferred_translation import kept as _
from web.sealing import unseal


class Secrets:
    """What one flow finds for one attempt; it remembers which it gave. Not for several threads at once."""

    def __init__(self, flow_id: UUID) -> None:
        self._flow_id = flow_id
        self._given: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """Return a secret's value of now. Raises `TaskFailure` ("secret_missing")."""
        if name not in self._given:
            self._given[name] = self._read(name)
        return self._given[name]

    def mask(self, value: Json) -> Json:
        """Return a value without the secrets that were given."""
        return masked(value, self._given.values())

    def mask_text(self, text: str) -> str:
        """Return a text, for example an error's, without the secrets that were given."""
        for look in looks_of(self._given.values()):
            text = text.replace(look, "•••")
        return text

    def _read(self, name: str) -> str:
        secret = find(self._flow_id, name)
        if secret is None:
            raise TaskFailure("secret_missing", _("There is no secret “%(name)s”.") % {"name": name[:64]})
        value = unseal(secret.sealed, secret.sealed_about())
        if value is None:
            sentence = _("The secret “%(name)s” was kept under a key that is not there any more: enter it again.")
            raise TaskFailure("secret_missing", sentence % {"name": name[:64]})
        return value
