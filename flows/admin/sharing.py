"""Links and who came by them, invitations, and shares with teams: to find, and to take back by the commands.

A link's secret is not shown here, nor can its role be changed: that is for the flow's owners.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from flows import commands
from flows.admin.base import BoundedPaginator, ReadOnly, Refusable, administrator
from flows.commands import LinkChange
from flows.models import FlowInvitation, Link, TeamShare, Visit


class Takeable(Refusable, ReadOnly):
    """Looked at, and taken back by an action, by those who may change what stands here."""

    paginator = BoundedPaginator
    show_full_result_count = False

    def has_take_permission(self, request: HttpRequest) -> bool:
        """Take back what one could change elsewhere."""
        name = f"{self.opts.app_label}.change_{self.opts.model_name}"  # type: ignore[attr-defined]
        return bool(request.user.has_perm(name))


@admin.register(Link)
class LinkAdmin(Takeable, admin.ModelAdmin):  # type: ignore[misc, type-arg]
    """Find a link by its flow, its name or who made it; switch it off."""

    list_display = ("label", "flow", "role", "is_active", "has_password", "expires_at", "uses", "made_by", "created_at")
    list_display_links = ("label",)
    list_filter = ("is_active", "role", "created_at")
    list_select_related = ("flow", "created_by")
    search_fields = ("flow__search_text", "name", "created_by__email", "created_by__name")
    search_help_text = _("The flow's title, the link's name, or who made it")
    ordering = ("-created_at", "-id")
    fields = ("id", "flow", "name", "role", "is_active", "has_password", "expires_at", "uses", "made_by", "created_at")
    actions = ("switch_off",)

    @admin.action(description=_("Switch off selected links"), permissions=["take"])
    def switch_off(self, request: HttpRequest, links: QuerySet[Link]) -> None:
        """Let nobody in by these links any more; who came by them is out."""
        active = list(links.filter(is_active=True))
        for link in active:
            commands.change_link(administrator(request), link.flow_id, link.pk, LinkChange(is_active=False))
        text = ngettext("%d link switched off.", "%d links switched off.", len(active))
        self.message_user(request, text % len(active))

    @admin.display(description=_("name"), ordering="name")
    def label(self, link: Link) -> str:
        """Name a link that has no name by its id."""
        return str(link)

    @admin.display(description=_("password"), boolean=True)
    def has_password(self, link: Link) -> bool:
        """Show whether it asks for one."""
        return bool(link.password)

    @admin.display(description=_("by whom"), ordering="created_by")
    def made_by(self, link: Link) -> str:
        """Name who made it."""
        return str(link.created_by or "–")


@admin.register(Visit)
class VisitAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who came by a link, and until when."""

    list_display = ("user", "is_guest", "flow", "link", "started_at", "ended_at")
    list_display_links = ("started_at",)
    list_filter = ("user__is_guest", "started_at")
    list_select_related = ("user", "link__flow")
    search_fields = ("user__name", "user__email", "link__flow__search_text", "link__name")
    search_help_text = _("A guest's or person's name, the flow's title, or the link's name")
    ordering = ("-pk",)
    paginator = BoundedPaginator
    show_full_result_count = False
    fields = ("user", "link", "started_at", "ended_at")

    @admin.display(description=_("guest"), boolean=True)
    def is_guest(self, visit: Visit) -> bool:
        """Show whether it is somebody without an account."""
        return visit.user.is_guest

    @admin.display(description=_("flow"))
    def flow(self, visit: Visit) -> str:
        """Name the link's flow."""
        return str(visit.link.flow)


@admin.register(FlowInvitation)
class FlowInvitationAdmin(Takeable, admin.ModelAdmin):  # type: ignore[misc, type-arg]
    """Who was invited to a flow by mail and has not come yet; take it back."""

    list_display = ("email", "flow", "role", "invited_by", "created_at", "expires_at")
    list_filter = ("role", "created_at", "expires_at")
    list_select_related = ("flow", "invited_by")
    search_fields = ("email", "flow__search_text", "invited_by__email", "invited_by__name")
    ordering = ("-pk",)
    fields: ClassVar[Any] = ("email", "flow", "role", "invited_by", "created_at", "expires_at")
    actions = ("withdraw",)

    @admin.action(description=_("Withdraw selected invitations"), permissions=["take"])
    def withdraw(self, request: HttpRequest, invitations: QuerySet[FlowInvitation]) -> None:
        """Make these links worthless."""
        found = list(invitations)
        for one in found:
            commands.withdraw_invitation(administrator(request), one.flow_id, invitation_id=one.pk)
        text = ngettext("%d invitation withdrawn.", "%d invitations withdrawn.", len(found))
        self.message_user(request, text % len(found))


@admin.register(TeamShare)
class TeamShareAdmin(Takeable, admin.ModelAdmin):  # type: ignore[misc, type-arg]
    """Which flows are shared with which teams; take it back."""

    list_display = ("flow", "team", "role", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("flow", "team")
    search_fields = ("flow__search_text", "team__name")
    ordering = ("-pk",)
    fields: ClassVar[Any] = ("flow", "team", "role", "created_at")
    actions = ("remove",)

    @admin.action(description=_("Remove selected shares"), permissions=["take"])
    def remove(self, request: HttpRequest, shares: QuerySet[TeamShare]) -> None:
        """Take these teams' roles away."""
        found = list(shares)
        for share in found:
            commands.remove_team_share(administrator(request), share.flow_id, team_id=share.team_id)
        text = ngettext("%d share removed.", "%d shares removed.", len(found))
        self.message_user(request, text % len(found))
