"""Which flows are being edited now, and by whom: for the threads of this process, that is REST and the admin.

The answers come from the registry of each event loop, which is added here as soon as it listens.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from typing import NotRequired, TypedDict
from uuid import UUID
from weakref import WeakKeyDictionary

from flows.models import Flow
from sessions.processes.registry import SETTLING_SECONDS, Person, Registry, SessionEntry

_registries: WeakKeyDictionary[asyncio.AbstractEventLoop, Registry] = WeakKeyDictionary()


class LivePerson(TypedDict):
    """A person in a flow; a guest has no id, a program is named as well as its owner."""

    id: int | None
    name: str
    colour: str
    guest: NotRequired[bool]
    program: NotRequired[str]


class SessionState(TypedDict):
    active: bool
    version: int
    people: list[LivePerson]
    count: int


class ListedSession(TypedDict):
    flow: UUID
    title: str
    people: list[LivePerson]
    version: int
    started_at: str


def answer_from(registry: Registry) -> None:
    """Answer from the running event loop's registry, too, from now on."""
    _registries[asyncio.get_running_loop()] = registry


def session_of(flow_id: UUID) -> SessionState:
    """Return who is in a flow now. Reads the flow's version from its row: 0 if there is no such flow."""
    entries = [one for one in _everything() if one.flow_id == flow_id and one.people]
    people = _people(entries)
    version = Flow.objects.filter(pk=flow_id).values_list("version", flat=True).first() or 0
    return {"active": bool(entries), "version": version, "people": people, "count": len(people)}


def people_in(flow_id: UUID) -> list[Person]:
    """Return who is in a flow now, by the numbers of their rows, guests too; for administrators alone."""
    people = {one.id: one for entry in _everything() if entry.flow_id == flow_id for one in entry.people}
    return [people[user_id] for user_id in sorted(people)]


def people_counts(flow_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many people are in some flows now, guests too but no programs: as far as is known at once."""
    people: defaultdict[UUID, set[int]] = defaultdict(set)
    for registry in list(_registries.values()):
        for entry in registry.entries_of(flow_ids):
            people[entry.flow_id].update(one.id for one in entry.people if one.program is None)
    return {flow_id: len(found) for flow_id, found in people.items() if found}


def live_sessions() -> list[ListedSession]:
    """Return every flow that is being edited now, the one that started first at the top."""
    by_flow: dict[UUID, list[SessionEntry]] = {}
    for one in _everything():
        by_flow.setdefault(one.flow_id, []).append(one)
    rows = Flow.objects.filter(pk__in=by_flow).values_list("pk", "title", "version")
    found: list[ListedSession] = [
        {
            "flow": flow_id,
            "title": title,
            "people": _people(by_flow[flow_id]),
            "version": version,
            "started_at": min(one.started_at for one in by_flow[flow_id]),
        }
        for flow_id, title, version in rows
    ]
    return sorted(found, key=lambda one: (one["started_at"], str(one["flow"])))


def _everything() -> list[SessionEntry]:
    found = []
    for registry in list(_registries.values()):
        registry.settled.wait(2 * SETTLING_SECONDS)
        found += list(registry.entries())
    return found


def _people(entries: list[SessionEntry]) -> list[LivePerson]:
    people = {(one.id, one.program or ""): one for entry in entries for one in entry.people}
    return [_told(people[key]) for key in sorted(people)]


def _told(person: Person) -> LivePerson:
    told: LivePerson = {"id": person.id, "name": person.name, "colour": person.colour}
    if person.is_guest:
        told |= {"id": None, "guest": True}
    if person.program is not None:
        told["program"] = person.program
    return told
