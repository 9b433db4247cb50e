"""People in the admin: found, switched off and on, given a new password; never deleted, because the log names them.

The admin's own login form would go round the count of failed attempts, so its login is ours. An address is changed on
its person alone: the table beside it, which the login library keeps, could give an account to another person.
"""

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.authentication import person
from accounts.forms import visible_name
from accounts.models import User

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister(EmailAddress)


class NewPersonForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """A new account: its address is its identity."""

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_name(self) -> str:
        """Refuse a name that shows nothing."""
        return visible_name(self.cleaned_data["name"])


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = "__all__"

    def clean_name(self) -> str:
        """Refuse a name that shows nothing."""
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

    @admin.action(description=_("Deactivate selected people"))
    def deactivate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """End every login and token of these accounts; their work stays. One's own account is left alone."""
        changed = _switch(people.exclude(pk=person(request).pk), active=False)
        text = ngettext("%d account deactivated.", "%d accounts deactivated.", changed) % changed
        self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Activate selected people"))
    def activate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Let these people in again."""
        changed = _switch(people, active=True)
        text = ngettext("%d account activated.", "%d accounts activated.", changed) % changed
        self.message_user(request, text, messages.SUCCESS)

    def has_delete_permission(self, request: HttpRequest, deleted: User | None = None) -> bool:
        """Refuse, to all: changes name who made them."""
        return False


def _switch(people: QuerySet[User], *, active: bool) -> int:
    """Save each account by itself, so that listeners for changed accounts hear of it."""
    switched = list(people.filter(is_active=not active))
    for account in switched:
        account.is_active = active
        account.save(update_fields=["is_active"])
    return len(switched)
