"""One worker id from start to end: its row, its lock, its beat, what it holds, and the threads that serve it.

It ends in one of three ways. Drained: nothing more is begun, what runs may end, the rest is put back. Given up: nobody
knows what it may still do, so all it holds is left to others, and the process (or the next incarnation) has another id.
Killed: others notice. Its threads end with it; those that hang in a broken connection hurt nobody under an old id.
"""

import json
import os
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from django.conf import settings
from django.db import connection

from accounts.acting import as_system
from flows import limits
from runs.commands import not_wanted, release, settle
from runs.engine.engine import RunEngine
from runs.errors import TaskFailure
from runs.models import Worker
from runs.work import metrics, registry
from runs.work.connections import closing, give_back
from runs.work.health import Measured, measure
from runs.work.heartbeat import Beat, Heartbeat
from runs.work.heartbeat_storage import PostgresBeat, SqliteBeat, Told
from runs.work.held_tasks import HeldTasks, Hold
from runs.work.locks import AdvisoryLock, FileLock
from runs.work.perform import Performer
from web.database_time import database_time
from web.db_errors import DatabaseErrors

FLAGS_SECONDS = 0.5
HEALTH_SECONDS = 5.0
DRAIN_SECONDS = 30.0
TELL_SECONDS = 1.0
"""So long a worker that is given up may take to tell of it."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a worker offers: labels, and how many tasks at once."""

    labels: frozenset[str] = frozenset()
    capacity: int = 8
    release: str = ""


class Incarnation:
    """One worker id. `over` is called once, with "ousted", "silent" or "drained", when it ended by itself."""

    def __init__(self, engine: RunEngine, offer: Offer, over: Callable[[str], None]) -> None:
        self.id = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(5)}"
        self.offer = offer
        self.holding = HeldTasks()
        self._engine = engine
        self._over = over
        self._is_draining = False
        self._is_given_up = False
        self._stopped = threading.Event()
        self._measured = Measured()
        self._lock: FileLock | AdvisoryLock = AdvisoryLock() if _is_postgresql() else FileLock(self.id)
        self.heartbeat = Heartbeat(self._beat(), self._give_up, self._lock.let_go)
        self.performer = Performer(
            self.id,
            self.holding,
            may_begin=self.may_begin,
            is_given_up=lambda: not self.heartbeat.is_alive,
            put_back=lambda id: engine.reassign([id]),
        )

    def start(self) -> None:
        """Take the lock, be on the roll, and begin. Raises what the database does."""
        now = database_time()
        if isinstance(self._lock, AdvisoryLock):
            self._lock.connected()
        registry.enroll(
            Worker(
                id=self.id,
                host=socket.gethostname()[:255],
                release=self.offer.release[:64],
                labels=json.dumps(sorted(self.offer.labels)),
                capacity=self.offer.capacity,
                lock=self._lock.name,
                beat_at=now,
                started_at=now,
            )
        )
        self.heartbeat.start()
        self._engine.listen(
            self.performer,
            worker=self.id,
            labels=self.offer.labels,
            capacity=self.offer.capacity,
            may_begin=self.may_claim,
            most_each=self.most_each,
        )
        registry.move(self.id, Worker.State.READY, database_time())
        threading.Thread(target=self._watch_flags, name="flags", daemon=True).start()
        log.info("worker_ready", worker=self.id, labels=sorted(self.offer.labels), capacity=self.offer.capacity)

    def may_begin(self) -> bool:
        """Tell whether what was claimed may begin."""
        return self.heartbeat.is_alive and not self._is_draining and not self._is_given_up

    def may_claim(self) -> bool:
        """Tell whether more may be claimed."""
        return self.may_begin() and self._measured.may_claim

    def most_each(self, account: str) -> int:
        """Return how many places an account may have here."""
        most = self._measured.most_each(self.offer.capacity, limits.current().places_per_person)
        return self.performer.sandbox.most_each(account, most)

    def drain(self, patience: float = DRAIN_SECONDS) -> None:
        """Begin nothing more, let what runs end, put the rest back, and leave the roll. In any case this ends."""
        self._is_draining = True
        _try("drain", lambda: registry.move(self.id, Worker.State.DRAINING, database_time()))
        self.performer.wait(patience)  # also for what is just being claimed
        for id in self.holding.ids():
            self.holding.end([id], "released")
            _try("release", lambda id=id: release(id, now=database_time()))  # type: ignore[misc]
        _try("leave", lambda: registry.move(self.id, Worker.State.GONE, database_time()))
        self._end()

    def drain_aside(self) -> None:
        """Drain in a thread of its own, then say that this is over."""

        @as_system
        def drain() -> None:
            with closing():
                self.drain()
            self._over("drained")

        threading.Thread(target=drain, name="drain", daemon=True).start()

    def abandon(self) -> None:
        """Let go of everything at once, as if killed, but for the row."""
        self._is_given_up = True
        self.holding.end(self.holding.ids(), "given_up")
        self._end()

    def _end(self) -> None:
        self._stopped.set()
        self.heartbeat.stop()

    def _give_up(self, why: str) -> None:
        log.error("worker_given_up", worker=self.id, why=why)
        metrics.given_up.labels(why).inc()
        self._is_given_up = True
        held = self.holding.all()
        self.holding.end([hold.claimed.id for hold in held], "given_up")
        telling = threading.Thread(target=_tell_of_end, args=(self.id, held), name="fenced", daemon=True)
        telling.start()
        telling.join(TELL_SECONDS)
        self._over(why)
        self._end()

    def _beat(self) -> Beat:
        if isinstance(self._lock, AdvisoryLock):
            return PostgresBeat(self.id, self._lock, self._told, self._heard)
        return SqliteBeat(self.id, self._lock, self._told, self._heard)

    def _told(self) -> Told:
        return Told(json.dumps(sorted(self.holding.ids())), self._measured.health)

    def _heard(self, state: str) -> None:
        if state == Worker.State.DRAINING and not self._is_draining:
            self._is_draining = True
            self.drain_aside()

    @as_system
    def _watch_flags(self) -> None:
        """End what nobody wants any more and what is late; measure the machine's health now and then."""
        round = 0
        while not self._stopped.wait(FLAGS_SECONDS):
            try:
                if round % int(HEALTH_SECONDS / FLAGS_SECONDS) == 0:
                    self._measured = measure(settings.DATA_DIR, sandbox_failures=self.performer.sandbox.worst())
                self.look_at_flags()
            except DatabaseErrors as failure:
                log.warning("flags_not_read", reason=repr(failure)[:300])
            except Exception:
                log.exception("flags_not_read")
            finally:
                round += 1
                give_back()
        connection.close()

    def look_at_flags(self) -> None:
        """End what is held and late or not wanted."""
        self.holding.end_late()
        if held := self.holding.ids():
            self.holding.end(not_wanted(held), "cancelled")


def begin(engine: RunEngine, offer: Offer, over: Callable[[str], None]) -> Incarnation | None:
    """Make an incarnation and start it; None if it could not, which the log says: it is tried again later."""
    incarnation: Incarnation | None = None
    with closing():
        try:
            incarnation = Incarnation(engine, offer, over)
            incarnation.start()
        except Exception as failure:  # the database is away, the disk is full: whatever it is, the process lives on
            log.warning("worker_not_started", reason=repr(failure)[:300])
            if incarnation is not None:
                incarnation.abandon()
                _try("strike", partial(registry.strike, incarnation.id))
            return None
    return incarnation


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


@as_system
def _tell_of_end(worker: str, held: Sequence[Hold]) -> None:
    """Have it written that this worker has come back too late, and in the logs of runs that what it was at is done
    elsewhere; what nobody has taken yet is not told."""
    with closing():
        try:
            registry.move(worker, Worker.State.OUSTED, database_time(), given=[Worker.State.DEAD])
            over = not_wanted([hold.claimed.id for hold in held])
            for hold in held:
                if hold.claimed.id in over:
                    settle(hold.claimed, TaskFailure("lost", ""), now=database_time())
        except DatabaseErrors as failure:
            log.warning("fenced_not_told", reason=repr(failure)[:300])


def _try(what: str, call: Callable[[], object]) -> None:
    try:
        call()
    except Exception as failure:  # the sweep of others does what we could not
        log.warning("not_done_at_end", what=what, reason=repr(failure)[:300])
