"""What is long is done before the lock: read on a snapshot, applied, encoded; under the lock it is only written.

A submission is tried under the lock first, with few steps (`LOCK_STEPS`). One that needs more is prepared here, and
then counts if the flow is at the same version still, whether it came to a change or to a refusal. What only the locked
rows know (rights, storage, whether its name was used) is asked again there. In a process one is prepared at a time, in
the order of arrival: several would take the interpreter from everyone else and none would be done sooner.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flows.commands import work_budget
from flows.document import Draft, Effect, Outcome, Rejected, Work, WorkExceeded
from flows.log.entries import Entry, logged_rows
from flows.storage.row_changes import RowChanges, row_changes
from flows.storage.sql import Row
from flows.submission import ChangeHead, Submission
from web.db_errors import LockTimeout
from web.give_way import give_way
from web.write_transaction import FairLock, release_connection

PATIENCE = 60.0
"""Seconds for which a submission waits to be prepared."""
_turn = FairLock()


class TooLong(Exception):  # noqa: N818  (a normal answer, not an error)
    """What is asked is more work than may be done under the lock, and nothing was done.

    It is the first submission if that is `alone`, else several together.
    """

    def __init__(self, *, alone: bool = True) -> None:
        super().__init__()
        self.alone = alone


STEPS_IN_A_ROW = 200
"""So many steps are taken before the lock without giving way to others: a millisecond."""
TIMES = 100
"""So often a submission gives way: half a second in all, for others wait for their turn to be prepared."""
CHARS_PER_STEP = 100
"""So much text of the log is decoded in the time of a step, about."""


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


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a transaction writes of the flow's graph and log, and where the log stands afterwards."""

    rows: RowChanges
    log: list[Row]
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What a submission does: the head of its version, the outcome, and unless that is empty, all there is to write."""

    head: ChangeHead
    outcome: Outcome
    entry: Entry | None
    draft: Draft
    encoded: Encoded | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one submission does to the flow at a version, or why not; and what that took."""

    submission: Submission
    version: int
    digest: str
    result: Change | Rejected | WorkExceeded
    steps: int
    rows_read: int

    def fits(self, submission: Submission, version: int, digest: str) -> bool:
        """Tell whether it is about this submission to the flow as it is."""
        return self.submission is submission and (self.version, self.digest) == (version, digest)


def encode(flow_id: UUID, effect: Effect, digest: str, entries: list[Entry], at: datetime) -> Encoded:
    """Encode a transaction that follows `digest`."""
    version = entries[-1].head.version
    log, last = logged_rows(flow_id, digest, entries, at)
    return Encoded(row_changes(flow_id, effect, version), log, last, at)


@contextmanager
def turn_to_prepare(person: int | None) -> Iterator[None]:
    """Wait until a person's last large commit is some time ago, and then for our turn. Raises `LockTimeout`.

    Meanwhile no lock is held, nor one of PostgreSQL's connections.
    """
    release_connection()
    if pause := work_budget.pause(person):
        time.sleep(pause)
    if not _turn.acquire(PATIENCE):
        raise LockTimeout("too many large changes wait to be prepared")
    try:
        yield
    finally:
        _turn.release()
