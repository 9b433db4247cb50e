"""How one node of a run is shown that has several tasks, one for each iteration around it. Pure."""

from collections.abc import Mapping

ENDED = frozenset({"done", "failed", "skipped", "cancelled"})
GOING_ON = ("running", "asking", "backing_off", "queued", "ready", "waiting")
"""Of the states of tasks that go on, the one shown is the first of these."""
ENDS = ("failed", "cancelled", "done", "skipped")


def state_of(states: Mapping[str, int]) -> str:
    """Return the one state that is shown for tasks in these."""
    going_on = next((state for state in GOING_ON if states.get(state)), None)
    if going_on in ("ready", "waiting") and any(states.get(state) for state in ENDED):
        return "running"
    return going_on or next((state for state in ENDS if states.get(state)), "waiting")
