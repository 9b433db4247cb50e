"""What one person was told in the page: one's own notices alone, of flows one may still see."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from accounts.principals import Caller
from flows import limits
from flows.access import flows_of
from runs.models import Notice
from web.write_transaction import write_transaction

MOST: Final = 100


def notices_of(principal: Caller, *, unread: bool = False, most: int = MOST) -> list[Notice]:
    """Return a person's last notices, the newest first."""
    notices = _seen_by(principal).select_related("flow")
    return list((notices.filter(read_at=None) if unread else notices)[:most])


def unread_count(principal: Caller) -> int:
    """Return how many notices a person has not read, counted up to a bound."""
    return _seen_by(principal).filter(read_at=None).order_by()[: 10 * MOST].count()


def mark_read(principal: Caller, ids: Collection[UUID] | None, *, now: datetime) -> int:
    """Mark notices of a person as read, all if none are named; return how many were not."""
    notices = Notice.objects.filter(person=principal.user_id, read_at=None)
    with write_transaction():
        return (notices if ids is None else notices.filter(pk__in=list(ids))).update(read_at=now)


def forget_old_notices(now: datetime, *, most: int = 500) -> int:
    """Delete notices older than `RUNS_KEPT_DAYS`; return how many."""
    before = now - timedelta(days=limits.current().runs_kept_days)
    old = list(Notice.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:most])
    if old:
        with write_transaction():
            Notice.objects.filter(pk__in=old).delete()
    return len(old)


def _seen_by(principal: Caller) -> QuerySet[Notice]:
    return Notice.objects.filter(person=principal.user_id, flow__in=flows_of(principal))
