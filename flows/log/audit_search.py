"""The audit log as it is read: what fits a few filters, the newest first, a page at a time or all of it.

The order is by time and then by number, which every index on a filter has as well: so a page costs the same in a log
of a million entries, and all of them are read in pages too, each where the last one ended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.audit import Action
from accounts.models import User
from accounts.people import DELETED_PERSON
from flows.models import AuditEntry
from flows.storage.sql import key_value, select
from web.paging import cursor_of, read_cursor
from web.row_ids import LARGEST_ID

BATCH = 1_000
"""Entries that are read at once where all are wanted."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; None and empty texts let all pass. `object` is "<kind>:<id>"; of a flow it finds all."""

    actor: int | None = None
    action: Action | None = None
    object: str = ""
    flow_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class Who(TypedDict, total=False):
    """A person; a guest has no id, and `guest` is true."""

    id: int | None
    name: str
    guest: bool


class AuditItem(TypedDict):
    """An entry as programs see it. `object` is always there: an entry of a flow or a person is about that."""

    number: int
    at: datetime
    actor: Who | None
    via: str
    action: str
    object: str
    flow: str | None
    person: Who | None
    address: str
    agent: str
    detail: dict[str, object]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, and the cursor of those after them if there are more."""

    items: Sequence[AuditEntry]
    next: str | None


def audit_page(wanted: AuditFilter, *, limit: int, cursor: str = "") -> AuditPage:
    """Return the newest entries that fit, after `cursor` older ones. Raises `ValueError` for what is no cursor."""
    entries = fitting(wanted)
    if cursor:
        at, key = read_cursor(cursor)
        entries = older(entries, at, int(key))
    rows = list(entries[: limit + 1])
    more = cursor_of(rows[limit - 1].at, rows[limit - 1].number) if len(rows) > limit else None
    return AuditPage(rows[:limit], more)


def audit_batches(wanted: AuditFilter) -> Iterator[Sequence[AuditEntry]]:
    """Yield all entries that fit, the newest first, some at a time. What is written meanwhile is not among them."""
    cursor: str | None = ""
    while cursor is not None:
        page = audit_page(wanted, limit=BATCH, cursor=cursor)
        yield page.items
        cursor = page.next


def actors_of(flow_id: UUID, most: int) -> list[int]:
    """Return the ids of those who did something in a flow: a look into an index for each, however much they did."""
    return [actor for (actor,) in select(_ACTORS, [key_value(flow_id), key_value(flow_id), most])]


_NEXT_ACTOR = f"SELECT MIN(actor_id) FROM {AuditEntry._meta.db_table} WHERE flow_id = %s"  # noqa: S608  (our names)
_ACTORS = f"""WITH RECURSIVE found(actor) AS ({_NEXT_ACTOR} UNION ALL
SELECT ({_NEXT_ACTOR} AND actor_id > found.actor) FROM found WHERE found.actor IS NOT NULL)
SELECT actor FROM found WHERE actor IS NOT NULL LIMIT %s"""  # noqa: S608


def audit_item(entry: AuditEntry) -> AuditItem:
    """Return an entry as programs see it."""
    return {
        "number": entry.number,
        "at": entry.at,
        "actor": who(entry.actor),
        "via": entry.via,
        "action": entry.action,
        "object": object_of(entry),
        "flow": str(entry.flow_id) if entry.flow_id else None,
        "person": who(entry.person),
        "address": entry.address,
        "agent": entry.agent,
        "detail": entry.told,
    }


def who(user: User | None) -> Who | None:
    """Name a person as they are called now."""
    if user is None:
        return None
    if user.is_guest:
        return {"id": None, "name": user.name, "guest": True}
    return {"id": user.pk, "name": DELETED_PERSON if user.deleted_at else user.name}


def object_of(entry: AuditEntry) -> str:
    """Return what an entry is about, also where only its flow or person says so."""
    if entry.object:
        return entry.object
    if entry.flow_id:
        return f"flow:{entry.flow_id}"
    return f"user:{entry.person_id}" if entry.person_id else ""


def fitting(wanted: AuditFilter) -> "QuerySet[AuditEntry]":
    """Return the entries that fit, the newest first."""
    entries = AuditEntry.objects.select_related("actor", "person").order_by("-at", "-number")
    if wanted.actor is not None:
        entries = entries.filter(actor_id=wanted.actor)
    if wanted.action is not None:
        entries = entries.filter(action=wanted.action)
    if wanted.flow_id is not None:
        entries = entries.filter(flow_id=wanted.flow_id)
    if wanted.object:
        entries = entries.filter(**_about(wanted.object))
    if wanted.since is not None:
        entries = entries.filter(at__gte=wanted.since)
    if wanted.until is not None:
        entries = entries.filter(at__lt=wanted.until)
    return entries


def _about(object: str) -> dict[str, object]:
    """Return the filter for what an entry is about: flows and people have columns of their own."""
    kind, _, id = object.partition(":")
    try:
        if kind == "flow":
            return {"flow_id": UUID(id)}
        if kind == "user" and int(id) <= LARGEST_ID:
            return {"person_id": int(id)}
    except ValueError:
        pass
    return {"object": object}


def older(entries: "QuerySet[AuditEntry]", at: datetime, number: int) -> "QuerySet[AuditEntry]":
    """Return those after an entry. The first condition is what an index narrows by."""
    return entries.filter(Q(at__lte=at) & (Q(at__lt=at) | Q(number__lt=number)))
