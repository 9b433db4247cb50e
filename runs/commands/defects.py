"""What calculates only, called while everybody waits for a run's lock; it touches no rows."""

from collections.abc import Callable
from typing import TypeVar

import structlog

from runs.errors import TaskFailure
from web.deferred_translation import kept as _

T = TypeVar("T")

log = structlog.get_logger(__name__)


def as_task_failure(call: Callable[[], T]) -> T:
    """Call what calculates only: a defect of ours there is the task's failure, and never keeps a run from going on."""
    try:
        return call()
    except TaskFailure:
        raise
    except Exception:
        log.exception("inline_defect")
        raise TaskFailure("internal", _("Something went wrong on the server.")) from None
