"""The rows of a run: what is to be done, how far it is, every try, and what happened.

Values are canonical JSON as text, so that both databases keep them to the byte; one above `INLINE_BYTES` is a `Blob` of
its run, and the column holds `{"$blob": hash, "bytes": n}`. A task is one node in one iteration, with the key
`"<run hex>.<node>.<path>"`. `RunEvent` is append-only and gapless: `Run.seq` is raised under the run's lock.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

INLINE_BYTES = 16_384


class Plan(models.Model):
    """A version of a flow, compiled once and never changed; `body` is what `runs.plan` reads."""

    flow = models.ForeignKey("flows.Flow", on_delete=models.CASCADE, related_name="plans", verbose_name=_("flow"))
    version = models.PositiveBigIntegerField(_("version"))
    compiler = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    body = models.TextField()

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["flow", "version", "compiler"], name="one_plan_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.flow_id} v{self.version}"


class Run(models.Model):
    """One run of one version. `unfinished` counts its tasks that have not ended, `made` all that it ever had, `counts`
    (JSON) those of each state, and under `loops` the open loops among the running ones.

    `halt` says that a task lets nothing start any more: "fail" ends the run when nothing runs, "pause" waits for
    people, "worker" for a worker with the labels of a critical task.

    `actor` started it; `responsible` answers for it: the same, for a guest who made the link, for a trigger who it acts
    as. `storage` is what it keeps, of which `counted` stands in its flow's and its person's totals (`FlowRunStorage`,
    `PersonRunStorage`). `seq` is the number of its last event. Of a run made `again`, `again_of` is the earlier one and
    `again_from` the node that is made anew with all that follows; `reuses` says whether equal results are taken from
    there.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        DONE = "done", _("done")
        DONE_WITH_FAILURES = "done_with_failures", _("done with failures")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    OPEN: ClassVar = (State.WAITING, State.RUNNING, State.PAUSED)
    ENDED: ClassVar = frozenset({State.DONE, State.DONE_WITH_FAILURES, State.FAILED, State.CANCELLED})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    flow = models.ForeignKey("flows.Flow", on_delete=models.CASCADE, related_name="runs", verbose_name=_("flow"))
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="runs", verbose_name=_("plan"))
    version = models.PositiveBigIntegerField(_("version"))
    name = models.TextField(_("name"), blank=True, default="")
    trigger = models.CharField(_("trigger"), max_length=16, default="manual")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("person")
    )
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    input = models.TextField(_("input"), default="{}")
    output = models.TextField(_("output"), null=True)
    state = models.CharField(_("state"), max_length=24, choices=State.choices, default=State.WAITING)
    reason = models.TextField(_("reason"), blank=True, default="")
    seq = models.PositiveBigIntegerField(default=0, editable=False)
    storage = models.PositiveBigIntegerField(_("storage"), default=0, editable=False)
    counted = models.PositiveBigIntegerField(default=0, editable=False)
    made = models.PositiveIntegerField(default=0, editable=False)
    unfinished = models.PositiveIntegerField(default=0, editable=False)
    counts = models.TextField(default="{}", editable=False)
    progress = models.FloatField(_("progress"), default=0)
    has_failures = models.BooleanField(default=False, editable=False)
    halt = models.CharField(max_length=8, blank=True, default="", editable=False)
    again_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    again_from = models.CharField(max_length=64, blank=True, default="")
    reuses = models.BooleanField(default=True)
    idempotency_key = models.CharField(max_length=200, null=True, editable=False)
    deadline = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["flow", "idempotency_key"], name="one_run_per_idempotency_key")
        ]
        indexes: ClassVar = [
            models.Index(fields=["flow", "-created_at", "-id"], name="runs_of_flow"),
            models.Index(fields=["-counted", "-id"], name="runs_by_storage"),
            models.Index(
                fields=["deadline"],
                name="runs_open",
                condition=Q(state__in=["waiting", "running", "paused"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)


class FlowRunStorage(models.Model):
    """How many bytes the runs of a flow keep, as far as they were counted (`runs.commands.storage`)."""

    flow = models.OneToOneField("flows.Flow", primary_key=True, on_delete=models.CASCADE, related_name="run_storage")
    storage = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.flow_id}: {self.storage}"


class PersonRunStorage(models.Model):
    """How many bytes all runs keep that a person answers for, as far as they were counted."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="run_storage"
    )
    storage = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.storage}"


class Task(models.Model):
    """One node in one iteration; `path` is "" or the indexes of the loops around it ("3", "3.0").

    `pending` and `live` count the edges into it that are undecided and that carry something; `ports` are those it ended
    by, as JSON; `items` are those that an open loop goes through, `scope` is what the planner keeps of it, `done` and
    `total` count its iterations.

    A worker holds it by `claim`, a number raised whenever it goes to another. `attempt` counts every start, `tries`
    failures since it last began anew, `losses` those that ended with their worker. `priority` is its place in its own
    run, so that a short run is not behind a long one.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        READY = "ready", _("ready")
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        BACKING_OFF = "backing_off", _("backing off")
        ASKING = "asking", _("asking")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("skipped")
        CANCELLED = "cancelled", _("cancelled")

    ENDED: ClassVar = frozenset({State.DONE, State.FAILED, State.SKIPPED, State.CANCELLED})

    key = models.CharField(primary_key=True, max_length=200)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tasks", db_index=False, verbose_name=_("run"))
    node = models.CharField(_("node"), max_length=64)
    path = models.CharField(_("iteration"), max_length=64, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=16)
    label = models.TextField(_("label"), blank=True, default="")
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    reason = models.TextField(_("reason"), blank=True, default="")
    pending = models.PositiveIntegerField(default=0, editable=False)
    live = models.PositiveIntegerField(default=0, editable=False)
    ports = models.TextField(default="", editable=False)
    items = models.TextField(null=True, editable=False)
    labels = models.TextField(_("labels"), blank=True, default="")
    priority = models.PositiveIntegerField(default=0, editable=False)
    criticality = models.CharField(_("criticality"), max_length=16, default="normal")
    result_key = models.CharField(max_length=64, blank=True, default="", editable=False)
    reused = models.BooleanField(_("reused"), default=False)
    output = models.TextField(_("output"), null=True)
    progress = models.FloatField(_("progress"), default=0)
    done = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    scope = models.TextField(default="", editable=False)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    tries = models.PositiveIntegerField(default=0, editable=False)
    losses = models.PositiveIntegerField(default=0, editable=False)
    claim = models.PositiveIntegerField(default=0, editable=False)
    worker = models.CharField(_("worker"), max_length=64, blank=True, default="")
    is_dead_letter = models.BooleanField(default=False, editable=False)
    error_code = models.CharField(_("error"), max_length=32, blank=True, default="")
    error_message = models.TextField(_("message"), blank=True, default="")
    usage = models.TextField(default="{}", editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    handed_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes: ClassVar = [
            models.Index(fields=["run", "path", "node"], name="tasks_of_run"),
            models.Index(fields=["run", "state"], name="tasks_by_state"),
            models.Index(fields=["handed_at"], name="tasks_to_hand", condition=Q(state="queued")),
            models.Index(fields=["due_at"], name="tasks_due", condition=Q(state__in=["backing_off", "asking"])),
            models.Index(fields=["worker"], name="tasks_held", condition=Q(state="running")),
            models.Index(fields=["-ended_at"], name="dead_letters", condition=Q(is_dead_letter=True)),
        ]

    def __str__(self) -> str:
        return self.label or self.key


class Attempt(models.Model):
    """One try of a task, under one claim."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        TIMED_OUT = "timed_out", _("timed out")
        LOST = "lost", _("lost")
        CANCELLED = "cancelled", _("cancelled")
        FENCED = "fenced", _("fenced")

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveIntegerField(_("number"))
    claim = models.PositiveIntegerField()
    worker = models.CharField(_("worker"), max_length=64)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    error_code = models.CharField(_("error"), max_length=32, blank=True, default="")
    error_message = models.TextField(_("message"), blank=True, default="")
    usage = models.TextField(default="{}")
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints: ClassVar = [models.UniqueConstraint(fields=["task", "claim"], name="one_attempt_per_claim")]

    def __str__(self) -> str:
        return f"{self.task_id}#{self.number}"


class Checkpoint(models.Model):
    """A named value saved inside a task; what comes after it is done again, what comes before is not."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="checkpoints", db_index=False)
    number = models.PositiveIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=200)
    value = models.TextField()
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "number"], name="one_checkpoint_per_number"),
            models.UniqueConstraint(fields=["task", "name"], name="one_checkpoint_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class RunEvent(models.Model):
    """One thing that happened in a run, numbered without a gap; `data` is JSON. The database refuses any change."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events", db_index=False, verbose_name=_("run"))
    seq = models.PositiveBigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=32)
    task = models.CharField(_("task"), max_length=200, blank=True, default="")
    node = models.CharField(_("node"), max_length=64, blank=True, default="")
    data = models.TextField(_("data"), default="{}")
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("event of a run")
        verbose_name_plural = _("events of runs")
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "seq"], name="gapless_events")]

    def __str__(self) -> str:
        return f"{self.run_id}#{self.seq}: {self.kind}"


class Forgetting(models.Model):
    """A run that is being deleted: only while it stands here may its events go. Never seen outside that transaction."""

    run = models.UUIDField(primary_key=True)

    def __str__(self) -> str:
        return str(self.run)


class Blob(models.Model):
    """A value of a run too long for its row, by the SHA-256 of its JSON."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="blobs", db_index=False)
    hash = models.CharField(max_length=64)
    bytes = models.PositiveBigIntegerField()
    body = models.TextField()

    class Meta:
        verbose_name = _("value")
        verbose_name_plural = _("values")
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "hash"], name="one_value_per_hash")]

    def __str__(self) -> str:
        return self.hash


class Question(models.Model):
    """What a task asks a person before it runs: `who` is "editors" or a list of e-mail addresses, `form` its fields."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="questions", verbose_name=_("task"))
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="questions", verbose_name=_("run"))
    flow = models.ForeignKey("flows.Flow", on_delete=models.CASCADE, related_name="questions", verbose_name=_("flow"))
    question = models.TextField(_("question"))
    form = models.TextField(default="[]")
    who = models.TextField(_("who"), default='"editors"')
    asked_at = models.DateTimeField(_("asked"))
    until = models.DateTimeField(_("until"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    value = models.TextField(null=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        indexes: ClassVar = [
            models.Index(fields=["flow", "-asked_at"], name="open_questions", condition=Q(answered_at=None))
        ]

    def __str__(self) -> str:
        return self.question
