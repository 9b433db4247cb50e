"""An event starts a run: once, in order for each trigger, and only while its queue is not full.

One transaction under the locks of the flow and the trigger: is the event known, is there room, its run and its row.
Who looks outside also writes here how far it has looked, under its claim; so a look that is repeated repeats no run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid4

import orjson

from accounts.principals import System
from flows.access import acts_still
from flows.commands.flow_lock import lock_flow
from flows.errors import NotFound
from flows.expressions import Json
from flows.webhooks.deliveries import no_longer, tell_owners
from runs.commands import start_run
from runs.commands.attempts import kept_of
from runs.models import Run, Trigger, TriggerEvent
from runs.triggers.sensors import Sensor
from web.deferred_translation import kept as _
from web.errors import Problem
from web.write_transaction import in_write_transaction

LONGEST_NAME: Final = 200
RETRY_SECONDS: Final = 10
_HASHED: Final = "#sha256 "
_PROOF: Final = "#sig "


LONGEST_ERROR: Final = 500
"""Of each text that is kept of what went wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. The same `name` is the same event; without one each is an event of its own.

    So is the same `proof`, a signature that is good for once: its name is not signed, and could be another each time.
    """

    value: Json
    name: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Fired:
    """The run of an event; not new if the event had started it before. None if it is not known any more, or if the
    trigger `is_paused` since it may not go on."""

    run: UUID | None
    is_new: bool
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What a look has come to with an event: written with its run if the `claim` still holds."""

    claim: str
    seen: Mapping[str, Json] | None = None


class ClaimLost(Exception):  # noqa: N818  (a result, not a defect)
    """Another looks by now, or the trigger was changed."""


def sensor_of(trigger: Trigger) -> Sensor:
    """Return the sensor as it was at the trigger's version."""
    return Sensor(trigger.source, orjson.loads(trigger.options))


def kept_name(name: str) -> str:
    """Return an event's name as its row keeps it: a long one by its hash, a new one for none."""
    if not name:
        return f"#{uuid4().hex}"
    is_kept = len(name) == len(_HASHED) + 64 and name.startswith(_HASHED)
    if is_kept or (len(name) < LONGEST_NAME and name.isprintable() and not name.startswith("#")):
        return name
    return f"{_HASHED}{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"


@in_write_transaction
def fire(trigger_id: UUID, event: Event, *, now: datetime, progress: Progress | None = None) -> Fired:
    """Start the run of an event, or say which one it has started before.

    Raises `NotFound` (no such trigger, or it is off), `ClaimLost`, and `Problem`: `rate_limited` for a full queue and
    for too many runs of the flow, `invalid` for an event or a version that cannot run.
    """
    trigger = locked_trigger(trigger_id)
    if not acts_still(trigger.flow_id, trigger.created_by_id):
        _pause(trigger, now)
        return Fired(None, is_new=False, is_paused=True)
    if progress is not None:
        if trigger.claim != progress.claim:
            raise ClaimLost
        if progress.seen is not None:
            trigger.seen = orjson.dumps(progress.seen).decode()
    names = [*([f"{_PROOF}{event.proof}"] if event.proof else []), kept_name(event.name)]
    known = dict(TriggerEvent.objects.filter(trigger=trigger, event__in=names).values_list("event", "run"))
    is_new = not known
    if is_new:
        _expect_room(trigger)
        run: UUID | None = _start(trigger, event, now)
        trigger.fired_at = now
    else:
        run = next(known[name] for name in names if name in known)
    fresh = names if is_new else [name for name in names[:1] if name not in known]  # no name by a proof that is known
    TriggerEvent.objects.bulk_create(TriggerEvent(trigger=trigger, event=one, run_id=run, at=now) for one in fresh)
    trigger.save(update_fields=["seen", "fired_at"])
    return Fired(run, is_new)


def locked_trigger(trigger_id: UUID) -> Trigger:
    """Lock the flow, then the trigger; only inside a transaction. Raises `NotFound` if it is gone, or off."""
    flow = Trigger.objects.filter(pk=trigger_id).values_list("flow", flat=True).first()
    if flow is None:
        raise NotFound
    lock_flow(flow)
    trigger = Trigger.objects.select_for_update().filter(pk=trigger_id, enabled=True).first()
    if trigger is None:
        raise NotFound
    return trigger


@in_write_transaction
def paused(trigger_id: UUID, now: datetime) -> bool:
    """Pause a trigger if who it acts as may no longer edit the flow; say whether that is so."""
    trigger = locked_trigger(trigger_id)
    if acts_still(trigger.flow_id, trigger.created_by_id):
        return False
    _pause(trigger, now)
    return True


def _pause(trigger: Trigger, now: datetime) -> None:
    """Switch a trigger off with all others of the flow that act for the same person, say why, and tell its owners."""
    reason = no_longer(trigger.created_by)
    theirs = Trigger.objects.filter(flow=trigger.flow_id, created_by=trigger.created_by_id, enabled=True)
    theirs.update(enabled=False, claim="", last_error=kept_of(reason, LONGEST_ERROR))
    tell_owners(trigger.flow_id, "trigger.paused", reason, now)


def _start(trigger: Trigger, event: Event, now: datetime) -> UUID:
    started = start_run(
        System(),
        trigger.flow_id,
        version=trigger.version,
        input=event.value,
        trigger=trigger.source,
        sensor=trigger.node,
        responsible=trigger.created_by_id,
        now=now,
    )
    return started.run.pk


def _expect_room(trigger: Trigger) -> None:
    """Raise `Problem("rate_limited")` if the sensor's queue is full."""
    unfinished = Run.objects.filter(flow=trigger.flow_id, state__in=Run.OPEN).values("pk")
    size = sensor_of(trigger).queue_size
    if TriggerEvent.objects.filter(trigger=trigger, run__in=unfinished).values("run").distinct().count() >= size:
        message = _("This sensor has %(most)d unfinished runs; no more are started for now.") % {"most": size}
        raise Problem("rate_limited", message, retry_after=RETRY_SECONDS)
