"""How many unfinished runs there may be, asked where one begins and where one that had ended goes on."""

from uuid import UUID

from django.db import connection

from accounts.acting import as_system
from flows import limits
from runs.models import Run
from web.deferred_translation import kept as _
from web.errors import Problem

RETRY_SECONDS = 5


def expect_few_open(flow_id: UUID, person: int | None, more: int = 1) -> None:
    """Refuse `more` unfinished runs where a flow, or a person in all flows, has all that they may.

    One at a time for each person. Raises `Problem` (`rate_limited`).
    """
    most = limits.current().open_runs
    if Run.objects.filter(flow=flow_id, state__in=Run.OPEN).count() + more > most:
        sentence = _("This flow has %(most)d unfinished runs, which is all it may.") % {"most": most}
        raise Problem("rate_limited", sentence, retry_after=RETRY_SECONDS)
    if person is not None:
        expect_few_of(person, more)


def expect_few_of(person: int, more: int = 1) -> None:
    """Refuse `more` unfinished runs of a person in all flows. Raises `Problem` (`rate_limited`)."""
    if connection.vendor == "postgresql" and connection.in_atomic_block:  # on SQLite the transaction itself is that
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('open runs of person', %s))", [person])
    most = limits.current().open_runs_per_person
    if _open_runs_of(person) + more > most:
        sentence = _("You have %(most)d unfinished runs in all flows, which is all you may.") % {"most": most}
        raise Problem("rate_limited", sentence, retry_after=RETRY_SECONDS)


@as_system
def _open_runs_of(person: int) -> int:
    """Count a person's unfinished runs, also those in flows that they may not see any more."""
    return Run.objects.filter(actor=person, state__in=Run.OPEN).count()
