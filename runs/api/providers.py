"""Providers of models by REST: everybody sees which there are, staff see where, and change them. No key comes out."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import AfterValidator, Field

from accounts.authentication import person
from accounts.schemas import storable
from flows.api.answers import json
from runs.models import Provider
from runs.providers.builtin import MODEL, PROVIDER
from runs.providers.commands import ProviderRecord, delete_provider, put_provider
from runs.providers.health import state_of
from runs.providers.registry import default_model
from web.egress import LONGEST_URL
from web.errors import In, Problem, answers
from web.router import Router

router = Router(tags=["providers"])
Title = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(storable)]
Model = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(storable)]
Id = Annotated[str, Field(max_length=64), AfterValidator(storable)]


class ProviderIn(In):
    """A key that is left out stays as it is; `default` is the model that makes this provider the installation's."""

    title: Title
    dialect: Id
    base_url: Annotated[str, Field(max_length=LONGEST_URL), AfterValidator(storable)]
    key: Annotated[str, Field(max_length=2_000), AfterValidator(storable)] | None = None
    models: Annotated[list[Model], Field(max_length=200)]
    fallback: Annotated[list[Id], Field(max_length=10)] = []
    default: Model | None = None


class ProviderOut(Schema):
    """`base_url`, `has_key` and `fallback` are for staff alone."""

    id: str
    title: str
    dialect: str
    models: list[str]
    state: str
    checked_at: datetime | None
    base_url: str | None = None
    has_key: bool | None = None
    fallback: list[str] | None = None


class DefaultOut(Schema):
    provider: str
    model: str


class ProvidersOut(Schema):
    items: list[ProviderOut]
    default: DefaultOut


@router.get("/providers", **answers({200: ProvidersOut}))
def list_providers(request: HttpRequest) -> HttpResponse:
    """List the providers that agents may name, and which one they have who name none."""
    is_staff = person(request).is_staff
    default = default_model()
    items = [_BUILT_IN, *(_provider(row, is_staff=is_staff) for row in Provider.objects.all())]
    return json({"items": items, "default": {"provider": default.provider, "model": default.model}})


@router.put(
    "/providers/{provider_id}",
    **answers({200: ProviderOut, 201: ProviderOut}, "forbidden", "invalid", "limit_reached", "too_large"),
)
def keep_provider(request: HttpRequest, provider_id: str, payload: ProviderIn) -> HttpResponse:
    """Register a provider, or change it; staff only. Its key is never shown again."""
    check_staff(request)
    row, is_new = put_provider(provider_id, ProviderRecord(**payload.dict()))
    return json(_provider(row, is_staff=True), 201 if is_new else 200)


@router.delete("/providers/{provider_id}", **answers({204: None}, "forbidden", "not_found"))
def remove_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take a provider away; staff only."""
    check_staff(request)
    delete_provider(provider_id)
    return HttpResponse(status=204)


def check_staff(request: HttpRequest) -> None:
    """Refuse who is no member of staff. Raises `Problem`."""
    if not person(request).is_staff:
        raise Problem("forbidden", _("Only staff may do this."))


_BUILT_IN = {
    "id": PROVIDER,
    "title": "Test",
    "dialect": "test",
    "models": [MODEL],
    "state": "ok",
    "checked_at": None,
}


def _provider(row: Provider, *, is_staff: bool) -> dict[str, object]:
    seen: dict[str, object] = {
        "id": row.id,
        "title": row.title,
        "dialect": row.dialect,
        "models": row.model_names,
        "state": state_of(row),
        "checked_at": row.checked_at,
    }
    if is_staff:
        seen |= {"base_url": row.base_url, "has_key": bool(row.sealed), "fallback": row.fallback}
    return seen
