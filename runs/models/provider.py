"""Where models and tools are found: what staff registered, and how it answered lately.

Keys and headers are sealed (`runs.secrets`). `failures` counts those in a row: what failed too often is left alone for
a moment, by all processes alike.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Registered(models.Model):
    """What providers and tool servers share. `sealed` is "" where nothing has to be kept secret."""

    id = models.CharField(primary_key=True, max_length=64)
    title = models.CharField(_("title"), max_length=100)
    sealed = models.TextField(default="", editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    failed_at = models.DateTimeField(_("last failure"), null=True, editable=False)
    checked_at = models.DateTimeField(_("last answer"), null=True, editable=False)
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class Provider(Registered):
    """A provider of models. `model_names` and `fallback` are lists in JSON, of names and of ids of providers.

    The one with a `default_model` is the installation's default.
    """

    dialect = models.CharField(_("dialect"), max_length=16)
    base_url = models.TextField(_("address"))
    model_names = models.JSONField(_("models"), default=list)
    fallback = models.JSONField(_("fallback"), default=list)
    default_model = models.CharField(_("default model"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering: ClassVar = ["id"]

    def sealed_about(self) -> str:
        """Return what the key is sealed together with: it opens for this provider alone."""
        return f"provider {self.id}"


class ToolServer(Registered):
    """A server of tools: at an address, or started by the name of a command that the operator set up."""

    url = models.TextField(_("address"), blank=True, default="")
    command = models.CharField(_("command"), max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("tool server")
        verbose_name_plural = _("tool servers")
        ordering: ClassVar = ["id"]

    def sealed_about(self) -> str:
        """Return what the headers are sealed together with."""
        return f"tool server {self.id}"
