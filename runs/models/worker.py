"""The rows of workers: who they are, that they live, and what befell them."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Worker(models.Model):
    """One process that executes tasks. `holds` names those it is at, told anew with every beat.

    `lock` is what its death sets free: the number of an advisory lock on PostgreSQL, the name of a locked file on
    SQLite.
    """

    class State(models.TextChoices):
        STARTING = "starting", _("starting")
        READY = "ready", _("ready")
        DRAINING = "draining", _("draining")
        GONE = "gone", _("gone")
        DEAD = "dead", _("dead")
        OUSTED = "ousted", _("ousted")

    id = models.CharField(primary_key=True, max_length=64)
    host = models.CharField(_("host"), max_length=255)
    release = models.CharField(_("release"), max_length=64)
    labels = models.TextField(_("labels"), default="[]")
    capacity = models.PositiveIntegerField(_("capacity"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.STARTING)
    health = models.CharField(_("health"), max_length=16, default="healthy")
    holds = models.TextField(default="[]", editable=False)
    lock = models.CharField(max_length=255, editable=False)
    beat = models.PositiveBigIntegerField(default=0, editable=False)
    beat_at = models.DateTimeField(_("last beat"))
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering: ClassVar = ["-started_at", "id"]
        indexes: ClassVar = [models.Index(fields=["state", "beat_at"], name="workers_by_beat")]

    def __str__(self) -> str:
        return self.id


class WorkerEvent(models.Model):
    """What befell a worker: started, ready, draining, dead, taken over, ousted, gone."""

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="events", verbose_name=_("worker"))
    kind = models.CharField(_("kind"), max_length=32)
    data = models.TextField(_("data"), default="{}")
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("event of a worker")
        verbose_name_plural = _("events of workers")
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.worker_id}: {self.kind}"
