"""Providers registered and taken away, by staff alone. A key goes in and never comes out again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from runs.models import Provider
from runs.providers.builtin import PROVIDER
from runs.providers.http import DIALECTS
from runs.secrets import seal
from web.egress import EgressError, check_url
from web.errors import Problem
from web.write_transaction import write_transaction

ID: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
MOST: Final = 100
"""How many providers there may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRecord:
    """What staff say of a provider. A key that is None stays as it is; a `default` model that is None is no default."""

    title: str
    dialect: str
    base_url: str
    models: Sequence[str]
    fallback: Sequence[str] = ()
    key: str | None = None
    default: str | None = None


def put_provider(id: str, record: ProviderRecord, *, now: datetime | None = None) -> tuple[Provider, bool]:
    """Register a provider, or change it; tell whether it is new. Raises `Problem`.

    What it did before says nothing of what it is now: its failures are forgotten.
    """
    check_provider(id, record)
    with write_transaction():
        row = Provider.objects.select_for_update().filter(pk=id).first()
        is_new = row is None
        if is_new and Provider.objects.count() >= MOST:
            raise Problem("limit_reached", _("There are at most {most} providers.").format(most=MOST))
        row = row or Provider(pk=id)
        row.title, row.dialect, row.base_url = record.title, record.dialect, record.base_url.rstrip("/")
        row.model_names, row.fallback = list(record.models), list(record.fallback)
        row.default_model, row.updated_at = record.default or "", now or timezone.now()
        row.failures, row.failed_at = 0, None
        if record.key is not None:
            row.sealed = seal(record.key, row.sealed_about())
        row.save()
        if record.default:
            Provider.objects.exclude(pk=id).update(default_model="")
    return row, is_new


def delete_provider(id: str) -> None:
    """Take a provider away; agents that name it can no longer run. Raises `Problem`."""
    with write_transaction():
        deleted, _rows = Provider.objects.filter(pk=id).delete()
    if not deleted:
        raise Problem("not_found", _("Not found."))


def check_address(url: str) -> None:
    """Refuse an address that may not be called. Raises `Problem`."""
    try:
        check_url(url, settings.HELIX_EGRESS_ALLOW)
    except EgressError as error:
        if error.why == "forbidden":
            text = _("This address may not be called. HELIX_EGRESS_ALLOW names networks that may.")
            raise Problem("invalid", text) from None
        raise Problem("invalid", _("This is no address: http:// or https:// and a host.")) from None


def check_provider(id: str, record: ProviderRecord) -> None:
    """Refuse what is no provider. Raises `Problem`."""
    if not ID.fullmatch(id) or id == PROVIDER:
        raise Problem("invalid", _("id: 1 to 64 small letters, digits or _ . -, and not “test”"))
    if record.dialect not in DIALECTS:
        raise Problem("invalid", _("dialect: one of {known}").format(known=", ".join(DIALECTS)))
    if id in record.fallback or len(set(record.fallback)) < len(record.fallback):
        raise Problem("invalid", _("fallback: other providers, each once"))
    if record.default and record.models and record.default not in record.models:
        raise Problem("invalid", _("default: one of the models"))
    known = {PROVIDER, *Provider.objects.filter(pk__in=record.fallback).values_list("pk", flat=True)}
    if unknown := [one for one in record.fallback if one not in known]:
        raise Problem("invalid", _("fallback: there is no provider “{id}”").format(id=unknown[0][:100]))
    check_address(record.base_url)
