"""The key of the log: without it nobody can make a digest that follows.

A digest covers all before it; made with a key it also proves that this installation wrote it, so a whole chain that
was recomputed is found. The key never stands in the database, only its fingerprint. It is prepared once: a digest
copies the prepared state, so it costs what one without a key does.
"""

import hmac
from collections.abc import Mapping
from functools import lru_cache

from flows.document import canonical_bytes


class LogKey:
    """A key, ready for use."""

    __slots__ = ("_prepared", "fingerprint")

    def __init__(self, secret: str) -> None:
        self._prepared = hmac.new(secret.encode(), digestmod="sha256")
        self.fingerprint = self._code(b"fingerprint")[:16]

    def chain(self, previous: str, fields: Mapping[str, object]) -> str:
        """Return the digest that follows `previous` (`""` for the first), over the fields as canonical JSON."""
        return self._code(b"%b\n%b" % (previous.encode(), canonical_bytes(fields)))

    def seal(self, what: str, *values: object) -> str:
        """Return what proves that we wrote these values of a row that changes."""
        return self._code("\n".join(("seal", what, *map(str, values))).encode())

    def _code(self, text: bytes) -> str:
        code = self._prepared.copy()
        code.update(text)
        return code.hexdigest()


def log_key() -> LogKey:
    """Return this installation's key."""
    from django.conf import settings

    return _prepared(settings.HELIX_LOG_KEY)


@lru_cache(maxsize=4)
def _prepared(secret: str) -> LogKey:
    return LogKey(secret)
