"""What was answered before: a submission's name is used once, and a resend gets the answer that was given.

Versions remember themselves, in the log; refusals by the document's state and changes of nothing are kept as `Answer`s.
`submit` asks for a whole batch at once. A refusal is kept as its reason and values, so that a resend is answered
in the language in which it is asked.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from flows.document import Reason, canonical_json, decode_skipped, parse_json
from flows.errors import FlowReason
from flows.log.digests import chain_answers
from flows.models import Answer, Change
from flows.storage.sql import Row, insert, key_value, time_value
from flows.submission import Acked, Name, Refused

_REASONS: Mapping[str, StrEnum] = {str(one): one for one in (*Reason, *FlowReason)}

_WRITTEN = (
    "flow_id",
    "actor_id",
    "client",
    "seq",
    "version",
    "code",
    "reason",
    "details",
    "message",
    "created_at",
)
ASKED = {"postgresql": "(%s::bigint, %s::text, %s::bigint)"}
"""The first row of `asked`, by which PostgreSQL knows the types of all."""
ANSWER_COLUMNS = """made.version, made.left_alone,
kept.version, kept.code, kept.reason, kept.details, kept.message"""
ANSWER_JOIN = f"""LEFT JOIN {Change._meta.db_table} AS made
ON made.flow_id = %s AND made.actor_id = asked.actor AND made.client = asked.name AND made.seq = asked.number
LEFT JOIN {Answer._meta.db_table} AS kept
ON kept.flow_id = %s AND kept.actor_id = asked.actor AND kept.client = asked.name AND kept.seq = asked.number"""
"""Looks each name (of `asked`) up by its unique index, however long the log; read by `answer_in`."""


def answer_in(row: Sequence[Any]) -> Acked | Refused | None:
    """Return the answer that was given under a name, of `ANSWER_COLUMNS`. What a refusal affected is not kept."""
    version, encoded, kept_at, code, reason, details, message = row
    if version is not None:
        return Acked(version, False, decode_skipped(parse_json(encoded)) if encoded else ())
    if kept_at is None:
        return None
    return _decode_refusal(code, reason, details, message) if code else Acked(kept_at, False)


def recall(flow_id: UUID, name: Name) -> Acked | Refused | None:
    """Return the answer that was given under one name, or None; `submit` asks for a batch."""
    asked = f"WITH asked (actor, name, number) AS MATERIALIZED (VALUES {ASKED.get(connection.vendor, '(%s, %s, %s)')})"
    key = key_value(flow_id)
    with connection.cursor() as cursor:
        cursor.execute(f"{asked} SELECT {ANSWER_COLUMNS} FROM asked {ANSWER_JOIN}", [*name, key, key])  # noqa: S608  (our names)
        (row,) = cursor.fetchall()
    return answer_in(row)


def answer_row(flow_id: UUID, name: Name, version: int, refusal: Refused | None) -> Answer:
    """Return the row that keeps an answer which made no version; `version` is the one that was current."""
    actor, client, seq = name
    return Answer(
        flow_id=flow_id,
        actor_id=actor,
        client=client,
        seq=seq,
        version=version,
        code=refusal.code if refusal else "",
        reason=refusal.reason if refusal else "",
        details=canonical_json(_encode_values(refusal.values)) if refusal else "",
        created_at=timezone.now(),
    )


def remember(answers: Sequence[Answer], digest: str) -> str:
    """Keep a flow's answers; return the digest of all of them, which was `digest` before."""
    insert(Answer, _WRITTEN, [_values(answer) for answer in answers])
    return chain_answers(digest, answers)


def refusal_of(answer: Answer) -> Refused:
    """Return the refusal that a row keeps."""
    return _decode_refusal(answer.code, answer.reason, answer.details, answer.message)


def _values(answer: Answer) -> Row:
    key, at = key_value(answer.flow_id), time_value(answer.created_at)
    return key, *(getattr(answer, name) for name in _WRITTEN[1:-1]), at


def _encode_values(values: Mapping[str, object]) -> dict[str, object]:
    return {name: _encode_value(value) for name, value in values.items()}


def _encode_value(value: object) -> object:
    match value:
        case Refused():
            return {"code": value.code, "reason": value.reason, "values": _encode_values(value.values)}
        case tuple():
            return list(value)
        case _:
            return value


def _decode_refusal(code: str, reason: str, details: str, message: str) -> Refused:
    if not reason:
        return Refused(code, FlowReason.IN_WORDS, {"text": message})
    return Refused(code, _REASONS[reason], _decode_values(parse_json(details)))


def _decode_values(values: Any) -> dict[str, object]:
    return {name: _decode_value(value) for name, value in values.items()}


def _decode_value(value: Any) -> object:
    match value:
        case {"code": str(code), "reason": str(reason), "values": values}:
            return Refused(code, _REASONS[reason], _decode_values(values))
        case list():
            return tuple(value)
        case _:
            return value
