"""Personal tokens in the admin: whose they are and what they may, never what they are; and to revoke them."""

from collections.abc import Collection

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_base import BoundedPaginator, ReadOnly
from accounts.audit import lock_audit
from accounts.authentication import person
from accounts.models import PersonalToken
from accounts.personal_tokens import end_within
from web.write_transaction import write_transaction


class Works(admin.SimpleListFilter):
    """Tokens that work now, or do not any more."""

    title = _("works")
    parameter_name = "works"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, object]]:  # type: ignore[override]
        """Offer the two."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PersonalToken]) -> QuerySet[PersonalToken]:
        """Narrow the list."""
        now = timezone.now()
        working = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now)) & Q(user__is_active=True)
        return {"yes": queryset.filter(working), "no": queryset.exclude(working)}.get(self.value() or "", queryset)


@admin.register(PersonalToken)
class PersonalTokenAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Find a token by its name or its person; revoke it."""

    list_display = ("name", "user", "may", "flow_id", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_filter = (Works, "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__email", "user__name")
    search_help_text = _("The token's name, or its person's name or address")
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    paginator = BoundedPaginator
    fields = ("name", "user", "may", "flow_id", "created_at", "last_used_at", "expires_at", "revoked_at")
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Revoke what one could change elsewhere."""
        return bool(request.user.has_perm("accounts.change_personaltoken"))

    @admin.action(description=_("Revoke selected tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[PersonalToken]) -> None:
        """End these tokens, and the connections of those who have them."""
        revoked = revoke_tokens(person(request).pk, list(tokens.values_list("pk", flat=True)))
        self.message_user(request, ngettext("%d token revoked.", "%d tokens revoked.", revoked) % revoked)

    @admin.display(description=_("may"))
    def may(self, token: PersonalToken) -> str:
        """List its scopes."""
        return ", ".join(token.scopes)


def revoke_tokens(staff_id: int, token_ids: Collection[int]) -> int:
    """Revoke tokens, and those made with them, in the name of a member of staff; return how many that were."""
    with write_transaction():
        lock_audit()
        return end_within(PersonalToken.objects.filter(pk__in=token_ids, revoked_at=None), actor=staff_id)
