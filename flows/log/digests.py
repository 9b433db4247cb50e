"""Digests that only this installation can make: of each entry of the log, of its answers, and of where it stands.

A digest covers all before it; made with the log's key it also proves that this installation wrote it, so a whole chain
that was recomputed is found. The key never stands in the database, only its fingerprint. It is prepared once: a digest
copies the prepared state, so it costs what one without a key does.

A chain proves that every entry follows from the one before, not that there was no later one. That is in the flow's own
row, under a seal made with the key, and in an anchor that somebody keeps elsewhere: so it is found when the last
versions or answers were taken away.
"""

import hmac
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from django.conf import settings

from flows.document import canonical_bytes
from flows.models import Answer

ANSWER_BYTES = 256
"""What a row takes besides its texts, about."""


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


class Head(Protocol):
    """What is sealed of a flow's row."""

    id: UUID
    version: int
    digest: str
    keyed_from: int
    answers_digest: str
    storage: int


def log_key() -> LogKey:
    """Return this installation's key."""
    return _prepared(settings.HELIX_LOG_KEY)


def seal_of(head: Head) -> str:
    """Return the seal that a flow's row must have."""
    values = head.version, head.digest, head.keyed_from, head.answers_digest, head.storage
    return log_key().seal("flow", head.id.hex, *values)


def chain_answers(previous: str, answers: Iterable[Answer]) -> str:
    """Return the digest of all answers of a flow, after those that follow `previous`, in the order of their ids."""
    key = log_key()
    for answer in answers:
        fields = {
            "flow": answer.flow_id.hex,
            "actor": answer.actor_id,
            "client": answer.client,
            "seq": answer.seq,
            "version": answer.version,
            "code": answer.code,
            "reason": str(answer.reason),
            "details": answer.details,
            "message": answer.message,
            "created_at": answer.created_at.isoformat(),
        }
        previous = key.chain(previous, fields)
    return previous


def size_of_answer(answer: Answer) -> int:
    """Return the bytes that an answer takes."""
    return ANSWER_BYTES + len(answer.details.encode()) + len(answer.message.encode())


@lru_cache(maxsize=4)
def _prepared(secret: str) -> LogKey:
    return LogKey(secret)
