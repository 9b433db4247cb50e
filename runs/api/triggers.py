"""Triggers by REST: which sensors start runs, of which version; owners only."""

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
from runs.models import Trigger
from runs.triggers import commands
from runs.triggers.tokens import Hook, token_of
from web.deferred_translation import said
from web.errors import In, answers
from web.router import Router

router = Router(tags=["triggers"])
WRITING = ("forbidden", "not_found", "too_large", "invalid", "rate_limited")
Version = Annotated[int, Field(ge=1, le=2**53)]


class TriggerIn(In):
    """A sensor's id, and the version it is taken from: the current one if none is named."""

    node: Annotated[str, Field(max_length=64), AfterValidator(storable)]
    version: Version | None = None
    enabled: bool = True


class TriggerPatchIn(In):
    """What is left out stays as it is; `rotate` gives a hook another address at once."""

    version: Version | None = None
    enabled: bool | None = None
    rotate: bool = False


class TriggerOut(Schema):
    """`url` is a hook's, `next_at` when a schedule is due; `error` says what went wrong last, "" if nothing did."""

    id: UUID
    node: str
    version: int
    enabled: bool
    source: str
    error: str
    fired_at: datetime | None
    url: str | None = None
    next_at: datetime | None = None


class TriggersOut(Schema):
    items: list[TriggerOut]


@router.get("/flows/{flow_id}/triggers", **answers({200: TriggersOut}, "forbidden", "not_found"))
def list_triggers(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """List the flow's triggers."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    return json({"items": [_trigger(request, one) for one in commands.triggers_of(principal(request), flow_id)]})


@router.post("/flows/{flow_id}/triggers", **answers({201: TriggerOut}, "limit_reached", *WRITING))
def create_trigger(request: HttpRequest, flow_id: UUID, payload: TriggerIn) -> HttpResponse:
    """Let a sensor start runs from now on."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    made = commands.create_trigger(principal(request), flow_id, **payload.dict())
    return json(_trigger(request, made), 201)


@router.patch("/flows/{flow_id}/triggers/{trigger_id}", **answers({200: TriggerOut}, *WRITING))
def change_trigger(request: HttpRequest, flow_id: UUID, trigger_id: UUID, payload: TriggerPatchIn) -> HttpResponse:
    """Move a trigger to another version, switch it on or off, change a hook's address."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    return json(_trigger(request, commands.change_trigger(principal(request), flow_id, trigger_id, **payload.dict())))


@router.delete(
    "/flows/{flow_id}/triggers/{trigger_id}", **answers({204: None}, "forbidden", "not_found", "rate_limited")
)
def delete_trigger(request: HttpRequest, flow_id: UUID, trigger_id: UUID) -> HttpResponse:
    """Delete a trigger; the runs it started stay."""
    commands.delete_trigger(principal(request), flow_id, trigger_id)
    return HttpResponse(status=204)


def _trigger(request: HttpRequest, trigger: Trigger) -> dict[str, object]:
    told: dict[str, object] = {
        "id": str(trigger.pk),
        "node": trigger.node,
        "version": trigger.version,
        "enabled": trigger.enabled,
        "source": trigger.source,
        "error": said(trigger.last_error),
        "fired_at": trigger.fired_at,
    }
    if trigger.source == Trigger.Source.WEBHOOK:
        told["url"] = request.build_absolute_uri(f"/hooks/{token_of(Hook(trigger.pk, trigger.rotation))}")
    if trigger.enabled and trigger.next_at is not None:
        told["next_at"] = trigger.next_at
    return told
