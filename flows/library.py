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
from flows.access import Query, Role, role_at, roles_query
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


def library_with_counts(
    person: Caller, *, scope: Scope, team: UUID | None, q: str, sort: Sort | None, limit: int, offset: int
) -> tuple[Library, Counts]:
    """Return the same for one part, and how many are in each: together they cost little more than one of them."""
    found = _Found(person, scope, team, words_of(q), sort or _SORTS.get(scope, "edited"), with_counts=True)
    rows, count = found.page(limit, offset)
    return Library(_summaries(person, rows), count), found.counts


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
    found = _Found(person, None, None, (), "edited", with_counts=True)
    found.page(0, 0)
    return found.counts


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
_IN_TRASH = f"(flow.deleted_at > %s AND held.full_level >= {_OWNER})"
_TEAM = f"LEFT JOIN {TeamMember._meta.db_table} AS own ON own.team_id = flow.team_id AND own.user_id = %s"
_OPENING = f"LEFT JOIN {Opening._meta.db_table} AS opening ON opening.flow_id = flow.id AND opening.user_id = %s"
_IS_STARRED = f"flow.id IN (SELECT flow_id FROM {Star._meta.db_table} WHERE user_id = %s)"  # noqa: S608  (our names)
_TEXT = f"LEFT JOIN {_TEXTS} AS text ON text.flow_id = mine.id"
_IS_BEHIND = "(text.version IS NULL OR text.version <> mine.version)"
_PARTS: dict[Scope | None, str] = {
    None: "NOT is_deleted",
    Scope.MINE: "NOT is_deleted AND is_own",
    Scope.SHARED: "NOT is_deleted AND NOT is_own AND team_id IS NULL",
    Scope.TEAM: "NOT is_deleted AND team_id IS NOT NULL",
    Scope.RECENT: "NOT is_deleted AND opened_at IS NOT NULL",
    Scope.STARRED: "NOT is_deleted AND is_starred",
    Scope.TRASH: "is_deleted",
}
_PAGE, _TOTAL, _COUNT = range(3)
"""What a row tells: a flow of the page, how many the list has, or how many one part has."""
_IN_TEAM, _OWN, _SHARED, _DELETED = range(4)
_COUNTED = f"""UNION ALL SELECT {_COUNT}, team_id, CASE WHEN is_deleted THEN {_DELETED}
WHEN team_id IS NOT NULL THEN {_IN_TEAM} WHEN is_own THEN {_OWN} ELSE {_SHARED} END,
COUNT(*), SUM(CASE WHEN is_starred THEN 1 ELSE 0 END), NULL FROM mine GROUP BY 2, 3"""  # noqa: S608  (our names)
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
    """The flows that a list is of, as a query.

    What is a person's is put together once, as `mine`; the list, `found`, and the counts of all parts are read from it.
    """

    def __init__(
        self,
        person: Caller,
        scope: Scope | None,
        team: UUID | None,
        words: Sequence[str],
        sort: Sort,
        *,
        with_counts: bool = False,
    ) -> None:
        self._person, self._scope, self._sort, self._with_counts = person, scope, sort, with_counts
        self._conditions, self._values = [_PARTS[scope]], list[Any]()
        self._has_team = team is not None or with_counts or scope in (Scope.SHARED, Scope.TEAM)
        self._is_search = bool(words)
        if team is not None:
            self._conditions.append("team_id = %s")
            self._values.append(key_value(team))
        if words:
            holds = " AND ".join([_HOLDS[connection.vendor]] * len(words))
            self._conditions.append(f"({_IS_BEHIND} OR ({holds}))")
            self._values += words
        self.counts = Counts(0, 0, 0, 0, {})
        """How many are in each part, once a page was read with counts."""

    def page(
        self, limit: int, offset: int, *, behind: tuple[datetime, UUID] | None = None
    ) -> tuple[list[tuple[UUID, Role]], int]:
        """Return some of them in order, with the role in each, and how many there are in all."""
        statement, parameters = self._statement(behind)
        parameters += [limit, offset]
        rows = select(statement, parameters)
        if any(what == _TOTAL and outdated for what, _, _, _, outdated, _ in rows):
            refresh_for(self._person)
            rows = select(statement, parameters)
        if self._with_counts:
            self.counts = _counts_in(rows)
        placed = [(read_key(id), role_at(level)) for what, id, level, *_ in rows if what == _PAGE]
        return placed, next(number for what, _, _, number, _, _ in rows if what == _TOTAL)

    def _statement(self, behind: tuple[datetime, UUID] | None) -> tuple[str, list[Any]]:
        """Return the statement and its values, but for how many rows it leaves out and takes."""
        direction = _COLUMNS[self._sort][1]
        outdated, texts = (f"CASE WHEN {_IS_BEHIND} THEN 1 ELSE 0 END", _TEXT) if self._is_search else ("0", "")
        after = "" if behind is None else "WHERE sorted < %s OR (sorted = %s AND id < %s)"
        at = [] if behind is None else [time_value(behind[0]), time_value(behind[0]), key_value(behind[1])]
        mine, of_mine = self._mine()
        found = f"SELECT mine.id, level, sorted, {outdated} AS outdated FROM mine {texts}"  # noqa: S608  (our names)
        statement = f"""WITH mine AS ({mine}), found AS ({found} WHERE {" AND ".join(self._conditions)})
SELECT {_PAGE} AS what, id, level, 0 AS number, 0 AS some, sorted
FROM (SELECT * FROM found {after} ORDER BY sorted {direction}, id {direction} LIMIT %s OFFSET %s) AS page
UNION ALL SELECT {_TOTAL}, NULL, NULL, COUNT(*), MAX(outdated), NULL FROM found
{_COUNTED if self._with_counts else ""} ORDER BY what, sorted {direction}, id {direction}"""  # noqa: S608  (our names)
        return statement, [*of_mine, *self._values, *at]

    def _mine(self) -> Query:
        """Return the query for all that may be in the list, and for all that is counted."""
        user = self._person.user_id
        held, of_held = roles_query(self._person)
        columns = [
            "flow.id AS id",
            "held.level AS level",
            "flow.version AS version",
            f"{_COLUMNS[self._sort][0]} AS sorted",
        ]
        columns += ["flow.deleted_at IS NOT NULL AS is_deleted", "flow.team_id IS NULL AND held.owns <> 0 AS is_own"]
        of_columns, joins, of_joins = list[Any](), list[str](), list[Any]()
        if self._has_team:
            columns.append("own.team_id AS team_id")
            joins.append(_TEAM)
            of_joins.append(user)
        if self._sort == "opened" or self._scope is Scope.RECENT:
            columns.append("opening.at AS opened_at")
            joins.append(_OPENING)
            of_joins.append(user)
        if self._with_counts or self._scope is Scope.STARRED:
            columns.append(f"{_IS_STARRED} AS is_starred")
            of_columns.append(user)
        which, of_which = [], list[Any]()
        if self._with_counts or self._scope is not Scope.TRASH:
            which.append("flow.deleted_at IS NULL")
        if self._with_counts or self._scope is Scope.TRASH:
            which.append(_IN_TRASH)
            of_which.append(_kept_since())
        statement = f"""SELECT {", ".join(columns)} FROM ({held}) AS held
JOIN {_FLOWS} AS flow ON flow.id = held.flow_id {" ".join(joins)} WHERE {" OR ".join(which)}"""  # noqa: S608
        return statement, [*of_columns, *of_held, *of_joins, *of_which]


_HOLDS = {"postgresql": "strpos(text.text, %s) > 0", "sqlite": "instr(text.text, %s) > 0"}


def _counts_in(rows: Sequence[Row]) -> Counts:
    parts, teams, starred = Counter[int](), dict[UUID, int](), 0
    for what, team, part, number, stars, _ in rows:
        if what != _COUNT:
            continue
        parts[part] += number
        starred += stars if part != _DELETED else 0
        if part == _IN_TEAM:
            teams[read_key(team)] = number
    return Counts(parts[_OWN], parts[_SHARED], starred, parts[_DELETED], teams)


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
