"""The flows of a person as lists show them: in which part of the library, found, sorted, counted and paged.

A list takes two statements however long it is: one for order, roles and count, which reads nothing wide, and one for
the rows that are shown. Every flow is in one of `mine`, `shared` and `team`; `recent` and `starred` are views on them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import TeamMember
from accounts.principals import Caller
from flows.access import Role, role_at, roles_query
from flows.models import Flow, FlowNode, FlowText, Opening, Star
from flows.search import findable, words_of
from flows.search_texts import refresh_for
from flows.storage.sql import Row, key_value, read_key, select, time_value
from flows.trash import kept_since
from web.paging import cursor_of, read_cursor

Sort: TypeAlias = Literal["edited", "title", "created", "opened", "deleted"]
LONGEST_QUERY = 500


class Scope(StrEnum):
    """A part of the library."""

    MINE = "mine"
    """What the person owns outside teams."""
    SHARED = "shared"
    """What others own, and no team of the person's."""
    TEAM = "team"
    """What teams own in which the person is."""
    RECENT = "recent"
    STARRED = "starred"
    TRASH = "trash"
    """What the person owns, is deleted, and can still come back."""


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


@dataclass(frozen=True, slots=True)
class Counts:
    """How many flows are in each part of the library, and in each of the person's teams, by its id."""

    mine: int
    shared: int
    starred: int
    trash: int
    teams: dict[UUID, int]


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
    found = _Found(person, scope, team, words_of(q), sort or _SORTS.get(scope, "edited"))
    rows, count = found.page(limit, offset)
    return Library(_summaries(person, rows), count)


def library_after(person: Caller, *, q: str, first: int, after: str | None) -> LibraryPage:
    """Return the `first` flows behind a cursor, the newest first.

    A cursor says when a flow was made, not its place, so flows that come, go or are changed in between move none of
    the others. Raises `BadPage`.
    """
    if len(q) > LONGEST_QUERY:
        raise BadPage
    behind = None if after is None else _read_cursor(after)
    rows, count = _Found(person, None, None, words_of(q), "created").page(first + 1, 0, behind=behind)
    items = _summaries(person, rows[:first])
    cursors = tuple(cursor_of(item.created_at, item.id) for item in items)
    return LibraryPage(items, cursors, len(rows) > first, count)


def counts(person: Caller) -> Counts:
    """Return how many flows are in each part of a person's library."""
    held, parameters = roles_query(person)
    statement = f"""SELECT flow.deleted_at IS NOT NULL, own.team_id, flow.team_id IS NULL AND held.owns <> 0,
COUNT(*), SUM(CASE WHEN flow.id IN (SELECT flow_id FROM {_STARS} WHERE user_id = %s) THEN 1 ELSE 0 END)
FROM ({held}) AS held JOIN {_FLOWS} AS flow ON flow.id = held.flow_id {_TEAM}
WHERE flow.deleted_at IS NULL OR {_IN_TRASH} GROUP BY 1, 2, 3"""  # noqa: S608  (our names)
    user = person.user_id
    mine = shared = starred = trash = 0
    teams = Counter[UUID]()
    for is_deleted, team, is_mine, number, stars in select(statement, [user, *parameters, user, _kept_since()]):
        if is_deleted:
            trash += number
            continue
        starred += stars
        if team is not None:
            teams[read_key(team)] += number
        elif is_mine:
            mine += number
        else:
            shared += number
    return Counts(mine, shared, starred, trash, teams)


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


_FLOWS, _TEXTS = Flow._meta.db_table, FlowText._meta.db_table
_OWNER = list(Role).index(Role.OWNER)
_TEAM = f"LEFT JOIN {TeamMember._meta.db_table} AS own ON own.team_id = flow.team_id AND own.user_id = %s"
_STARS = Star._meta.db_table
_STAR = f"LEFT JOIN {_STARS} AS star ON star.flow_id = flow.id AND star.user_id = %s"
_OPENING = f"LEFT JOIN {Opening._meta.db_table} AS opening ON opening.flow_id = flow.id AND opening.user_id = %s"
_IN_TRASH = f"(flow.deleted_at > %s AND held.full_level >= {_OWNER})"
_SORTS: dict[Scope | None, Sort] = {Scope.RECENT: "opened", Scope.TRASH: "deleted"}
_COLUMNS: dict[Sort, tuple[str, str]] = {
    "edited": ("flow.updated_at", "DESC"),
    "title": ("flow.search_text", "ASC"),
    "created": ("flow.created_at", "DESC"),
    "opened": ("COALESCE(opening.at, flow.created_at)", "DESC"),
    "deleted": ("flow.deleted_at", "DESC"),
}
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


class _Found:
    """The flows that a list is of, as a query."""

    def __init__(
        self, person: Caller, scope: Scope | None, team: UUID | None, words: Sequence[str], sort: Sort
    ) -> None:
        self._joins, self._conditions = list[str](), list[str]()
        self._of_joins, self._of_conditions = list[Any](), list[Any]()
        self._user, self._column, self._direction = person.user_id, *_COLUMNS[sort]
        self._person, self._behind = person, "0"
        self._held, self._parameters = roles_query(person)
        self._narrow(scope)
        if team is not None:
            self._where("own.team_id = %s", key_value(team), join=_TEAM)
        if sort == "opened":
            self._join(_OPENING)
        if words:
            self._search(words)

    def page(
        self, limit: int, offset: int, *, behind: tuple[datetime, UUID] | None = None
    ) -> tuple[list[tuple[UUID, Role]], int]:
        """Return some of them in order, with the role in each, and how many there are in all."""
        order = f"sorted {self._direction}, id {self._direction}"
        after = "" if behind is None else "WHERE sorted < %s OR (sorted = %s AND id < %s)"
        at = [] if behind is None else [time_value(behind[0]), time_value(behind[0]), key_value(behind[1])]
        statement = f"""WITH found AS (
SELECT flow.id AS id, held.level AS level, {self._column} AS sorted, {self._behind} AS behind
FROM ({self._held}) AS held JOIN {_FLOWS} AS flow ON flow.id = held.flow_id {" ".join(self._joins)}
WHERE {" AND ".join(self._conditions)})
SELECT total.number, total.behind, page.id, page.level
FROM (SELECT COUNT(*) AS number, MAX(behind) AS behind FROM found) AS total
LEFT JOIN (SELECT * FROM found {after} ORDER BY {order} LIMIT %s OFFSET %s) AS page ON 1 = 1
ORDER BY page.{order.replace(" id ", " page.id ")}"""  # noqa: S608  (our names)
        parameters = [*self._parameters, *self._of_joins, *self._of_conditions, *at, limit, offset]
        rows = select(statement, parameters)
        if rows[0][1]:
            refresh_for(self._person)
            rows = select(statement, parameters)
        return [_placed(row) for row in rows if row[2] is not None], rows[0][0]

    def _search(self, words: Sequence[str]) -> None:
        """Leave what holds every word, or may: what a flow is found by is written when somebody searches."""
        self._joins.append(f"LEFT JOIN {_TEXTS} AS text ON text.flow_id = flow.id")
        is_behind = "(text.version IS NULL OR text.version <> flow.version)"
        self._behind = f"CASE WHEN {is_behind} THEN 1 ELSE 0 END"
        holds = " AND ".join([_HOLDS[connection.vendor]] * len(words))
        self._where(f"({is_behind} OR ({holds}))", *words)

    def _narrow(self, scope: Scope | None) -> None:
        if scope is Scope.TRASH:
            self._where(_IN_TRASH, _kept_since())
            return
        self._where("flow.deleted_at IS NULL")
        match scope:
            case Scope.MINE:
                self._where("flow.team_id IS NULL AND held.owns <> 0")
            case Scope.SHARED:
                self._where("own.id IS NULL AND (flow.team_id IS NOT NULL OR held.owns <> 1)", join=_TEAM)
            case Scope.TEAM:
                self._where("own.id IS NOT NULL", join=_TEAM)
            case Scope.RECENT:
                self._where("opening.at IS NOT NULL", join=_OPENING)
            case Scope.STARRED:
                self._where("star.id IS NOT NULL", join=_STAR)

    def _where(self, condition: str, *parameters: object, join: str | None = None) -> None:
        self._conditions.append(condition)
        self._of_conditions += parameters
        if join is not None:
            self._join(join)

    def _join(self, join: str) -> None:
        if join not in self._joins:
            self._joins.append(join)
            self._of_joins.append(self._user)


_HOLDS = {"postgresql": "strpos(text.text, %s) > 0", "sqlite": "instr(text.text, %s) > 0"}


def _placed(row: Row) -> tuple[UUID, Role]:
    _count, _behind, value, level = row
    return read_key(value), role_at(level)


def _summaries(person: Caller, placed: Sequence[tuple[UUID, Role]]) -> tuple[FlowSummary, ...]:
    if not placed:
        return ()
    star = Exists(Star.objects.filter(flow=OuterRef("pk"), user=person.user_id))
    rows = Flow.objects.filter(pk__in=[id for id, _role in placed]).values_list(*_SUMMARY, star)
    by_id = {row[0]: row for row in rows}
    return tuple(FlowSummary(*(*by_id[id], role)) for id, role in placed if id in by_id)


def _kept_since() -> object:
    return time_value(kept_since(timezone.now()))


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, text = read_cursor(cursor[:200])
        return at, UUID(text)
    except ValueError:
        raise BadPage from None
