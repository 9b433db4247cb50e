"""The rows of triggers: which sensor of which version starts runs, how far each has looked, and what it has started."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Trigger(models.Model):
    """A sensor that listens, as it was at one version: it stays there until it is moved.

    `options` are the settings of the node at that version, as JSON. A hook's address follows from the id and `rotation`
    (`runs.triggers.tokens`) and stands nowhere. `due_at` is when to look next, `next_at` the time that a schedule is to
    be fired for; `seen` is JSON of what has been looked at already, `turn` counts how often it began to listen to
    something else, which has events of its own. While `claim` is another's and `due_at` is ahead, that one is looking.
    """

    class Source(models.TextChoices):
        WEBHOOK = "webhook", _("webhook")
        SCHEDULE = "schedule", _("schedule")
        POLLING = "polling", _("polling")
        FILE = "file", _("file")
        DATABASE = "database", _("database")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    flow = models.ForeignKey("flows.Flow", on_delete=models.CASCADE, related_name="triggers", verbose_name=_("flow"))
    node = models.CharField(_("node"), max_length=64)
    version = models.PositiveBigIntegerField(_("version"))
    source = models.CharField(_("source"), max_length=16, choices=Source.choices)
    options = models.TextField(default="{}")
    enabled = models.BooleanField(_("enabled"), default=True)
    rotation = models.PositiveIntegerField(default=0, editable=False)
    next_at = models.DateTimeField(_("next time"), null=True)
    due_at = models.DateTimeField(null=True, editable=False)
    turn = models.PositiveIntegerField(default=0, editable=False)
    seen = models.TextField(default="{}", editable=False)
    claim = models.CharField(max_length=32, blank=True, default="", editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    last_error = models.TextField(_("last error"), blank=True, default="")
    fired_at = models.DateTimeField(_("last fired"), null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("by whom")
    )
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("trigger")
        verbose_name_plural = _("triggers")
        ordering: ClassVar = ["created_at", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["flow", "node"], name="one_trigger_per_sensor")]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="triggers_due", condition=Q(enabled=True, due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.node} v{self.version}"


class TriggerEvent(models.Model):
    """One event of a trigger, and the run that it started; it outlives the run, so that no event starts two."""

    trigger = models.ForeignKey(Trigger, on_delete=models.CASCADE, related_name="events", db_index=False)
    event = models.CharField(_("event"), max_length=200)
    run = models.ForeignKey(
        "runs.Run", null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", verbose_name=_("run")
    )
    at = models.DateTimeField(_("time"), db_index=True)

    class Meta:
        verbose_name = _("event of a trigger")
        verbose_name_plural = _("events of triggers")
        constraints: ClassVar = [models.UniqueConstraint(fields=["trigger", "event"], name="one_run_per_event")]

    def __str__(self) -> str:
        return self.event
