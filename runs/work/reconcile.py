"""What keeps runs going whatever breaks: dead workers are replaced, lost work is handed again, due times are kept.

Each worker judges the others, several times a second; a worker is declared dead by a conditional update, so once. The
rest is done by the oldest living worker alone, again and again until nothing is left, because all of it may fail half
way and none of it does harm when it is done twice: a claim that is over refuses.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import connection
from django.db.models import QuerySet
from sqlalchemy.exc import SQLAlchemyError

from accounts.acting import as_system
from runs.commands import (
    due,
    forget_old_runs,
    handed_of,
    lose,
    mark_handed,
    match_workers,
    read_work_id,
    unhanded,
    work_id,
)
from runs.commands.transaction import apart
from runs.engine.engine import Handed, RunEngine
from runs.models import Run, Task, Worker
from runs.triggers import put_right, tick, tidy
from runs.work import metrics, registry
from runs.work.clock import TimeOfDay, elapsed
from runs.work.connections import closing, give_back
from runs.work.incarnation import Incarnation
from runs.work.locks import has_kept_sessions, is_free, remove_file
from web.database_time import AHEAD, database_time, has_come
from web.db_errors import DatabaseErrors
from web.write_transaction import waiting_at_most, write_transaction

LOOK_SECONDS, ALONE_SECONDS = 0.25, 0.5
FREE_AND_SILENT, SILENT = 1.5, 4.0
UNCHANGED_SECONDS = SILENT - LOOK_SECONDS
"""How long no new beat must have been seen by our own clock, as the system's may be put forward."""
GRACE = 4.0
DUE_SECONDS = 0.5
HOLDERS_SECONDS = 2.0
ORPHAN = timedelta(seconds=5)
LOST = timedelta(seconds=10)
"""After so long without being begun, the engine is asked whether it still knows of a task."""
OLD_SECONDS, MOST_OLD = 5.0, 5
"""Few runs at a time, since writers wait; often, since as many may grow old as are started."""
OLD_WORKERS_SECONDS = 600.0
AHEAD_SECONDS, OLD_EVENTS_SECONDS = 60.0, 60.0
LOCK_SECONDS = 1.0
"""What is locked for longer, by a machine that fell silent, is looked at again later."""
MOST = 500

log = structlog.get_logger(__name__)
_time = TimeOfDay()
"""One for the process: a database that took over from another may tell another time to the next incarnation."""


@dataclass(slots=True)
class Every:
    """Says yes the first time it is asked, and then once in so many seconds."""

    seconds: float
    _next: float = field(default=0.0, init=False)

    def is_due(self) -> bool:
        """Ask, and count from now."""
        if elapsed() < self._next:
            return False
        self._next = elapsed() + self.seconds
        return True


class Reconciler:
    """The looking after of one incarnation."""

    def __init__(self, engine: RunEngine, incarnation: Incarnation) -> None:
        self._engine = engine
        self._me = incarnation
        self._stopped = threading.Event()
        self._holders = Every(HOLDERS_SECONDS)
        self._due, self._unhanded, self._labels = Every(DUE_SECONDS), Every(DUE_SECONDS), Every(DUE_SECONDS)
        self._triggers = Every(DUE_SECONDS)
        self._lost = Every(LOST.total_seconds() / 4)
        self._old, self._old_workers = Every(OLD_SECONDS), Every(OLD_WORKERS_SECONDS)
        self._ahead, self._old_events = Every(AHEAD_SECONDS), Every(OLD_EVENTS_SECONDS)
        self._tidy, self._measured = Every(HOLDERS_SECONDS), Every(HOLDERS_SECONDS)
        self._mine = Every(HOLDERS_SECONDS)
        self._strays: dict[str, float] = {}
        self._seen_since: dict[tuple[str, datetime], float] = {}
        """Since when the last beat of each worker is known."""
        self._has_asked = False
        self._has_company = True

    def start(self) -> None:
        """Begin to look; what takes long stops nobody from judging. A jump of the clock is known from here on."""
        _guarded(lambda: _time.note(database_time()))
        threading.Thread(target=self._judge_on, name="judge", daemon=True).start()
        threading.Thread(target=self._tend_on, name="tend", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def judge(self) -> None:
        """Judge the others once, and take over from who is dead. Raises what the database does."""
        now = database_time()
        alive = registry.living(now)
        self._has_company = len(alive) > 1
        self.note_beats(alive)
        for seen in alive:
            if seen.id != self._me.id and self.is_dead(seen) and registry.declare_dead(seen, now, by=self._me.id):
                log.warning("worker_dead", worker=seen.id, silent=round(seen.silent, 2))
                metrics.takeover_seconds.observe(seen.silent)
                self.take_over_aside(seen)

    def note_beats(self, alive: Iterable[registry.Seen]) -> None:
        """Note since when each worker's last beat is known."""
        now = elapsed()
        beats = [(seen.id, seen.beat_at) for seen in alive]
        self._seen_since = {beat: self._seen_since.get(beat, now) for beat in beats}

    def tend(self) -> None:
        """Look after one's own, and, if this worker is the first, after everything. Raises what the database does."""
        if self._mine.is_due():
            self.find_my_orphans()
        now = database_time()
        _time.note(now)
        alive = registry.living(now)
        if self.is_first(alive):
            self.do_for_all(alive, now)

    def is_dead(self, seen: registry.Seen) -> bool:
        """Judge another worker; who was without the database a moment ago is too easily wrong and judges nobody.

        Who has just begun does not know that. A restart of PostgreSQL frees all locks, so they prove nothing then.
        """
        silent = abs(seen.silent)  # a beat to come is one from before the clock was put back
        if silent >= SILENT and self._is_unchanged(seen):
            return not self._was_cut_off()
        return silent >= FREE_AND_SILENT and not self._was_cut_off() and is_free(seen.lock) and self._do_locks_prove()

    def _was_cut_off(self) -> bool:
        return self._me.heartbeat.has_failed and self._me.heartbeat.well_for() < GRACE

    def _do_locks_prove(self) -> bool:
        """Tell whether the database kept all locks for as long as it takes to beat again."""
        return connection.vendor != "postgresql" or self._me.heartbeat.well_for() >= GRACE or has_kept_sessions(GRACE)

    def _is_unchanged(self, seen: registry.Seen) -> bool:
        """Tell whether no new beat was seen for long by our own clock, which nobody sets."""
        since = self._seen_since.get((seen.id, seen.beat_at), elapsed())
        return elapsed() - since >= UNCHANGED_SECONDS

    def is_first(self, alive: Iterable[registry.Seen]) -> bool:
        """Tell whether this worker is the oldest of those that are ready."""
        ready = [seen.id for seen in alive if seen.state == Worker.State.READY and abs(seen.silent) < SILENT]
        return ready[:1] == [self._me.id]

    def do_for_all(self, alive: Sequence[registry.Seen], now: datetime) -> None:
        """Do what one worker does for all at a time that was noted; what fails keeps nothing else from being done.

        Where no run is open, nothing of a run is looked for; while the time is not steady, nothing grows old. To delete
        waits for that also where the worker has just begun, and knows of no jump before.
        """
        is_steady = _time.is_steady()
        ready = [seen.labels for seen in alive if seen.state == Worker.State.READY]
        of_runs: list[tuple[Every, Callable[[], object]]] = [
            (self._due, lambda: due(now, is_steady=is_steady)),
            (self._unhanded, lambda: self.hand(unhanded(now, MOST))),
            (self._labels, lambda: match_workers(ready, now=now)),
            (self._lost, self.hand_what_is_lost),
        ]
        deletions: list[tuple[Every, Callable[[], object]]] = [
            (self._old, lambda: forget_old_runs(now, limit=MOST_OLD)),
            (self._old_events, lambda: tidy(now)),
            (self._old_workers, lambda: registry.forget_old(now)),
        ]
        jobs: list[tuple[Every, Callable[[], object]]] = [
            *(of_runs if Run.objects.filter(state__in=Run.OPEN).exists() else []),
            (self._ahead, lambda: put_right(now)),
            (self._triggers, lambda: tick(now)),
            (self._holders, self.take_over_from_others),
            (self._tidy, self._engine.tidy),
            (self._measured, lambda: self._measure(alive)),
            *(deletions if is_steady and _time.is_known() else []),
        ]
        for every, job in jobs:
            if every.is_due():
                _guarded(job)

    def take_over_aside(self, dead: registry.Seen) -> None:
        """Take over in a thread of its own: what the dead one may still lock keeps nobody from judging."""

        @as_system
        def take_over() -> None:
            with closing():
                _guarded(lambda: self.take_over(dead.id))
                remove_file(dead.lock)

        threading.Thread(target=take_over, name="take-over", daemon=True).start()

    def take_over(self, worker: str) -> None:
        """Take all that a worker holds, in our rows and in the engine's."""
        now = database_time()
        running = _performing().filter(worker=worker).values_list("key", "claim")
        for key, claim in list(running):
            if _lost(key, claim, now):
                metrics.losses.inc()
        self.put_back(self._engine.held_by(worker))

    def put_back(self, ids: list[str]) -> None:
        """Put ids that the engine counts as begun back into their queues, if their tasks wait for that; else drop."""
        claims = dict(read_work_id(id) for id in ids)
        waiting = Task.objects.filter(key__in=claims, state=Task.State.QUEUED).values_list("key", "claim")
        wanted = {work_id(key, claim) for key, claim in waiting}
        self._engine.reassign([id for id in ids if id in wanted])
        self._engine.forget([id for id in ids if id not in wanted])

    def take_over_from_others(self) -> None:
        """Take what is held by workers that do not live, in rows or engine, whenever they ended.

        Who lives is read last: a worker that enrols in between holds nothing that was read before.
        """
        holders = set(_performing().exclude(worker="").values_list("worker", flat=True).distinct())
        holders |= self._engine.holders()
        for worker in holders - {seen.id for seen in registry.living(database_time())}:
            self.take_over(worker)

    def find_my_orphans(self) -> None:
        """Take back what counts as held by this worker and is not: a connection broke at the wrong moment."""
        held = self._me.performer.under_way()
        now = database_time()
        mine = _performing().filter(has_come("started_at", now - ORPHAN, now + AHEAD), worker=self._me.id)
        for key, claim in list(mine.values_list("key", "claim")):
            if work_id(key, claim) not in held:
                log.warning("task_orphaned", task=key)
                _lost(key, claim, database_time())
        strays = set(self._engine.held_by(self._me.id)) - held - self._me.performer.under_way()
        self._strays = {id: self._strays.get(id, elapsed()) for id in strays}
        old = [id for id, since in self._strays.items() if elapsed() - since > ORPHAN.total_seconds()]
        self.put_back(old)

    def hand_what_is_lost(self) -> None:
        """Hand again what has waited and what the engine does not know, or holds for over; the first time, all.

        Between two processes the engine's file may have been deleted.
        """
        now = database_time()
        is_old = has_come("handed_at", now - LOST if self._has_asked else now, now + AHEAD)
        self._has_asked = True
        waiting = Task.objects.filter(is_old, state=Task.State.QUEUED).select_related("run")
        work = [handed_of(task, task.run) for task in waiting.order_by("handed_at")[:MOST]]
        handed = {one.id: one for one in work}
        known = self._engine.states(list(handed))
        self._engine.hand([one for id, one in handed.items() if known.get(id) not in {"queued", "running"}])
        queued = Task.objects.filter(pk__in=[read_work_id(id)[0] for id in handed], state=Task.State.QUEUED)
        with write_transaction():
            queued.update(handed_at=database_time())

    def hand(self, work: Sequence[Handed]) -> None:
        """Hand work over; that it was is noted when it was."""
        if work:
            self._engine.hand(work, partial(mark_handed, work, now=database_time()))

    def _measure(self, alive: Sequence[registry.Seen]) -> None:
        metrics.queued.clear()
        for queue, count in self._engine.waiting().items():
            metrics.queued.labels(queue).set(count)
        metrics.workers.clear()
        for seen in alive:
            metrics.workers.labels(seen.state).inc()

    @as_system
    def _judge_on(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS if self._has_company else ALONE_SECONDS):
            if self._me.heartbeat.is_alive:
                _guarded(self.judge)
        connection.close()

    @as_system
    def _tend_on(self) -> None:
        while not self._stopped.wait(DUE_SECONDS):
            if self._me.heartbeat.is_alive:
                _guarded(self.tend)
        connection.close()


def _performing() -> QuerySet[Task]:
    """Return what workers are at; an open loop is no worker's."""
    return Task.objects.filter(state=Task.State.RUNNING).exclude(kind="loop")


def _lost(key: str, claim: int, now: datetime) -> bool:
    """Take one task back; what fails there keeps no other from being taken."""
    return apart("lose_failed", key, lambda: lose(work_id(key, claim), now=now), False)


def _guarded(call: Callable[[], object]) -> None:
    """Call; a database that is away is waited for by looking again, and so is what somebody locks; a defect is told."""
    try:
        with waiting_at_most(LOCK_SECONDS):
            call()
    except (*DatabaseErrors, SQLAlchemyError) as failure:
        log.warning("reconcile_delayed", reason=repr(failure)[:300])
    except Exception:
        log.exception("reconcile_failed")
    finally:
        give_back()
