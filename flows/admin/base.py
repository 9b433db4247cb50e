"""What every page of the admin here has in common: it may only read, or it may be refused."""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import admin_base
from accounts.admin_base import MOST_FOUND, BoundedPaginator, ReadOnly, administrator, people_called
from flows.document import Rejected
from flows.errors import FlowError
from flows.models import Flow
from flows.search import folded
from flows.sentences import sentence
from web.errors import Problem

__all__ = ["REFUSALS", "BoundedPaginator", "Found", "OneOf", "ReadOnly", "Refusable", "Unwritten", "administrator"]


class Unwritten(Exception):  # noqa: N818
    """A submission was answered with a refusal."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


REFUSALS = (Rejected, FlowError, Unwritten, Problem)


class Refusable(admin_base.Refusable):
    """What commands of flows refuse is a message on the page too."""

    refusals = REFUSALS

    def sentence_of(self, refusal: Exception) -> str:
        """Say why not."""
        return sentence(refusal) if isinstance(refusal, Rejected) else super().sentence_of(refusal)


class Found:
    """A list that is found by flows and people, which are looked for first: then indexes find their rows.

    `people` are the fields that name a person, `own` what of a row itself is looked through, and is whole.
    """

    paginator: Any = BoundedPaginator
    show_full_result_count = False
    search_help_text: ClassVar[Any] = _("The flow's title or id, or a person's name or address")
    people: ClassVar[tuple[str, ...]] = ()
    own: ClassVar[tuple[str, ...]] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find people and flows first."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(flow__in=flows_called(term))
        people = people_called(term) if self.people else []
        for name in self.people:
            found |= Q(**{f"{name}__in": people})
        for name in self.own:
            found |= Q(**{name: term})
        return queryset.filter(found), False


class OneOf(admin.SimpleListFilter):
    """One of the values that there can be, offered without looking through the rows for them."""

    values: ClassVar[Iterable[str]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer all of them."""
        return [(one, one) for one in sorted(self.values)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


def flows_called(term: str) -> list[UUID]:
    """Return the flows with a text in title or description, or of a whole id."""
    try:
        called = Q(pk=UUID(term))
    except ValueError:
        called = Q(search_text__contains=folded(term))
    return list(Flow.objects.filter(called).order_by("pk").values_list("pk", flat=True)[:MOST_FOUND])
