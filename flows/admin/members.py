"""Who is in a flow and in which role, on the flow's page and by itself."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_base import keep_person
from flows import commands
from flows.access import Role
from flows.admin.base import Found, Refusable, administrator
from flows.models import Membership


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    """A role; flow and person are chosen once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "user" in self.fields:
            keep_person(self.fields["user"], self.instance.user)
        if self.instance.pk and "flow" in self.fields:
            self.fields["flow"].disabled = True


class Members(admin.TabularInline):  # type: ignore[type-arg]
    """The members on a flow's page; `FlowAdmin.save_formset` gives and takes their roles."""

    model = Membership
    form = MembershipForm
    fields = ("user", "role", "created_at")
    readonly_fields = ("created_at",)
    raw_id_fields = ("user",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Read the people along."""
        members: QuerySet[Membership] = super().get_queryset(request)
        return members.select_related("user").order_by("created_at", "pk")


@admin.register(Membership)
class MembershipAdmin(Found, Refusable, admin.ModelAdmin):  # type: ignore[type-arg]
    """Find a person's flows or a flow's people."""

    form = MembershipForm
    list_display = ("flow", "user", "role", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("flow", "user")
    search_fields = ("flow",)
    people = ("user",)
    ordering = ("-pk",)
    fields = ("flow", "user", "role", "created_at")
    readonly_fields = ("created_at",)
    raw_id_fields = ("flow", "user")

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Give the role."""
        give_role(request, obj)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Take the role away."""
        take_role(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """Take these roles away, all or none."""
        for membership in queryset:
            take_role(request, membership)


def give_role(request: HttpRequest, membership: Membership) -> None:
    """Give a person a role by the command; raises its refusal."""
    person: str | int = membership.user_id if membership.pk else membership.user.email or ""
    commands.set_member(administrator(request), membership.flow_id, person=person, role=Role(membership.role))
    membership.pk = Membership.objects.values_list("pk", flat=True).get(
        flow_id=membership.flow_id, user_id=membership.user_id
    )


def take_role(request: HttpRequest, membership: Membership) -> None:
    """Take a person's role away by the command; raises its refusal."""
    commands.remove_member(administrator(request), membership.flow_id, user_id=membership.user_id)
