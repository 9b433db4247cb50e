"""How one node of a run is shown that has several tasks, one for each iteration around it. Pure."""

from collections.abc import Mapping

ENDED = frozenset({"done", "failed", "skipped", "cancelled"})
GOING_ON = ("running", "asking", "backing_off", "queued", "ready", "waiting")
"""Of the states of tasks that go on, the one shown is the first of these."""
ENDS = ("failed", "cancelled", "done", "skipped")


BEGUN = ("running", "cancelled", "done")
"""Of a node of a run that is over, one of these says that it was at work, though other tasks of it have not ended."""


def state_of(states: Mapping[str, int], *, is_over: bool = False) -> str:
    """Return the one state that is shown for tasks in these.

    In a run that is over nothing goes on: a loop that a failure left open, and a node of which iterations are missing,
    were stopped; what had not begun was not reached ("waiting").
    """
    going_on = next((state for state in GOING_ON if states.get(state)), None)
    if is_over and going_on:
        return "failed" if states.get("failed") else "cancelled" if any(map(states.get, BEGUN)) else "waiting"
    if going_on in ("ready", "waiting") and any(states.get(state) for state in ENDED):
        return "running"
    return going_on or next((state for state in ENDS if states.get(state)), "waiting")


def shown(state: str, *, is_over: bool) -> str:
    """Return the state that is shown of one task or try, in a run that is over or goes on."""
    return state_of({state: 1}, is_over=is_over) if state in GOING_ON else state
