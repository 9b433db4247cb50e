"""What a server process does for runs: it hands to the engine what its people start, and has a worker inside.

All of it begins in a thread beside the server: the engine's library takes most of a second to load.
"""

import asyncio
import threading
from collections.abc import Callable

import structlog

from accounts.acting import as_system
from flows.publish import publish_on
from runs.commands import install_engine
from runs.work.embedded import EmbeddedWorker
from runs.work.incarnation import Offer

CAPACITY = 8
"""With more at once, edits wait: 8 tasks at once cost them 35 ms (measured)."""

log = structlog.get_logger(__name__)


class WorkInServer:
    """The engine and the worker of a server process."""

    def __init__(self, *, has_worker: bool, release: str) -> None:
        self._has_worker = has_worker
        self._release = release
        self._stop: Callable[[float], None] | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, in a thread; hints to live sessions go by `loop`."""
        publish_on(loop)
        threading.Thread(target=self._begin, name="begin-work", daemon=True).start()

    def stop(self, patience: float) -> None:
        """Let what runs end for at most so many seconds, put back the rest."""
        with self._lock:
            self._is_stopped = True
        if self._stop is not None:
            self._stop(patience)
        install_engine(None)

    def stop_aside(self, patience: float) -> threading.Event:
        """Stop in a thread that keeps no process from ending; what is returned is set when that is done."""
        done = threading.Event()

        @as_system
        def stop() -> None:
            try:
                self.stop(patience)
            except Exception:
                log.exception("work_not_stopped")
            finally:
                done.set()

        threading.Thread(target=stop, name="end-work", daemon=True).start()
        return done

    def _begin(self) -> None:
        try:
            from runs.engine.database import open_database
            from runs.engine.dbos_engine import DbosEngine
            from runs.engine.handing import HandsLater
            from runs.sandbox import offered
            from runs.work.worker_watch import WorkerWatch

            engine = HandsLater(DbosEngine(open_database()))
        except Exception:
            log.exception("no_engine")
            return
        with self._lock:
            if self._is_stopped:
                return
            install_engine(engine)
            if not self._has_worker:
                watch = WorkerWatch()
                watch.start()

                def stop(_patience: float) -> None:
                    watch.stop()
                    engine.stop(patience=0)

                self._stop = stop
                return
            worker = EmbeddedWorker(engine, Offer(offered(frozenset()), CAPACITY, self._release))
            self._stop = worker.stop
            worker.start()
