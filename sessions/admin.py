"""Live sessions in the admin: who is in which flow now, over all processes.

Nothing can be changed in them, but people can be sent away and sessions ended, by those who may change flows.
"""

from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from flows.access import CHANGE
from sessions import ending, queries
from sessions.models import LiveFlow
from web.row_ids import read_row_id


@admin.register(LiveFlow)
class LiveFlowAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The flows that are being edited, in any process."""

    actions = ("end_sessions",)
    fields = readonly_fields = ("flow_title", "version", "connections")
    list_display = ("flow_title", "count", "people", "version", "started")
    list_display_links = ("count",)
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

    def get_urls(self) -> list[URLPattern]:
        """Add where people are sent away."""
        view = self.admin_site.admin_view(self.disconnect_view)
        return [path("<uuid:flow_id>/disconnect/", view, name="live_liveflow_disconnect"), *super().get_urls()]

    def disconnect_view(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """Send a person away from a flow, by POST."""
        user_id = read_row_id(request.POST.get("person", ""))
        if request.method != "POST" or user_id is None or not self.has_end_permission(request):
            raise PermissionDenied
        ending.disconnect(flow_id, user_id, actor=int(request.user.pk or 0))
        self.message_user(request, _("Disconnected. They may come back."))
        return HttpResponseRedirect(reverse("admin:live_liveflow_changelist"))

    @admin.action(description=_("End the selected sessions"), permissions=["end"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[LiveFlow]) -> None:
        """Close all connections to these flows."""
        for flow_id in queryset.values_list("pk", flat=True):
            ending.end_session(flow_id, actor=int(request.user.pk or 0))
        self.message_user(request, _("Ended. Editors that are open connect again."))

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Those may who may change flows."""
        return request.user.has_perm(CHANGE)

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

    @admin.display(description=_("people"))
    def connections(self, flow: LiveFlow) -> str:
        """Name them, each with a button that sends them away; the page's own form sends it."""
        to = reverse("admin:live_liveflow_disconnect", args=[flow.pk])
        row = (
            '<li>{} <button class="button" formmethod="post" formaction="{}" name="person" value="{}">{}</button></li>'
        )
        people = [(one.name, to, one.id, _("Disconnect")) for one in queries.people_in(flow.pk)]
        return format_html("<ul>{}</ul>", format_html_join("", row, people))

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
