"""What a worker is at: each task it holds, and how to end it.

One thread asks twice a second which of all held tasks nobody wants any more, and ends them; it also ends those whose
time is up. An executor hears of it by `Work.cancelled` and by what it gave to `Work.on_cancel`.
"""

import threading
from collections.abc import Callable, Collection
from typing import Literal, TypeAlias

import structlog

from runs.commands import Claimed
from runs.work.clock import elapsed

Why: TypeAlias = Literal["cancelled", "timeout", "given_up", "released"]

log = structlog.get_logger(__name__)


class Hold:
    """One task that is being executed. Its `deadline` is a moment of `elapsed`, which nobody sets."""

    def __init__(self, claimed: Claimed) -> None:
        self.claimed = claimed
        self.deadline = elapsed() + claimed.seconds
        self.cancelled = threading.Event()
        self.why: Why | None = None
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []

    def on_cancel(self, end: Callable[[], None]) -> None:
        """Remember what ends a call in flight; called at once if the task was ended before."""
        with self._lock:
            if self.why is None:
                self._ends.append(end)
                return
        _call(end)

    def end(self, why: Why) -> None:
        """End it; the first reason counts."""
        with self._lock:
            if self.why is not None:
                return
            self.why = why
            ends, self._ends = self._ends, []
        self.cancelled.set()
        for end in ends:
            _call(end)


class HeldTasks:
    """All that a worker holds."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}
        self._lock = threading.Lock()

    def add(self, claimed: Claimed) -> Hold:
        """Hold a task."""
        hold = Hold(claimed)
        with self._lock:
            self._holds[claimed.id] = hold
        return hold

    def remove(self, hold: Hold) -> None:
        """Hold it no more."""
        with self._lock:
            if self._holds.get(hold.claimed.id) is hold:
                del self._holds[hold.claimed.id]

    def ids(self) -> list[str]:
        """Return the ids of all that is held."""
        with self._lock:
            return list(self._holds)

    def all(self) -> list[Hold]:
        """Return all that is held."""
        with self._lock:
            return list(self._holds.values())

    def end(self, ids: Collection[str], why: Why) -> None:
        """End some."""
        with self._lock:
            ended = [self._holds[id] for id in ids if id in self._holds]
        for hold in ended:
            hold.end(why)

    def end_late(self) -> None:
        """End those whose time is up."""
        for hold in self.all():
            if hold.deadline <= elapsed():
                hold.end("timeout")


def _call(end: Callable[[], None]) -> None:
    try:
        end()
    except Exception:  # it is the executor's; the others must end as well
        log.exception("cancel_failed")
