"""Secrets written, by owners of a flow and admins of a team; a value goes in and never comes out again.

Who may is read again inside the transaction: under the flow's lock, or the team's.
"""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import second_factors
from accounts.credentials import expect_standing
from accounts.models import Team
from accounts.principals import Caller, Principal, user_id_of
from accounts.teams import Role as TeamRole
from accounts.teams import membership
from flows import limits as helix_limits
from flows.access import Role, authorize
from flows.commands.flow_lock import lock_flow
from flows.errors import NotFound
from flows.rates import count_flow_change
from runs.models import Secret, TeamSecret
from web.errors import Problem
from web.sealing import is_current, seal, unseal
from web.write_transaction import in_write_transaction

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


def put_secret(
    principal: Principal, flow_id: UUID, name: str, value: str, *, now: datetime | None = None
) -> tuple[Secret, bool]:
    """Keep a secret under a name, as its next version; tell whether the name is new.

    Raises `NotFound`, `Forbidden` and `Problem` (`invalid`, `too_large`, `limit_reached`, `rate_limited`).
    """
    authorize(principal, flow_id, Role.OWNER)
    count_flow_change(principal)
    _check(name, value)
    return _put(principal, flow_id, name, value, now or timezone.now())


@in_write_transaction
def delete_secret(principal: Principal, flow_id: UUID, name: str, *, now: datetime | None = None) -> None:
    """Take a secret away: what needs it from now on fails. Raises `NotFound` and `Forbidden`."""
    lock_flow(flow_id)
    authorize(principal, flow_id, Role.OWNER)
    secret = Secret.objects.filter(flow=flow_id, name=name).exclude(sealed="").first()
    if secret is None:
        raise NotFound
    secret.sealed, secret.updated_at, secret.updated_by_id = "", now or timezone.now(), user_id_of(principal)
    secret.save(update_fields=["sealed", "updated_at", "updated_by"])


def put_team_secret(principal: Caller, team_id: UUID, name: str, value: str) -> tuple[TeamSecret, bool]:
    """Keep a team's secret under a name, as its next version; tell whether the name is new. Raises as `put_secret`."""
    membership(principal, team_id, TeamRole.ADMIN)
    count_flow_change(principal)
    _check(name, value)
    return _put_for_team(principal, team_id, name, value)


@in_write_transaction
def delete_team_secret(principal: Caller, team_id: UUID, name: str) -> None:
    """Take a team's secret away. Raises `NotFound`, and `Problem` (`not_found`, `forbidden`) for the team."""
    _lock_team(principal, team_id)
    secret = TeamSecret.objects.filter(team=team_id, name=name).exclude(sealed="").first()
    if secret is None:
        raise NotFound
    secret.sealed, secret.updated_at, secret.updated_by_id = "", timezone.now(), principal.user_id
    secret.save(update_fields=["sealed", "updated_at", "updated_by"])


def reseal() -> tuple[int, int]:
    """Seal everything under the newest key; return how many were sealed anew, and how many no key opens.

    Finds every model that has `sealed` and `sealed_about()`, and the second factors. Each row by itself, and only if
    nobody changed it meanwhile.
    """
    done, lost = second_factors.reseal()
    for model in apps.get_models():
        if not hasattr(model, "sealed_about"):
            continue
        for row in model._default_manager.exclude(sealed="").iterator(chunk_size=500):
            was_sealed = _reseal(model, row)
            done, lost = done + (was_sealed is True), lost + (was_sealed is None)
    return done, lost


def _reseal(model: type[models.Model], row: models.Model) -> bool | None:
    sealed: str = row.sealed  # type: ignore[attr-defined]
    if is_current(sealed):
        return False
    about = row.sealed_about()  # type: ignore[attr-defined]
    value = unseal(sealed, about)
    if value is None:
        return None
    return model._default_manager.filter(pk=row.pk, sealed=sealed).update(sealed=seal(value, about)) == 1


@in_write_transaction
def _put(principal: Principal, flow_id: UUID, name: str, value: str, now: datetime) -> tuple[Secret, bool]:
    lock_flow(flow_id)
    authorize(principal, flow_id, Role.OWNER)
    secret = Secret.objects.filter(flow=flow_id, name=name).first()
    if secret is None or not secret.sealed:
        most = helix_limits.current().secrets_per_flow
        if Secret.objects.filter(flow=flow_id).exclude(sealed="").count() >= most:
            raise Problem("limit_reached", _("A flow has at most %(most)d secrets.") % {"most": most})
    is_new = secret is None or not secret.sealed
    if secret is None:
        secret = Secret(flow_id=flow_id, name=name, version=0)
    secret.version += 1
    secret.sealed = seal(value, secret.sealed_about())
    secret.updated_at, secret.updated_by_id = now, user_id_of(principal)
    secret.save()
    return secret, is_new


@in_write_transaction
def _put_for_team(principal: Caller, team_id: UUID, name: str, value: str) -> tuple[TeamSecret, bool]:
    _lock_team(principal, team_id)
    secret = TeamSecret.objects.filter(team=team_id, name=name).first()
    is_new = secret is None or not secret.sealed
    most = helix_limits.current().secrets_per_flow
    if is_new and TeamSecret.objects.filter(team=team_id).exclude(sealed="").count() >= most:
        raise Problem("limit_reached", _("A team has at most %(most)d secrets.") % {"most": most})
    if secret is None:
        secret = TeamSecret(team_id=team_id, name=name, version=0)
    secret.version += 1
    secret.sealed = seal(value, secret.sealed_about())
    secret.updated_at, secret.updated_by_id = timezone.now(), principal.user_id
    secret.save()
    return secret, is_new


def _lock_team(principal: Caller, team_id: UUID) -> None:
    """Lock a team's row, and read there again what the principal may."""
    Team.objects.select_for_update().filter(pk=team_id).first()
    expect_standing(principal)
    membership(principal, team_id, TeamRole.ADMIN)


def _check(name: str, value: str) -> None:
    """Raise `Problem` (`invalid`, `too_large`) for what cannot be kept."""
    if not NAME.fullmatch(name):
        raise Problem("invalid", _("name: 1 to 64 letters, digits or _ . -, not beginning with a digit"))
    if not value or "\0" in value:
        raise Problem("invalid", _("value: a text that is not empty"))
    most = helix_limits.current().secret_bytes
    if len(value.encode()) > most:
        raise Problem("too_large", _("value: at most %(most)s bytes") % {"most": most}, status=422)
