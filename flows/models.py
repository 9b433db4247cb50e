"""The rows of a flow.

A flow is rows, not one blob: a change touches a few of them however large the flow is, SQL and admin can read it, and
constraints hold. Nodes and edges have the deterministic key `"<flow hex>.<id>"`, so an edge's ends and a node's
parent are real foreign keys without a look-up. `Change` is the truth: never updated, never deleted (triggers of the
first migration see to it). Only `flows.commands` writes here.
"""

import json
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def new_epoch() -> str:
    """Return a fresh name for a log, changed when the log is replaced under its clients."""
    return uuid.uuid4().hex[:12]


class Flow(models.Model):
    """One flow: its properties, where its log stands, and whether it is still there.

    Limits on text are the document's, not columns': a deployment may set others. Nothing that an edit changes is
    indexed, so on PostgreSQL an edit rewrites this row in place. From version `keyed_from` on digests are keyed; `seal`
    proves where the log stands, `answers_digest` covers all `Answer`s. `storage` is what the log takes, in bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.TextField(_("title"))
    description = models.TextField(_("description"), blank=True, default="")
    search_text = models.TextField(blank=True, default="", editable=False)
    version = models.PositiveBigIntegerField(_("version"), default=0)
    digest = models.CharField(_("digest"), max_length=64, default="", editable=False)
    epoch = models.CharField(_("epoch"), max_length=12, default=new_epoch, editable=False)
    node_count = models.PositiveIntegerField(_("node count"), default=0, editable=False)
    edge_count = models.PositiveIntegerField(_("edge count"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"))
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        verbose_name=_("changed by"),
    )
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True)
    storage = models.PositiveBigIntegerField(_("storage"), default=0, editable=False)
    snapshot_storage = models.PositiveBigIntegerField(_("storage of snapshots"), default=0, editable=False)
    keyed_from = models.PositiveBigIntegerField(default=1, editable=False)
    answers_digest = models.CharField(max_length=64, default="", editable=False)
    seal = models.CharField(max_length=64, default="", editable=False)
    members: "models.ManyToManyField[models.Model, Membership]" = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="flows"
    )

    class Meta:
        verbose_name = _("flow")
        verbose_name_plural = _("flows")
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.title


class Membership(models.Model):
    """A person's role in a flow; `colour` is an index into the people's colours, their own if it was free.

    Somebody who was added by name alone does not show the others an address.
    """

    ROLES: ClassVar = [
        ("viewer", _("Viewer")),
        ("commenter", _("Commenter")),
        ("editor", _("Editor")),
        ("owner", _("Owner")),
    ]

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("flow"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=16, choices=ROLES)
    colour = models.PositiveSmallIntegerField(default=0)
    by_name = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["flow", "user"], name="one_role_per_person"),
            models.CheckConstraint(condition=Q(role__in=["viewer", "commenter", "editor", "owner"]), name="known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"


class FlowNode(models.Model):
    """One node as it is now; `ordinal` keeps the order in which nodes came, so that what lies on top stays there."""

    key = models.CharField(primary_key=True, max_length=97)
    flow = models.ForeignKey(
        Flow, on_delete=models.CASCADE, related_name="nodes", db_index=False, verbose_name=_("flow")
    )
    ordinal = models.PositiveBigIntegerField()
    node_id = models.CharField(_("id"), max_length=64)
    kind = models.CharField(_("kind"), max_length=16)
    x = models.FloatField(_("x"))
    y = models.FloatField(_("y"))
    width = models.FloatField(_("width"))
    height = models.FloatField(_("height"))
    label = models.TextField(_("label"))
    description = models.TextField(_("description"), blank=True)
    colour = models.CharField(_("colour"), max_length=7)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.DO_NOTHING, related_name="children")
    enabled = models.BooleanField(_("enabled"))
    settings = models.JSONField(_("settings"), default=dict)

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        constraints = [models.UniqueConstraint(fields=["flow", "node_id"], name="unique_node_id")]

    def __str__(self) -> str:
        return self.label


class FlowEdge(models.Model):
    """One edge as it is now; both ends are real rows."""

    key = models.CharField(primary_key=True, max_length=97)
    flow = models.ForeignKey(
        Flow, on_delete=models.CASCADE, related_name="edges", db_index=False, verbose_name=_("flow")
    )
    ordinal = models.PositiveBigIntegerField()
    edge_id = models.CharField(_("id"), max_length=64)
    source = models.ForeignKey(FlowNode, on_delete=models.DO_NOTHING, related_name="outgoing", db_index=False)
    target = models.ForeignKey(FlowNode, on_delete=models.DO_NOTHING, related_name="incoming")
    source_port = models.CharField(_("source port"), max_length=64)
    target_port = models.CharField(_("target port"), max_length=64)
    label = models.TextField(_("label"), blank=True)
    animated = models.BooleanField(_("animated"))

    class Meta:
        verbose_name = _("edge")
        verbose_name_plural = _("edges")
        constraints = [
            models.UniqueConstraint(fields=["flow", "edge_id"], name="unique_edge_id"),
            models.UniqueConstraint(
                fields=["source", "source_port", "target", "target_port"], name="unique_connection"
            ),
            models.CheckConstraint(condition=~Q(source=models.F("target")), name="no_self_loop"),
        ]

    def __str__(self) -> str:
        return self.label or self.edge_id


class Change(models.Model):
    """One version of one flow: who asked what, and how to take it back. Operations are canonical JSON text.

    `step` names the gesture that it belongs to; `undo_of` is where the step began that an undo or redo takes back, and
    `left_alone` what that skipped.
    """

    flow = models.ForeignKey(
        Flow, on_delete=models.PROTECT, related_name="changes", db_index=False, verbose_name=_("flow")
    )
    version = models.PositiveBigIntegerField(_("version"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="changes",
        db_index=False,
        verbose_name=_("person"),
    )
    client = models.CharField(_("client"), max_length=64, null=True, blank=True)
    seq = models.PositiveBigIntegerField(_("sequence number"), null=True, blank=True)
    via = models.CharField(_("via"), max_length=16)
    operation = models.TextField(_("operation"))
    inverse = models.TextField(_("inverse"), null=True, blank=True)
    undo_of = models.PositiveBigIntegerField(null=True, blank=True)
    step = models.CharField(max_length=64, null=True, blank=True)
    left_alone = models.TextField(null=True, blank=True)
    digest = models.CharField(_("digest"), max_length=64)
    created_at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["flow", "version"]
        constraints = [
            models.UniqueConstraint(fields=["flow", "version"], name="dense_version"),
            models.UniqueConstraint(fields=["flow", "actor", "client", "seq"], name="submitted_once"),
        ]
        indexes = [
            # All that undo asks of a person's own changes, so that their operations need not be read.
            models.Index(fields=["flow", "actor", "version", "via", "undo_of", "step"], name="own_steps"),
        ]

    def __str__(self) -> str:
        return f"{self.flow_id} v{self.version}"


class Answer(models.Model):
    """A submission that made no version and must be answered the same for ever: refused (`code`) or no change.

    Why is a `reason` with its `details`, as JSON. What was refused before there were reasons has the `message` it got.
    """

    flow = models.ForeignKey(
        Flow, on_delete=models.CASCADE, related_name="answers", db_index=False, verbose_name=_("flow")
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    client = models.CharField(_("client"), max_length=64)
    seq = models.PositiveBigIntegerField(_("sequence number"))
    version = models.PositiveBigIntegerField()
    code = models.CharField(_("code"), max_length=32, blank=True)
    reason = models.CharField(_("reason"), max_length=32, blank=True, default="")
    details = models.TextField(_("details"), blank=True, default="")
    message = models.TextField(_("message"), blank=True, default="")
    created_at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("unapplied submission")
        verbose_name_plural = _("unapplied submissions")
        constraints = [models.UniqueConstraint(fields=["flow", "actor", "client", "seq"], name="answered_once")]

    def __str__(self) -> str:
        return f"{self.client}#{self.seq}: {self.code or 'no change'}"


class Snapshot(models.Model):
    """The whole flow at one version, so that folding the log need not start at its beginning."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="snapshots", db_index=False)
    version = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    graph = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "version"], name="one_snapshot_per_version")]

    def __str__(self) -> str:
        return f"{self.flow_id} v{self.version}"


class Usage(models.Model):
    """How much of a flow's log one person wrote, in bytes: counted with each edit, under the flow's lock.

    `untold` of it is not in the person's `PersonStorage` yet.
    """

    flow = models.ForeignKey(
        Flow, on_delete=models.CASCADE, related_name="usages", db_index=False, verbose_name=_("flow")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="usages",
        verbose_name=_("person"),
    )
    storage = models.PositiveBigIntegerField(_("storage"), default=0)
    untold = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("storage used")
        verbose_name_plural = _("storage used")
        constraints = [models.UniqueConstraint(fields=["flow", "user"], name="one_usage_per_person")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.storage}"


class PersonStorage(models.Model):
    """How much one person wrote into the logs of all flows, in bytes, but for what is `untold`."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    storage = models.PositiveBigIntegerField(_("storage"), default=0)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.storage}"


class AuditEntry(models.Model):
    """Who changed whose rights, or made, deleted or restored a flow: one chain for the whole installation.

    An entry outlives its flow, so the database does not hold it to it.
    """

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("time"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("by whom"),
    )
    via = models.CharField(_("via"), max_length=16)
    action = models.CharField(_("action"), max_length=32)
    flow = models.ForeignKey(
        Flow,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        verbose_name=_("flow"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("person"),
    )
    detail = models.TextField(_("detail"))
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number}: {self.action}"

    @property
    def told(self) -> dict[str, Any]:
        """What was before and after, or the rights that were found."""
        told: dict[str, Any] = json.loads(self.detail)
        return told


class AuditHead(models.Model):
    """Where the audit log stands, in one row, and the fingerprint of the key by which the logs are made."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="")
    key = models.CharField(max_length=16)
    seal = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.number}"
