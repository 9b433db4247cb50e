"""Who changed whose rights, and how much room everybody takes, to read."""

from django.contrib import admin
from django.db import connection
from django.db.models import F, Q, QuerySet, Sum, Window
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import MOST_COUNTED, people_called
from accounts.audit import Action
from flows.admin.base import BoundedPaginator, Found, OneOf, ReadOnly, flows_called
from flows.admin.log import OfWay, pretty
from flows.log.audit_search import object_of
from flows.models import AuditEntry, Usage


class OfAction(OneOf):
    """One action."""

    title, parameter_name, values = _("action"), "action", tuple(Action)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Every change of rights, every flow made, deleted or restored, the newest first."""

    list_display = ("at", "action", "about", "person", "before_and_after", "actor", "via", "address", "short_agent")
    list_display_links = ("at",)
    list_filter = (OfAction, OfWay, "at")
    list_select_related = ("actor", "person")
    search_fields = ("object",)
    search_help_text = _("Who did it or to whom, the flow's title or id, an address, or the object, as in team:…")
    ordering = ("-at", "-number")
    paginator = BoundedPaginator
    show_full_result_count = False
    fields = (
        *("number", "at", "action", "about", "object", "person", "actor", "via", "address", "agent"),
        *("detail_text", "digest"),
    )
    readonly_fields = ("about", "detail_text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Read titles along, where the flow is still there."""
        entries: QuerySet[AuditEntry] = super().get_queryset(request)
        return entries.annotate(title=F("flow__title"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what the flow's page links to."""
        return lookup == "flow__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """Find people and flows first, and then entries by indexes: texts of a million entries are not read.

        Where very many fit, the newest are found sooner by reading in order of time than by sorting all that fit.
        PostgreSQL knows that by its statistics; a condition without an index (here on `digest`) has SQLite do so.
        """
        term = search_term.strip()
        if not term:
            return queryset, False
        people, flows = people_called(term), flows_called(term)
        found = Q(actor__in=people) | Q(person__in=people) | Q(flow__in=flows) | Q(object=term) | Q(address=term)
        if connection.vendor == "sqlite" and queryset.filter(found).order_by()[:MOST_COUNTED].count() == MOST_COUNTED:
            found |= Q(digest=term)
        return queryset.filter(found), False

    @admin.display(description=_("object"))
    def about(self, entry: AuditEntry) -> str:
        """Name the flow, by its id if it is gone, or else what the entry is about."""
        return getattr(entry, "title", None) or object_of(entry)

    @admin.display(description=_("program"))
    def short_agent(self, entry: AuditEntry) -> str:
        """Show how the caller's program calls itself, as far as there is room."""
        return Truncator(entry.agent).chars(40)

    @admin.display(description=_("before and after"))
    def before_and_after(self, entry: AuditEntry) -> str:
        """Show both in a few words."""
        detail = entry.told
        before, after = detail.get("before"), detail.get("after")
        if not {"before", "after"} <= detail.keys() or isinstance(before, dict) or isinstance(after, dict):
            return ""
        return f"{before or '–'} → {after or '–'}"

    @admin.display(description=_("detail"))
    def detail_text(self, entry: AuditEntry) -> str:
        """Show all that was written down."""
        return pretty(entry.detail)


@admin.register(Usage)
class UsageAdmin(Found, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """How much of each flow's log each person has written, who wrote most first."""

    list_display = ("user", "flow", "size", "size_in_all")
    list_select_related = ("user", "flow")
    search_fields = ("flow",)
    people = ("user",)
    ordering = ("-storage",)

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
