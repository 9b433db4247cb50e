"""What pages and lists ask of many flows at once, each in a fixed number of queries however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from django.db.models import Count, Q

from accounts.principals import Person, TokenBearer
from flows.access import Role, memberships_of
from flows.models import Membership
from flows.search import folded

Sort: TypeAlias = Literal["edited", "title", "created"]

MOST_WORDS = 50
"""How many different words are looked for at once; one letter may fold into four."""

_ORDERS: dict[Sort, tuple[str, str]] = {
    "edited": ("-flow__updated_at", "pk"),
    "title": ("flow__search_text", "pk"),
    "created": ("-flow__created_at", "pk"),
}
_SUMMARY = (
    "flow_id",
    "flow__title",
    "flow__description",
    "flow__version",
    "flow__node_count",
    "flow__edge_count",
    "flow__created_at",
    "flow__updated_at",
    "flow__updated_by__name",
    "role",
)


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
    role: Role


@dataclass(frozen=True, slots=True)
class Library:
    """A part of a person's flows, and how many there are in all."""

    items: tuple[FlowSummary, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Member:
    """A person who belongs to a flow; `colour` is an index into the people's colours, `email` None if it is hidden."""

    id: int
    name: str
    email: str | None
    role: Role
    colour: int


def library(
    person: Person | TokenBearer,
    *,
    q: str = "",
    sort: Sort = "edited",
    limit: int = 100,
    offset: int = 0,
    owned: bool | None = None,
) -> Library:
    """Return a person's flows, found by title and description, without case; all, only their own, or only others'.

    One pass over what they belong to gives order and count; whole rows are read only of those that are shown.
    """
    held = memberships_of(person)
    if owned is not None:
        held = held.filter(role__in=[role for role in Role if (role is Role.OWNER) == owned])
    for word in list(dict.fromkeys(folded(q).split()))[:MOST_WORDS]:
        held = held.filter(flow__search_text__contains=word)
    found = list(held.order_by(*_ORDERS[sort]).values_list("pk", flat=True))
    shown = found[offset : offset + limit]
    rows = memberships_of(person).filter(pk__in=shown).values_list("pk", *_SUMMARY)
    by_key = {key: _summary(row) for key, *row in rows}
    return Library(tuple(by_key[key] for key in shown if key in by_key), len(found))


def members(flow_id: UUID, *, reader: int | None = None) -> list[Member]:
    """Return the members of a flow in the order in which they came; `reader` is the account that may see its own."""
    return members_of([flow_id], reader=reader)[flow_id]


def members_of(flow_ids: Sequence[UUID], *, reader: int | None = None) -> dict[UUID, list[Member]]:
    """Return the members of some flows, each in the order in which they came."""
    found: dict[UUID, list[Member]] = {flow_id: [] for flow_id in flow_ids}
    rows = Membership.objects.filter(flow_id__in=flow_ids).order_by("pk")
    fields = rows.values_list("flow_id", "user_id", "user__name", "user__email", "by_name", "role", "colour")
    for flow_id, id, name, email, by_name, role, colour in fields:
        is_hidden = by_name and id != reader
        found[flow_id].append(Member(id, name, None if is_hidden else email, Role(role), colour))
    return found


def counts(person: Person | TokenBearer) -> tuple[int, int]:
    """Return how many flows a person owns, and how many others share with them."""
    found = memberships_of(person).aggregate(every=Count("pk"), own=Count("pk", filter=Q(role=Role.OWNER)))
    return found["own"], found["every"] - found["own"]


def _summary(row: list[Any]) -> FlowSummary:
    *fields, role = row
    return FlowSummary(*(*fields, Role(role)))
