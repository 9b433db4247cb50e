"""What flows need done now and then, by a thread of each server process.

The trash is emptied, visits that are over end, searches are prepared.
Several processes may do it at once: what one has purged is not there for the next, and a purge that another has begun
is finished.
"""

import threading

import structlog
from django.db import connection
from django.utils import timezone

from accounts.acting import as_system
from flows.commands.purging import purge_old
from flows.commands.visits import end_old_visits
from flows.search_texts import refresh_some
from web.db_errors import DatabaseErrors

LOOK_SECONDS = 60.0
AT_ONCE = 20
TEXTS_AT_ONCE = 500
log = structlog.get_logger(__name__)


@as_system
def keep_house() -> None:
    """Do what is due now; a little at a time, for edits come first."""
    purge_old(timezone.now(), limit=AT_ONCE)
    end_old_visits(timezone.now())
    refresh_some(TEXTS_AT_ONCE)


class Housekeeper:
    """The thread of a process."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                keep_house()
            except DatabaseErrors as failure:
                log.warning("housekeeping_delayed", reason=repr(failure))
            except Exception:
                log.exception("housekeeping_failed")
            finally:
                connection.close()
