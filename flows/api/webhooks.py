"""Webhooks of a flow, and what was sent to them; owners only. A secret is taken and never given back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import AfterValidator, Field

from accounts.authentication import principal
from accounts.schemas import storable
from flows.access import Role, get_flow_for
from flows.api.answers import json
from flows.commands import webhooks as commands
from flows.webhooks.deliveries import deliveries_of
from flows.webhooks.models import Delivery, Webhook
from web.deferred_translation import said
from web.egress import LONGEST_URL
from web.errors import In, answers
from web.router import Router

router = Router(tags=["webhooks"])
Url = Annotated[str, Field(max_length=LONGEST_URL), AfterValidator(storable)]
Events = Annotated[list[str], Field(max_length=20)]
Secret = Annotated[str, Field(max_length=200), AfterValidator(storable)]
WRITING = ("forbidden", "not_found", "too_large", "invalid", "rate_limited")


class WebhookIn(In):
    url: Url
    events: Events
    secret: Secret | None = None


class WebhookPatchIn(In):
    """What is left out stays as it is; an empty secret takes the secret away."""

    enabled: bool | None = None
    events: Events | None = None
    url: Url | None = None
    secret: Secret | None = None


class WebhookOut(Schema):
    id: UUID
    url: str
    events: list[str]
    enabled: bool
    paused: str | None = None


class WebhooksOut(Schema):
    items: list[WebhookOut]


class DeliveryOut(Schema):
    """`status` is what the receiver answered last, `error` why the last try came to nothing, "" if it did not."""

    id: UUID
    event: str
    state: str
    status: int | None
    error: str
    tries: int
    at: datetime


class DeliveriesOut(Schema):
    items: list[DeliveryOut]


@router.get("/flows/{flow_id}/webhooks", **answers({200: WebhooksOut}, "forbidden", "not_found"))
def list_webhooks(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """List the flow's webhooks."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    return json({"items": [_webhook(one) for one in commands.webhooks_of(principal(request), flow_id)]})


@router.post("/flows/{flow_id}/webhooks", **answers({201: WebhookOut}, "limit_reached", *WRITING))
def create_webhook(request: HttpRequest, flow_id: UUID, payload: WebhookIn) -> HttpResponse:
    """Send what happens in the flow from now on to an address, signed with the secret if one is given."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    given = {"url": payload.url, "events": payload.events, "secret": payload.secret or ""}
    return json(_webhook(commands.create_webhook(principal(request), flow_id, **given)), 201)  # type: ignore[arg-type]


@router.patch("/flows/{flow_id}/webhooks/{webhook_id}", **answers({200: WebhookOut}, *WRITING))
def change_webhook(request: HttpRequest, flow_id: UUID, webhook_id: UUID, payload: WebhookPatchIn) -> HttpResponse:
    """Change a webhook."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    changed = commands.change_webhook(principal(request), flow_id, webhook_id, **payload.dict())
    return json(_webhook(changed))


@router.delete("/flows/{flow_id}/webhooks/{webhook_id}", **answers({204: None}, "forbidden", "not_found"))
def delete_webhook(request: HttpRequest, flow_id: UUID, webhook_id: UUID) -> HttpResponse:
    """Delete a webhook, with all that waits for it."""
    commands.delete_webhook(principal(request), flow_id, webhook_id)
    return HttpResponse(status=204)


@router.get(
    "/flows/{flow_id}/webhooks/{webhook_id}/deliveries", **answers({200: DeliveriesOut}, "forbidden", "not_found")
)
def list_deliveries(request: HttpRequest, flow_id: UUID, webhook_id: UUID) -> HttpResponse:
    """List what was or is to be sent to a webhook, the newest first."""
    return json({"items": [_delivery(one) for one in deliveries_of(principal(request), flow_id, webhook_id)]})


@router.post(
    "/flows/{flow_id}/webhooks/{webhook_id}/deliveries/{delivery_id}/resend",
    **answers({200: DeliveryOut}, "forbidden", "not_found", "wrong_state", "rate_limited"),
)
def resend(request: HttpRequest, flow_id: UUID, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Send a delivery again, whatever became of it: the same body under the same id, signed anew."""
    return json(_delivery(commands.resend(principal(request), flow_id, webhook_id, delivery_id)))


def _webhook(webhook: Webhook) -> dict[str, object]:
    told = {"id": str(webhook.pk), "url": webhook.url, "events": webhook.events, "enabled": webhook.enabled}
    return told | ({"paused": said(webhook.paused)} if webhook.paused else {})


def _delivery(delivery: Delivery) -> dict[str, object]:
    return {
        "id": str(delivery.pk),
        "event": delivery.event,
        "state": delivery.state,
        "status": delivery.status,
        "error": delivery.error,
        "tries": delivery.tries,
        "at": delivery.at,
    }
