"""People in the admin: found, switched off and on, helped when they cannot get in.

Their row is never deleted, because the log names them; the app above, which knows what hangs on an account, registers
them and lets them leave (`flows.admin.people`).

The admin's own login form would go round the count of failed attempts, so its login is ours. An address is changed on
its person alone: the tables that the login library keeps beside it (addresses, providers, second factors, logins) could
give an account to another person.

Staff who are no superusers cannot become more than they are: they change nobody who may more than they do (a password
is enough to be that person), and give and take only permissions and groups that they have themselves.
"""

from collections.abc import Set
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import administration, login_admin, logins, team_admin, token_admin
from accounts.admin_base import BoundedPaginator, Question, Refusable, administrator, asked
from accounts.administration import includes, permissions_of
from accounts.audit import lock_audit
from accounts.authentication import person
from accounts.export import archive
from accounts.forms import ResetPasswordForm, own_address, visible_name
from accounts.models import User
from accounts.second_factors import FACTORS
from web.errors import Problem
from web.write_transaction import write_transaction

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
for library in (EmailAddress, SocialAccount, SocialApp, SocialToken, Authenticator, UserSession):
    admin.site.unregister(library)
admin.site.unregister(Group)

__all__ = ["Giving", "PersonAdmin", "RestrictedGroupAdmin", "login_admin", "team_admin", "token_admin"]


HELP = {
    "mail_password": _("Mail a link for a new password"),
    "end_logins": _("End all logins"),
    "reset_factors": _("Remove second factors"),
    "export": _("Download a copy of their data"),
}
"""What can be done for a person, by the method that does it."""
ASKED = {
    "end_logins": _("Every browser and program in which this person is logged in is out at once."),
    "reset_factors": _(
        "The password alone will let this person in, their logins end, and they are told by mail. Make sure that it is"
        " they who ask."
    ),
}
"""What is asked once more, and why."""


class SecondFactors(admin.SimpleListFilter):
    """People whose login asks for more than the password, or does not."""

    title = _("second factor")
    parameter_name = "factors"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the two."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Narrow the list."""
        held = Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS))
        return {"yes": queryset.filter(held), "no": queryset.filter(~held)}.get(self.value() or "", queryset)


class Giving(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses to give or take what the giver does not have; `giver` is who sends the form."""

    giver: User

    def clean_user_permissions(self) -> QuerySet[Permission]:
        """Give own permissions only."""
        return self._within("user_permissions", permissions_of(self.giver))

    def clean_permissions(self) -> QuerySet[Permission]:
        """Give own permissions only, to a group too."""
        return self._within("permissions", permissions_of(self.giver))

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


class PersonAdmin(Refusable, UserAdmin):  # type: ignore[type-arg]
    """Search by address or name; switch off and on; help."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = ("email", "name", "is_active", "is_staff", "flow_count", "last_login", "date_joined")
    list_display_links = ("email", "name")
    list_filter = (SecondFactors, "is_active", "is_staff", "is_superuser", "date_joined")
    search_fields = ("email", "name")
    search_help_text = _("Name or e-mail address")
    ordering = ("email",)
    show_full_result_count = False
    paginator = BoundedPaginator
    readonly_fields = ("last_login", "date_joined", "factors", "help", "last_logins")
    actions = ("deactivate", "activate")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("Logins"), {"fields": ("factors", "last_logins", "help")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Count flows, only of the people who are shown; leave out whose account was deleted."""
        people: QuerySet[User] = super().get_queryset(request).filter(deleted_at=None)
        held = User.memberships.rel.related_model._base_manager.filter(user=OuterRef("pk"))
        count = held.order_by().values("user").annotate(n=Count("pk")).values("n")
        return people.annotate(flow_total=Subquery(count, output_field=IntegerField()))

    def get_urls(self) -> list[URLPattern]:
        """Add where people are helped."""
        view = self.admin_site.admin_view(self.help_view)
        own = path("<int:user_id>/help/<str:what>/", view, name="accounts_user_help")
        return [own, *super().get_urls()]

    @admin.display(description=_("flows"), ordering="flow_total")
    def flow_count(self, listed: User) -> int:
        """Show in how many flows a person is."""
        return int(getattr(listed, "flow_total", 0) or 0)

    @admin.display(description=_("second factors"))
    def factors(self, shown: User) -> str:
        """Name what a login asks for besides the password."""
        held = Authenticator.objects.filter(user=shown, type__in=FACTORS).order_by("pk").values_list("type", flat=True)
        app, passkey = gettext("Authenticator app"), gettext("Passkey")
        return ", ".join(app if one == Authenticator.Type.TOTP else passkey for one in held) or gettext("None")

    @admin.display(description=_("help"))
    def help(self, shown: User) -> str:
        """Offer what can be done for a person; the page's own form sends it."""
        row = '<button class="button" formmethod="post" formnovalidate formaction="{}">{}</button> '
        offered = [(reverse("admin:accounts_user_help", args=[shown.pk, what]), text) for what, text in HELP.items()]
        return format_html_join("", row, offered)

    @admin.display(description=_("logged in"))
    def last_logins(self, shown: User) -> str:
        """Show where."""
        return login_admin.last_logins(shown)

    def help_view(self, request: HttpRequest, user_id: int, what: str) -> HttpResponse:
        """Help a person, by POST: what cannot be taken back is asked once more."""
        helped = User.objects.filter(pk=user_id, deleted_at=None).first()
        if request.method != "POST" or what not in HELP or helped is None:
            raise PermissionDenied
        page = reverse("admin:accounts_user_change", args=[user_id])
        if not self.has_change_permission(request, helped):
            raise PermissionDenied
        if what in ASKED and "sure" not in request.POST:
            title, named = str(HELP[what]), [f"{helped.name} ({helped.email})"]
            question = Question(title, [ASKED[what]], named, request.path)
            return asked(request, self.admin_site, self.opts, question)
        try:
            answer = getattr(self, f"_{what}")(request, helped)
        except Problem as refused:
            self.message_user(request, refused.message, messages.ERROR)
            return redirect(page)
        return answer or redirect(page)

    def _end_logins(self, request: HttpRequest, helped: User) -> None:
        administration.end_all_logins(administrator(request), helped.pk)
        if request.user == helped:
            logins.go_on(request, helped)
        self.message_user(request, _("All logins are ended."), messages.SUCCESS)

    def _reset_factors(self, request: HttpRequest, helped: User) -> None:
        count = administration.reset_factors(administrator(request), helped.pk)
        told = ngettext("%d second factor removed.", "%d second factors removed.", count) % count
        self.message_user(request, told, messages.SUCCESS if count else messages.WARNING)

    def _mail_password(self, request: HttpRequest, helped: User) -> None:
        administration.note_help(administrator(request), helped.pk, "password_mail")
        form = ResetPasswordForm({"email": helped.email or ""})
        if not helped.is_active or not form.is_valid():
            why = " ".join(one for errors in form.errors.values() for one in errors)
            self.message_user(request, why or _("This account is switched off."), messages.ERROR)
            return
        form.save(request)
        self.message_user(request, _("A link to choose a new password was mailed."), messages.SUCCESS)

    def _export(self, request: HttpRequest, helped: User) -> HttpResponseBase:
        if not person(request).is_superuser:
            raise PermissionDenied
        administration.note_help(administrator(request), helped.pk, "export")
        name = f"helix-{helped.pk}-{timezone.now():%Y-%m-%d}.zip"
        return FileResponse(archive(helped), as_attachment=True, filename=name, content_type="application/zip")

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

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Delete one at a time, after a look at what goes with them."""
        offered: dict[str, Any] = super().get_actions(request)
        offered.pop("delete_selected", None)
        return offered

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a password; while too many people are logging in, say so."""
        try:
            response = super().user_change_password(request, id, form_url)
            if response.status_code == 302 and (changed := User.objects.filter(pk=id).first()):
                _end_logins(request, changed)
            return response
        except Problem as busy:
            self.message_user(request, busy.message, messages.ERROR)
            return redirect(request.path)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save; another address or a deactivated account ends every login from before."""
        super().save_model(request, obj, form, change)
        if not change:
            return
        if "is_active" in form.changed_data and not obj.is_active:
            logins.deactivate(obj, actor=person(request).pk)
        elif "email" in form.changed_data:
            _end_logins(request, obj)

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form who sends it."""
        return _sent_by(request, super().get_form(request, obj, change=change, **kwargs))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Superusers alone make superusers."""
        more = () if person(request).is_superuser else ("is_superuser",)
        return (*self.readonly_fields, *more)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse to change somebody who may more."""
        return super().has_change_permission(request, obj) and (obj is None or includes(person(request), obj))

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


def _may_touch(one: User, group: Group | None) -> bool:
    return one.is_superuser or group is None or set(group.permissions.all()) <= permissions_of(one)


def _switch(request: HttpRequest, people: QuerySet[User], *, active: bool) -> int:
    """Save each account by itself, so that listeners for changed accounts hear of it; leave out who may more."""
    switched = [one for one in people.filter(is_active=not active) if includes(person(request), one)]
    for account in switched:
        if active:
            account.is_active = True
            account.save(update_fields=["is_active"])
        else:
            logins.deactivate(account, actor=person(request).pk)
    return len(switched)


def _end_logins(request: HttpRequest, account: User) -> None:
    """End every login of an account; one's own goes on here."""
    is_own = person(request).pk == account.pk
    with write_transaction():
        lock_audit()
        logins.end_within(account.pk)
    if is_own:
        logins.go_on(request, account)
