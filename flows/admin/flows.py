"""A flow in the admin."""

from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import Question, asked, people_called
from flows import commands
from flows.admin.base import BoundedPaginator, Refusable, Unwritten, administrator
from flows.admin.contents import FirstEdges, FirstNodes
from flows.admin.members import Members, give_role, take_role
from flows.document import Rejected, decode_properties
from flows.limits import current
from flows.models import Flow, Membership
from flows.search import MOST_WORDS, folded
from flows.sentences import sentence
from flows.submission import parse_operation
from flows.trash import PURGED

MOST_PURGED = 50
"""Flows that go for good at once."""


class Deleted(admin.SimpleListFilter):
    """Flows that are there, unless the deleted ones are asked for."""

    title = _("deleted")
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the two."""
        return [("yes", _("Deleted")), ("no", _("Not deleted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Flow]) -> QuerySet[Flow]:
        """Narrow the list."""
        return queryset.filter(deleted_at__isnull=self.value() == "no") if self.value() else queryset


class Owned(admin.SimpleListFilter):
    """Flows of teams, of people, or of nobody any more: no active owner, and no team."""

    title = _("owner")
    parameter_name = "owned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the three."""
        return [("team", _("Teams")), ("person", _("People")), ("nobody", _("Without an owner"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Flow]) -> QuerySet[Flow]:
        """Narrow the list."""
        owners = Membership.objects.filter(flow=OuterRef("pk"), role="owner", user__is_active=True)
        alone = queryset.filter(team=None)
        found = {"team": queryset.exclude(team=None), "person": alone.filter(Exists(owners))}
        found["nobody"] = alone.filter(~Exists(owners))
        return found.get(self.value() or "", queryset)


class FlowForm(forms.ModelForm):  # type: ignore[type-arg]
    """Title and description, within the document's limits, and the team that owns it."""

    class Meta:
        model = Flow
        fields = ("title", "description", "team")
        widgets: ClassVar = {"title": forms.TextInput(attrs={"class": "vTextField", "dir": "auto"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "description"):
            if name in self.fields:
                self.fields[name].strip = False  # type: ignore[attr-defined]

    def clean_description(self) -> str:
        """Take back the line ends that browsers make of ours."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Ask the document whether it would take these."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            decode_properties(cleaned.get("title", ""), cleaned.get("description", ""), current())
        except Rejected as refusal:
            raise forms.ValidationError(sentence(refusal)) from None
        return cleaned


@admin.register(Flow)
class FlowAdmin(Refusable, admin.ModelAdmin):  # type: ignore[type-arg]
    """Find a flow, see what is in it, rename it, share it, delete it, bring it back."""

    form = FlowForm
    list_display = (
        *("title", "team", "version", "node_count", "edge_count", "member_count", "size", "updated_at", "is_there"),
    )
    list_filter = (Deleted, Owned, "updated_at", "created_at")
    list_select_related = ("team",)
    search_fields = ("search_text",)
    search_help_text = _("Title, description, a member's name or address, or the flow's id")
    raw_id_fields = ("team",)
    readonly_fields = (
        *("id", "version", "contents", "size", "epoch", "digest"),
        *("created_at", "updated_at", "updated_by", "deleted_at", "trash"),
    )
    fieldsets = (
        (None, {"fields": ("title", "description", "team", "contents")}),
        (_("Log"), {"fields": ("id", "version", "size", "epoch", "digest")}),
        (_("Dates"), {"fields": ("created_at", "updated_at", "updated_by", "deleted_at", "trash")}),
    )
    inlines = (Members, FirstNodes, FirstEdges)
    actions = ("restore", "purge")
    show_full_result_count = False
    paginator = BoundedPaginator

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flow]:
        """Count members, only of the flows that are shown; leave out those that are being purged."""
        flows: QuerySet[Flow] = super().get_queryset(request).exclude(deleted_at=PURGED)
        members = Membership.objects.filter(flow=OuterRef("pk")).order_by().values("flow").annotate(n=Count("pk"))
        return flows.annotate(member_total=Subquery(members.values("n"), output_field=IntegerField()))

    def get_urls(self) -> list[URLPattern]:
        """Add where flows in the trash come back and go for good."""
        purge, restore = (self.admin_site.admin_view(view) for view in (self.purge_view, self.restore_view))
        own = [path("purge/", purge, name="flows_flow_purge")]
        own.append(path("<uuid:flow_id>/restore/", restore, name="flows_flow_restore"))
        return [*own, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Flow], search_term: str
    ) -> tuple[QuerySet[Flow], bool]:
        """Compare as the library does, or find by people; a whole id finds its flow."""
        if not (term := search_term.strip()):
            return queryset, False
        with suppress(ValueError):
            return queryset.filter(pk=UUID(term)), False
        words = " ".join(list(dict.fromkeys(folded(term).split()))[:MOST_WORDS])
        titled, _many = super().get_search_results(request, Flow.objects.order_by(), words)
        found = Q(pk__in=titled.values("pk"))
        if people := people_called(term):
            found |= Q(pk__in=Membership.objects.filter(user__in=people).values("flow"))
        return queryset.filter(found), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Flows are made in the library, where they have an owner."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Flow | None = None) -> bool:
        """A deleted flow has to be brought back first."""
        return (obj is None or obj.deleted_at is None) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Flow | None = None) -> bool:
        """A flow is deleted once."""
        return (obj is None or obj.deleted_at is None) and super().has_delete_permission(request, obj)

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """Who may delete may take it back."""
        return super().has_delete_permission(request)

    def save_model(self, request: HttpRequest, obj: Flow, form: Any, change: bool) -> None:
        """Submit what was changed."""
        if "team" in form.changed_data:
            commands.set_team(administrator(request), obj.pk, obj.team_id)
        wanted = {name: value for name, value in form.cleaned_data.items() if name in form.changed_data}
        wanted.pop("team", None)
        if wanted:
            operation = parse_operation({"kind": "edit_flow", "set": wanted})
            receipt = commands.submit(
                obj.pk, [commands.Submission(operation=operation, principal=administrator(request), via="admin")]
            )
            for answer in receipt.answers:
                if isinstance(answer, commands.Refused):
                    raise Unwritten(sentence(answer))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Give and take roles."""
        formset.save(commit=False)
        for membership in formset.new_objects:
            give_role(request, membership)
        for membership, _changed in formset.changed_objects:
            give_role(request, membership)
        for membership in formset.deleted_objects:
            take_role(request, membership)

    def delete_model(self, request: HttpRequest, obj: Flow) -> None:
        """Mark it as deleted."""
        commands.delete_flow(administrator(request), obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Flow]) -> None:
        """Mark those as deleted that are not."""
        for flow in queryset.filter(deleted_at__isnull=True):
            self.delete_model(request, flow)

    @admin.action(description=_("Restore selected flows"), permissions=["restore"])
    def restore(self, request: HttpRequest, flows: QuerySet[Flow]) -> None:
        """Bring deleted flows back as they were."""
        restored = [
            commands.restore_flow(administrator(request), flow.pk) for flow in flows.filter(deleted_at__isnull=False)
        ]
        self.message_user(request, ngettext("%d flow restored.", "%d flows restored.", len(restored)) % len(restored))

    @admin.action(description=_("Delete selected flows for good"), permissions=["restore"])
    def purge(self, request: HttpRequest, flows: QuerySet[Flow]) -> HttpResponse | None:
        """Ask once more, naming what goes: so many of those that are in the trash."""
        found = list(flows.filter(deleted_at__isnull=False).order_by("deleted_at", "pk")[: MOST_PURGED + 1])
        if not found:
            self.message_user(request, _("Only a flow in the trash can be deleted for good."), messages.WARNING)
            return None
        if len(found) > MOST_PURGED:
            self.message_user(request, _("Choose at most %d flows at a time.") % MOST_PURGED, messages.WARNING)
            return None
        return self._asked_to_purge(request, found)

    purge.asks = True  # type: ignore[attr-defined]

    def purge_view(self, request: HttpRequest) -> HttpResponse:
        """Delete flows in the trash for good, by POST: each by itself, so that no other waits for all of them."""
        try:
            chosen = [UUID(text) for text in request.POST.getlist("flow")[:MOST_PURGED]]
        except ValueError:
            raise PermissionDenied from None
        if request.method != "POST" or not self.has_restore_permission(request):
            raise PermissionDenied
        if "sure" not in request.POST:
            found = list(Flow.objects.filter(pk__in=chosen, deleted_at__isnull=False).order_by("deleted_at", "pk"))
            return self._asked_to_purge(request, found)
        purged = 0
        for flow_id in chosen:
            try:
                commands.purge_flow(administrator(request), flow_id, via="admin")
                purged += 1
            except self.refusals as refusal:
                self.message_user(request, f"{flow_id}: {self.sentence_of(refusal)}", messages.ERROR)
        told = ngettext("%d flow deleted for good.", "%d flows deleted for good.", purged) % purged
        self.message_user(request, told, messages.SUCCESS if purged else messages.WARNING)
        return HttpResponseRedirect(reverse("admin:flows_flow_changelist") + "?deleted=yes")

    def restore_view(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """Bring a flow back, by POST."""
        if request.method != "POST" or not self.has_restore_permission(request):
            raise PermissionDenied
        try:
            commands.restore_flow(administrator(request), flow_id, via="admin")
            self.message_user(request, ngettext("%d flow restored.", "%d flows restored.", 1) % 1)
        except self.refusals as refusal:
            self.message_user(request, self.sentence_of(refusal), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:flows_flow_changelist"))

    def _asked_to_purge(self, request: HttpRequest, found: list[Flow]) -> HttpResponse:
        """Ask, naming each with its size and when it was deleted."""
        lines = [
            gettext("%(title)s: %(version)d versions, %(size)s, deleted %(when)s")
            % {"title": flow.title, "version": flow.version, "size": self.size(flow),
               "when": localize(localtime(flow.deleted_at))}
            for flow in found
        ]  # fmt: skip
        title = gettext("Delete for good")
        told = [gettext("These flows go with all that belongs to them: log, runs, comments, links. Nothing brings them"
                        " back. The audit log keeps that they were there.")]  # fmt: skip
        values = [("flow", str(flow.pk)) for flow in found]
        question = Question(title, told, lines, reverse("admin:flows_flow_purge"), values)
        return asked(request, self.admin_site, self.opts, question)

    @admin.display(description=_("trash"))
    def trash(self, flow: Flow) -> str:
        """Offer to bring a deleted flow back, or to delete it for good; the page's own form sends it."""
        if flow.deleted_at is None:
            return "–"
        restore, purge = reverse("admin:flows_flow_restore", args=[flow.pk]), reverse("admin:flows_flow_purge")
        return format_html(
            '<button class="button" formmethod="post" formnovalidate formaction="{}">{}</button> '
            '<button class="button" formmethod="post" formnovalidate formaction="{}" name="flow" value="{}">'
            "{}</button>",
            *(restore, _("Restore"), purge, flow.pk, _("Delete for good")),
        )

    @admin.display(description=_("members"), ordering="member_total")
    def member_count(self, flow: Flow) -> int:
        """Show how many people are in it."""
        return int(getattr(flow, "member_total", 0) or 0)

    @admin.display(description=_("storage"), ordering=F("storage") + F("snapshot_storage"))
    def size(self, flow: Flow) -> str:
        """Show what its log and snapshots take."""
        return filesizeformat(flow.storage + flow.snapshot_storage)

    @admin.display(description=_("exists"), boolean=True, ordering="deleted_at")
    def is_there(self, flow: Flow) -> bool:
        """Show whether it is deleted."""
        return flow.deleted_at is None

    @admin.display(description=_("contents"))
    def contents(self, flow: Flow) -> str:
        """Link to all nodes, all edges, the log and what was done to rights."""
        links = [
            (flow.node_count, gettext("nodes"), "flownode"),
            (flow.edge_count, gettext("edges"), "flowedge"),
            (flow.version, gettext("changes"), "change"),
            ("", gettext("rights"), "auditentry"),
        ]
        parts = [(reverse(f"admin:flows_{name}_changelist"), flow.pk, count, text) for count, text, name in links]
        return format_html_join(" · ", '<a href="{}?flow__id__exact={}">{} {}</a>', parts)
