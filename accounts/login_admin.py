"""Logins in the admin: who is logged in where, found by person or address, and ended; their keys are never shown."""

from django.contrib import admin
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import administration
from accounts.admin_base import BoundedPaginator, ReadOnly, Refusable, administrator, people_called
from accounts.agents import name_of
from accounts.models import Login, User

SHOWN = 20
"""Logins on a person's page."""


def standing() -> QuerySet[Login]:
    """Return the logins that have not ended."""
    alive = Session.objects.filter(pk=OuterRef("session_key"), expire_date__gt=timezone.now())
    found: QuerySet[Login] = Login.objects.filter(Exists(alive))
    return found


def last_logins(user: User) -> str:
    """Return a person's last logins, and the way to all of them, for their page."""
    last = standing().filter(user=user).defer("session_key", "data").order_by("-pk")[:SHOWN]
    rows = [
        (
            name_of(one.user_agent),
            one.ip,
            localize(localtime(one.created_at)),
            localize(localtime(one.last_seen_at)),
        )
        for one in last
    ]
    names = [(name,) for name in (_("device"), _("address"), _("since"), _("last used"))]
    head = format_html_join("", '<th scope="col">{}</th>', names)
    body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
    link, everything = reverse("admin:accounts_login_changelist"), _("All logins")
    to_all = format_html('<p><a href="{}?user__id__exact={}">{}</a></p>', link, user.pk, everything)
    if not rows:
        return str(_("Logged in nowhere"))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}", head, body, to_all)


@admin.register(Login)
class LoginAdmin(Refusable, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Find a login by its person, its device or its address; end it, or all of its person."""

    list_display = ("user", "device", "ip", "created_at", "last_seen_at")
    list_display_links = ("created_at",)
    list_filter = ("created_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("ip",)
    search_help_text = _("The person's name or address, the device, or the address it came from")
    ordering = ("-pk",)
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = ("user", "device", "user_agent", "ip", "created_at", "last_seen_at")
    readonly_fields = ("device",)
    actions = ("end", "end_all")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Login]:
        """Leave out what has ended, and the keys."""
        return standing().select_related("user").defer("session_key", "data")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Login], search_term: str
    ) -> tuple[QuerySet[Login], bool]:
        """Find the people first."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(user__in=people_called(term)) | Q(user_agent__icontains=term)
        return queryset.filter(found | Q(ip__startswith=term)), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what a person's page links to."""
        return lookup == "user__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Who may change people may end their logins."""
        return bool(request.user.has_perm(administration.CHANGE_PEOPLE))

    @admin.action(description=_("End selected logins"), permissions=["end"])
    def end(self, request: HttpRequest, chosen: QuerySet[Login]) -> None:
        """End these, and the connections that came by them."""
        ended = administration.end_logins(administrator(request), list(chosen.values_list("pk", flat=True)))
        self.message_user(request, ngettext("%d login ended.", "%d logins ended.", ended) % ended)

    @admin.action(description=_("End all logins of these people"), permissions=["end"])
    def end_all(self, request: HttpRequest, chosen: QuerySet[Login]) -> None:
        """End all logins of all whose login was chosen."""
        people = sorted(set(chosen.order_by().values_list("user_id", flat=True)))
        for user_id in people:
            administration.end_all_logins(administrator(request), user_id)
        text = ngettext("All logins of %d person ended.", "All logins of %d people ended.", len(people))
        self.message_user(request, text % len(people))

    @admin.display(description=_("device"))
    def device(self, login: Login) -> str:
        """Name browser and system, not what the program says itself."""
        return name_of(login.user_agent)
