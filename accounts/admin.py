"""People in the admin: found, switched off and on, given a new password; never deleted, because the log names them.

The admin's own login form would go round the count of failed attempts, so its login is ours. An address is changed on
its person alone: the table beside it, which the login library keeps, could give an account to another person.

Staff who are no superusers cannot become more than they are: they change nobody who may more than they do (a password
is enough to be that person), and give and take only permissions and groups that they have themselves.
"""

from collections.abc import Set
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.authentication import person
from accounts.forms import own_address, visible_name
from accounts.models import User
from web.errors import Problem

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister(EmailAddress)
admin.site.unregister(Group)


class Giving(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses to give or take what the giver does not have; `giver` is who sends the form."""

    giver: User

    def clean_user_permissions(self) -> QuerySet[Permission]:
        """Give own permissions only."""
        return self._within("user_permissions", _permissions_of(self.giver))

    def clean_permissions(self) -> QuerySet[Permission]:
        """Give own permissions only, to a group too."""
        return self._within("permissions", _permissions_of(self.giver))

    def clean_groups(self) -> QuerySet[Group]:
        """Give own groups only."""
        return self._within("groups", set(self.giver.groups.all()))

    def _within(self, field: str, own: Set[Model]) -> QuerySet[Any]:
        wanted: QuerySet[Any] = self.cleaned_data[field]
        held = set(getattr(self.instance, field).all()) if self.instance.pk else set()
        if not self.giver.is_superuser and not held ^ set(wanted) <= own:
            raise forms.ValidationError(_("You can only give and take what you have yourself."))
        return wanted


class NewPersonForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """A new account: its address is its identity."""

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        """Of each address one spelling is kept."""
        return own_address(self.cleaned_data["email"])

    def clean_name(self) -> str:
        """Refuse a name that shows nothing, or not all that it is."""
        return visible_name(self.cleaned_data["name"])


class PersonForm(Giving, UserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "name", "password", "is_active", "is_staff", "is_superuser", "groups", "user_permissions")

    def clean_email(self) -> str:
        """Of each address one spelling is kept."""
        return own_address(self.cleaned_data["email"])

    def clean_name(self) -> str:
        """Refuse a name that shows nothing, or not all that it is."""
        return visible_name(self.cleaned_data["name"])


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """Search by address or name; deactivate instead of deleting."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = ("email", "name", "is_active", "is_staff", "flow_count", "last_login", "date_joined")
    list_display_links = ("email", "name")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined")
    search_fields = ("email", "name")
    ordering = ("email",)
    date_hierarchy = "date_joined"
    readonly_fields = ("last_login", "date_joined")
    actions = ("deactivate", "activate")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Count each person's flows along."""
        people: QuerySet[User] = super().get_queryset(request)
        return people.annotate(flow_total=Count("memberships"))

    @admin.display(description=_("flows"), ordering="flow_total")
    def flow_count(self, listed: User) -> int:
        """Show in how many flows a person is."""
        return int(getattr(listed, "flow_total", 0))

    @admin.action(description=_("Deactivate selected people"), permissions=["change"])
    def deactivate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """End every login and token of these accounts; their work stays. One's own account is left alone."""
        changed = _switch(request, people.exclude(pk=person(request).pk), active=False)
        text = ngettext("%d account deactivated.", "%d accounts deactivated.", changed) % changed
        self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Activate selected people"), permissions=["change"])
    def activate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Let these people in again."""
        changed = _switch(request, people, active=True)
        text = ngettext("%d account activated.", "%d accounts activated.", changed) % changed
        self.message_user(request, text, messages.SUCCESS)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a password; while too many people are logging in, say so."""
        try:
            return super().user_change_password(request, id, form_url)
        except Problem as busy:
            self.message_user(request, busy.message, messages.ERROR)
            return redirect(request.path)

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form who sends it."""
        return _sent_by(request, super().get_form(request, obj, change=change, **kwargs))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Superusers alone make superusers."""
        more = () if person(request).is_superuser else ("is_superuser",)
        return (*self.readonly_fields, *more)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse to change somebody who may more."""
        return super().has_change_permission(request, obj) and (obj is None or _includes(person(request), obj))

    def has_delete_permission(self, request: HttpRequest, deleted: User | None = None) -> bool:
        """Refuse, to all: changes name who made them."""
        return False


@admin.register(Group)
class RestrictedGroupAdmin(GroupAdmin):
    """A group gets no permission that who gives it does not have."""

    form = Giving

    def get_form(self, request: HttpRequest, obj: Group | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form who sends it."""
        return _sent_by(request, super().get_form(request, obj, change=change, **kwargs))

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Refuse to change a group that may more."""
        return super().has_change_permission(request, obj) and _may_touch(person(request), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Refuse to delete a group that may more."""
        return super().has_delete_permission(request, obj) and _may_touch(person(request), obj)


def _sent_by(request: HttpRequest, form: Any) -> Any:
    return type(form.__name__, (form,), {"giver": person(request)})


def _permissions_of(who: User) -> set[Permission]:
    """Return what somebody may, or would if their account were active."""
    return set(Permission.objects.filter(Q(user=who) | Q(group__user=who)))


def _includes(one: User, other: User) -> bool:
    """Tell whether one may all that the other may."""
    if one.is_superuser or one == other:
        return True
    return not other.is_superuser and _permissions_of(other) <= _permissions_of(one)


def _may_touch(one: User, group: Group | None) -> bool:
    return one.is_superuser or group is None or set(group.permissions.all()) <= _permissions_of(one)


def _switch(request: HttpRequest, people: QuerySet[User], *, active: bool) -> int:
    """Save each account by itself, so that listeners for changed accounts hear of it; leave out who may more."""
    switched = [one for one in people.filter(is_active=not active) if _includes(person(request), one)]
    for account in switched:
        account.is_active = active
        account.save(update_fields=["is_active"])
    return len(switched)
