"""Due times that lie further ahead than they can: a clock that was wrong told them, and has been put right.

Without this a schedule would stand still, and nothing be looked at, for as long as that clock was ahead.
"""

from datetime import datetime, timedelta
from functools import partial

from runs.commands.transaction import apart
from runs.models import Trigger
from runs.triggers.firing import sensor_of
from runs.triggers.ticking import AT_ONCE, LEASE, LONGEST_PAUSE, schedule_of
from web.database_time import AHEAD
from web.errors import Problem
from web.write_transaction import write_transaction


def put_right(now: datetime) -> int:
    """Bring due times back to where they can lie; return of how many triggers."""
    ahead = Trigger.objects.filter(enabled=True, due_at__gt=now + AHEAD, flow__deleted_at=None).defer("seen")
    found = ahead.order_by("pk").iterator(chunk_size=AT_ONCE)
    return sum(apart("put_right_failed", trigger.pk, partial(_put_right, trigger, now), False) for trigger in found)


def _put_right(trigger: Trigger, now: datetime) -> bool:
    next_at, latest = _latest(trigger, now)
    if trigger.due_at is None or trigger.due_at <= latest:
        return False
    due_at = now if next_at is None else latest
    same = Trigger.objects.filter(pk=trigger.pk, claim=trigger.claim, next_at=trigger.next_at, due_at=trigger.due_at)
    with write_transaction():
        return bool(same.update(next_at=next_at, due_at=due_at))


def _latest(trigger: Trigger, now: datetime) -> tuple[datetime | None, datetime]:
    """Return what `next_at` and `due_at` of a trigger can be at the latest."""
    pause = LONGEST_PAUSE if trigger.failures else timedelta(0)
    if trigger.source != Trigger.Source.SCHEDULE:
        interval = timedelta(seconds=sensor_of(trigger).interval)
        return None, now + max(LEASE, interval, pause) + AHEAD
    try:
        first = schedule_of(trigger).after(now)
    except Problem:  # told when it is due
        first = None
    if first is None or trigger.next_at is None:
        return trigger.next_at, now + pause
    next_at = min(trigger.next_at, first)
    return next_at, max(next_at, now + pause)
