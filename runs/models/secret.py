"""Secrets of flows and teams as they are kept: encrypted, by number, so that results made with an older one are known.

A deleted one stays as an empty row: its next value has the next number, never one that was there before.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Secret(models.Model):
    """The current value of one name; `sealed` is "" when it was deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    flow = models.ForeignKey(
        "flows.Flow", on_delete=models.CASCADE, related_name="secrets", db_index=False, verbose_name=_("flow")
    )
    name = models.CharField(_("name"), max_length=64)
    version = models.PositiveIntegerField(_("version"), default=1)
    sealed = models.TextField(editable=False)
    updated_at = models.DateTimeField(_("changed"))
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("secret")
        verbose_name_plural = _("secrets")
        constraints: ClassVar = [models.UniqueConstraint(fields=["flow", "name"], name="one_secret_per_name")]

    def __str__(self) -> str:
        return self.name

    def sealed_about(self) -> str:
        """Return what the value is sealed together with: it cannot be moved to another flow, name or version."""
        return f"flow {self.flow_id} {self.name} {self.version}"


class TeamSecret(models.Model):
    """The current value of one name for the flows of a team; `sealed` is "" when it was deleted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(
        "accounts.Team", on_delete=models.CASCADE, related_name="secrets", db_index=False, verbose_name=_("team")
    )
    name = models.CharField(_("name"), max_length=64)
    version = models.PositiveIntegerField(_("version"), default=1)
    sealed = models.TextField(editable=False)
    updated_at = models.DateTimeField(_("changed"))
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("secret of a team")
        verbose_name_plural = _("secrets of teams")
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "name"], name="one_team_secret_per_name")]

    def __str__(self) -> str:
        return self.name

    def sealed_about(self) -> str:
        """Return what the value is sealed together with: it cannot be moved to another team, name or version."""
        return f"team {self.team_id} {self.name} {self.version}"
