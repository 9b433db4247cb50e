"""How much of the log one person's undos may walk back, while the flow is locked and others wait.

A token bucket for each person in each flow, counted in versions read. Undoing what one has just done never comes near
its bottom; it is there for repeated requests for what lies far back or stands in others' way.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

CAPACITY = 50_000.0
REFILL_PER_SECOND = 5_000.0
_CHARS_PER_VERSION = 500
_MAX_BUDGETS = 2_000


@dataclass(slots=True)
class UndoBudget:
    """One person's allowance in one flow."""

    remaining: float = CAPACITY
    refilled_at: float = 0.0

    def has_room(self, now: float) -> bool:
        """Refill, and tell whether any allowance remains; `now` is in monotonic seconds."""
        self.remaining = min(CAPACITY, self.remaining + max(0.0, now - self.refilled_at) * REFILL_PER_SECOND)
        self.refilled_at = now
        return self.remaining > 0

    def spend(self, size: int) -> None:
        """Use some for reading one version, whose inverse has `size` characters."""
        self.remaining -= 1 + size / _CHARS_PER_VERSION


class UndoBudgets:
    """The budgets of this process; those not used for long are dropped."""

    def __init__(self) -> None:
        self._budgets: OrderedDict[tuple[UUID, int], UndoBudget] = OrderedDict()
        self._lock = Lock()

    def of(self, flow_id: UUID, actor: int) -> UndoBudget:
        """Return a person's budget in a flow."""
        key = flow_id, actor
        with self._lock:
            budget = self._budgets.setdefault(key, UndoBudget(refilled_at=time.monotonic()))
            self._budgets.move_to_end(key)
            if len(self._budgets) > _MAX_BUDGETS:
                self._budgets.popitem(last=False)
        return budget
