"""Live sessions in the admin: who is in which flow now, over all processes. Read-only."""

from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from sessions import queries
from sessions.models import LiveFlow


@admin.register(LiveFlow)
class LiveFlowAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The flows that are being edited, in any process."""

    list_display = ("flow_title", "count", "people", "version", "started")
    list_display_links = None
    search_fields = ("search_text",)
    search_help_text = _("The flow's title or description")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LiveFlow]:
        """Take only flows with a session."""
        return super().get_queryset(request).filter(pk__in=_live(request))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Give each row what is live in it."""
        listed = super().get_changelist_instance(request)
        for flow in listed.result_list:
            flow.live = _live(request)[flow.pk]
        return listed

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False

    @admin.display(description=_("flow"), ordering="title")
    def flow_title(self, flow: LiveFlow) -> str:
        """Lead to the flow's own page."""
        return format_html('<a href="{}">{}</a>', reverse("admin:flows_flow_change", args=[flow.pk]), flow.title)

    @admin.display(description=_("number of people"))
    def count(self, flow: LiveFlow) -> int:
        """Say how many persons are in it."""
        return len(flow.live["people"])

    @admin.display(description=_("people"))
    def people(self, flow: LiveFlow) -> str:
        """Name them."""
        return ", ".join(one["name"] for one in flow.live["people"])

    @admin.display(description=_("started"))
    def started(self, flow: LiveFlow) -> str:
        """Say when the session began."""
        moment = parse_datetime(flow.live["started_at"])
        return str(localize(localtime(moment))) if moment else ""


def _live(request: HttpRequest) -> dict[UUID, queries.ListedSession]:
    """Return what is live by flow, the same throughout one request."""
    found: dict[UUID, queries.ListedSession] | None = getattr(request, "live_sessions", None)
    if found is None:
        found = {one["flow"]: one for one in queries.live_sessions()}
        request.live_sessions = found  # type: ignore[attr-defined]
    return found
