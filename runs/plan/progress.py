"""How far a run is, as a sum of shares that only grows: each end of a task adds its own, none takes anything back.

The steps outside all loops share a run evenly; the steps in a body share their iteration. An iteration of a loop that
knows their number is an even share of the loop; else the first is half of it, the next a quarter, and so on. What a
loop's iterations have not given, its own end gives.
"""

from typing import Protocol

from runs.plan.paths import around
from runs.plan.plan import Plan
from runs.plan.state import Scope, Slot


class Slots(Protocol):
    """Where the slots of loops are looked up."""

    def slot(self, node: str, path: str) -> Slot:
        """Return one slot."""


def share_left(plan: Plan, slots: Slots, slot: Slot) -> float:
    """Return what the end of a task adds to the progress of its run."""
    share = share_of(plan, slots, slot)
    scope = slot.scope
    if scope is None:
        return share
    return share * (1 - sum_of_iterations(scope))


def share_of(plan: Plan, slots: Slots, slot: Slot) -> float:
    """Return the share of a whole run that a task has, with all that is inside it."""
    share, node, path = 1.0, slot.node, slot.path
    if not plan.steps[node].enabled:
        return 0.0
    while True:
        loop = plan.steps[node].loop
        share /= plan.layout.sizes[loop]
        if loop is None:
            return share
        path, index = around(path)
        scope = slots.slot(loop, path).scope
        share *= share_of_iteration(scope, index) if scope is not None else 0.0
        node = loop


def share_of_iteration(scope: Scope, index: int) -> float:
    """Return the share of a loop that one iteration has."""
    return 1 / scope.total if scope.total else 0.5 ** (index + 1)


def sum_of_iterations(scope: Scope) -> float:
    """Return the share of a loop that the iterations opened so far have together."""
    return scope.opened / scope.total if scope.total else 1 - 0.5**scope.opened
