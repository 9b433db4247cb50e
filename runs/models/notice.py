"""The rows of what people are told in the page. Everything that is sent elsewhere is a `flows.webhooks` delivery."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """One thing told to one person. `body` is the JSON that others are sent of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices", verbose_name=_("person")
    )
    flow = models.ForeignKey("flows.Flow", on_delete=models.CASCADE, related_name="+", verbose_name=_("flow"))
    delivery = models.UUIDField(editable=False)
    event = models.CharField(_("event"), max_length=64)
    body = models.TextField(default="{}")
    at = models.DateTimeField(_("time"))
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["delivery", "person"], name="one_notice_each")]
        indexes: ClassVar = [
            models.Index(fields=["person", "-at", "-id"], name="notices_of_person"),
            models.Index(fields=["person"], name="notices_unread", condition=Q(read_at=None)),
        ]

    def __str__(self) -> str:
        return self.event
