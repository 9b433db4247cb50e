"""The rows of webhooks, and of all that is sent to other programs.

A delivery is general: by which channel, to whom, about what. Notifications and outputs are rows of it too.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Webhook(models.Model):
    """An address that wants to hear of events of a flow. `sealed` is the secret that it is signed with (`web.sealing`).

    It hears in the name of `created_by`; `paused` says why it does not any more. `told_version` is the last version
    that a `changed` was made for, `quiet_until` when the next may be made. One with a `rule` belongs to the flow's
    notifications: `channel` says how `url` is reached, `place` is its place in the rule, and within `quiet` seconds the
    same event is told once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    flow = models.ForeignKey("flows.Flow", on_delete=models.CASCADE, related_name="webhooks", verbose_name=_("flow"))
    url = models.TextField(_("address"))
    events = models.JSONField(_("events"), default=list)
    sealed = models.TextField(default="", editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    paused = models.TextField(_("paused"), blank=True, default="", editable=False)
    hears_changes = models.BooleanField(default=False, editable=False)
    channel = models.CharField(_("channel"), max_length=16, default="webhook")
    rule = models.UUIDField(_("rule"), null=True, editable=False)
    place = models.PositiveIntegerField(default=0, editable=False)
    quiet = models.PositiveIntegerField(_("quiet seconds"), default=0)
    told_version = models.PositiveBigIntegerField(default=0, editable=False)
    quiet_until = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("by whom")
    )
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering: ClassVar = ["created_at", "id"]

    def __str__(self) -> str:
        return self.url

    def sealed_about(self) -> str:
        """Return what the secret is sealed together with: it opens for this webhook alone."""
        return f"webhook {self.pk}"


class Delivery(models.Model):
    """One thing to send, or that was sent. `body` is what is sent, to the byte, whenever it is sent again.

    `due_at` is when it is tried next; while `claim` is another's and `due_at` lies ahead, that one is at it. One that
    belongs to no webhook has its `target` itself. Of one `lane` (a webhook, or a target) one is under way at a time.
    `person` answers for it: who the run acts for, or who sent it again; without one, who made the webhook.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        GIVEN_UP = "given_up", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    flow = models.ForeignKey("flows.Flow", on_delete=models.CASCADE, related_name="+", verbose_name=_("flow"))
    webhook = models.ForeignKey(Webhook, null=True, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(_("channel"), max_length=16, default="webhook")
    target = models.TextField(_("target"), blank=True, default="")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("person")
    )
    lane = models.UUIDField(default=uuid.uuid4, editable=False)
    event = models.CharField(_("event"), max_length=64)
    body = models.TextField()
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    status = models.PositiveIntegerField(_("status"), null=True)
    error = models.CharField(_("error"), max_length=32, default="")
    tries = models.PositiveIntegerField(_("tries"), default=0)
    claim = models.CharField(max_length=32, default="", editable=False)
    at = models.DateTimeField(_("time"))
    due_at = models.DateTimeField(_("next try"))
    give_up_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="flows_delivery_due", condition=models.Q(state="waiting")),
            models.Index(fields=["webhook", "-at"], name="flows_delivery_of_webhook"),
            models.Index(fields=["lane", "-at"], name="flows_delivery_of_lane"),
        ]

    def __str__(self) -> str:
        return f"{self.event}: {self.state}"
