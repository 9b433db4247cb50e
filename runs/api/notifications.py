"""Notifications by REST: a flow's rules and their log for its editors, and what one was told oneself."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Schema
from pydantic import AfterValidator, Field

from accounts.authentication import principal
from accounts.principals import Caller
from accounts.schemas import storable
from flows.access import Role, get_flow_for
from flows.api.answers import json
from flows.models import Delivery
from runs.models import Notice
from runs.notices import reading, rules
from runs.notices.sentences import text_of, title_of
from runs.queries import fragment
from web.egress import LONGEST_URL
from web.errors import In, answers
from web.router import Router
from web.row_ids import read_uuid

router = Router(tags=["notifications"])
Text = Annotated[str, Field(max_length=LONGEST_URL), AfterValidator(storable)]
Name = Annotated[str, Field(max_length=64), AfterValidator(storable)]
DAY = 86_400
MOST_RULES = 1_000


class TargetIn(In):
    """One way to tell people; a secret left out is kept: the same target's in the rule, else what was there."""

    channel: Name
    target: Text = ""
    secret: Text | None = None


class RuleIn(In):
    """Which events are told to whom; the same event at most once in `quiet` seconds."""

    id: Annotated[str, Field(max_length=64), AfterValidator(storable)] | None = None
    on: Annotated[list[Name], Field(max_length=20)]
    to: Annotated[list[TargetIn], Field(max_length=50)]
    quiet: Annotated[int, Field(ge=0, le=DAY)] | None = None
    paused: Text | None = None
    """As it is read; what is given here says nothing."""


class RulesIn(In):
    rules: Annotated[list[RuleIn], Field(max_length=MOST_RULES)]


class TargetOut(Schema):
    channel: str
    target: str


class RuleOut(Schema):
    id: UUID
    on: list[str]
    to: list[TargetOut]
    quiet: int
    paused: str | None = None


class RulesOut(Schema):
    rules: list[RuleOut]


class NoticeDeliveryOut(Schema):
    """One thing sent, or to be sent; `error` says why the last try came to nothing, "" if it did not."""

    id: UUID
    event: str
    channel: str
    target: str
    state: str
    status: int | None
    error: str
    tries: int
    at: datetime


class NoticeDeliveriesOut(Schema):
    items: list[NoticeDeliveryOut]


class NoticeOut(Schema):
    """One thing that one was told: in words, and as programs are told it (`body`)."""

    id: UUID
    event: str
    flow: UUID
    title: str
    text: str
    body: Any
    at: datetime
    read_at: datetime | None


class NoticesOut(Schema):
    items: list[NoticeOut]
    unread: int


class NoticesIn(In):
    """Which are read; all of them if none are named."""

    ids: Annotated[list[str], Field(max_length=1000)] | None = None


class ReadOut(Schema):
    read: int


RULES = ("forbidden", "not_found")


@router.get("/flows/{flow_id}/notifications", **answers({200: RulesOut}, *RULES))
def list_rules(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """List who is told of what."""
    get_flow_for(principal(request), flow_id, Role.EDITOR)
    return json({"rules": [_rule(one) for one in rules.rules_of(principal(request), flow_id)]})


@router.put(
    "/flows/{flow_id}/notifications",
    **answers({200: RulesOut}, *RULES, "too_large", "invalid", "limit_reached", "rate_limited"),
)
def replace_rules(request: HttpRequest, flow_id: UUID, payload: RulesIn) -> HttpResponse:
    """Replace all rules, but no webhook."""
    get_flow_for(principal(request), flow_id, Role.EDITOR)
    given = [_read_rule(one) for one in payload.rules]
    return json({"rules": [_rule(one) for one in rules.replace_rules(principal(request), flow_id, given)]})


@router.get("/flows/{flow_id}/notifications/deliveries", **answers({200: NoticeDeliveriesOut}, *RULES))
def list_notice_deliveries(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """List what rules and outputs sent or are to send, the newest first."""
    get_flow_for(principal(request), flow_id, Role.EDITOR)
    return json({"items": [_delivery(one) for one in rules.deliveries_of(principal(request), flow_id)]})


@router.post(
    "/flows/{flow_id}/notifications/deliveries/{delivery_id}/resend",
    **answers({200: NoticeDeliveryOut}, "wrong_state", "rate_limited", *RULES),
)
def resend_notice(request: HttpRequest, flow_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Send one of these again, whatever became of it: the same body under the same id."""
    return json(_delivery(rules.resend(principal(request), flow_id, delivery_id)))


@router.get("/notifications", **answers({200: NoticesOut}, "invalid"))
def list_notices(request: HttpRequest, unread: bool = False) -> HttpResponse:
    """List what one was told in the page, the newest first."""
    me = _person(request)
    items = [_notice(one) for one in reading.notices_of(me, unread=unread)]
    return json({"items": items, "unread": reading.unread_count(me)})


@router.post("/notifications/read", **answers({200: ReadOut}, "too_large", "invalid"))
def read_notices(request: HttpRequest, payload: NoticesIn) -> HttpResponse:
    """Mark notices as read."""
    ids = None if payload.ids is None else [id for one in payload.ids if (id := read_uuid(one)) is not None]
    return json({"read": reading.mark_read(_person(request), ids, now=timezone.now())})


def _person(request: HttpRequest) -> Caller:
    asks = principal(request)
    assert isinstance(asks, Caller)  # noqa: S101  (nobody else calls by REST)
    return asks


def _read_rule(given: RuleIn) -> rules.Rule:
    to = tuple(rules.placed(rules.Target(one.channel, one.target.strip(), one.secret)) for one in given.to)
    return rules.Rule(tuple(dict.fromkeys(given.on)), to, given.quiet or 0, read_uuid(given.id) if given.id else None)


def _rule(rule: rules.Rule) -> dict[str, object]:
    to = [{"channel": one.channel, "target": one.target} for one in rule.to]
    said = {"paused": rule.paused} if rule.paused else {}
    return {"id": str(rule.id), "on": list(rule.on), "to": to, "quiet": rule.quiet, **said}


def _delivery(delivery: Delivery) -> dict[str, object]:
    webhook = delivery.webhook
    return {
        "id": str(delivery.pk),
        "event": delivery.event,
        "channel": delivery.channel,
        "target": delivery.target if webhook is None else webhook.url,
        "state": delivery.state,
        "status": delivery.status,
        "error": delivery.error,
        "tries": delivery.tries,
        "at": delivery.at,
    }


def _notice(notice: Notice) -> dict[str, object]:
    return {
        "id": str(notice.pk),
        "event": notice.event,
        "flow": str(notice.flow_id),
        "title": title_of(notice.event, notice.body, notice.flow.title),
        "text": text_of(notice.event, notice.body),
        "body": fragment(notice.body),
        "at": notice.at,
        "read_at": notice.read_at,
    }
