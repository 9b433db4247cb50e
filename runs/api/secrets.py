"""A flow's secrets by REST; owners only. A value is taken and never given back."""

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
from runs.secrets import delete_secret, put_secret, secrets_of
from web.errors import In, answers
from web.router import Router

router = Router(tags=["secrets"])


class SecretIn(In):
    value: Annotated[str, Field(max_length=1_000_000), AfterValidator(storable)]


class SecretOut(Schema):
    """`version` is raised by each new value; `used_by` are the ids of the nodes that name it."""

    name: str
    version: int
    updated_at: datetime
    used_by: list[str]


class SecretsOut(Schema):
    items: list[SecretOut]


@router.get("/flows/{flow_id}/secrets", **answers({200: SecretsOut}, "forbidden", "not_found"))
def list_secrets(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """List the names of the flow's secrets."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    items = [
        {"name": one.name, "version": one.version, "updated_at": one.updated_at, "used_by": one.used_by}
        for one in secrets_of(principal(request), flow_id)
    ]
    return json({"items": items})


@router.put(
    "/flows/{flow_id}/secrets/{name}",
    **answers(
        {200: SecretOut, 201: SecretOut},
        "forbidden",
        "not_found",
        "invalid",
        "too_large",
        "limit_reached",
        "rate_limited",
    ),
)
def keep_secret(request: HttpRequest, flow_id: UUID, name: str, payload: SecretIn) -> HttpResponse:
    """Keep a value under a name; it is never shown again. A name that is there gets it as its next version."""
    get_flow_for(principal(request), flow_id, Role.OWNER)
    secret, is_new = put_secret(principal(request), flow_id, name, payload.value)
    (held,) = (one for one in secrets_of(principal(request), flow_id) if one.name == secret.name)
    body = {"name": held.name, "version": held.version, "updated_at": held.updated_at, "used_by": held.used_by}
    return json(body, 201 if is_new else 200)


@router.delete("/flows/{flow_id}/secrets/{name}", **answers({204: None}, "forbidden", "not_found"))
def remove_secret(request: HttpRequest, flow_id: UUID, name: str) -> HttpResponse:
    """Take a secret away."""
    delete_secret(principal(request), flow_id, name)
    return HttpResponse(status=204)
