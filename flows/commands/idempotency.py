"""What was answered before: a submission's name is used once, and a resend gets the answer that was given.

Versions remember themselves, in the log; refusals by the document's state and changes of nothing are kept as `Answer`s.
One query asks for a whole batch.
"""

from collections.abc import Collection
from uuid import UUID

from flows.document import decode_skipped, parse_json
from flows.models import Answer, Change
from flows.storage.sql import Row, key_value, select
from flows.submission import Acked, Name, Refused

_NAMES_PER_QUERY = 3_000

_QUERY = """
SELECT actor_id, client, seq, version, '' AS code, '' AS message, left_alone FROM {changes}
WHERE flow_id = %s AND (actor_id, client, seq) IN (VALUES {names})
UNION ALL
SELECT actor_id, client, seq, version, code, message, NULL FROM {answers}
WHERE flow_id = %s AND (actor_id, client, seq) IN (VALUES {names})
"""


def recall(flow_id: UUID, names: Collection[Name]) -> dict[Name, Acked | Refused]:
    """Return the answers that were given under these names. What a refusal touched is not kept."""
    remembered: dict[Name, Acked | Refused] = {}
    ordered = sorted(names)
    for first in range(0, len(ordered), _NAMES_PER_QUERY):
        for *name, version, code, message, left in _select(flow_id, ordered[first : first + _NAMES_PER_QUERY]):
            actor, client, seq = name
            kept = decode_skipped(parse_json(left)) if left else ()
            remembered[actor, client, seq] = Refused(code, message) if code else Acked(version, fresh=False, left=kept)
    return remembered


def remember(flow_id: UUID, answers: Collection[tuple[Name, int, Refused | None]]) -> None:
    """Keep answers that made no version, each with the version that was current."""
    if not answers:
        return
    Answer.objects.bulk_create(
        Answer(
            flow_id=flow_id,
            actor_id=actor,
            client=client,
            seq=seq,
            version=version,
            code=refusal.code if refusal else "",
            message=refusal.message if refusal else "",
        )
        for (actor, client, seq), version, refusal in answers
    )


def _select(flow_id: UUID, names: list[Name]) -> list[Row]:
    key, values = key_value(flow_id), [value for name in names for value in name]
    places = ", ".join(["(%s, %s, %s)"] * len(names))
    query = _QUERY.format(changes=Change._meta.db_table, answers=Answer._meta.db_table, names=places)
    return select(query, [key, *values, key, *values])
