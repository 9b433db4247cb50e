"""How much work edits may be: everybody waits for the lock, and for the interpreter.

One submission may be `WORK_STEPS`. Few of them are taken under the lock (`WorkUnderLock`); a submission of more is
prepared before it (`WorkBeforeLock`), one at a time in a process, in the order of arrival: several would take the
interpreter from everyone else and none would be done sooner.

A person who sends nothing but such would hold the lock all the time, over any number of flows, connections and
programs. So each has `WORK_STEPS_PER_SECOND`, and of it 50 seconds' at once. What is begun is done: a person with
anything left may spend more than that, and then waits longer. Counted by process.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from flows import limits as helix_limits
from flows.document import Work
from web.db_errors import LockTimeout
from web.give_way import give_way
from web.write_transaction import FairLock, release_connection

READ, WRITTEN = 2, 4
"""Steps that an element costs whose row is read, or written, beside those that the rules take (measured)."""
BEFOREHAND = 2
"""Before the lock, where nobody waits for it, so many steps count as one."""
SHARE, SHARE_ALONE = 30, 10
"""Of the time of the lock a person's large commits take one part in so many: beside others of this process, and while
nobody else writes."""
MOST_PAUSE = 4.0
"""Seconds: what holds the lock longer than some tenths of one takes more."""
ALONE_SECONDS = 10.0
"""A person is alone once nobody else has written for so long."""
BURST_SECONDS = 50
PATIENCE = 60.0
"""Seconds for which a submission waits to be prepared."""
STEPS_IN_A_ROW = 200
"""So many steps are taken before the lock without giving way to others: a millisecond."""
TIMES = 100
"""So often a submission gives way: half a second in all, for others wait for their turn to be prepared."""
CHARS_PER_STEP = 100
"""So much text of the log is decoded in the time of a step, about."""
_MAX_PEOPLE = 10_000


class TooLong(Exception):  # noqa: N818  (a normal answer, not an error)
    """What is asked is more work than may be done under the lock, and nothing was done.

    It is the first submission if that is `alone`, else several together.
    """

    def __init__(self, *, alone: bool = True) -> None:
        super().__init__()
        self.alone = alone


class WorkUnderLock(Work):
    """Work of which only so much may be done here. Raises `TooLong` for more; it looks back at the same expense."""

    __slots__ = ("_stop",)

    def __init__(self, most: int, stop: int) -> None:
        super().__init__(most)
        self._stop = stop

    def spend(self, steps: int) -> None:
        super().spend(steps)
        if self.total > self._stop:
            raise TooLong

    def weigh(self, chars: int) -> None:
        """Raise `TooLong` if so much text is too much to decode here."""
        if chars > CHARS_PER_STEP * self._stop:
            raise TooLong


class WorkBeforeLock(Work):
    """Work that gives way to what others do under the lock."""

    __slots__ = ("_given_way_at", "_times_left")

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._given_way_at, self._times_left = 0, TIMES

    def spend(self, steps: int) -> None:
        super().spend(steps)
        if self._times_left and abs(self.spent - self._given_way_at) >= STEPS_IN_A_ROW:
            self._given_way_at = self.spent
            self._times_left -= 1
            give_way()


class WorkBudgets:
    """What each person has left, and when that was; those who have not come for long are dropped."""

    def __init__(self) -> None:
        self._left: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, person: int, now: float) -> int:
        """Return in how many seconds a person has something left; 0 if they have."""
        with self._lock:
            left = self._refilled(person, now)
        return 0 if left > 0 else max(1, math.ceil(-left / helix_limits.current().work_steps_per_second))

    def spend(self, person: int, steps: int, now: float) -> None:
        """Count steps that were taken."""
        with self._lock:
            self._left[person] = self._refilled(person, now) - steps, now
            self._left.move_to_end(person)
            if len(self._left) > _MAX_PEOPLE:
                self._left.popitem(last=False)

    def is_alone(self, person: int, now: float) -> bool:
        """Tell whether nobody else has spent anything lately."""
        with self._lock:
            other = next((at for one, (_left, at) in reversed(self._left.items()) if one != person), -math.inf)
        return now - other > ALONE_SECONDS

    def _refilled(self, person: int, now: float) -> float:
        rate = helix_limits.current().work_steps_per_second
        most = float(rate * BURST_SECONDS)
        left, at = self._left.get(person, (most, now))
        return min(most, left + (now - at) * rate)


class Pauses:
    """When each person's next large commit may be: the longer the last one took, the later."""

    def __init__(self) -> None:
        self._free_at: OrderedDict[int, float] = OrderedDict()
        self._lock = Lock()

    def left(self, person: int, now: float) -> float:
        """Return for how many seconds a person's next large commit should wait."""
        with self._lock:
            return min(MOST_PAUSE, max(0.0, self._free_at.get(person, now) - now))

    def begin(self, person: int, held: float, now: float, *, is_alone: bool = False) -> None:
        """Note that a large commit held the lock for so many seconds."""
        share = SHARE_ALONE if is_alone else SHARE
        with self._lock:
            self._free_at[person] = max(now, self._free_at.get(person, now)) + held * (share - 1)
            self._free_at.move_to_end(person)
            if len(self._free_at) > _MAX_PEOPLE:
                self._free_at.popitem(last=False)


_budgets = WorkBudgets()
_pauses = Pauses()
_turn = FairLock()


def pause(person: int | None) -> float:
    """Return for how many seconds a person's next large commit should wait."""
    return 0.0 if person is None else _pauses.left(person, time.monotonic())


@contextmanager
def turn_to_prepare(person: int | None) -> Iterator[None]:
    """Wait until a person's last large commit is some time ago, and then for our turn. Raises `LockTimeout`.

    Meanwhile no lock is held, nor one of PostgreSQL's connections.
    """
    release_connection()
    if seconds := pause(person):
        time.sleep(seconds)
    if not _turn.acquire(PATIENCE):
        raise LockTimeout("too many large changes wait to be prepared")
    try:
        yield
    finally:
        _turn.release()


def held_lock(person: int | None, seconds: float) -> None:
    """Note for how long a person's large commit held the lock."""
    if person is not None:
        now = time.monotonic()
        _pauses.begin(person, seconds, now, is_alone=_budgets.is_alone(person, now))


def beforehand(steps: int, rows_read: int) -> int:
    """Return what it counts for to have done so much before the lock."""
    return (steps + READ * rows_read) // BEFOREHAND


def seconds_to_wait(person: int | None) -> int:
    """Return in how many seconds a person may go on; 0 at once. The system always may."""
    return 0 if person is None else _budgets.wait(person, time.monotonic())


def exhausted(people: Iterable[int]) -> frozenset[int]:
    """Return those who have nothing left for now."""
    return frozenset(person for person in people if seconds_to_wait(person))


def spend(person: int | None, steps: int) -> None:
    """Count a person's work."""
    if person is not None:
        _budgets.spend(person, steps, time.monotonic())
