"""A team's secrets by REST; its admins only. A value is taken and never given back.

Flows of the team find them under names that they have no secret of their own for.
"""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from accounts.authentication import principal
from flows.api.answers import json
from runs.api.secrets import SecretIn
from runs.models import TeamSecret
from runs.secrets import delete_team_secret, put_team_secret, team_secrets_of
from web.errors import answers
from web.router import Router, door

router = Router(tags=["secrets"])


class TeamSecretOut(Schema):
    """`version` is raised by each new value."""

    name: str
    version: int
    updated_at: datetime


class TeamSecretsOut(Schema):
    items: list[TeamSecretOut]


@router.get("/teams/{team_id}/secrets", **answers({200: TeamSecretsOut}, "forbidden", "not_found"))
@door(scope="admin")
def list_team_secrets(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """List the names of the team's secrets."""
    return json({"items": [_item(one) for one in team_secrets_of(principal(request), team_id)]})


@router.put(
    "/teams/{team_id}/secrets/{name}",
    **answers(
        {200: TeamSecretOut, 201: TeamSecretOut},
        *("forbidden", "not_found", "invalid", "too_large", "limit_reached", "rate_limited"),
    ),
)
@door(scope="admin")
def keep_team_secret(request: HttpRequest, team_id: UUID, name: str, payload: SecretIn) -> HttpResponse:
    """Keep a value under a name; it is never shown again. A name that is there gets it as its next version."""
    secret, is_new = put_team_secret(principal(request), team_id, name, payload.value)
    return json(_item(secret), 201 if is_new else 200)


@router.delete("/teams/{team_id}/secrets/{name}", **answers({204: None}, "forbidden", "not_found"))
def remove_team_secret(request: HttpRequest, team_id: UUID, name: str) -> HttpResponse:
    """Take a secret away."""
    delete_team_secret(principal(request), team_id, name)
    return HttpResponse(status=204)


def _item(secret: TeamSecret) -> dict[str, object]:
    return {"name": secret.name, "version": secret.version, "updated_at": secret.updated_at}
