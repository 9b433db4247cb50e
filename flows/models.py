"""The rows of a flow.

A flow is rows, not one blob: a change touches a few of them however large the flow is, SQL and admin can read it, and
constraints hold. Nodes and edges have the deterministic key `"<flow hex>.<id>"`, so an edge's ends and a node's
parent are real foreign keys without a look-up. `Change` is the truth: never updated, and deleted
only with its flow (triggers see to it). Only `flows.commands` writes here.
"""

import json
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from flows.webhooks.models import Delivery, Webhook

__all__ = [
    "Answer",
    "AuditEntry",
    "AuditHead",
    "Change",
    "Delivery",
    "Flow",
    "FlowEdge",
    "FlowInvitation",
    "FlowNode",
    "FlowText",
    "Job",
    "Link",
    "Membership",
    "Opening",
    "OwnTemplate",
    "PersonStorage",
    "Purging",
    "Snapshot",
    "Star",
    "TeamShare",
    "TemplateUse",
    "Usage",
    "Viewport",
    "Visit",
    "Webhook",
    "new_epoch",
]


def new_epoch() -> str:
    """Return a fresh name for a log, changed when the log is replaced under its clients."""
    return uuid.uuid4().hex[:12]


class Flow(models.Model):
    """One flow: its properties, where its log stands, and whether it is still there.

    Limits on text are the document's, not columns': a deployment may set others. Nothing that an edit changes is
    indexed, so on PostgreSQL an edit rewrites this row in place. From version `keyed_from` on digests are keyed; `seal`
    proves where the log stands, `answers_digest` covers all `Answer`s. `storage` is what the log takes, in bytes.
    `offer_as_tool` makes it a tool of those who may run it (MCP).
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
    offer_as_tool = models.BooleanField(_("offered as a tool"), default=False)
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="flows", verbose_name=_("team")
    )
    can_duplicate = models.BooleanField(_("viewers may duplicate"), default=True)
    can_export = models.BooleanField(_("viewers may export"), default=True)
    links_can_run = models.BooleanField(_("visitors by link may run it"), default=False)
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


class TeamShare(models.Model):
    """A role in a flow for everybody in a team."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="team_shares", verbose_name=_("flow"))
    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="shares", verbose_name=_("team"))
    role = models.CharField(_("role"), max_length=16, choices=Membership.ROLES)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("share with a team")
        verbose_name_plural = _("shares with teams")
        constraints = [
            models.UniqueConstraint(fields=["flow", "team"], name="one_role_per_team"),
            models.CheckConstraint(
                condition=Q(role__in=["viewer", "commenter", "editor", "owner"]), name="known_share_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team_id}: {self.role}"


class FlowInvitation(models.Model):
    """A role in a flow for an address without an account. Only the mailed link, by its `digest`, gives it."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("flow"))
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=16, choices=Membership.ROLES)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [models.UniqueConstraint("flow", Lower("email"), name="one_invitation_per_address")]

    def __str__(self) -> str:
        return self.email


class Link(models.Model):
    """An address that gives those who have it a role. Found by `digest`; `sealed` shows owners its secret again."""

    ROLES: ClassVar = Membership.ROLES[:3]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="links", verbose_name=_("flow"))
    role = models.CharField(_("role"), max_length=16, choices=ROLES)
    name = models.CharField(_("name"), max_length=150, blank=True, default="")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    sealed = models.TextField(editable=False)
    password = models.CharField(max_length=128, blank=True, default="", editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    uses = models.PositiveBigIntegerField(_("uses"), default=0, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=["viewer", "commenter", "editor"]), name="known_link_role")
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)

    def sealed_about(self) -> str:
        """Return what its sealed secret is bound to."""
        return f"link:{self.pk}"


class Visit(models.Model):
    """Somebody who came in by a link: a guest, or a person with an account, until `ended_at` or the link's end.

    A guest's visit is over at `ends_at` unless they come again before; `network` is a keyed hash of where they came
    from.
    """

    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="visits", verbose_name=_("link"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="visits", verbose_name=_("person")
    )
    started_at = models.DateTimeField(_("came"), auto_now_add=True)
    ended_at = models.DateTimeField(_("left"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True, editable=False)
    network = models.CharField(max_length=64, default="", editable=False)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints = [models.UniqueConstraint(fields=["link", "user"], name="one_visit_per_person")]
        indexes: ClassVar = [models.Index(fields=["ends_at"], condition=Q(ended_at=None), name="ends_of_visits")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.link_id}"


class Star(models.Model):
    """A flow that a person starred, for themselves alone."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="stars", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "user"], name="one_star_per_person")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.flow_id}"


class Opening(models.Model):
    """When a person last opened a flow."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="openings", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "user"], name="one_opening_per_person")]
        indexes: ClassVar = [models.Index(fields=["user", "-at"], name="recent_openings")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.flow_id}"


class FlowText(models.Model):
    """What a flow is found by: title, description and labels of nodes, folded, as they were at `version`.

    No edit writes it: `flows.search_texts` brings it up to date before it is searched.
    """

    flow = models.OneToOneField(Flow, on_delete=models.CASCADE, primary_key=True, related_name="+")
    version = models.PositiveBigIntegerField()
    text = models.TextField()

    def __str__(self) -> str:
        return f"{self.flow_id} v{self.version}"


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
    """Who came in, changed whose rights, or made or deleted what: one chain for the whole installation.

    An entry outlives its flow, so the database does not hold it to it. `object` names what it is about, as
    "<kind>:<id>"; `address` and `agent` are the caller's.
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
    object = models.CharField(_("object"), max_length=80, blank=True, default="")
    address = models.CharField(_("address"), max_length=64, blank=True, default="")
    agent = models.CharField(_("program"), max_length=200, blank=True, default="")
    detail = models.TextField(_("detail"))
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["at", "number"], name="audit_by_time"),
            models.Index(fields=["actor", "at", "number"], name="audit_by_actor"),
            models.Index(fields=["actor", "action", "at", "number"], name="audit_by_actor_action"),
            models.Index(fields=["action", "at", "number"], name="audit_by_action"),
            models.Index(fields=["object", "at", "number"], name="audit_by_object"),
            models.Index(fields=["person", "at", "number"], name="audit_by_person"),
            models.Index(fields=["flow", "at", "number"], name="audit_by_flow"),
            models.Index(fields=["flow", "action", "at", "number"], name="audit_by_flow_action"),
            models.Index(fields=["flow", "actor", "at", "number"], name="audit_by_flow_actor"),
            models.Index(fields=["via", "at", "number"], name="audit_by_way"),
            models.Index(fields=["address", "at", "number"], name="audit_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.action}"

    @property
    def told(self) -> dict[str, Any]:
        """What was before and after, or the rights that were found."""
        told: dict[str, Any] = json.loads(self.detail)
        return told


class Purging(models.Model):
    """A flow that is being purged: its log goes now, and no other way (`flows.storage.append_only`)."""

    flow = models.UUIDField(primary_key=True)

    def __str__(self) -> str:
        return f"{self.flow}"


class Job(models.Model):
    """A long action under way, or done a while ago. Its progress may lag; what became of the flow stands in the log.

    `beat` is when its process last wrote: one that has been silent for long has ended, and the job with it.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="+", verbose_name=_("flow"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("by whom")
    )
    action = models.CharField(_("action"), max_length=64)
    client = models.CharField(max_length=64, null=True)
    seq = models.PositiveBigIntegerField(null=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    progress = models.FloatField(_("progress"), default=0)
    message = models.TextField(_("message"), blank=True, default="")
    version = models.PositiveBigIntegerField(_("version"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    beat = models.DateTimeField(_("last sign of life"))

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes: ClassVar = [models.Index(fields=["actor", "created_at"], name="flows_job_actor")]

    def __str__(self) -> str:
        return f"{self.action} ({self.state})"


class Viewport(models.Model):
    """Where a person last looked in a flow, by programs that say so. It makes no version."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    x = models.FloatField()
    y = models.FloatField()
    zoom = models.FloatField()

    class Meta:
        verbose_name = _("viewport")
        verbose_name_plural = _("viewports")
        constraints: ClassVar = [models.UniqueConstraint(fields=["flow", "user"], name="flows_viewport_once")]

    def __str__(self) -> str:
        return f"{self.x}, {self.y} × {self.zoom}"


class AuditHead(models.Model):
    """Where the audit log stands, in one row, and the fingerprint of the key by which the logs are made."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="")
    key = models.CharField(max_length=16)
    seal = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.number}"


class OwnTemplate(models.Model):
    """A template that a person made of a flow; theirs alone, or their team's.

    `graph` is JSON text, nodes and edges, whole elements; `size` its bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="templates", verbose_name=_("owner")
    )
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="templates",
        verbose_name=_("team"),
    )
    title = models.TextField(_("title"))
    description = models.TextField(_("description"), blank=True, default="")
    category = models.TextField(_("category"), blank=True, default="")
    parameters = models.JSONField(_("parameters"), default=list)
    graph = models.TextField(_("graph"))
    size = models.PositiveIntegerField(_("size"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.title


class TemplateUse(models.Model):
    """Of which template a flow was made, and in which version; `base` is the graph it began with, as JSON text.

    Templates of the product are files, so a template is named, not held to by the database.
    """

    flow = models.OneToOneField(Flow, on_delete=models.CASCADE, primary_key=True, related_name="template_use")
    template = models.CharField(max_length=64)
    version = models.CharField(max_length=16)
    base = models.TextField()

    def __str__(self) -> str:
        return f"{self.flow_id}: {self.template}"
