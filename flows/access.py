"""Who may do what with a flow: the one place that turns a principal into a role.

A role comes from a membership, from the flow's team, from a share with a team, or from a link somebody came in by; the
greatest counts, as far as a token's scope goes. Pages, REST, sockets, admin and commands all come to `grants_of`: to
open a flow (`get_flow_for`), inside a command's transaction, where the role is read again under the lock (`authorize`),
and for all authors of a batch or all sockets of a live session at once. `flows_of` and `roles_of` are the same rule for
lists. A flow that is unknown, deleted or not yours is the same `NotFound`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, assert_never
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from accounts.acting import let_into
from accounts.administration import has_permission
from accounts.colours import colour_of, own_colour
from accounts.credentials import hold_query, is_ahead, need_standing, stamp_of, standing, standing_query
from accounts.models import TeamMember
from accounts.principals import Administrator, Caller, Guest, Person, Principal, Scope, System, TokenBearer, user_id_of
from accounts.scopes import missing_scope
from flows.errors import Forbidden, NotFound
from flows.models import Flow, Link, Membership, TeamShare, Visit
from flows.storage.sql import Row, key_value, places, read_key, read_time, select, select_together
from web.row_ids import read_uuid
from web.write_transaction import is_only_reading

VIEW, CHANGE, DELETE = "flows.view_flow", "flows.change_flow", "flows.delete_flow"
"""Django's permissions, by which an administrator stands in for an owner."""


class Role(StrEnum):
    """A role in a flow, from the smallest to the greatest."""

    VIEWER = "viewer"
    COMMENTER = "commenter"
    EDITOR = "editor"
    OWNER = "owner"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do what `other` may."""
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER = tuple(Role)
_CAPS = {Scope.READ: Role.VIEWER, Scope.WRITE: Role.EDITOR, Scope.ADMIN: Role.OWNER}
"""The greatest role that a token of a scope gives."""
_SCOPES = {role: next(scope for scope, cap in _CAPS.items() if cap.includes(role)) for role in Role}
"""The scope that a token needs for a role."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a principal has in a flow: the role, and the colour (`#rrggbb`) it is drawn in.

    `until` is the earliest moment at which something expires that it comes from; `stamp` is of the person's password;
    `own` is the role that they have otherwise than by a link.
    """

    role: Role
    colour: str
    until: datetime | None = None
    own: Role | None = None
    stamp: str | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """A flow that a principal may see, and what it has in it."""

    flow: Flow
    role: Role
    colour: str
    until: datetime | None = None
    own: Role | None = None

    @property
    def may_edit(self) -> bool:
        """Whether the role allows to change the flow."""
        return self.role.includes(Role.EDITOR)

    @property
    def may_export(self) -> bool:
        """Whether the role allows to take the flow along as a file: owners say so for who does not edit."""
        return self.may_edit or self.flow.can_export

    @property
    def may_duplicate(self) -> bool:
        """Whether the role allows to make a flow of one's own of it, as a copy or a template; guests have none."""
        return self.may_edit or self.flow.can_duplicate

    @property
    def edits_by_link_alone(self) -> bool:
        """Whether only a link makes them an editor, and owners do not let those run whatever members may."""
        return self.may_edit and not has_own_role(self, Role.EDITOR) and not self.flow.links_can_run


Members = Mapping[int, Grant]
Query = tuple[str, list[Any]]


def grants_of(flow_id: UUID, principals: Collection[Principal], permission: str = CHANGE) -> dict[Principal, Grant]:
    """Return what each principal has in a flow now, deleted or not; who has nothing is left out.

    People count if their accounts are active and what they came in by stands; an administrator with the permission
    counts as an owner. In a transaction they keep it until that has committed.
    """
    asked = queries(flow_id, principals)
    return grants_in(flow_id, principals, select_together(asked), permission)


def queries(flow_id: UUID, principals: Collection[Principal]) -> list[Query]:
    """Return what to ask for `grants_in`, in this order, together with what else has to be known."""
    user_ids = sorted({user_id for one in principals if (user_id := user_id_of(one)) is not None})
    held = hold_query(user_ids) if connection.in_atomic_block and not is_only_reading() else None
    grants = _grants_query(flow_id, user_ids) if user_ids else None
    return [query for query in (held, standing_query(principals), grants) if query is not None]


def grants_in(
    flow_id: UUID, principals: Collection[Principal], answers: Sequence[Sequence[Row]], permission: str = CHANGE
) -> dict[Principal, Grant]:
    """Read what each principal has in a flow from the answers to `queries`."""
    is_asked = need_standing(principals)
    members = members_in(answers[-1]) if answers else {}
    granted = {
        one: _grant(one, flow_id, members, permission) for one in standing(principals, answers[-2] if is_asked else ())
    }
    return {principal: grant for principal, grant in granted.items() if grant is not None}


def members_in(rows: Iterable[Row]) -> dict[int, Grant]:
    """Read who has what from rows of grants: of several ways to a role the greatest."""
    found = dict[int, Grant]()
    for _flow, user_id, level, colour, until, by_link, chosen, password in rows:
        known, ends = found.get(user_id), None if until is None else read_time(until)
        own = None if by_link else _ORDER[level]
        if known is None or colour is not None:  # a member's colour in the flow counts before their own
            index = next((one for one in (colour, chosen) if one is not None), own_colour(user_id))
            grant = Grant(_ORDER[level], colour_of(index), ends, own, stamp_of(password))
        else:
            grant = replace(known, role=_ORDER[level], until=ends, own=own)
        found[user_id] = grant if known is None else _together(grant, known)
    return found


def _together(grant: Grant, known: Grant) -> Grant:
    """Return what two ways to a role give together."""
    ends = [one for one in (grant.until, known.until) if one is not None]
    own = max((one for one in (grant.own, known.own) if one is not None), key=_ORDER.index, default=None)
    return replace(grant, role=max(grant.role, known.role, key=_ORDER.index), until=min(ends, default=None), own=own)


def flows_of(principal: Caller, role: Role = Role.VIEWER, *, own: bool = False) -> "QuerySet[Flow]":
    """Return the flows that a principal has at least `role` in now: the same rule, for lists.

    `own` leaves out what they have by a link alone.
    """
    if not _cap(principal).includes(role):
        return Flow.objects.none()
    levels = [level for level, one in enumerate(_ORDER) if one.includes(role)]
    by_link = " AND by_link = 0" if own else ""
    statement = f"SELECT flow_id FROM ({_grants_of_person()}) AS found WHERE level IN ({places(len(levels))}){by_link}"
    mine = RawSQL(statement, [*_person_parameters(principal), *levels])  # noqa: S611
    found = Flow.objects.filter(deleted_at=None, pk__in=mine)
    only = principal.flow_id if isinstance(principal, TokenBearer) else None
    return found if only is None else found.filter(pk=only)


def roles_of(principal: Caller, *, deleted: bool = False) -> dict[UUID, Role]:
    """Return a principal's role in each of their flows; in those that were deleted instead, if so asked."""
    which = "IS NOT NULL" if deleted else "IS NULL"
    held, parameters = roles_query(principal)
    statement = f"""SELECT held.flow_id, held.level FROM ({held}) AS held
JOIN {_FLOWS} AS flow ON flow.id = held.flow_id WHERE flow.deleted_at {which}"""
    rows = select(statement, parameters)
    return {read_key(value): role_at(level) for value, level in rows}


def roles_query(principal: Caller) -> Query:
    """Return the query for all flows of a principal, deleted or not, for lists that sort, search and count.

    Its rows are `flow_id, level, full_level, owns`: the level (for `role_at`) as far as a token's scope goes, and
    without that bound; and whether the person is an owner themselves, not by a team.
    """
    cap, only = _ORDER.index(_cap(principal)), principal.flow_id if isinstance(principal, TokenBearer) else None
    narrowed = "" if only is None else " WHERE found.flow_id = %s"
    capped = f"CASE WHEN MAX(found.level) > {cap} THEN {cap} ELSE MAX(found.level) END"
    statement = f"""SELECT found.flow_id, {capped} AS level, MAX(found.level) AS full_level,
MAX(CASE WHEN {_OWNS} THEN 1 ELSE 0 END) AS owns
FROM ({_grants_of_person()}) AS found{narrowed} GROUP BY found.flow_id"""
    return statement, [*_person_parameters(principal), *([] if only is None else [key_value(only)])]


def editors_themselves(principal: Caller) -> set[UUID]:
    """Return the flows that a principal edits otherwise than by a link, or by one that is as good as that."""
    level = _ORDER.index(Role.EDITOR)
    statement = f"""SELECT DISTINCT found.flow_id FROM ({_grants_of_person()}) AS found
JOIN {_FLOWS} AS flow ON flow.id = found.flow_id WHERE flow.deleted_at IS NULL AND found.level >= {level}
AND (found.by_link = 0 OR flow.links_can_run)"""
    if not _cap(principal).includes(Role.EDITOR):
        return set()
    rows = select(statement, _person_parameters(principal))
    found = {read_key(value) for (value,) in rows}
    only = principal.flow_id if isinstance(principal, TokenBearer) else None
    return found if only is None else found & {only}


def role_at(level: int) -> Role:
    """Return the role that a level in a query stands for."""
    return _ORDER[level]


def people_of(flow_id: UUID) -> dict[int, Role]:
    """Return who has a role in a flow now, without guests: for telling them of it."""
    return {user_id: grant.role for user_id, grant in grants_of_people(flow_id).items()}


def grants_of_people(flow_id: UUID) -> dict[int, Grant]:
    """Return what each person has in a flow now, without guests."""
    statement, parameters = _grants_query(flow_id, ())
    return members_in(select(f"{statement} AND NOT person.is_guest", parameters))


def authorize(principal: Principal, flow_id: UUID, role: Role, permission: str = CHANGE) -> Grant:
    """Return what a principal has in a flow now. Raises `NotFound` for nothing, `Forbidden` for less than `role`."""
    grant = grants_of(flow_id, [principal], permission).get(principal)
    if grant is None:
        raise NotFound
    if not grant.role.includes(role):
        raise Forbidden(missing_scope(principal, _SCOPES[role]))
    return grant


def get_flow_for(principal: Principal, flow_id: UUID | str, role: Role = Role.VIEWER) -> Access:
    """Return the flow for a principal with at least `role`. Raises `NotFound` or `Forbidden`."""
    flow = Flow.objects.filter(pk=read_id(flow_id), deleted_at=None).first()
    if flow is None:
        raise NotFound
    grant = authorize(principal, flow.pk, role, VIEW)
    let_into(flow.pk)
    return Access(flow, grant.role, grant.colour, grant.until, grant.own)


def acts_still(flow_id: UUID, person: int | None) -> bool:
    """Tell whether what a person set up may go on in their name: they edit the flow now, and not by a link alone.

    What the server set up acts for no person and goes on.
    """
    if person is None:
        return True
    grant = grants_of(flow_id, [Person(person)]).get(Person(person))
    return grant is not None and has_own_role(grant, Role.EDITOR)


def who_acts_still(flow_id: UUID, people: Iterable[int | None]) -> set[int | None]:
    """Return those of these people for whom `acts_still`, without holding their rights.

    A transaction holds only its own principal's rights, or all at once in their order. Someone who loses theirs just
    then is noticed when what they set up is due.
    """
    ids = sorted({one for one in people if one is not None})
    grants = members_in(select(*_grants_query(flow_id, ids))) if ids else {}
    return {None, *(one for one, grant in grants.items() if has_own_role(grant, Role.EDITOR))}


def has_own_role(who: Grant | Access, role: Role) -> bool:
    """Tell whether someone has a role otherwise than by a link."""
    return who.own is not None and who.own.includes(role)


def expect_own_role(who: Grant | Access, role: Role) -> None:
    """Raise `Forbidden` for those who have a role by a link alone: what is asked would go on when their visit ends."""
    if not has_own_role(who, role):
        raise Forbidden(_("People who came by a link cannot do this."))


def expect_may_export(access: Access) -> None:
    """Raise `Forbidden` where owners do not let viewers take the flow along as a file."""
    if not access.may_export:
        raise Forbidden(_("The owner does not let viewers export this flow."))


def read_id(value: UUID | str) -> UUID:
    """Read the id of a flow, or of what is in one, from an address or a form. Raises `NotFound` if it is not one."""
    found = value if isinstance(value, UUID) else read_uuid(value)
    if found is None:
        raise NotFound
    return found


def _level(role: str) -> str:
    return f"CASE {role} " + " ".join(f"WHEN '{one}' THEN {level}" for level, one in enumerate(_ORDER)) + " END"


_TEAM_LEVEL = "CASE member.role WHEN 'viewer' THEN 0 WHEN 'member' THEN 2 WHEN 'admin' THEN 3 WHEN 'owner' THEN 3 END"
_PEOPLE, _FLOWS = get_user_model()._meta.db_table, Flow._meta.db_table
_OF_TEAM = f"JOIN {TeamMember._meta.db_table} AS member ON member.team_id"
_OWNS = f"found.level = {_ORDER.index(Role.OWNER)} AND found.colour IS NOT NULL"
"""Only a member has a colour in the flow."""
_WAYS = (
    (
        f"SELECT way.flow_id, way.user_id, {_level('way.role')} AS level, way.colour,"
        " CASE WHEN FALSE THEN way.created_at END AS until, 0 AS by_link"
        f" FROM {Membership._meta.db_table} AS way WHERE",
        ("way.flow_id", "way.user_id"),
    ),
    (
        f"SELECT way.id, member.user_id, {_TEAM_LEVEL}, NULL, NULL, 0"
        f" FROM {_FLOWS} AS way {_OF_TEAM} = way.team_id WHERE",
        ("way.id", "member.user_id"),
    ),
    (
        f"SELECT way.flow_id, member.user_id, {_level('way.role')}, NULL, NULL, 0"
        f" FROM {TeamShare._meta.db_table} AS way {_OF_TEAM} = way.team_id WHERE",
        ("way.flow_id", "member.user_id"),
    ),
    (
        f"SELECT way.flow_id, visit.user_id, {_level('way.role')}, NULL, way.expires_at, 1"
        f" FROM {Link._meta.db_table} AS way JOIN {Visit._meta.db_table} AS visit ON visit.link_id = way.id"
        " WHERE way.is_active AND (way.expires_at IS NULL OR {EXPIRES})"
        " AND visit.ended_at IS NULL AND",
        ("way.flow_id", "visit.user_id"),
    ),
)
"""Every way to a role, and its columns of flow and person. Each is narrowed by itself: databases do it less surely."""


def _ways(where: Callable[[str, str], str]) -> str:
    ways = " UNION ALL ".join(f"{way} {where(*columns)}" for way, columns in _WAYS)
    return ways.replace("{EXPIRES}", is_ahead("way.expires_at"))


def _grants(where: Callable[[str, str], str]) -> str:
    return (
        "SELECT granted.flow_id, granted.user_id, granted.level, granted.colour, granted.until,"
        " granted.by_link, person.own_colour, person.password"
        f" FROM ({_ways(where)}) AS granted JOIN {_PEOPLE} AS person ON person.id = granted.user_id"
        " WHERE person.is_active"
    )


def _grants_query(flow_id: UUID, user_ids: Sequence[int]) -> Query:
    """Return what to ask for what people have in a flow; no ids: all who have something."""
    return _grants_in_flow(len(user_ids)), [key_value(flow_id), *user_ids] * len(_WAYS)


@lru_cache(256)
def _grants_in_flow(users: int) -> str:
    """Return the statement for what so many people have in a flow; 0: all of them."""
    if not users:
        return _grants(lambda flow, _user: f"{flow} = %s")
    return _grants(lambda flow, user: f"{flow} = %s AND {user} IN ({places(users)})")


@cache
def _grants_of_person() -> str:
    """Return the statement for what one person has in all of their flows: whether they are active is asked once."""
    is_active = f"(SELECT person.is_active FROM {_PEOPLE} AS person WHERE person.id = %s)"
    ways = _ways(lambda _flow, user: f"{user} = %s")
    return (
        "SELECT granted.flow_id, granted.level, granted.colour, granted.by_link"
        f" FROM ({ways}) AS granted WHERE {is_active}"
    )


def _person_parameters(principal: Caller) -> list[int]:
    return [principal.user_id] * (len(_WAYS) + 1)


def _grant(principal: Principal, flow_id: UUID, members: Members, permission: str) -> Grant | None:
    match principal:
        case Guest(user_id):
            return members.get(user_id)
        case Person(user_id, stamp=stamp):
            return _with_password(members.get(user_id), stamp)
        case TokenBearer(user_id, flow_id=only, stamp=stamp):
            grant = _with_password(members.get(user_id), stamp) if only in (None, flow_id) else None
            return grant and _capped(grant, _CAPS[principal.scope])
        case Administrator(user_id):
            return _owner(user_id) if has_permission(user_id, permission) else members.get(user_id)
        case System():
            return _owner(0)
        case _:
            assert_never(principal)


def _cap(principal: Caller) -> Role:
    return _CAPS[principal.scope] if isinstance(principal, TokenBearer) else Role.OWNER


def _capped(grant: Grant, cap: Role) -> Grant:
    own = cap if has_own_role(grant, cap) else grant.own
    return replace(grant, role=cap if grant.role.includes(cap) else grant.role, own=own)


def _with_password(grant: Grant | None, stamp: str | None) -> Grant | None:
    """Return what a login gives, if the password is the one that it was made with."""
    return grant if grant is None or stamp in (None, grant.stamp) else None


def _owner(colour: int) -> Grant:
    return Grant(Role.OWNER, colour_of(colour), own=Role.OWNER)
