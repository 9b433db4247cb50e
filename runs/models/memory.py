"""What flows remember: entries under keys, kept for all runs of a flow, for one run, or for one person.

`task` is the task that added an entry: done again, it changes its entry and adds none. `words` are the folded words of
its text, each once, between spaces, so that one `LIKE` finds a word on every database. `vector` is its text as the
model `embedded_by` sees it, float32; "" where it was not asked, or did not answer.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class MemoryEntry(models.Model):
    """One value under a key; `is_added` where it is one of several, else it is the key's only one."""

    class Scope(models.TextChoices):
        FLOW = "flow", _("all runs of the flow")
        RUN = "run", _("one run")
        PERSON = "person", _("one person")

    flow = models.ForeignKey(
        "flows.Flow", on_delete=models.CASCADE, related_name="memory", db_index=False, verbose_name=_("flow")
    )
    scope = models.CharField(_("kept for"), max_length=8, choices=Scope.choices)
    run = models.ForeignKey("runs.Run", null=True, on_delete=models.CASCADE, related_name="memory")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    type = models.CharField(_("type"), max_length=16)
    key = models.CharField(_("key"), max_length=200)
    is_added = models.BooleanField(default=False)
    task = models.CharField(max_length=200, default="")
    value = models.TextField(_("value"))
    bytes = models.PositiveBigIntegerField()
    words = models.TextField(default="")
    embedded_by = models.CharField(max_length=200, default="", editable=False)
    vector = models.BinaryField(default=b"", editable=False)
    vector_bytes = models.PositiveIntegerField(default=0, editable=False)
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("memory entry")
        verbose_name_plural = _("memory entries")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["flow", "task"], name="one_memory_per_task", condition=~Q(task=""))
        ]
        indexes: ClassVar = [
            models.Index(fields=["flow", "type", "scope", "key"], name="memory_by_key"),
            models.Index(fields=["flow", "bytes", "vector_bytes"], name="memory_by_sizes"),
        ]

    def __str__(self) -> str:
        return self.key
