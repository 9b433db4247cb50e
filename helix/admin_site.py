"""The admin, of which nothing goes by unseen: what is added, changed, deleted or done by an action is told in the log.

One place for every page of it, ours and those of libraries: whatever is registered here is `Audited`. Told are who did
it, to what, and which fields; a value only where it is a right or a choice, so that no secret gets into the log. What
a command writes into the log by itself stands beside it.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from accounts.audit import Action, lock_audit, record
from web.write_transaction import write_transaction

MOST_WORDS = 50
MOST_NAMED = 100
"""An action on more rows is one entry with their number; of more rights only the first are named."""


class Site(admin.AdminSite):
    """Django's admin under our name, whose models are all audited."""

    site_title = "Helix"
    site_header = gettext_lazy("Helix administration")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register models so that what is done to them is told."""
        base = admin_class or admin.ModelAdmin
        super().register(model_or_iterable, type(base.__name__, (Audited, Searched, base), {}), **options)


class Audited:
    """Tells the audit log what is done, in the transaction that does it, whose first lock is that of the log."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Lock the log before anything is written."""
        lock_audit()
        super().save_model(request, obj, form, change)  # type: ignore[misc]

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Lock the log before anything is written."""
        lock_audit()
        super().delete_model(request, obj)  # type: ignore[misc]

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        """Keep what the form changed, for the entry that follows."""
        request.admin_changes = changes_in(form, formsets)  # type: ignore[attr-defined]
        message: list[dict[str, Any]] = super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]
        return message

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Tell what was added."""
        with write_transaction():
            tell(request, obj, "added")
            return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Tell what was changed."""
        with write_transaction():
            tell(request, obj, "changed")
            return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:
        """Tell what is about to be deleted; a whole selection is told as an action."""
        with write_transaction():
            if not isinstance(queryset, QuerySet):
                for one in queryset:
                    tell(request, one, "deleted")
            return super().log_deletions(request, queryset)  # type: ignore[misc]

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Tell which action is run on which rows, if it is allowed; what is refused rolls that back."""
        name, offered = _action_of(request), self.get_actions(request)  # type: ignore[attr-defined]
        is_asking = name == "delete_selected" and not request.POST.get("post")
        if name not in offered or is_asking or getattr(offered[name][0], "asks", False):
            asked: HttpResponse | None = super().response_action(request, queryset)  # type: ignore[misc]
            return asked
        with write_transaction():
            lock_audit()
            _tell_action(request, name, _chosen(request, queryset))
            response: HttpResponse | None = super().response_action(request, queryset)  # type: ignore[misc]
        return response


class Searched:
    """Looks for so many words and no more: a database refuses an expression that is nested too deep."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look for the first different words."""
        words = " ".join(list(dict.fromkeys(search_term.split()))[:MOST_WORDS])
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, words)  # type: ignore[misc]
        return found


def tell(request: HttpRequest, obj: Model, what: str) -> None:
    """Write that something was done to a row: which, and which fields were changed."""
    detail = {"what": what, "of": obj._meta.label_lower, **getattr(request, "admin_changes", {})}
    _tell(request, f"{obj._meta.model_name}:{obj.pk}", detail)


def _tell(request: HttpRequest, object: str, detail: dict[str, Any]) -> None:
    record(Action.ADMIN_CHANGE, actor=request.user.pk, object=object, detail=detail)


def _tell_action(request: HttpRequest, name: str, rows: QuerySet[Any]) -> None:
    """Write an entry for each row, or one for very many."""
    options, count = rows.model._meta, rows.count()
    detail: dict[str, Any] = {"what": name, "of": options.label_lower}
    if count > MOST_NAMED:
        _tell(request, "", detail | {"count": count})
        return
    for key in rows.values_list("pk", flat=True):
        _tell(request, f"{options.model_name}:{key}", detail)


def changes_in(form: Any, formsets: Any) -> dict[str, Any]:
    """Return which fields of a form were changed, and of rights and choices from what to what."""
    changed = {name: _change(form, name) for name in form.changed_data}
    rows = [
        {"of": formset.model._meta.label_lower, "added": len(formset.new_objects),
         "changed": len(formset.changed_objects), "deleted": len(formset.deleted_objects)}
        for formset in formsets or ()
        if formset.new_objects or formset.changed_objects or formset.deleted_objects
    ]  # fmt: skip
    return ({"fields": changed} if changed else {}) | ({"rows": rows} if rows else {})


def _change(form: Any, name: str) -> dict[str, Any]:
    """Return a field's change; empty, but for its name, where the value might be a secret."""
    field, before, after = form.fields.get(name), form.initial.get(name), form.cleaned_data.get(name)
    if isinstance(field, forms.ModelMultipleChoiceField):
        held, wanted = {str(one) for one in before or ()}, {str(one) for one in after or ()}
        return {"given": sorted(wanted - held)[:MOST_NAMED], "taken": sorted(held - wanted)[:MOST_NAMED]}
    if isinstance(field, forms.BooleanField) or (
        isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField)
    ):
        return {"before": _plain(before), "after": _plain(after)}
    return {}


def _plain(value: object) -> str | bool | None:
    return value if isinstance(value, bool | None) else str(value)


def _action_of(request: HttpRequest) -> str:
    """Return the action whose button was pressed, as Django reads it."""
    chosen = request.POST.getlist("action")
    try:
        return chosen[int(request.POST.get("index", 0))]
    except (ValueError, IndexError):
        return chosen[0] if chosen else ""


def _chosen(request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows that an action is run on, as Django chooses them."""
    if request.POST.get("select_across", "0") != "0":
        return queryset
    return queryset.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
