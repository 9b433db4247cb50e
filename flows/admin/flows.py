"""A flow in the admin."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Count, F, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from flows import commands
from flows.admin.base import Refusable, Unwritten, administrator
from flows.admin.contents import FirstEdges, FirstNodes
from flows.admin.members import Members, give_role, take_role
from flows.document import Rejected, decode_properties
from flows.limits import current
from flows.models import Flow
from flows.parsing import parse_operation
from flows.search import folded
from flows.sentences import sentence


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


class FlowForm(forms.ModelForm):  # type: ignore[type-arg]
    """Title and description, within the document's limits."""

    class Meta:
        model = Flow
        fields = ("title", "description")
        widgets: ClassVar = {"title": forms.TextInput(attrs={"class": "vTextField", "dir": "auto"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.strip = False  # type: ignore[attr-defined]

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
    list_display = ("title", "version", "node_count", "edge_count", "member_count", "size", "updated_at", "is_there")
    list_filter = (Deleted, "updated_at", "created_at")
    search_fields = ("search_text", "memberships__user__email", "memberships__user__name")
    search_help_text = _("Title, description, a member's name or address, or the flow's id")
    readonly_fields = (
        *(
            "id",
            "version",
            "contents",
            "size",
            "epoch",
            "digest",
            "created_at",
            "updated_at",
            "updated_by",
            "deleted_at",
        ),
    )
    fieldsets = (
        (None, {"fields": ("title", "description", "contents")}),
        (_("Log"), {"fields": ("id", "version", "size", "epoch", "digest")}),
        (_("Dates"), {"fields": ("created_at", "updated_at", "updated_by", "deleted_at")}),
    )
    inlines = (Members, FirstNodes, FirstEdges)
    actions = ("restore",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flow]:
        """Count each flow's members along."""
        flows: QuerySet[Flow] = super().get_queryset(request)
        return flows.annotate(member_total=Count("memberships", distinct=True))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Flow], search_term: str
    ) -> tuple[QuerySet[Flow], bool]:
        """Compare as the library does; a whole id finds its flow."""
        found, many = super().get_search_results(request, queryset, folded(search_term))
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            return found, many

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
        wanted = {name: value for name, value in form.cleaned_data.items() if value != form.initial[name]}
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

    @admin.display(description=_("members"), ordering="member_total")
    def member_count(self, flow: Flow) -> int:
        """Show how many people are in it."""
        return int(getattr(flow, "member_total", 0))

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
