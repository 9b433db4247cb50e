"""Tells of queued tasks that no worker is there, while none is: else the oldest worker does (`runs.work.reconcile`).

Only a server without a worker inside has such a watch. It hands nothing over and judges nobody.
"""

import threading

import structlog

from accounts.acting import as_system
from runs.commands import match_workers
from runs.models import Worker
from runs.work import registry
from runs.work.connections import closing, give_back
from runs.work.reconcile import SILENT
from web.database_time import database_time
from web.db_errors import DatabaseErrors

SECONDS = 1.0

log = structlog.get_logger(__name__)


class WorkerWatch:
    """Looks once a second, in a thread that keeps no process from ending."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._has_failed = False

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._run, name="worker-watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def look(self) -> None:
        """Look once. What the database refuses is told when it begins, and looked past."""
        try:
            now = database_time()
            if not any(seen.state == Worker.State.READY and abs(seen.silent) < SILENT for seen in registry.living(now)):
                match_workers([], now=now)
            self._has_failed = False
        except DatabaseErrors as failure:
            if not self._has_failed:
                log.warning("worker_watch_delayed", reason=repr(failure)[:300])
            self._has_failed = True
        except Exception:
            log.exception("worker_watch_failed")
        finally:
            give_back()

    @as_system
    def _run(self) -> None:
        with closing():
            while not self._stopped.wait(SECONDS):
                self.look()
