"""Where a flow's log stands, sealed: that its last versions or answers were taken away is found.

The chain proves that every entry follows from the one before, not that there was no later one. That is in the flow's
own row, under a seal made with the log's key, and in an anchor that somebody keeps elsewhere.
"""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from flows.log.key import log_key
from flows.models import Answer


class Head(Protocol):
    """What is sealed of a flow's row."""

    id: UUID
    version: int
    digest: str
    keyed_from: int
    answers_digest: str
    storage: int


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


ANSWER_BYTES = 256
"""What a row takes besides its texts, about."""
