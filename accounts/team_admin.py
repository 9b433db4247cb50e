"""Teams in the admin: found, renamed, given members, roles and owners, deleted; by the commands of `accounts.teams`.

What a command refuses is a message, and then nothing of the form is saved.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Exists, IntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import team_invitations, teams
from accounts.admin_base import (
    BoundedPaginator,
    ReadOnly,
    Refusable,
    administrator,
    hanging_on,
    keep_person,
    people_called,
)
from accounts.forms import storable_text, visible_name
from accounts.models import Team, TeamInvitation, TeamMember
from accounts.teams import Role


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    """A team's name."""

    class Meta:
        model = Team
        fields = ("name",)

    def clean_name(self) -> str:
        """Names can be seen and stored."""
        name = visible_name(self.cleaned_data["name"])
        storable_text(name)
        return name


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """A role; the person is chosen once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            keep_person(self.fields["user"], self.instance.user)


class Members(admin.TabularInline):  # type: ignore[type-arg]
    """The members on a team's page; `TeamAdmin.save_formset` gives and takes their roles."""

    model = TeamMember
    form = MemberForm
    fields = ("user", "role", "is_active", "created_at")
    readonly_fields = ("is_active", "created_at")
    raw_id_fields = ("user",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[TeamMember]:
        """Read the people along."""
        members: QuerySet[TeamMember] = super().get_queryset(request)
        return members.select_related("user").order_by("created_at", "pk")

    def has_add_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        """Who may change the team may change who is in it."""
        return bool(request.user.has_perm(teams.CHANGE))

    def has_change_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        """Who may change the team may change who is in it."""
        return bool(request.user.has_perm(teams.CHANGE))

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        """Who may change the team may change who is in it."""
        return bool(request.user.has_perm(teams.CHANGE))

    @admin.display(description=_("active"), boolean=True)
    def is_active(self, member: TeamMember) -> bool:
        """Show whose account is switched off."""
        return member.user.is_active


class Invited(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """Who was invited to a team."""

    model = TeamInvitation
    fields = readonly_fields = ("email", "role", "invited_by", "created_at", "expires_at")
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[TeamInvitation]:
        """Read along who invited."""
        invited: QuerySet[TeamInvitation] = super().get_queryset(request)
        return invited.select_related("invited_by")


class HasOwner(admin.SimpleListFilter):
    """Teams of which nobody active is an owner any more."""

    title = _("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the two."""
        return [("no", _("Without an owner")), ("yes", _("With an owner"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Team]) -> QuerySet[Team]:
        """Narrow the list."""
        owners = TeamMember.objects.filter(team=OuterRef("pk"), role=Role.OWNER, user__is_active=True)
        return {"no": queryset.filter(~Exists(owners)), "yes": queryset.filter(Exists(owners))}.get(
            self.value() or "", queryset
        )


@admin.register(Team)
class TeamAdmin(Refusable, admin.ModelAdmin):  # type: ignore[type-arg]
    """Find a team by its name or by somebody in it; look after it when its owners cannot."""

    form = TeamForm
    first = _("The team owns these flows. Give them to another team or take them out of it, on their pages, first:")
    list_display = ("name", "member_count", "flow_count", "created_at")
    list_filter = (HasOwner, "created_at")
    search_fields = ("name",)
    search_help_text = _("The team's name, or a member's name or address")
    ordering = ("name", "id")
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = ("name", "id", "created_at")
    readonly_fields = ("id", "created_at")
    inlines: ClassVar = (Members, Invited)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """Count members and flows, only of the teams that are shown."""
        found: QuerySet[Team] = super().get_queryset(request)
        return found.annotate(member_total=_count(TeamMember), flow_total=_count(Team.flows.rel.related_model))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Team], search_term: str
    ) -> tuple[QuerySet[Team], bool]:
        """Find the people first."""
        named, _many = super().get_search_results(request, queryset, search_term)
        if not search_term.strip():
            return named, False
        of_people = TeamMember.objects.filter(user__in=people_called(search_term.strip())).values("team")
        by_name = named.order_by().values("pk")
        return queryset.filter(Q(pk__in=of_people) | Q(pk__in=by_name)), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete one at a time, after a look at what goes with it."""
        offered: dict[str, Any] = super().get_actions(request)
        offered.pop("delete_selected", None)
        return offered

    def get_deleted_objects(self, objs: Iterable[Model], request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Tell what goes with a team, and which flows have to be taken out of it first."""
        (team,) = objs
        going, flows = hanging_on(team)
        return [str(team)], {str(self.opts.verbose_name): 1, **going}, set(), flows

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Teams are made by those who then own them."""
        return False

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        """Rename it."""
        if "name" in form.changed_data:
            teams.rename_team(administrator(request), obj.pk, obj.name)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Give and take places: new owners first, so that one can go when another comes."""
        formset.save(commit=False)
        given = [*formset.new_objects, *(member for member, _changed in formset.changed_objects)]
        for member in sorted(given, key=lambda one: one.role != Role.OWNER):
            put = teams.put_member(administrator(request), member.team_id, member.user_id, Role(member.role))
            member.pk = put.pk
        for member in formset.deleted_objects:
            teams.remove_member(administrator(request), member.team_id, member.user_id)

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        """Delete it, if it owns no flows."""
        teams.delete_team(administrator(request), obj.pk)

    @admin.display(description=_("members"), ordering="member_total")
    def member_count(self, team: Team) -> int:
        """Show how many people are in it."""
        return int(getattr(team, "member_total", 0) or 0)

    @admin.display(description=_("flows"), ordering="flow_total")
    def flow_count(self, team: Team) -> int:
        """Show how many flows it owns, those in the trash too."""
        return int(getattr(team, "flow_total", 0) or 0)


@admin.register(TeamInvitation)
class TeamInvitationAdmin(Refusable, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who was invited to a team and has not come yet; take it back."""

    list_display = ("email", "team", "role", "invited_by", "created_at", "expires_at")
    list_filter = ("role", "created_at", "expires_at")
    list_select_related = ("team", "invited_by")
    search_fields = ("email", "team__name", "invited_by__email", "invited_by__name")
    ordering = ("-pk",)
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = ("email", "team", "role", "invited_by", "created_at", "expires_at")
    actions = ("withdraw",)

    def has_take_permission(self, request: HttpRequest) -> bool:
        """Who may change teams may take their invitations back."""
        return bool(request.user.has_perm(teams.CHANGE))

    @admin.action(description=_("Withdraw selected invitations"), permissions=["take"])
    def withdraw(self, request: HttpRequest, invitations: QuerySet[TeamInvitation]) -> None:
        """Make these links worthless."""
        found = list(invitations.values_list("team_id", "pk"))
        for team_id, invitation_id in found:
            team_invitations.withdraw(administrator(request), team_id, invitation_id)
        text = ngettext("%d invitation withdrawn.", "%d invitations withdrawn.", len(found))
        self.message_user(request, text % len(found))


def _count(model: Any) -> Subquery:
    """Return how many rows of a model a team has."""
    rows = model._base_manager.filter(team=OuterRef("pk")).order_by().values("team").annotate(n=Count("pk"))
    return Subquery(rows.values("n"), output_field=IntegerField())
