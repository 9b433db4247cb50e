"""How much a person may ask for, whatever the number of their programs and pages: a token bucket for each.

Two things are counted: operations, and what writes into the audit log, which nothing else bounds: making, deleting and
restoring a flow, and changing a role. Of this process: several together let through as many times more, which is still
bounded.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from accounts.principals import Guest, Person, Principal, TokenBearer
from flows import limits as helix_limits
from flows.commands import work_budget
from flows.document import Rejected
from flows.errors import FlowReason
from flows.limits import Limits
from flows.sentences import sentence
from web.errors import Problem

_MAX_PEOPLE = 10_000


class PersonRate:
    """What each person has left, and when that was; those who have not come for long are dropped."""

    def __init__(self, per_second: Callable[[Limits], float], burst: Callable[[Limits], int]) -> None:
        self._per_second, self._burst = per_second, burst
        self._buckets: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, person: int, count: int, now: float) -> int:
        """Use `count` and return 0, or use none and return in how many seconds there will be enough."""
        limits = helix_limits.current()
        rate, burst = self._per_second(limits), float(self._burst(limits))
        with self._lock:
            left, at = self._buckets.get(person, (burst, now))
            left = min(burst, left + (now - at) * rate)
            is_enough = count <= left
            self._buckets[person] = left - count if is_enough else left, now
            self._buckets.move_to_end(person)
            if len(self._buckets) > _MAX_PEOPLE:
                self._buckets.popitem(last=False)
        return 0 if is_enough else math.ceil((count - left) / rate)

    def forget(self) -> None:
        """Give everybody all of it again."""
        with self._lock:
            self._buckets.clear()


operations = PersonRate(lambda limits: limits.rest_operations_per_second, lambda limits: limits.rest_operation_burst)
flow_changes = PersonRate(lambda limits: limits.flow_changes_per_minute / 60, lambda limits: limits.flow_change_burst)


def count_operations(person: int | None, count: int = 1) -> None:
    """Count operations of a call or a form. Raises `Problem("rate_limited")` if they are too many for now."""
    if person is not None:
        expect_work_left(person)
        _count(operations, person, count)


def count_reading(person: int, count: int = 1) -> None:
    """Count reading as operations, without asking whether work is left. Raises `Problem("rate_limited")`."""
    _count(operations, person, count)


def expect_work_left(person: int | None) -> None:
    """Raise `Problem("rate_limited")` if a person's edits have been too much work for now."""
    if wait := work_budget.seconds_to_wait(person):
        raise _too_fast(wait)


def count_flow_change(principal: Principal) -> None:
    """Count what stands in the audit log afterwards. Raises `Problem("rate_limited")`; staff in the admin may go on."""
    if isinstance(principal, Person | TokenBearer | Guest):
        _count(flow_changes, principal.user_id, 1)


def _count(rate: PersonRate, person: int, count: int) -> None:
    if wait := rate.take(person, count, time.monotonic()):
        raise _too_fast(wait)


def _too_fast(wait: int) -> Problem:
    return Problem("rate_limited", sentence(Rejected("rate_limited", FlowReason.TOO_FAST)), retry_after=wait)
