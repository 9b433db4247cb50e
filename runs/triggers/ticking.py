"""The one step of the loop that looks after triggers: schedules that are due are fired, all others are looked at.

Any number of processes may call it. A schedule is fired under its row's lock, which asks again whether it is due; who
looks outside claims the row first, for a while in which nobody else does. Looking takes as long as others take to
answer, so it happens on threads of its own, of which there are few. What fails is told on its trigger, which waits
longer each time; it stops no other.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex
from typing import Final
from uuid import UUID

import orjson
import structlog
from django.db import connection
from django.db.models import Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounts.acting import as_system
from flows import limits
from flows.access import acts_still
from flows.errors import FlowError, NotFound
from flows.expressions import Json
from flows.webhooks.deliveries import forget_old_deliveries
from runs.commands.attempts import kept_of
from runs.models import Trigger, TriggerEvent
from runs.notices.reading import forget_old_notices
from runs.triggers.firing import (
    LONGEST_ERROR,
    ClaimLost,
    Event,
    Progress,
    fire,
    kept_name,
    locked_trigger,
    paused,
    sensor_of,
)
from runs.triggers.looking import LookFailed, Seen, Sight, look_at_files, look_at_rows
from runs.triggers.polling import look_at_address
from runs.triggers.schedules import Schedule, read_schedule
from runs.triggers.secrets import SecretMissing, secret_of
from web.db_errors import DatabaseErrors
from web.deferred_translation import kept as _
from web.errors import Problem
from web.write_transaction import in_write_transaction, write_transaction

THREADS: Final = 8
MOST_EACH: Final = THREADS // 4
"""How many looks of one person are under way at once: addresses that answer slowly keep nobody else's waiting."""
AT_ONCE: Final = 50
LEASE: Final = timedelta(seconds=120)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
Source = Trigger.Source

log = structlog.get_logger(__name__)
_places = threading.BoundedSemaphore(THREADS)
_looks = Counter[int | None]()
"""Under way, by the person they are for."""
_guard = threading.Lock()

Begin = Callable[[Callable[[], object]], bool]
"""Has something done, or says that there is no place for it."""


def on_a_thread(work: Callable[[], object]) -> bool:
    """Do something on a thread of its own; False if all are busy."""
    if not _places.acquire(blocking=False):
        return False

    @as_system
    def whole() -> None:
        try:
            work()
        except DatabaseErrors as failure:
            log.warning("trigger_delayed", reason=repr(failure))
        except Exception:
            log.exception("trigger_failed")
        finally:
            connection.close()
            _places.release()

    threading.Thread(target=whole, name="trigger", daemon=True).start()
    return True


def tick(now: datetime, *, begin: Begin = on_a_thread) -> int:
    """Fire schedules that are due, and begin to look at what else is due; return how many of both."""
    due = Trigger.objects.filter(enabled=True, due_at__lte=now, flow__deleted_at=None).order_by("due_at")
    count = 0
    if not due.exists():  # as nearly always, and several times a second
        return count
    place = Window(RowNumber(), partition_by="created_by", order_by="due_at")  # nobody's many hide another's one
    schedules = due.filter(source=Source.SCHEDULE).annotate(place=place).order_by("place", "due_at")
    for id in list(schedules.values_list("pk", flat=True)[:AT_ONCE]):
        count += _guarded(id, now)
    with _guard:
        busy = [person for person, looks in _looks.items() if person is not None and looks >= MOST_EACH]
    slow = due.exclude(source=Source.SCHEDULE).exclude(created_by__in=busy)
    turns = slow.annotate(place=place).filter(place__lte=MOST_EACH)
    for id, person in list(turns.values_list("pk", "created_by")[:AT_ONCE]):
        if not _take_place(person):
            continue
        if not begin(partial(_look_for, person, id, now)):
            _give_place_back(person)
            break
        count += 1
    return count


def _look_for(person: int | None, id: UUID, now: datetime) -> None:
    try:
        look(id, now)
    finally:
        _give_place_back(person)


def _take_place(person: int | None) -> bool:
    """Say whether a person may have one more look, and count it."""
    with _guard:
        is_free = _looks[person] < MOST_EACH
        _looks[person] += is_free
    return is_free


def _give_place_back(person: int | None) -> None:
    with _guard:
        _looks[person] -= 1
        if not _looks[person]:
            del _looks[person]


def tidy(now: datetime) -> None:
    """Delete what is kept no longer: events of triggers, notices, and deliveries."""
    forget_old_events(now)
    forget_old_notices(now)
    forget_old_deliveries(now, timedelta(days=limits.current().runs_kept_days))


def forget_old_events(now: datetime, *, most: int = 500) -> int:
    """Delete events older than `RUNS_KEPT_DAYS`, with whose runs they came; return how many."""
    before = now - timedelta(days=limits.current().runs_kept_days)
    old = list(TriggerEvent.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:most])
    if old:
        with write_transaction():
            TriggerEvent.objects.filter(pk__in=old).delete()
    return len(old)


@in_write_transaction
def fire_schedule(trigger_id: UUID, now: datetime) -> bool:
    """Fire a schedule for its last due time, if there is one that was not fired; what was missed before is left out."""
    trigger = locked_trigger(trigger_id)
    if trigger.due_at is None or trigger.due_at > now or trigger.next_at is None:
        return False
    schedule = schedule_of(trigger)
    due = max(trigger.next_at, schedule.last(now) or trigger.next_at)
    value: Json = {"at": due.isoformat().replace("+00:00", "Z"), "time_zone": schedule.zone.key}
    if fire(trigger_id, Event(value, due.isoformat()), now=now).is_paused:
        return False
    next_at = schedule.after(max(due, now))
    Trigger.objects.filter(pk=trigger_id).update(next_at=next_at, due_at=next_at, failures=0, last_error="")
    return True


def look(trigger_id: UUID, now: datetime) -> int:
    """Look outside for one trigger, if nobody else does, and start the runs; return how many events there were."""
    claim = token_hex(16)
    with write_transaction():
        ours = Trigger.objects.filter(pk=trigger_id, enabled=True, due_at__lte=now, flow__deleted_at=None)
        if not ours.update(claim=claim, due_at=now + LEASE):
            return 0
    trigger = Trigger.objects.get(pk=trigger_id)
    try:
        if not acts_still(trigger.flow_id, trigger.created_by_id) and paused(trigger_id, now):
            return 0
        sight = _sight(trigger)
        for event, seen in _unknown(trigger, sight):
            if fire(trigger_id, event, now=now, progress=Progress(claim, seen)).is_paused:
                return 0
    except ClaimLost:
        return 0
    except DatabaseErrors:
        raise
    except Exception as failed:
        if not isinstance(failed, LookFailed | SecretMissing | Problem | FlowError):
            log.exception("trigger_failed", trigger=str(trigger_id))
        _settle_failed(trigger, claim, now, failed)
        return 0
    _settle(trigger, claim, now, sight)
    return len(sight.events)


def schedule_of(trigger: Trigger) -> Schedule:
    """Return a trigger's schedule. Raises `Problem`."""
    settings = sensor_of(trigger).settings
    return read_schedule(settings.get("cron"), settings.get("time_zone"))


def _guarded(trigger_id: UUID, now: datetime) -> bool:
    """Fire a schedule; what goes wrong is told on it."""
    try:
        return fire_schedule(trigger_id, now)
    except NotFound:
        return False
    except DatabaseErrors as failure:
        log.warning("trigger_delayed", reason=repr(failure))
        return False
    except Exception as failed:
        if not isinstance(failed, Problem | FlowError):
            log.exception("trigger_failed", trigger=str(trigger_id))
        with suppress(Trigger.DoesNotExist):
            _settle_failed(Trigger.objects.get(pk=trigger_id), None, now, failed)
        return False


def _sight(trigger: Trigger) -> Sight:
    sensor, seen = sensor_of(trigger), orjson.loads(trigger.seen)
    match trigger.source:
        case Source.FILE:
            return look_at_files(sensor, seen, timezone.now())
        case Source.DATABASE:
            return look_at_rows(sensor, seen)
        case _:
            return look_at_address(sensor, seen, secret_of(trigger.flow_id, sensor.secret) if sensor.secret else "")


def _unknown(trigger: Trigger, sight: Sight) -> list[tuple[Event, Seen | None]]:
    """Return the events that have not been through since it listens to this, in their order."""
    events = [(replace(event, name=kept_name(f"{trigger.turn} {event.name}")), seen) for event, seen in sight.events]
    names = [event.name for event, _seen in events]
    known = set(TriggerEvent.objects.filter(trigger=trigger, event__in=names).values_list("event", flat=True))
    return [(event, seen) for event, seen in events if event.name not in known]


def _settle(trigger: Trigger, claim: str, now: datetime, sight: Sight) -> None:
    interval = timedelta(seconds=sensor_of(trigger).interval)
    due = now if sight.is_more else now + interval
    with write_transaction():
        Trigger.objects.filter(pk=trigger.pk, claim=claim).update(
            seen=orjson.dumps(sight.seen).decode(),
            claim="",
            due_at=due,
            failures=0,
            last_error=kept_of(sight.wrong, LONGEST_ERROR),
        )


def _settle_failed(trigger: Trigger, claim: str | None, now: datetime, failed: Exception) -> None:
    """Tell what went wrong, and wait longer each time; no result of another look is touched."""
    wait = pause(trigger.failures + 1)
    if claim is not None:
        wait = max(wait, timedelta(seconds=sensor_of(trigger).interval))
    asked = getattr(failed, "retry_after", None)
    wait = max(wait, timedelta(seconds=asked)) if isinstance(asked, (int, float)) else wait
    is_ours = isinstance(failed, LookFailed | SecretMissing | Problem | FlowError)
    told = getattr(failed, "message", "") if is_ours else _("Something went wrong on the server.")
    ours = (
        Trigger.objects.filter(pk=trigger.pk) if claim is None else Trigger.objects.filter(pk=trigger.pk, claim=claim)
    )
    with write_transaction():
        ours.update(claim="", due_at=now + wait, failures=trigger.failures + 1, last_error=kept_of(told, LONGEST_ERROR))


def pause(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: twice as long each time, up to an hour, less a share."""
    doubled: int = 1 << min(failures - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE) * random.uniform(0.8, 1.0)  # noqa: S311
