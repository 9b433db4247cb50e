"""The flows of a person as lists show them: in which part of the library, found, sorted, counted and paged.

A list takes two statements however long it is: one for order, roles and counts (`flows.library_query`), which reads
nothing wide, and one for the rows that are shown. Every flow is in one of `mine`, `shared` and `team`; `recent` and
`starred` are views on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.principals import Caller
from flows.access import Role
from flows.library_query import Counts, LibraryQuery, Scope, Sort
from flows.models import Flow, FlowNode, Star
from flows.search import findable, words_of
from web.paging import cursor_of, read_cursor

LONGEST_QUERY = 500


@dataclass(frozen=True, slots=True)
class FlowSummary:
    """A flow as a list shows it, to one of its members."""

    id: UUID
    title: str
    description: str
    version: int
    node_count: int
    edge_count: int
    created_at: datetime
    updated_at: datetime
    updated_by: str | None
    updated_by_id: int | None
    deleted_at: datetime | None
    team_id: UUID | None
    team: str | None
    can_duplicate: bool
    is_starred: bool
    role: Role


@dataclass(frozen=True, slots=True)
class Library:
    """A part of a person's flows, and how many there are in all."""

    items: tuple[FlowSummary, ...]
    count: int


class BadPage(ValueError):  # noqa: N818  (a normal answer)
    """What is looked for is too long, or a cursor is none of ours."""


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """Some of a person's flows, the newest first, each with its cursor; whether there are more, and how many in all."""

    items: tuple[FlowSummary, ...]
    cursors: tuple[str, ...]
    has_more: bool
    count: int


def library(
    person: Caller,
    *,
    scope: Scope | None = None,
    team: UUID | None = None,
    q: str = "",
    sort: Sort | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Library:
    """Return some of a person's flows, found by title, description and labels of nodes, without case and accents.

    Without a scope all that are not deleted; `team` leaves those of one team.
    """
    rows, count, _counted = LibraryQuery(person, scope, team, words_of(q), sort).page(limit, offset)
    return Library(_summaries(person, rows), count)


def library_with_counts(
    person: Caller, *, scope: Scope, team: UUID | None, q: str, sort: Sort | None, limit: int, offset: int
) -> tuple[Library, Counts]:
    """Return some flows of one part, as `library` does, and how many are in each part, by one statement."""
    rows, count, counted = LibraryQuery(person, scope, team, words_of(q), sort, with_counts=True).page(limit, offset)
    return Library(_summaries(person, rows), count), counted


def library_after(person: Caller, *, q: str, first: int, after: str | None) -> LibraryPage:
    """Return the `first` flows behind a cursor, the newest first.

    A cursor says when a flow was made, not its place, so flows that come, go or are changed in between move none of
    the others. Raises `BadPage`.
    """
    if len(q) > LONGEST_QUERY:
        raise BadPage
    place = None if after is None else _read_cursor(after)
    rows, count, _counted = LibraryQuery(person, None, None, words_of(q), "created").page(first + 1, 0, after=place)
    items = _summaries(person, rows[:first])
    cursors = tuple(cursor_of(item.created_at, item.id) for item in items)
    return LibraryPage(items, cursors, len(rows) > first, count)


def counts(person: Caller) -> Counts:
    """Return how many flows are in each part of a person's library."""
    _rows, _count, counted = LibraryQuery(person, None, None, (), with_counts=True).page(0, 0)
    return counted


def matching_labels(items: Sequence[FlowSummary], q: str) -> dict[UUID, str]:
    """Return the label of each flow that holds most of the words that its title and description lack."""
    words = words_of(q)
    wanted = {
        item.id: lacking
        for item in items
        if (lacking := [word for word in words if word not in findable(f"{item.title}\n{item.description}")])
    }
    labels = FlowNode.objects.filter(flow__in=wanted).order_by("flow", "ordinal").values_list("flow", "label")
    best = dict[UUID, tuple[int, str]]()
    for flow_id, label in labels if wanted else ():
        text = findable(label)
        held = sum(word in text for word in wanted[flow_id])
        if held > best.get(flow_id, (0, ""))[0]:
            best[flow_id] = held, label
    return {flow_id: label for flow_id, (_held, label) in best.items()}


_SUMMARY = (
    "id",
    "title",
    "description",
    "version",
    "node_count",
    "edge_count",
    "created_at",
    "updated_at",
    "updated_by__name",
    "updated_by_id",
    "deleted_at",
    "team_id",
    "team__name",
    "can_duplicate",
)


def _summaries(person: Caller, placed: Sequence[tuple[UUID, Role]]) -> tuple[FlowSummary, ...]:
    if not placed:
        return ()
    star = Exists(Star.objects.filter(flow=OuterRef("pk"), user=person.user_id))
    rows = Flow.objects.filter(pk__in=[id for id, _role in placed]).values_list(*_SUMMARY, star)
    by_id = {row[0]: row for row in rows}
    return tuple(FlowSummary(*(*by_id[id], role)) for id, role in placed if id in by_id)


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, text = read_cursor(cursor[:200])
        return at, UUID(text)
    except ValueError:
        raise BadPage from None
