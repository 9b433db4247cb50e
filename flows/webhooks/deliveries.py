"""What is to be sent: rows that any of several processes may take, each by one at a time.

A claim is an update that only one can make: it sets who, and moves `due_at` ahead by a lease. A sender that dies leaves
a row that is due again after the lease, so everything is sent at least once; receivers know a repetition by its id.
`changed` is not noticed when somebody writes but when we look: a flow that is at another version than the webhook was
told of. So writing costs nothing more, and whatever wrote, nothing is missed.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson
from django.db.models import Case, Count, F, IntegerField, Max, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.principals import Principal
from flows.access import Role, get_flow_for
from flows.errors import NotFound
from flows.models import Flow
from flows.webhooks.models import Delivery, Webhook
from web.database_time import AHEAD, database_time, has_come
from web.deferred_translation import Kept, kept, parts_of
from web.write_transaction import write_transaction

QUIET, LONGEST_QUIET = timedelta(seconds=10), timedelta(days=1)
"""`changed` comes at most once in this time, for each flow and webhook, and in the longest that a rule may ask for."""
LEASE = timedelta(seconds=60)
PATIENCE = timedelta(days=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
KEPT = 100
"""Deliveries that are over, of each lane; the oldest go first."""
AT_ONCE = 50
MOST_WAITING = 1_000
"""So many deliveries without a webhook wait in a flow."""
FINAL = frozenset({"limit_reached"})
"""What another try does not mend."""

State = Delivery.State


def notify(flow_id: UUID, event: str, **fields: object) -> int:
    """Make a delivery for each webhook of a flow that wants to hear of an event; return how many.

    Within the caller's transaction: what is rolled back is not told. `fields` join the body.
    """
    flow = Flow.objects.filter(pk=flow_id, deleted_at=None).only("title", "version").first()
    if flow is None:
        return 0
    hear = [one for one in Webhook.objects.filter(flow=flow, enabled=True) if event in one.events]
    if not hear:
        return 0
    now = database_time()
    wanted = [one for one in hear if not _is_quiet(one, event, now)]
    return len(Delivery.objects.bulk_create([_delivery(one, flow, event, now, fields) for one in wanted]))


def deliver_later(
    flow_id: UUID,
    *,
    id: UUID,
    channel: str,
    target: str,
    event: str,
    body: str,
    now: datetime,
    person: int | None = None,
) -> bool:
    """Make a delivery that belongs to no webhook, within the caller's transaction; False if there is one of this id.

    `body` is sent as it is; `person` answers for it. The caller sees to it that there is room (`room_left`).
    """
    lane = uuid5(flow_id, f"{channel} {target}")
    found = Delivery.objects.filter(pk=id).exists()
    if not found:
        Delivery.objects.create(
            id=id,
            flow_id=flow_id,
            channel=channel,
            target=target,
            person_id=person,
            lane=lane,
            event=event,
            body=body,
            at=now,
            due_at=now,
            give_up_at=now + PATIENCE,
        )
    return not found


def give_up_overdue(webhooks: Collection[UUID], now: datetime) -> None:
    """Give up what has waited for too long while webhooks were off, within the transaction that switches them on."""
    waiting = Delivery.objects.filter(webhook__in=webhooks, state=State.WAITING)
    waiting.filter(give_up_at__lt=now).update(state=State.GIVEN_UP, claim="")


def no_longer(person: User | None) -> Kept:
    """Say that something is paused because of who it acted for."""
    name = "" if person is None else person.name
    return kept("Paused: %(name)s, in whose name it went on, can no longer edit this flow.") % {"name": name}


def tell_owners(flow_id: UUID, event: str, reason: Kept, now: datetime) -> None:
    """Tell a flow's owners in the page of something, if there is room, within the caller's transaction."""
    if room_left(flow_id) < 1:
        return
    flow = Flow.objects.filter(pk=flow_id).only("title", "version").get()
    id, about = uuid4(), {"id": str(flow.pk), "title": flow.title, "version": flow.version}
    body = {"id": str(id), "event": event, "flow": about, "at": now, "reason": str(reason)}
    told = orjson.dumps({**body, "reason_parts": parts_of(reason)}, option=orjson.OPT_UTC_Z).decode()
    deliver_later(flow_id, id=id, channel="in_app", target="owners", event=event, body=told, now=now)


def room_left(flow_id: UUID) -> int:
    """Return how many more deliveries without a webhook may wait in a flow."""
    waiting = Delivery.objects.filter(flow=flow_id, webhook=None, state=State.WAITING)
    return MOST_WAITING - waiting.order_by()[:MOST_WAITING].count()


def notice_changes(now: datetime) -> int:
    """Make a `changed` for each webhook whose flow has moved on since it was told; return how many.

    Where `KEPT` wait already no more is made until one has come to an end: that which follows says since when it tells.
    """
    is_loud = has_come("quiet_until", now, now + LONGEST_QUIET + AHEAD)
    stale = Webhook.objects.filter(
        is_loud, ~Q(flow__version=F("told_version")), enabled=True, hears_changes=True
    ).order_by("quiet_until")
    made = 0
    waiting = Count("deliveries", filter=Q(deliveries__state=State.WAITING))
    heard = stale.filter(flow__deleted_at=None).annotate(waiting=waiting).filter(waiting__lt=KEPT)
    for id in list(heard.values_list("pk", flat=True)[:AT_ONCE]):
        with write_transaction():
            locked = stale.select_related("flow").select_for_update(of=("flow",))  # before the webhook, as all others
            webhook = locked.filter(pk=id).first()
            if webhook is None:
                continue
            flow, before = webhook.flow, webhook.told_version
            ours = Webhook.objects.filter(is_loud, pk=id, told_version=before)
            pause = max(QUIET, timedelta(seconds=webhook.quiet))
            if ours.update(told_version=flow.version, quiet_until=now + pause):
                _delivery(webhook, flow, "changed", now, {"previous": before}).save(force_insert=True)
                made += 1
    return made


def claim_due(now: datetime, most: int, *, busy: Collection[UUID] = ()) -> list[Delivery]:
    """Take what is due, one of each lane and none of those that are `busy`; nobody else has these for a lease.

    The person with the fewest under way comes first, and of theirs the flow with the fewest: one with many lanes, or
    many flows, leaves the others their turn.
    """
    due = Delivery.objects.filter(_is_due(now), flow__deleted_at=None)
    heard = due.filter(Q(webhook=None) | Q(webhook__enabled=True))
    waiting = heard.exclude(lane__in=list(busy)).order_by("due_at")
    lanes = _next_lanes(waiting.order_by(), now, most)
    claim = token_hex(16)
    ids = [id for lane in lanes for id in waiting.filter(lane=lane).values_list("pk", flat=True)[:1]]
    if not ids:
        return []
    with write_transaction():
        ours = Delivery.objects.filter(_is_due(now), pk__in=ids)
        ours.update(claim=claim, due_at=now + LEASE)
    return list(Delivery.objects.filter(pk__in=ids, claim=claim).select_related("webhook"))


def _next_lanes(waiting: QuerySet[Delivery], now: datetime, most: int) -> list[UUID]:
    """Return the lanes whose turn it is: each time one of the person who has the fewest under way, then by time; of
    that person's flows one of that which has the fewest.
    """
    taken = Delivery.objects.filter(state=State.WAITING, due_at__gt=now, due_at__lte=now + LEASE).exclude(claim="")
    whose = Coalesce("person", "webhook__created_by", Value(0))
    waiting, taken = waiting.annotate(whose=whose), taken.annotate(whose=whose).order_by()
    turns = [
        (person["count"] + place, first, lane)
        for person in _fewest(waiting, taken, "whose", most)
        for place, (first, lane) in enumerate(_lanes_of(waiting.filter(whose=person["whose"]), taken, most))
    ]
    return [lane for _, _, lane in sorted(turns)[:most]]


def _lanes_of(waiting: QuerySet[Delivery], taken: QuerySet[Delivery], most: int) -> list[tuple[datetime, UUID]]:
    turns = [
        (flow["count"] + place, lane["first"], lane["lane"])
        for flow in _fewest(waiting, taken, "flow", most)
        for place, lane in enumerate(
            waiting.filter(flow=flow["flow"]).values("lane").annotate(first=Min("due_at")).order_by("first")[:most]
        )
    ]
    return [(first, lane) for _, first, lane in sorted(turns)[:most]]


def _fewest(waiting: QuerySet[Delivery], taken: QuerySet[Delivery], of: str, most: int) -> QuerySet[Any, Any]:
    """Return what waits grouped, with the `count` of what is under way of each and since when the `first` waits."""
    under_way = dict(taken.values_list(of).annotate(count=Count("pk")))
    count = Case(*(When(**{of: one}, then=n) for one, n in under_way.items()), default=0, output_field=IntegerField())
    groups: QuerySet[Any, Any] = waiting.values(of).annotate(count=Max(count), first=Min("due_at"))
    return groups.order_by("count", "first")[:most]


def claim_next(lane: UUID, now: datetime) -> Delivery | None:
    """Take the next that is due in a lane of which none is under way here; nobody else has it for a lease."""
    due = Delivery.objects.filter(_is_due(now), lane=lane, flow__deleted_at=None)
    heard = due.filter(Q(webhook=None) | Q(webhook__enabled=True)).order_by("due_at")
    id = heard.values_list("pk", flat=True).first()
    if id is None:
        return None
    claim = token_hex(16)
    with write_transaction():
        ours = Delivery.objects.filter(_is_due(now), pk=id)
        if not ours.update(claim=claim, due_at=now + LEASE):
            return None
    return Delivery.objects.filter(pk=id, claim=claim).select_related("webhook").first()


def _is_due(now: datetime) -> Q:
    """Say which wait for a try, also those that a clock which was ahead lets wait longer than they may."""
    return Q(has_come("due_at", now, now + LONGEST_PAUSE + AHEAD), state=State.WAITING)


def forget_old_deliveries(now: datetime, kept: timedelta, *, most: int = 500) -> int:
    """Delete deliveries of outputs that are over and older than `kept`; return how many."""
    over = Delivery.objects.filter(webhook=None, at__lt=now - kept).exclude(state=State.WAITING)
    old = list(over.order_by("at").values_list("pk", flat=True)[:most])
    if old:
        with write_transaction():
            Delivery.objects.filter(pk__in=old).delete()
    return len(old)


def settle(delivery: Delivery, now: datetime, *, status: int | None, error: str) -> None:
    """Write how a try ended, unless the lease ran out and another has it now."""
    tries = delivery.tries + 1
    values: dict[str, object] = {"tries": tries, "status": status, "error": error, "claim": ""}
    if not error:
        values["state"] = State.DONE
    elif error in FINAL or now + pause(tries) > delivery.give_up_at:
        values["state"] = State.GIVEN_UP
    else:
        values["due_at"] = now + pause(tries)
    with write_transaction():
        Delivery.objects.filter(pk=delivery.pk, claim=delivery.claim).update(**values)
        if "state" in values:
            over = Delivery.objects.filter(lane=delivery.lane).exclude(state=State.WAITING)
            old = list(over.order_by("-at", "-pk").values_list("pk", flat=True)[KEPT:])
            Delivery.objects.filter(pk__in=old).delete()


def pause(tries: int) -> timedelta:
    """Return how long to wait after so many tries: twice as long each time, at most an hour."""
    doubled: int = 1 << min(tries - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def deliveries_of(principal: Principal, flow_id: UUID, webhook_id: UUID) -> list[Delivery]:
    """Return the deliveries of a webhook, the newest first; owners only. Raises `NotFound` or `Forbidden`."""
    get_flow_for(principal, flow_id, Role.OWNER)
    if not Webhook.objects.filter(pk=webhook_id, flow=flow_id, rule=None).exists():
        raise NotFound
    return list(Delivery.objects.filter(webhook=webhook_id).defer("body")[: 10 * KEPT])


def _is_quiet(webhook: Webhook, event: str, now: datetime) -> bool:
    told = Delivery.objects.filter(webhook=webhook, event=event, at__lte=now + AHEAD)
    return bool(webhook.quiet) and told.filter(at__gt=now - timedelta(seconds=webhook.quiet)).exists()


def _delivery(
    webhook: Webhook, flow: Flow, event: str, now: datetime, fields: dict[str, object] | None = None
) -> Delivery:
    id = uuid4()
    about = {"id": str(flow.pk), "title": flow.title, "version": flow.version}
    body = {"id": str(id), "event": event, "flow": about, "at": now, **(fields or {})}
    return Delivery(
        id=id,
        flow=flow,
        webhook=webhook,
        channel=webhook.channel,
        lane=webhook.pk,
        event=event,
        body=orjson.dumps(body, option=orjson.OPT_UTC_Z).decode(),
        at=now,
        due_at=now,
        give_up_at=now + PATIENCE,
    )
