"""What must be known of a batch's submissions before they are applied, read by one statement under the flow's lock.

For each one's author: how much they have written; for each name: the answer that was given before.
What belongs to rights, storage and answers is said and read where those are decided; here it is only asked together,
because each statement lets go of the interpreter and, on PostgreSQL, waits for an answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from flows.commands import idempotency, storage_quota
from flows.commands.storage_quota import Used
from flows.storage.sql import Row, key_value
from flows.submission import Acked, Name, Refused, Submission

_ROWS_PER_QUERY = 10_000  # SQLite takes 32,766 parameters
_PLACES = "(%s, %s, %s)"
_QUERY = f"""WITH asked (actor, name, number) AS MATERIALIZED (VALUES {{rows}})
SELECT asked.actor, asked.name, asked.number,
{storage_quota.USED_COLUMNS}, {idempotency.ANSWER_COLUMNS}
FROM asked {storage_quota.USED_JOIN} {idempotency.ANSWER_JOIN}"""  # noqa: S608  (our names)
_FLOWS = 3
"""How often the statement names the flow."""
_USED, _ANSWER = slice(3, 5), slice(5, None)


@dataclass(slots=True)
class BatchFacts:
    """What each author has written, and what was answered, by name."""

    used: dict[int, Used] = field(default_factory=dict)
    answered: dict[Name, Acked | Refused] = field(default_factory=dict)


Query = tuple[str, Sequence[Any]]


def queries(flow_id: UUID, submissions: Sequence[Submission]) -> list[Query]:
    """Return what to ask, for `facts_in`: one query for all that a batch holds, none if the system alone asks."""
    wanted = {(one.actor, *(one.name or (one.actor, None, None))[1:]) for one in submissions if one.actor is not None}
    ordered = sorted(wanted, key=lambda asked: (asked[0], asked[1] or "", asked[2] or 0))
    return list(_queries(key_value(flow_id), ordered))


def _queries(key: Any, asked: Sequence[tuple[Any, ...]]) -> Iterator[Query]:
    for first in range(0, len(asked), _ROWS_PER_QUERY):
        some = asked[first : first + _ROWS_PER_QUERY]
        rows = ", ".join([idempotency.ASKED.get(connection.vendor, _PLACES), *[_PLACES] * (len(some) - 1)])
        yield _QUERY.format(rows=rows), [*(value for row in some for value in row), *[key] * _FLOWS]


def facts_in(answers: Sequence[Sequence[Row]]) -> BatchFacts:
    """Read what `queries` were answered."""
    facts = BatchFacts()
    for rows in answers:
        for actor, client, seq, *row in rows:
            told = (actor, client, seq, *row)
            facts.used[actor] = Used(*told[_USED])
            if (answer := idempotency.answer_in(told[_ANSWER])) is not None:
                facts.answered[actor, client, seq] = answer
    return facts
