"""What was answered before: a submission's name is used once, and a resend gets the answer that was given.

Versions remember themselves, in the log; refusals by the document's state and changes of nothing are kept as `Answer`s.
One query asks for a whole batch. A refusal is kept as its reason and values, so that a resend is answered in the
language in which it is asked.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from flows.document import Reason, canonical_json, decode_skipped, parse_json
from flows.errors import FlowReason
from flows.log.head import chain_answers
from flows.models import Answer, Change
from flows.storage.sql import Row, key_value, select
from flows.submission import Acked, Name, Refused

_NAMES_PER_QUERY = 10_000
_REASONS: Mapping[str, StrEnum] = {str(one): one for one in (*Reason, *FlowReason)}

_QUERY = """
WITH asked (actor, name, number) AS (VALUES {names})
SELECT actor_id, client, seq, version, '' AS code, '' AS reason, '' AS details, '' AS message, left_alone
FROM asked CROSS JOIN {changes} WHERE flow_id = %s AND actor_id = actor AND client = name AND seq = number
UNION ALL
SELECT actor_id, client, seq, version, code, reason, details, message, NULL
FROM asked CROSS JOIN {answers} WHERE flow_id = %s AND actor_id = actor AND client = name AND seq = number
"""
"""`CROSS JOIN` has SQLite look each name up; by `(…) IN (VALUES …)` it read the flow's whole log for each batch."""


def recall(flow_id: UUID, names: Collection[Name]) -> dict[Name, Acked | Refused]:
    """Return the answers that were given under these names. What a refusal affected is not kept."""
    remembered: dict[Name, Acked | Refused] = {}
    ordered = sorted(names)
    for first in range(0, len(ordered), _NAMES_PER_QUERY):
        for row in _select(flow_id, ordered[first : first + _NAMES_PER_QUERY]):
            actor, client, seq, version, code, reason, details, message, encoded = row
            skipped = decode_skipped(parse_json(encoded)) if encoded else ()
            remembered[actor, client, seq] = (
                _decode_refusal(code, reason, details, message) if code else Acked(version, False, skipped)
            )
    return remembered


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
    )


def remember(answers: Sequence[Answer], digest: str) -> str:
    """Keep a flow's answers; return the digest of all of them, which was `digest` before."""
    if answers:
        Answer.objects.bulk_create(answers)
    return chain_answers(digest, answers)


def refusal_of(answer: Answer) -> Refused:
    """Return the refusal that a row keeps."""
    return _decode_refusal(answer.code, answer.reason, answer.details, answer.message)


def _select(flow_id: UUID, names: list[Name]) -> list[Row]:
    key, values = key_value(flow_id), [value for name in names for value in name]
    places = ", ".join(["(%s, %s, %s)"] * len(names))
    query = _QUERY.format(changes=Change._meta.db_table, answers=Answer._meta.db_table, names=places)
    return select(query, [*values, key, key])


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
