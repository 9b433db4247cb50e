"""How many operations a person may submit by REST, whatever the number of their programs: a token bucket for each.

Of this process: several together let through as many times more, which is still bounded.
What the operations are in work is bounded beside it (`flows.commands.work_budget`).
"""

import math
import time
from collections import OrderedDict
from threading import Lock

from flows import limits as helix_limits
from flows.commands.work_budget import seconds_to_wait
from flows.document import Rejected
from flows.errors import FlowReason
from flows.sentences import sentence
from web.errors import Problem

_MAX_PEOPLE = 10_000


class OperationRate:
    """What each person has left, and when that was; those who have not come for long are dropped."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, person: int, count: int, now: float) -> int:
        """Use `count` and return 0, or use none and return in how many seconds there will be enough."""
        limits = helix_limits.current()
        rate, burst = limits.rest_operations_per_second, limits.rest_operation_burst
        with self._lock:
            left, at = self._buckets.get(person, (float(burst), now))
            left = min(float(burst), left + (now - at) * rate)
            is_enough = count <= left
            self._buckets[person] = left - count if is_enough else left, now
            self._buckets.move_to_end(person)
            if len(self._buckets) > _MAX_PEOPLE:
                self._buckets.popitem(last=False)
        return 0 if is_enough else math.ceil((count - left) / rate)


_rate = OperationRate()


def count_operations(person: int | None, count: int = 1) -> None:
    """Count operations of a call. Raises `Problem("rate_limited")` if they are too many for now."""
    if person is None:
        return
    if wait := seconds_to_wait(person) or _rate.take(person, count, time.monotonic()):
        message = sentence(Rejected("rate_limited", FlowReason.TOO_FAST))
        raise Problem("rate_limited", message, retry_after=wait)
