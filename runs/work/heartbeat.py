"""Beating: a worker says once a second that it lives and what it holds, and gives itself up when it cannot.

Others take over from a worker that was silent for 4 s. So one whose last beat is 3.7 s ago is done for good, even if
the next beat would succeed: a thread that needs nothing but the clock says so, and so does the beat itself, since a
process that was stopped and goes on may beat before it is watched.
"""

import threading
from collections.abc import Callable
from typing import Protocol

import structlog

from runs.work.clock import elapsed

BEAT_SECONDS = 1.0
FENCE_SECONDS = 3.7
WATCH_SECONDS, LEAST_WATCH_SECONDS = 0.5, 0.05
STOP_SECONDS = 0.5
AGAIN_SECONDS = 0.2
"""After a beat that failed."""

log = structlog.get_logger(__name__)


class Ousted(Exception):  # noqa: N818  (a result, not a defect)
    """Others have declared this worker dead."""


class Beat(Protocol):
    """Says that a worker lives. Raises `Ousted`, or anything else when it could not."""

    def __call__(self) -> None: ...


class Heartbeat:
    """The beating of one worker id. `given_up` is called once, from a thread of its own, when that id is done.

    `finished` is called by the beating thread at its end, and frees the lock: a connection that hangs is closed by
    nobody else. `has_failed` says whether a beat ever failed.
    """

    def __init__(self, beat: Beat, given_up: Callable[[str], None], finished: Callable[[], None]) -> None:
        self._beat = beat
        self._given_up = given_up
        self._finished = finished
        self._lock = threading.Lock()
        self._last = elapsed()
        self._well_since = elapsed()
        self._is_over = False
        self.has_failed = False
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="beat", daemon=True),
            threading.Thread(target=self._watch, name="fence", daemon=True),
        ]

    def start(self) -> None:
        """Beat once, here, and go on by itself. Raises what the first beat does."""
        self._beat()
        self._last = self._well_since = elapsed()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Beat no more, and free the lock, unless the beat hangs."""
        self._stopped.set()
        beating = self._threads[0]
        if beating.ident is None:
            self._finished()
        elif beating is not threading.current_thread():
            beating.join(STOP_SECONDS)

    @property
    def is_alive(self) -> bool:
        """Whether nobody can have replaced this worker yet."""
        return not self._is_over and elapsed() - self._last <= FENCE_SECONDS

    def well_for(self) -> float:
        """Return for how many seconds every beat has succeeded."""
        return elapsed() - self._well_since

    def _run(self) -> None:
        try:
            self._beat_on()
        finally:
            self._finished()

    def _beat_on(self) -> None:
        while not self._stopped.is_set():
            began = elapsed()
            try:
                self._beat()
            except Ousted:
                self._end("ousted")
                return
            except Exception as failure:  # whatever it is: without a beat we are done soon
                log.warning("beat_failed", reason=repr(failure)[:300])
                self.has_failed = True
                self._well_since = float("inf")
                self._stopped.wait(AGAIN_SECONDS)
                continue
            if not self._succeeded(began):
                return
            self._stopped.wait(max(0.0, BEAT_SECONDS - (elapsed() - began)))

    def _succeeded(self, began: float) -> bool:
        """Count a beat from its beginning: when others see it is not ours to know."""
        with self._lock:
            is_late = self._is_over or elapsed() - self._last > FENCE_SECONDS
            if not is_late:
                self._last = began
                self._well_since = min(self._well_since, elapsed())
        if is_late:
            self._end("silent")
        return not is_late

    def _watch(self) -> None:
        while not self._stopped.wait(self._time_to_watch()):
            if elapsed() - self._last > FENCE_SECONDS:
                self._end("silent")
                return

    def _time_to_watch(self) -> float:
        """Return when to look next: when the time may be up, and often enough to see that the clock went on alone."""
        left = self._last + FENCE_SECONDS - elapsed()
        return min(max(left, LEAST_WATCH_SECONDS), WATCH_SECONDS)

    def _end(self, why: str) -> None:
        with self._lock:
            if self._is_over or self._stopped.is_set():
                return
            self._is_over = True
        self._stopped.set()
        threading.Thread(target=self._given_up, args=(why,), name="given-up", daemon=True).start()
