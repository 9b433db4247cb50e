"""What is ours in DBOS's way of claiming; the one place that touches its insides, each with a contract test.

DBOS bounds a queue by a number in the queue's row, the same for all processes, and fixes at launch which queues it
listens to. We answer both questions ourselves: a worker claims what it has room for, over all queues together, from
every queue whose labels it has, also from those that come later, and under the name that it has now.

What is claimed begins here, too, and what ended is recorded for many at once, at the next poll: as workflows of DBOS,
which reads each again, wraps it and records it by itself, 1,000 tasks took half as long again (measured). What a
process did not record when it ended counts as held by it, and is handed to another, who finds it settled.

Places go round by account (`share_out`), for which DBOS's partitions serve: those of a queue are the accounts with
something in it.
"""

import copy
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog
from dbos import DBOS
from dbos._sys_db import SystemDatabase

from runs.engine.engine import can_serve

POLL_SECONDS = 0.1
BUSY_POLL_SECONDS = 0.02
"""While there is something to claim. A poll without room asks nothing of the database."""
LEAST_POLL_SECONDS = 0.002
"""After something was handed over to a worker that is at nothing else: one step in turn does not wait for the next."""
BUSY_FOR_SECONDS = 0.5
IDLE_POLL_SECONDS = 0.3
IDLE_AFTER_SECONDS = 10.0
"""Without anything to claim. What this process hands over itself wakes it at once."""
KNOWN_SECONDS = 5.0
"""How long a queue's row is believed."""
WAITING_SECONDS = 0.5
"""How long those who waited in a queue are believed to wait there still, while others are looked at."""
MOST_TURNS = 1_000
"""Of how many accounts the last turn is known; one forgotten counts as longest ago, which it is."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """One id that a worker has claimed; `owner` is another for each claim, and `account` has the place."""

    id: str
    owner: str
    account: str


def share_out(
    room: int, waiting: Sequence[str], held: Mapping[str, int], most: Callable[[str], int], turns: Mapping[str, int]
) -> dict[str, int]:
    """Say how many of the free places each account that waits may take, which has `held` so many already.

    Each place goes to the account that has the fewest by then, among equals to the one whose last turn is longest ago.
    None gets more than `most` says for it, but for what is on nobody's account.
    """
    given, bounds = Counter[str](), {one: most(one) for one in waiting}
    for _ in range(room):
        open_to = [one for one in waiting if not one or held.get(one, 0) + given[one] < bounds[one]]
        if not open_to:
            break
        given[min(open_to, key=lambda one: (held.get(one, 0) + given[one], turns.get(one, 0)))] += 1
    return dict(given)


class Listening:
    """One worker as the engine sees it: what it may claim, and what it is at."""

    def __init__(
        self,
        perform: Callable[[str], None],
        *,
        worker: str,
        labels: frozenset[str],
        capacity: int,
        may_begin: Callable[[], bool],
        most_each: Callable[[str], int],
    ) -> None:
        self.worker = worker
        self._perform = perform
        self._labels = labels
        self._capacity = capacity
        self._may_begin = may_begin
        self._most_each = most_each
        self._turns: dict[str, int] = {}
        """By account, over all queues; the last one taken stands last."""
        self._waiting: dict[str, tuple[float, Sequence[str]]] = {}
        """When a queue was looked at, and which accounts waited in it."""
        self._active: set[Claim] = set()
        self._ended: dict[Claim, bool] = {}
        """What ended and is not recorded, and whether it did so without an error."""
        self._is_stopped = self._is_woken = False
        self._busy_until = time.monotonic()
        self._changed = threading.Condition()
        self._turn = threading.Lock()

    def is_mine(self, queue: str) -> bool:
        """Tell whether this worker has the labels of a queue."""
        return can_serve(self._labels, queue)

    def perform(self, claim: Claim) -> None:
        """Perform what was claimed."""
        is_done = False
        try:
            self._perform(claim.id)
            is_done = True
        except Exception:
            log.exception("work_failed", id=claim.id)
        finally:
            with self._changed:
                self._active.discard(claim)
                self._ended[claim] = is_done
                self._changed.notify_all()

    def claim(
        self,
        queue: str,
        waiting: Callable[[], Sequence[str]],
        take: Callable[[str, int], Sequence[Claim]],
        begin: Callable[[Claim], object],
    ) -> None:
        """Call `take` for each of the accounts that wait in a queue and have a place here; begin what it took."""
        with self._turn:
            self._is_woken = False
            room = self._room()
            shares = self._shares(room, queue, waiting()) if room > 0 else {}
            for account, places in shares.items():
                taken = take(account, places)
                with self._changed:
                    self._active.update(taken)
                if taken:
                    self._take_turn(account)
                    self._busy_until = time.monotonic() + BUSY_FOR_SECONDS
                for claim in taken:
                    begin(claim)

    def has_ended(self, ids: Iterable[str]) -> bool:
        """Tell whether one of these ended and is not recorded."""
        with self._changed:
            return bool(self._ended) and not {claim.id for claim in self._ended}.isdisjoint(ids)

    def take_ended(self) -> dict[Claim, bool]:
        """Take what ended, to record it; what cannot be recorded is given back."""
        with self._changed:
            ended, self._ended = self._ended, {}
        return ended

    def give_back(self, ended: Mapping[Claim, bool]) -> None:
        """Keep what could not be recorded."""
        with self._changed:
            self._ended.update(ended)

    def pause(self) -> float:
        """Return how long to wait before the next poll, in seconds: always shortly. What is more is waited for here.

        So whoever hands over in this process can cut it short, which DBOS's own wait does not allow.
        """
        with self._changed:
            idle = time.monotonic() - self._busy_until
            seconds = IDLE_POLL_SECONDS if idle >= IDLE_AFTER_SECONDS else POLL_SECONDS
            self._changed.wait_for(self._is_busy, seconds - BUSY_POLL_SECONDS)
            self._changed.wait_for(self._is_wanted, BUSY_POLL_SECONDS - LEAST_POLL_SECONDS)
        return LEAST_POLL_SECONDS

    def wake(self) -> None:
        """Poll soon: something was handed over."""
        with self._changed:
            self._is_woken = True
            self._busy_until = max(self._busy_until, time.monotonic() + BUSY_FOR_SECONDS)
            self._changed.notify_all()

    def stop(self) -> None:
        """Claim nothing more."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is under way; say whether that came true."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._active, seconds)

    def _shares(self, room: int, queue: str, waiting: Sequence[str]) -> dict[str, int]:
        """Share the room out among all that wait for this worker; return the part of those in this queue."""
        now = time.monotonic()
        self._waiting[queue] = now, waiting
        self._waiting = {name: seen for name, seen in self._waiting.items() if now < seen[0] + WAITING_SECONDS}
        accounts = list(dict.fromkeys(account for _at, there in self._waiting.values() for account in there))
        with self._changed:
            held = Counter(claim.account for claim in self._active)
        shares = share_out(room, accounts, held, self._most_each, self._turns)
        return {account: places for account, places in shares.items() if account in waiting}

    def _take_turn(self, account: str) -> None:
        turn = next(reversed(self._turns.values()), 0) + 1
        self._turns.pop(account, None)
        self._turns[account] = turn
        if len(self._turns) > MOST_TURNS:
            del self._turns[next(iter(self._turns))]

    def _is_busy(self) -> bool:
        return self._is_stopped or self._is_woken or time.monotonic() < self._busy_until

    def _is_wanted(self) -> bool:
        """Whether to look at once: who is at several tasks takes what comes meanwhile together."""
        return self._is_woken and not self._is_stopped and len(self._active) <= 1

    def _room(self) -> int:
        if self._is_stopped or not self._may_begin():
            return 0
        with self._changed:
            return self._capacity - len(self._active)


def record(database: SystemDatabase, listening: Listening) -> None:
    """Record what ended, unless somebody has it by now or it was cancelled. Raises what the database does."""
    if not (ended := listening.take_ended()):
        return
    rows, now = database.tables.workflow_status, database._now_ms_sql()
    try:
        with database.engine.begin() as connection:
            for is_done in {*ended.values()}:
                keys = [(claim.id, claim.owner) for claim, so in ended.items() if so is is_done]
                connection.execute(
                    sa.update(rows)
                    .where(sa.tuple_(rows.c.workflow_uuid, rows.c.owner_xid).in_(keys), rows.c.status == "PENDING")
                    .values(status="SUCCESS" if is_done else "ERROR", owner_xid=None, updated_at=now, completed_at=now)
                )
    except Exception:
        listening.give_back(ended)
        raise


def attach(dbos: DBOS, listening: Callable[[], Listening | None]) -> None:
    """Let a launched DBOS, which was told to listen to nothing, claim as `listening` says."""
    database = dbos._sys_db
    list_queues, get_queue, start_queued = database.list_queues, database.get_queue, database.start_queued_workflows
    known: dict[str, tuple[float, Any]] = {}

    def list_mine(**options: Any) -> Any:
        mine = listening()
        return [queue for queue in list_queues(**options) if mine is not None and mine.is_mine(queue.name)]

    def get_mine(name: str, **options: Any) -> Any:
        at, queue = known.get(name, (0.0, None))
        if queue is None or time.monotonic() > at + KNOWN_SECONDS:
            queue = get_queue(name, **options)
            known[name] = time.monotonic(), queue
        mine = listening()
        if queue is None or mine is None:
            return queue
        paced = copy.copy(queue)
        paced._polling_interval_sec = mine.pause()
        return paced

    def start_mine(queue: Any, _executor: str, version: str, *_rest: Any, **options: Any) -> Any:
        mine = listening()
        if mine is None:
            return [], None
        record(database, mine)
        given = {**options, "is_latest_version": True}  # there is one version

        def take(account: str, places: int) -> list[Claim]:
            bounded = copy.copy(queue)
            bounded._worker_concurrency = places
            ids, _why = start_queued(bounded, mine.worker, version, account, **given)
            return [Claim(id, given["owner_xid"], account) for id in ids]

        def begin(claim: Claim) -> None:
            dbos._executor.submit(mine.perform, claim)

        mine.claim(queue.name, lambda: database.get_queue_partitions(queue.name), take, begin)
        return [], None

    database._retry_connection_errors = False  # we look again soon; DBOS waits up to 90 s, with the lock of claims
    database.list_queues = list_mine  # type: ignore[method-assign]
    database.get_queue = get_mine  # type: ignore[method-assign]
    database.start_queued_workflows = start_mine  # type: ignore[method-assign, assignment]
    dbos._listening_queues = None
