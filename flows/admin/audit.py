"""Who changed whose rights, and how much room everybody takes, to read."""

from django.contrib import admin
from django.db.models import F, QuerySet, Sum, Window
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from flows.admin.base import ReadOnly
from flows.admin.log import pretty
from flows.models import AuditEntry, Usage


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Every change of rights, every flow made, deleted or restored, the newest first."""

    list_display = ("at", "action", "flow_name", "person", "before_and_after", "actor", "via")
    list_display_links = ("at",)
    list_filter = ("action", "via", "at")
    list_select_related = ("actor", "person")
    search_fields = ("flow__search_text", "actor__email", "actor__name", "person__email", "person__name")
    search_help_text = _("The flow's title, who did it, or to whom")
    ordering = ("-number",)
    show_full_result_count = False
    fields = ("number", "at", "action", "flow_name", "person", "actor", "via", "detail_text", "digest")
    readonly_fields = ("flow_name", "detail_text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Read titles along, where the flow is still there."""
        entries: QuerySet[AuditEntry] = super().get_queryset(request)
        return entries.annotate(title=F("flow__title"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what the flow's page links to."""
        return lookup == "flow__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description=_("flow"))
    def flow_name(self, entry: AuditEntry) -> str:
        """Name the flow, by its id if it is gone."""
        return getattr(entry, "title", None) or str(entry.flow_id)

    @admin.display(description=_("before and after"))
    def before_and_after(self, entry: AuditEntry) -> str:
        """Show both in a few words."""
        detail = entry.told
        return f"{detail['before'] or '–'} → {detail['after'] or '–'}" if "before" in detail else ""

    @admin.display(description=_("detail"))
    def detail_text(self, entry: AuditEntry) -> str:
        """Show all that was written down."""
        return pretty(entry.detail)


@admin.register(Usage)
class UsageAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """How much of each flow's log each person has written, who wrote most first."""

    list_display = ("user", "flow", "size", "size_in_all")
    list_select_related = ("user", "flow")
    search_fields = ("user__email", "user__name", "flow__search_text")
    ordering = ("-storage",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Usage]:
        """Sum up each person's along."""
        usages: QuerySet[Usage] = super().get_queryset(request)
        return usages.annotate(in_all=Window(Sum("storage"), partition_by=F("user")))

    @admin.display(description=_("storage"), ordering="storage")
    def size(self, usage: Usage) -> str:
        """Show it as people read it."""
        return filesizeformat(usage.storage)

    @admin.display(description=_("storage in all flows"), ordering="in_all")
    def size_in_all(self, usage: Usage) -> str:
        """Show what counts against the person's limit."""
        return filesizeformat(getattr(usage, "in_all", 0))
