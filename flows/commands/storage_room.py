"""How much may still be written into a flow's log, and by whom; and the counting of what was.

Nothing is ever summed over a log: the flow's own row and one row for each person in it are counted up by each edit,
under the flow's lock. What a person has written is the sum of their rows, one for each flow.
"""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from flows import limits as helix_limits
from flows.document import Rejected
from flows.errors import FlowReason
from flows.models import Usage
from flows.storage.sql import execute, key_value, places, select

FULL = frozenset({FlowReason.FLOW_FULL, FlowReason.PERSON_FULL})
_SUMS = "SELECT user_id, SUM(storage) FROM {table} WHERE user_id IN ({actors}) GROUP BY user_id"
_COUNT = """INSERT INTO {table} (flow_id, user_id, storage) VALUES {rows}
ON CONFLICT (flow_id, user_id) DO UPDATE SET storage = {table}.storage + excluded.storage"""


class StorageRoom:
    """The room that is left in one transaction: `take` counts, `write` keeps the counts."""

    def __init__(self, flow_id: UUID, used: int, actors: Collection[int]) -> None:
        """`used` is what the flow takes already, snapshots included."""
        self._flow_id, self._used, self._limits = flow_id, used, helix_limits.current()
        self._used_by = dict.fromkeys(actors, 0) | _used_by(actors)
        self._taken: Counter[int | None] = Counter()

    @property
    def taken(self) -> int:
        """How much this transaction adds."""
        return self._taken.total()

    def expect(self, actor: int | None, size: int) -> None:
        """Raise `Rejected("limit_reached")` if there is no room for so many bytes."""
        if self._used + self.taken + size > self._limits.storage_per_flow:
            raise Rejected("limit_reached", FlowReason.FLOW_FULL, most=self._limits.storage_per_flow)
        if actor is None:
            return
        if self._used_by[actor] + self._taken[actor] + size > self._limits.storage_per_person:
            raise Rejected("limit_reached", FlowReason.PERSON_FULL, most=self._limits.storage_per_person)

    def take(self, actor: int | None, size: int) -> None:
        """Count what will be written."""
        self._taken[actor] += size

    def write(self) -> None:
        """Count it for the people."""
        people = sorted((actor, size) for actor, size in self._taken.items() if actor is not None)
        if people:
            flow, rows = key_value(self._flow_id), ", ".join(["(%s, %s, %s)"] * len(people))
            values = [value for actor, size in people for value in (flow, actor, size)]
            execute(_COUNT.format(table=Usage._meta.db_table, rows=rows), values)


def _used_by(actors: Collection[int]) -> dict[int, int]:
    if not actors:
        return {}
    statement = _SUMS.format(table=Usage._meta.db_table, actors=places(len(actors)))
    return {actor: int(total) for actor, total in select(statement, [*actors])}
