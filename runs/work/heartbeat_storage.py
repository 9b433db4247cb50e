"""How a beat is written: on PostgreSQL by the lock's own connection, so that it waits for no other work of the process;
on SQLite as the time of the lock file, since the database has one writer at a time and a beat must not wait for it.
The row of a SQLite worker is written when what it says has changed, by a thread that may wait.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.utils import timezone

from runs.models import Worker
from runs.work.clock import elapsed
from runs.work.connections import closing
from runs.work.heartbeat import Ousted
from runs.work.locks import AdvisoryLock, FileLock
from web.write_transaction import write_transaction

LIVING = (Worker.State.STARTING, Worker.State.READY, Worker.State.DRAINING)
ROW_SECONDS = 15.0
"""A SQLite worker's row is written so often if nothing has changed."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What a beat tells: ids of all that is held, as JSON, and the health."""

    holds: str
    health: str


class PostgresBeat:
    """A beat as one statement; it brings back what others have made of this worker's state."""

    def __init__(self, worker: str, lock: AdvisoryLock, told: Callable[[], Told], heard: Callable[[str], None]) -> None:
        self._worker, self._lock, self._told, self._heard = worker, lock, told, heard

    def __call__(self) -> None:
        told = self._told()
        try:
            row = (
                self._lock.connected()
                .execute(
                    "UPDATE runs_worker SET beat = beat + 1, beat_at = clock_timestamp(), holds = %s, health = %s"
                    " WHERE id = %s AND state = ANY(%s) RETURNING state",
                    [told.holds, told.health, self._worker, [str(state) for state in LIVING]],
                )
                .fetchone()
            )
        except BaseException:
            self._lock.drop()
            raise
        if row is None:
            raise Ousted
        self._heard(row[0])


class SqliteBeat:
    """A beat as the time of the lock file; a thread beside it writes the row."""

    def __init__(self, worker: str, lock: FileLock, told: Callable[[], Told], heard: Callable[[str], None]) -> None:
        self._worker, self._lock, self._told, self._heard = worker, lock, told, heard
        self._written: Told | None = None
        self._written_at = float("-inf")
        self._is_ousted = False
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        if self._is_ousted:
            raise Ousted
        self._lock.beat()
        told = self._told()
        is_due = told != self._written or elapsed() - self._written_at > ROW_SECONDS
        if is_due and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._write, args=(told,), name="beat-row", daemon=True)
            self._thread.start()

    def _write(self, told: Told) -> None:
        with closing():
            try:
                state = self._row(told)
            except Exception as failure:  # the next beat tries again
                log.warning("worker_row_not_written", reason=repr(failure)[:300])
                return
        if state not in LIVING:
            self._is_ousted = True
            return
        self._written, self._written_at = told, elapsed()
        self._heard(state)

    def _row(self, told: Told) -> str:
        with write_transaction():
            row = Worker.objects.filter(pk=self._worker).first()
            if row is None or row.state not in LIVING:
                return "" if row is None else row.state
            row.beat, row.beat_at, row.holds, row.health = row.beat + 1, timezone.now(), told.holds, told.health
            row.save(update_fields=["beat", "beat_at", "holds", "health"])
            return row.state
