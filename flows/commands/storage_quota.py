"""How much may still be written into a flow's log, and by whom; and the counting of what was.

Nothing is ever summed, over a log or over flows: the flow's own row, one row for each person in it and one for each
person are counted up by each edit. Only the last is not under the flow's lock, and nobody waits for it: where another
flow's transaction is counting for the same person, what is written here stays *untold* in the flow's row for that
person, and the next edit of theirs in this flow tells it. So a person may go past their limit by what they write into
other flows in the same moment, and by no more.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from flows import limits as helix_limits
from flows.document import Rejected
from flows.errors import FlowReason
from flows.models import PersonStorage, Usage
from flows.storage.sql import execute, key_value, select

FULL = frozenset({FlowReason.FLOW_FULL, FlowReason.PERSON_FULL})
_COUNT = """INSERT INTO {usages} (flow_id, user_id, storage, untold) VALUES {rows}
ON CONFLICT (flow_id, user_id) DO UPDATE SET storage = {usages}.storage + excluded.storage, untold = excluded.untold"""
_TELL = """INSERT INTO {totals} (user_id, storage) VALUES {rows}
ON CONFLICT (user_id) DO UPDATE SET storage = {totals}.storage + excluded.storage"""
_COUNT_AND_TELL = """WITH written (user_id, size, untold) AS (VALUES {rows}),
claimed AS MATERIALIZED (
    SELECT *, pg_try_advisory_xact_lock(hashtextextended('storage of person', user_id)) AS is_ours FROM written
),
told AS (
    INSERT INTO {totals} (user_id, storage) SELECT user_id, size + untold FROM claimed WHERE is_ours
    ON CONFLICT (user_id) DO UPDATE SET storage = {totals}.storage + excluded.storage
)
INSERT INTO {usages} (flow_id, user_id, storage, untold)
SELECT %s::uuid, user_id, size, CASE WHEN is_ours THEN 0 ELSE size + untold END FROM claimed
ON CONFLICT (flow_id, user_id) DO UPDATE SET storage = {usages}.storage + excluded.storage, untold = excluded.untold"""
_TABLES = {
    "totals": PersonStorage._meta.db_table,
    "usages": Usage._meta.db_table,
}


USED_COLUMNS = "COALESCE(total.storage, 0), COALESCE(used.untold, 0)"
USED_JOIN = """LEFT JOIN {totals} AS total ON total.user_id = asked.actor
LEFT JOIN {usages} AS used ON used.flow_id = %s AND used.user_id = asked.actor""".format(**_TABLES)
"""Asks what each `actor` has written, for a query that asks other things too; the columns make a `Used`."""
_USED = f"SELECT {USED_COLUMNS} FROM (SELECT %s AS actor) AS asked {USED_JOIN}"  # noqa: S608  (our names)


@dataclass(frozen=True, slots=True)
class Used:
    """What a person has written so far: told to the person's row, and not yet, in this flow."""

    told: int = 0
    untold: int = 0


class StorageQuota:
    """What may still be written in one transaction: `check` before, `count` what is, `save` the counts at the end."""

    def __init__(self, flow_id: UUID, used: int, used_by: Mapping[int, Used]) -> None:
        """`used` is what the flow takes already, snapshots included."""
        self._flow_id, self._used, self._limits = flow_id, used, helix_limits.current()
        self._used_by = used_by
        self._added: Counter[int | None] = Counter()
        self.added = 0
        """How much this transaction adds."""

    def check(self, actor: int | None, size: int) -> None:
        """Raise `Rejected("limit_reached")` if there is no room for so many bytes."""
        if self._used + self.added + size > self._limits.storage_per_flow:
            raise Rejected("limit_reached", FlowReason.FLOW_FULL, most=self._limits.storage_per_flow)
        if actor is None:
            return
        used = self._used_by.get(actor, Used())
        if used.told + used.untold + self._added[actor] + size > self._limits.storage_per_person:
            raise Rejected("limit_reached", FlowReason.PERSON_FULL, most=self._limits.storage_per_person)

    def count(self, actor: int | None, size: int) -> None:
        """Count what will be written."""
        self._added[actor] += size
        self.added += size

    def save(self) -> None:
        """Count it for the people."""
        people = sorted((actor, size) for actor, size in self._added.items() if actor is not None)
        rows = [(actor, size, self._used_by.get(actor, Used()).untold) for actor, size in people]
        if rows:
            _write(self._flow_id, rows)


def _write(flow_id: UUID, rows: Sequence[tuple[int, int, int]]) -> None:
    """Count for each person what they wrote, and tell it with what was untold, unless that would have to wait."""
    key = key_value(flow_id)
    if connection.vendor == "postgresql":
        written = ", ".join(["(%s::bigint, %s::bigint, %s::bigint)"] * len(rows))
        execute(_COUNT_AND_TELL.format(rows=written, **_TABLES), [*(value for row in rows for value in row), key])
        return
    counted = [value for actor, size, _untold in rows for value in (key, actor, size)]
    execute(_COUNT.format(rows=", ".join(["(%s, %s, %s, 0)"] * len(rows)), **_TABLES), counted)
    told = [value for actor, size, untold in rows for value in (actor, size + untold)]
    execute(_TELL.format(rows=", ".join(["(%s, %s)"] * len(rows)), **_TABLES), told)


def used_by(flow_id: UUID, actor: int | None) -> dict[int, Used]:
    """Return what one person has written, for a quota."""
    return {} if actor is None else {actor: Used(*select(_USED, [actor, key_value(flow_id)])[0])}
