"""People in the admin, as `accounts.admin` has them; and how an administrator deletes an account, by the command."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import PersonAdmin
from accounts.admin_base import MOST_NAMED
from accounts.administration import includes
from accounts.authentication import person
from accounts.models import User
from flows.admin.base import Refusable, administrator
from flows.commands.leaving import delete_account, flows_going_with, only_owned_by
from flows.models import Flow


@admin.register(User)
class LeavingPersonAdmin(Refusable, PersonAdmin):
    """The account goes, with the flows that nobody else is in; what they did stays in the logs of the others."""

    first = _("These teams and shared flows have no other owner. Make someone else owner first:")

    def get_deleted_objects(self, objs: Iterable[Model], request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Name what goes with an account, and what needs another owner first."""
        (account,) = objs
        gone = flows_going_with(account.pk)
        named: list[Any] = [flow.title for flow in gone[:MOST_NAMED]]
        if len(gone) > MOST_NAMED:
            more = len(gone) - MOST_NAMED
            named.append(ngettext("and %d more", "and %d more", more) % more)
        counts = {str(self.opts.verbose_name): 1, str(Flow._meta.verbose_name_plural): len(gone)}
        return [str(account), named], counts, set(), only_owned_by(account.pk)

    def has_delete_permission(self, request: HttpRequest, deleted: User | None = None) -> bool:
        """Refuse to delete somebody who may more, and oneself."""
        may = UserAdmin.has_delete_permission(self, request, deleted)
        who = person(request) if may else None
        return who is not None and (deleted is None or (deleted != who and includes(who, deleted)))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete it."""
        delete_account(obj.pk, via="admin", by=administrator(request))
