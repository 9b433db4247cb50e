"""Handing work over away from the thread that committed: what commands install (`runs.commands.install_engine`).

On SQLite what runs after a commit still holds the lock of all writers, so it only leaves a note; a thread hands over
what lies there, all of it at once. That it was handed over is noted a little later, for many together: most of it is
begun by then, and needs no note. What is lost on the way, with the process or with the engine, is found by the sweep
(`runs.work.reconcile`), which asks the engine what it knows.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from accounts.acting import as_system
from runs.engine.engine import Handed, RunEngine
from runs.work.clock import elapsed
from runs.work.connections import closing, give_back
from web.write_transaction import waiting_at_most, write_transaction

NOTE_SECONDS: Final = 0.25
"""Far below what a sweep waits (`runs.commands.handing.GRACE`)."""
LOCK_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class HandsLater:
    """A `RunEngine` before another: hands over and cancels in a thread of its own, and passes on all else."""

    def __init__(self, engine: RunEngine) -> None:
        self._engine = engine
        self._work: list[Handed] = []
        self._then: list[Callable[[], None]] = []
        self._cancelled: list[str] = []
        self._is_stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="handing", daemon=True)
        self._thread.start()

    def hand(self, work: Sequence[Handed], then: Callable[[], None] | None = None) -> None:
        """Leave work to be handed over; only what was is counted as handed, so that the sweep finds what was not."""
        with self._changed:
            self._work.extend(work)
            self._then.extend([then] if then is not None else [])
            self._changed.notify()

    def cancel(self, ids: Sequence[str]) -> None:
        """Leave ids to be cancelled, after what was left before."""
        with self._changed:
            self._cancelled.extend(ids)
            self._changed.notify()

    def held_by(self, worker: str) -> list[str]:
        """Pass on."""
        return self._engine.held_by(worker)

    def holders(self) -> set[str]:
        """Pass on."""
        return self._engine.holders()

    def reassign(self, ids: Sequence[str]) -> None:
        """Pass on."""
        self._engine.reassign(ids)

    def states(self, ids: Sequence[str]) -> dict[str, str]:
        """Pass on."""
        return self._engine.states(ids)

    def forget(self, ids: Sequence[str]) -> None:
        """Pass on."""
        self._engine.forget(ids)

    def tidy(self) -> int:
        """Pass on."""
        return self._engine.tidy()

    def waiting(self) -> dict[str, int]:
        """Pass on."""
        return self._engine.waiting()

    def listen(
        self,
        perform: Callable[[str], None],
        *,
        worker: str,
        labels: frozenset[str],
        capacity: int,
        may_begin: Callable[[], bool] = lambda: True,
        most_each: Callable[[str], int] | None = None,
    ) -> None:
        """Pass on."""
        self._engine.listen(
            perform, worker=worker, labels=labels, capacity=capacity, may_begin=may_begin, most_each=most_each
        )

    def stop(self, *, patience: float) -> None:
        """Hand over what lies here, then stop the engine."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        self._thread.join(2.0)
        self._engine.stop(patience=patience)

    @as_system
    def _run(self) -> None:
        with closing():
            self._hand_on()

    def _hand_on(self) -> None:
        notes: list[Callable[[], None]] = []
        due = 0.0
        while True:
            with self._changed:
                wait = max(0.0, due - elapsed()) if notes else None
                self._changed.wait_for(lambda: self._work or self._cancelled or self._is_stopped, wait)
                work, self._work = self._work, []
                then, self._then = self._then, []
                cancelled, self._cancelled = self._cancelled, []
                is_over = self._is_stopped and not work and not cancelled
            try:
                if work:
                    self._engine.hand(work)
                    due = due if notes else elapsed() + NOTE_SECONDS
                    notes += then
                if cancelled:
                    self._engine.cancel(cancelled)
                if notes and (is_over or elapsed() >= due):
                    noted, notes = notes, []
                    _note(noted)
            except Exception as failure:  # whatever it is, the sweep hands over again
                log.warning("not_handed", count=len(work), reason=repr(failure)[:500])
            finally:
                give_back()
            if is_over:
                return


def _note(calls: Sequence[Callable[[], None]]) -> None:
    """Note what was handed over, in one commit; where somebody locks a part of it for long, none of it."""
    with waiting_at_most(LOCK_SECONDS), write_transaction():
        for call in calls:
            call()
