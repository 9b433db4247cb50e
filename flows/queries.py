"""What pages and lists ask of many flows at once, each in a fixed number of queries however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q

from accounts.principals import Person, TokenBearer
from flows.access import Role, memberships_of
from flows.models import Flow, FlowEdge, FlowNode, Membership
from flows.search import folded

Sort: TypeAlias = Literal["edited", "title", "created"]

THUMBNAIL_NODES = 60
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
_THUMBNAIL = """SELECT * FROM (
    SELECT {place} AS place, key, kind, x, y, width, height, colour FROM {table}
    WHERE flow_id = %s ORDER BY flow_id, node_id LIMIT {nodes}) AS flow{place}"""


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


@dataclass(frozen=True, slots=True)
class Block:
    """A node as small as it gets."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The shape of a flow: at most 60 of its nodes, and the edges between those, from source to target."""

    nodes: tuple[Block, ...]
    edges: tuple[tuple[Block, Block], ...]


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


def thumbnails(flow_ids: Sequence[UUID]) -> dict[UUID, Thumbnail]:
    """Return the shapes of some flows; one that has no nodes has an empty one."""
    blocks: dict[str, Block] = {}
    nodes: dict[UUID, list[Block]] = {flow_id: [] for flow_id in flow_ids}
    edges: dict[UUID, list[tuple[Block, Block]]] = {flow_id: [] for flow_id in flow_ids}
    for place, key, *rest in _first_nodes(flow_ids) if flow_ids else ():
        blocks[key] = Block(*rest)
        nodes[flow_ids[place]].append(blocks[key])
    between = FlowEdge.objects.filter(source_id__in=blocks.keys(), target_id__in=blocks.keys())
    for flow_id, source, target in between.values_list("flow_id", "source_id", "target_id"):
        edges[flow_id].append((blocks[source], blocks[target]))
    return {flow_id: Thumbnail(tuple(nodes[flow_id]), tuple(edges[flow_id])) for flow_id in flow_ids}


def _summary(row: list[Any]) -> FlowSummary:
    *fields, role = row
    return FlowSummary(*(*fields, Role(role)))


def _first_nodes(flow_ids: Sequence[UUID]) -> list[tuple[Any, ...]]:
    """Read a few nodes of each flow in one query; the index on (flow, node id) spares reading the others."""
    table, key = FlowNode._meta.db_table, Flow._meta.pk
    parts = [_THUMBNAIL.format(place=place, table=table, nodes=THUMBNAIL_NODES) for place in range(len(flow_ids))]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [key.get_db_prep_value(flow_id, connection) for flow_id in flow_ids])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
