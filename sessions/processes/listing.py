"""Which flows are being edited now, and by whom, as the threads of this process may ask: REST and the admin.

What is known is what the directory has heard. Each event loop has one, and says which as soon as it listens.
"""

import asyncio
from typing import TypedDict
from uuid import UUID
from weakref import WeakKeyDictionary

from flows.models import Flow
from sessions.processes.directory import SETTLING_SECONDS, Directory, Listing

_directories: WeakKeyDictionary[asyncio.AbstractEventLoop, Directory] = WeakKeyDictionary()


class LivePerson(TypedDict):
    id: int
    name: str
    colour: str


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


def ask(directory: Directory) -> None:
    """Let threads ask this directory, of the running event loop, from now on."""
    _directories[asyncio.get_running_loop()] = directory


def session_of(flow_id: UUID) -> SessionState:
    """Return who is in a flow now. Reads the flow's version from its row: 0 if there is no such flow."""
    listings = [one for one in _everything() if one.flow_id == flow_id and one.people]
    people = _people(listings)
    version = Flow.objects.filter(pk=flow_id).values_list("version", flat=True).first() or 0
    return {"active": bool(listings), "version": version, "people": people, "count": len(people)}


def live_sessions() -> list[ListedSession]:
    """Return every flow that is being edited now, the one that started first at the top."""
    by_flow: dict[UUID, list[Listing]] = {}
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


def _everything() -> list[Listing]:
    found = []
    for directory in list(_directories.values()):
        directory.settled.wait(2 * SETTLING_SECONDS)
        found += list(directory.listings())
    return found


def _people(listings: list[Listing]) -> list[LivePerson]:
    people = {id: (name, colour) for one in listings for id, name, colour, _ in one.people}
    return [{"id": id, "name": name, "colour": colour} for id, (name, colour) in sorted(people.items())]
