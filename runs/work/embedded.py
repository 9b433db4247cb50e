"""The worker inside a server process: one incarnation after another, while the server lives on.

It starts beside the server and never keeps it from serving: where the database is away, it waits for it here. When an
incarnation is given up, the next one has a new id; what the old one still does is refused by its claims.
"""

import threading

from accounts.acting import as_system
from runs.engine.engine import RunEngine
from runs.work.incarnation import DRAIN_SECONDS, Incarnation, Offer, begin
from runs.work.reconcile import Reconciler

AGAIN_SECONDS = 0.5
START_SECONDS = 3.0


class EmbeddedWorker:
    """The worker of a process. `drained` is set when it was told to drain: it does not come back by itself."""

    def __init__(self, engine: RunEngine, offer: Offer) -> None:
        self.drained = threading.Event()
        self._engine = engine
        self._offer = offer
        self._current: Incarnation | None = None
        self._reconciler: Reconciler | None = None
        self._stopped = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    @property
    def id(self) -> str | None:
        """The id of now; None before the first and between two."""
        return None if self._current is None else self._current.id

    def stop(self, patience: float = DRAIN_SECONDS) -> None:
        """Drain, and let the engine go; a second time does nothing."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(START_SECONDS)
            if self._thread.is_alive():  # it is still at its beginning: nothing is under way, and its lock ends with us
                return
        current = self._current
        if self._reconciler is not None:
            self._reconciler.stop()
        if current is not None and not self.drained.is_set():
            current.drain(patience)
        self._engine.stop(patience=0)

    @as_system
    def _run(self) -> None:
        while not self._stopped.is_set():
            over = self._begin()
            if over is None:
                self._stopped.wait(AGAIN_SECONDS)
                continue
            self._over = over
            if self._stopped.is_set():
                return
            over.wait()
            if self._reconciler is not None:
                self._reconciler.stop()
            if self.drained.is_set():
                return

    def _begin(self) -> threading.Event | None:
        """Start the next incarnation; return what is set when it is over, None if it could not start."""
        over = threading.Event()

        def ended(why: str) -> None:
            if why == "drained":
                self.drained.set()
            over.set()

        incarnation = begin(self._engine, self._offer, ended)
        if incarnation is None:
            return None
        self._current, self._reconciler = incarnation, Reconciler(self._engine, incarnation)
        self._reconciler.start()
        return over
