"""What pages of the admin have in common: lists cost little however long they are, and a refusal is a message."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import PROTECT, SET_NULL, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.authentication import person
from accounts.models import User
from accounts.principals import Administrator
from web.errors import Problem
from web.write_transaction import write_transaction

MOST_COUNTED = 10_000
MOST_NAMED = 20
"""Rows that a page names which asks whether something is to go."""
MOST_FOUND = 500
"""People whose rows a search shows."""
READING = {"GET", "HEAD", "OPTIONS"}


class ReadOnly:
    """Never added, changed or deleted here."""

    def has_add_permission(self, *_: object) -> bool:
        """Never."""
        return False

    def has_change_permission(self, *_: object) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, *_: object) -> bool:
        """Never."""
        return False


class Refusable:
    """A refusal is a message on the page; what the same request had written is rolled back.

    `first` says what has to be done with what stands in the way of a deletion.
    """

    refusals: tuple[type[Exception], ...] = (Problem,)
    delete_confirmation_template: Any = "admin/delete_protected.html"
    first: str | Promise = ""

    def sentence_of(self, refusal: Exception) -> str:
        """Say why not."""
        return str(getattr(refusal, "message", refusal))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """List them, or run an action on the chosen ones, or say why not."""
        return self.guarded(request, lambda: super(Refusable, self).changelist_view(request, *args, **kwargs))  # type: ignore[misc]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Add or change one, or say why not."""
        return self.guarded(request, lambda: super(Refusable, self).changeform_view(request, *args, **kwargs))  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Delete one, or say why not."""
        kwargs["extra_context"] = {**(kwargs.get("extra_context") or {}), "first": self.first}
        return self.guarded(request, lambda: super(Refusable, self).delete_view(request, *args, **kwargs))  # type: ignore[misc]

    def get_deleted_objects(self, objs: Iterable[Model], request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Name only what is deleted: nothing hangs on it, for no row goes by cascade."""
        named = [str(one) for one in objs]
        return named, {str(self.opts.verbose_name_plural): len(named)}, set(), []  # type: ignore[attr-defined]

    def guarded(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """Answer with the view, all or nothing; when a command refuses, with the reason as a message.

        Reading takes no lock: SQLite has one for all flows.
        """
        try:
            if request.method in READING:
                return view()
            with write_transaction():
                return view()
        except self.refusals as refusal:
            messages.error(request, self.sentence_of(refusal))
            return HttpResponseRedirect(request.get_full_path())


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than `MOST_COUNTED`: who wants what comes after searches or filters."""

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, or how many are shown at most."""
        rows: QuerySet[Model] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:MOST_COUNTED].count()


def administrator(request: HttpRequest) -> Administrator:
    """Return who acts."""
    return Administrator(person(request).pk)


def people_called(term: str) -> list[int]:
    """Return those whose name or address has a text in it: found first, so that their rows are found by an index."""
    named = User.everyone.filter(Q(email__icontains=term) | Q(name__icontains=term)).order_by("pk")
    return list(named.values_list("pk", flat=True)[:MOST_FOUND])


def keep_person(field: Any, chosen: User) -> None:
    """Fix a form's person to one who is known, so that rows of a page do not each look theirs up."""
    field.disabled = True
    widget = getattr(field.widget, "widget", field.widget)
    address = reverse("admin:accounts_user_change", args=[chosen.pk])
    widget.label_and_url_for_value = lambda _value: (str(chosen), address)


@dataclass(frozen=True, slots=True)
class Question:
    """Whether something is to be done that cannot be taken back: `told` says what, `named` to what.

    The button, which says the title, posts `values` to the address `to`.
    """

    title: str
    told: Sequence[str | Promise]
    named: Sequence[object]
    to: str
    values: Sequence[tuple[str, object]] = ()


def asked(request: HttpRequest, site: admin.AdminSite, opts: Any, question: Question) -> HttpResponse:
    """Ask an administrator on a page of its own."""
    context = {**site.each_context(request), "opts": opts, "title": question.title, "question": question}
    return render(request, "admin/asked.html", context)


def hanging_on(one: Model) -> tuple[dict[str, int], list[str]]:
    """Return what goes with a row, as numbers by kind, and what has to go first: some by name, the rest as a number."""
    going, standing = dict[str, int](), list[str]()
    for relation in one._meta.related_objects:
        model: Any = relation.related_model
        rows = model._default_manager.filter(**{relation.field.name: one})
        if relation.on_delete is SET_NULL or not (count := rows.order_by().count()):
            continue
        if relation.on_delete is PROTECT:
            standing += [_linked(row) for row in rows[:MOST_NAMED]]
            if count > MOST_NAMED:
                more = count - MOST_NAMED
                standing.append(ngettext("and %d more", "and %d more", more) % more)
        else:
            going[str(model._meta.verbose_name_plural)] = count
    return going, standing


def _linked(row: Model) -> str:
    try:
        address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return str(row)
    return format_html('<a href="{}">{}</a>', address, str(row) or _("(no name)"))
