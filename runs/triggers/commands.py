"""Triggers made, moved, switched and removed, by owners alone; read again under the flow's lock.

A trigger takes its sensor's settings as they were at one version. What it has seen stays with it, unless it is moved to
a version where the sensor listens to something else.
"""

from datetime import datetime
from uuid import UUID

import orjson
from django.utils.translation import gettext as _

from accounts.principals import Principal, user_id_of
from flows import limits as helix_limits
from flows.access import Role, authorize, who_acts_still
from flows.commands.flow_lock import lock_flow
from flows.errors import NotFound
from flows.expressions import Json
from flows.log import document_at
from flows.models import Flow
from flows.rates import count_flow_change
from runs.installation import installation_of
from runs.models import Trigger
from runs.plans import plan_for
from runs.triggers.looking import LookFailed, files_seen
from runs.triggers.schedules import read_schedule
from runs.triggers.sensors import Sensor, check_sensor
from web.database_time import database_time
from web.errors import Problem
from web.write_transaction import in_write_transaction

Source = Trigger.Source
MOST_ROTATIONS = 2**31 - 1


def triggers_of(principal: Principal, flow_id: UUID) -> list[Trigger]:
    """Return the triggers of a flow, the oldest first; owners only. Raises `NotFound` and `Forbidden`."""
    authorize(principal, flow_id, Role.OWNER)
    return list(Trigger.objects.filter(flow=flow_id, flow__deleted_at=None))


def create_trigger(
    principal: Principal, flow_id: UUID, *, node: str, version: int | None = None, enabled: bool = True
) -> Trigger:
    """Let a sensor start runs of a version, the current one if none is named, from now on.

    Raises `NotFound`, `Forbidden` and `Problem` (`invalid`, `limit_reached`, `rate_limited`).
    """
    authorize(principal, flow_id, Role.OWNER)
    count_flow_change(principal)
    _expect_to_run(flow_id, node, version)
    return _create(principal, flow_id, node, version, enabled)


def change_trigger(
    principal: Principal,
    flow_id: UUID,
    trigger_id: UUID,
    *,
    version: int | None = None,
    enabled: bool | None = None,
    rotate: bool = False,
) -> Trigger:
    """Move a trigger to a version, switch it on or off, give its hook another address. Raises as `create_trigger`.

    It acts as who made it, then as who switched it on last, or changed it when the one before could no longer edit.
    """
    authorize(principal, flow_id, Role.OWNER)
    count_flow_change(principal)
    node = Trigger.objects.filter(pk=trigger_id, flow=flow_id).values_list("node", flat=True).first()
    if version is not None and node is not None:
        _expect_to_run(flow_id, node, version)
    return _change(principal, flow_id, trigger_id, version=version, enabled=enabled, rotate=rotate)


def delete_trigger(principal: Principal, flow_id: UUID, trigger_id: UUID) -> None:
    """Delete a trigger; its runs stay. Raises `NotFound`, `Forbidden` and `Problem` (`rate_limited`)."""
    count_flow_change(principal)
    _delete(principal, flow_id, trigger_id)


@in_write_transaction
def _delete(principal: Principal, flow_id: UUID, trigger_id: UUID) -> None:
    _locked(principal, flow_id, trigger_id).delete()


@in_write_transaction
def _create(principal: Principal, flow_id: UUID, node: str, version: int | None, enabled: bool) -> Trigger:
    current = lock_flow(flow_id).version
    authorize(principal, flow_id, Role.OWNER)
    most = helix_limits.current().triggers_per_flow
    if Trigger.objects.filter(flow=flow_id).count() >= most:
        raise Problem("limit_reached", _("A flow has at most %(most)d triggers.") % {"most": most})
    if Trigger.objects.filter(flow=flow_id, node=node).exists():
        raise Problem("invalid", _("node: this sensor has a trigger already; it can be moved to another version."))
    sensor = _sensor_at(flow_id, node, current if version is None else version, current)
    now = database_time()
    trigger = Trigger(
        flow_id=flow_id,
        node=node,
        version=current if version is None else version,
        enabled=enabled,
        created_by_id=user_id_of(principal),
        created_at=now,
    )
    _listen(trigger, sensor, now, is_anew=True)
    trigger.save(force_insert=True)
    return trigger


@in_write_transaction
def _change(
    principal: Principal, flow_id: UUID, trigger_id: UUID, *, version: int | None, enabled: bool | None, rotate: bool
) -> Trigger:
    current = lock_flow(flow_id).version
    trigger = _locked(principal, flow_id, trigger_id)
    sensor, now = Sensor(trigger.source, orjson.loads(trigger.options)), database_time()
    is_anew = False
    if version is not None:
        moved = _sensor_at(flow_id, trigger.node, version, current)
        is_anew = _heard(moved) != _heard(sensor)
        trigger.version, sensor = version, moved
    begins = enabled is True and not trigger.enabled
    if begins or trigger.created_by_id not in who_acts_still(flow_id, [trigger.created_by_id]):
        trigger.created_by_id = user_id_of(principal)
    if enabled is not None:
        trigger.enabled = enabled
    if version is not None or begins:
        _listen(trigger, sensor, now, is_anew=is_anew)
    if rotate:
        trigger.rotation = trigger.rotation % MOST_ROTATIONS + 1
    trigger.claim = ""
    trigger.save()
    return trigger


def _expect_to_run(flow_id: UUID, node: str, version: int | None) -> None:
    """Read the sensor and compile its version before anything is locked. Raises `Problem("invalid")`."""
    current = Flow.objects.filter(pk=flow_id, deleted_at=None).values_list("version", flat=True).first()
    if current is not None:
        _sensor_at(flow_id, node, version or current, current)
        plan_for(flow_id, version or current, installation_of(flow_id))


def _listen(trigger: Trigger, sensor: Sensor, now: datetime, *, is_anew: bool) -> None:
    """Set what a trigger listens to, and when it looks next."""
    trigger.source, trigger.options = sensor.source, orjson.dumps(dict(sensor.settings)).decode()
    trigger.failures = 0
    if trigger.enabled:  # what is paused still says why
        trigger.last_error = ""
    trigger.next_at = trigger.due_at = None
    if is_anew:
        trigger.turn += 1
        trigger.seen = orjson.dumps(_seen_at_first(sensor)).decode()
    match sensor.source:
        case Source.WEBHOOK:
            pass
        case Source.SCHEDULE:
            schedule = read_schedule(sensor.settings.get("cron"), sensor.settings.get("time_zone"))
            trigger.next_at = trigger.due_at = schedule.after(now)
        case _:
            trigger.due_at = now


def _seen_at_first(sensor: Sensor) -> dict[str, Json]:
    """Return what a new trigger takes for known: files that are there already."""
    if sensor.source != Source.FILE:
        return {}
    try:
        return dict(files_seen(sensor))
    except LookFailed as failed:
        raise Problem("invalid", _("pattern: %(why)s") % {"why": failed.message}) from None


def _sensor_at(flow_id: UUID, node_id: str, version: int, current: int) -> Sensor:
    """Return a sensor as it was at a version, if it can be listened to. Raises `Problem("invalid")`."""
    if not 1 <= version <= current:
        raise Problem("invalid", _("version: the flow has versions 1 to %(last)d") % {"last": current})
    node = document_at(flow_id, version).node(node_id)
    if node is None or node.kind != "sensor":
        raise Problem("invalid", _("node: there is no such sensor at this version"))
    if not node.enabled:
        raise Problem("invalid", _("node: this sensor is switched off at this version"))
    settings: dict[str, Json] = orjson.loads(orjson.dumps(dict(node.settings)))
    sensor = Sensor(str(settings.get("source") or Source.WEBHOOK), settings)
    check_sensor(sensor)
    return sensor


def _heard(sensor: Sensor) -> tuple[object, ...]:
    """Return what a sensor listens to, apart from how often and what it makes of it."""
    names = ("endpoint", "pattern", "database", "query", "cursor", "cron", "time_zone", "format")
    return (sensor.source, *(sensor.settings.get(name) for name in names))


def _locked(principal: Principal, flow_id: UUID, trigger_id: UUID) -> Trigger:
    """Lock the flow and its trigger, judge the principal. Raises `NotFound` and `Forbidden`."""
    lock_flow(flow_id)
    authorize(principal, flow_id, Role.OWNER)
    trigger = Trigger.objects.select_for_update().filter(pk=trigger_id, flow=flow_id).first()
    if trigger is None:
        raise NotFound
    return trigger
