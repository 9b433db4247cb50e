"""Whether something that is called may be called now: after five failures in a row it is left alone for 30 seconds.

The count stands in its row, so every process knows. When the time is over, one call tries; the others wait for what
comes of it. All share the count, so only what says something of the one who is called goes into it, and a call that
came to say nothing leaves the try to the next. A failure that lies ahead was told by a clock that was wrong, and rests
no longer.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db.models import F, QuerySet
from django.utils import timezone

from runs.models import Provider, ToolServer
from runs.providers.asking import State
from web.database_time import has_come
from web.db_errors import DatabaseErrors, is_outage
from web.write_transaction import write_transaction

log = structlog.get_logger(__name__)
FAILURES: Final = 5
REST: Final = timedelta(seconds=30)
FRESH: Final = timedelta(seconds=10)
"""An answer is noted at most so often."""


def state_of(row: Provider | ToolServer, now: datetime | None = None) -> State:
    """Return how something that is called is: down while it is left alone, degraded after a failure."""
    now = now or timezone.now()
    if row.failures >= FAILURES and row.failed_at is not None and now - REST < row.failed_at <= now + REST:
        return "down"
    return "degraded" if row.failures else "ok"


def may_call(row: Provider | ToolServer, now: datetime | None = None, *, is_fair: bool = True) -> bool:
    """Tell whether it may be called; of those that ask when its rest is over, one is told so.

    A call that is not `is_fair`, whose end may say nothing, is no such try: it goes beside it.
    """
    if row.failures < FAILURES or row.failed_at is None:
        return True
    now = now or timezone.now()
    if not is_fair:
        return state_of(row, now) != "down"
    if not _written(_resting(row).filter(has_come("failed_at", now - REST, now + REST)), failed_at=now):
        return False
    row.failed_at = now
    return True


def let_another(row: Provider | ToolServer) -> None:
    """Leave the try after a rest to another: ours came to say nothing."""
    if row.failures >= FAILURES and row.failed_at is not None:
        _written(_resting(row).filter(failed_at=row.failed_at), failed_at=row.failed_at - REST)


def note_failure(row: Provider | ToolServer, now: datetime | None = None) -> None:
    """Count a failure."""
    now = now or timezone.now()
    _written(_row(row), failures=F("failures") + 1, failed_at=now, checked_at=now)


def note_answer(row: Provider | ToolServer, now: datetime | None = None) -> None:
    """Note that it answered; what failed before is forgotten."""
    now = now or timezone.now()
    if not row.failures and row.checked_at is not None and row.checked_at > now - FRESH:
        return
    _written(_row(row), failures=0, failed_at=None, checked_at=now)
    row.failures, row.failed_at = 0, None


def _resting(row: Provider | ToolServer) -> QuerySet[Any]:
    return _row(row).filter(failures__gte=FAILURES)


def _row(row: Provider | ToolServer) -> QuerySet[Any]:
    return type(row)._default_manager.filter(pk=row.pk)


def _written(rows: QuerySet[Any], **values: object) -> int:
    """Write, and return how many rows that were; none while the database is away: no answer hangs on it."""
    try:
        with write_transaction():
            return rows.update(**values)
    except DatabaseErrors as failure:
        if not is_outage(failure):
            raise
        log.warning("health_not_noted", reason=repr(failure))
        return 0
