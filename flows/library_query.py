"""The statement behind every list of a person's flows: which of them, in which order, how many, and how many in parts.

What a person may see is put together once, as `visible`; the list, `found`, and the counts are read from it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeAlias
from uuid import UUID

from django.db import connection
from django.utils import timezone

from accounts.models import TeamMember
from accounts.principals import Caller
from flows.access import Query, Role, role_at, roles_query
from flows.models import Flow, FlowText, Opening, Star
from flows.search_texts import refresh_for
from flows.storage.sql import Row, key_value, read_key, select, time_value
from flows.trash import kept_since

Sort: TypeAlias = Literal["edited", "title", "created", "opened", "deleted"]


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
class Counts:
    """How many flows are in each part of the library, and in each of the person's teams, by its id."""

    mine: int
    shared: int
    starred: int
    trash: int
    teams: dict[UUID, int]


_FLOWS, _TEXTS = Flow._meta.db_table, FlowText._meta.db_table
_OWNER = list(Role).index(Role.OWNER)
_IN_TRASH = f"(flow.deleted_at > %s AND held.full_level >= {_OWNER})"
_TEAM = f"LEFT JOIN {TeamMember._meta.db_table} AS seat ON seat.team_id = flow.team_id AND seat.user_id = %s"
_OPENING = f"LEFT JOIN {Opening._meta.db_table} AS opening ON opening.flow_id = flow.id AND opening.user_id = %s"
_IS_STARRED = f"flow.id IN (SELECT flow_id FROM {Star._meta.db_table} WHERE user_id = %s)"  # noqa: S608  (our names)
_TEXT = f"LEFT JOIN {_TEXTS} AS text ON text.flow_id = visible.id"
_IS_OUTDATED = "(text.version IS NULL OR text.version <> visible.version)"
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
"""What a row tells, with `id, level, number, extra, sorted`: a flow of the page; of the list how many it has, and
whether texts to search are outdated; or of a part its team, which it is, how many it has and how many are starred."""
_IN_TEAM, _OWN, _SHARED, _DELETED = range(4)
_COUNTED = f"""UNION ALL SELECT {_COUNT}, team_id, CASE WHEN is_deleted THEN {_DELETED}
WHEN team_id IS NOT NULL THEN {_IN_TEAM} WHEN is_own THEN {_OWN} ELSE {_SHARED} END,
COUNT(*), SUM(CASE WHEN is_starred THEN 1 ELSE 0 END), NULL FROM visible GROUP BY 2, 3"""  # noqa: S608  (our names)
_SORTS: dict[Scope | None, Sort] = {Scope.RECENT: "opened", Scope.TRASH: "deleted"}
_COLUMNS: dict[Sort, tuple[str, str]] = {
    "edited": ("flow.updated_at", "DESC"),
    "title": ("flow.search_text", "ASC"),
    "created": ("flow.created_at", "DESC"),
    "opened": ("COALESCE(opening.at, flow.created_at)", "DESC"),
    "deleted": ("flow.deleted_at", "DESC"),
}


class LibraryQuery:
    """The flows of a list, as a query; `with_counts` it also counts those of every part of the library."""

    def __init__(
        self,
        person: Caller,
        scope: Scope | None,
        team: UUID | None,
        words: Sequence[str],
        sort: Sort | None = None,
        *,
        with_counts: bool = False,
    ) -> None:
        self._person, self._scope, self._with_counts = person, scope, with_counts
        self._sort: Sort = sort or _SORTS.get(scope, "edited")
        self._conditions, self._values = [_PARTS[scope]], list[Any]()
        self._has_team = team is not None or with_counts or scope in (Scope.SHARED, Scope.TEAM)
        self._is_search = bool(words)
        if team is not None:
            self._conditions.append("team_id = %s")
            self._values.append(key_value(team))
        if words:
            holds = " AND ".join([_HOLDS[connection.vendor]] * len(words))
            self._conditions.append(f"({_IS_OUTDATED} OR ({holds}))")
            self._values += words

    def page(
        self, limit: int, offset: int, *, after: tuple[datetime, UUID] | None = None
    ) -> tuple[list[tuple[UUID, Role]], int, Counts]:
        """Return some flows in order, with the role in each, how many there are in all, and how many in each part."""
        statement, parameters = self._statement(after)
        parameters += [limit, offset]
        rows = select(statement, parameters)
        if any(what == _TOTAL and outdated for what, _, _, _, outdated, _ in rows):
            refresh_for(self._person)
            rows = select(statement, parameters)
        placed = [(read_key(id), role_at(level)) for what, id, level, *_ in rows if what == _PAGE]
        total = next(number for what, _, _, number, _, _ in rows if what == _TOTAL)
        return placed, total, _counts_in(rows)

    def _statement(self, after: tuple[datetime, UUID] | None) -> tuple[str, list[Any]]:
        """Return the statement and its values, but for how many rows it leaves out and takes."""
        direction = _COLUMNS[self._sort][1]
        outdated, texts = (f"CASE WHEN {_IS_OUTDATED} THEN 1 ELSE 0 END", _TEXT) if self._is_search else ("0", "")
        behind = "" if after is None else "WHERE sorted < %s OR (sorted = %s AND id < %s)"
        at = [] if after is None else [time_value(after[0]), time_value(after[0]), key_value(after[1])]
        visible, of_visible = self._visible()
        found = f"SELECT visible.id, level, sorted, {outdated} AS outdated FROM visible {texts}"  # noqa: S608  (our names)
        statement = f"""WITH visible AS ({visible}), found AS ({found} WHERE {" AND ".join(self._conditions)})
SELECT {_PAGE} AS what, id, level, 0 AS number, 0 AS extra, sorted
FROM (SELECT * FROM found {behind} ORDER BY sorted {direction}, id {direction} LIMIT %s OFFSET %s) AS page
UNION ALL SELECT {_TOTAL}, NULL, NULL, COUNT(*), MAX(outdated), NULL FROM found
{_COUNTED if self._with_counts else ""} ORDER BY what, sorted {direction}, id {direction}"""  # noqa: S608  (our names)
        return statement, [*of_visible, *self._values, *at]

    def _visible(self) -> Query:
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
            columns.append("seat.team_id AS team_id")
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


def _kept_since() -> object:
    return time_value(kept_since(timezone.now()))
