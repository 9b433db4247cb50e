"""The live sessions of every process.

Each process tells one group which sessions it has and who is in them: all of them every few seconds and when a new
process asks, and each one as it changes. Nothing is stored in a table or in Redis that would need cleaning up: a
process that falls silent is forgotten. `sessions.queries` answers from this, for REST and the admin.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import structlog
from channels.layers import InMemoryChannelLayer, get_channel_layer

from flows.limits import current
from sessions.processes.group_channel import ANNOUNCE_SECONDS, GroupChannel, Message

GROUP = "live"
AUTH_EVENTS = frozenset({"live.account", "live.logout", "live.disconnect"})
"""What is not about sessions, but about those who are in them."""
CHUNK = 200
DELAY_SECONDS = 0.1
SETTLING_SECONDS = 0.3
log = structlog.get_logger(__name__)


class Person(NamedTuple):
    """A person in a session, with how many sockets; a program of theirs is one of its own."""

    id: int
    name: str
    colour: str
    sockets: int = 1
    is_guest: bool = False
    program: str | None = None


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """One session of one process; times are ISO 8601."""

    flow_id: UUID
    started_at: str
    people: tuple[Person, ...]


@dataclass(slots=True)
class RemoteProcess:
    """What another process announced, and when we last heard from it."""

    heard_at: float
    sessions: dict[UUID, SessionEntry]


class Host(Protocol):
    """The process whose sessions are announced."""

    def entries(self) -> Iterable[SessionEntry]:
        """List its sessions."""

    def entries_of(self, flow_ids: Iterable[UUID]) -> Iterable[SessionEntry]:
        """List its sessions of some flows."""

    def on_auth_event(self, message: Message) -> None:
        """An account changed or a login ended."""


class Registry:
    """This process's view of all live sessions, and the announcements of its own."""

    def __init__(self, process: str, host: Host) -> None:
        self._process, self._host = process, host
        self._remote: dict[str, RemoteProcess] = {}
        self._changed: set[UUID] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._channel = GroupChannel(GROUP, self)
        self.settled = threading.Event()
        if isinstance(get_channel_layer(), InMemoryChannelLayer):
            self.settled.set()

    def open(self) -> None:
        """Start to listen and to announce."""
        self._channel.open()
        self._task = asyncio.create_task(self._repeat())

    async def close(self) -> None:
        """Tell the other processes that this one stops."""
        if self._task is not None:
            self._task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._send("live.gone")
        await self._channel.close()

    def changed(self, flow_id: UUID) -> None:
        """Announce one session soon."""
        self._changed.add(flow_id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY_SECONDS, self._announce_changed)

    def entries(self) -> Iterator[SessionEntry]:
        """Return every session of every process."""
        yield from self._host.entries()
        yield from self._remote_entries()

    def entries_of(self, flow_ids: Collection[UUID]) -> Iterator[SessionEntry]:
        """Return the sessions of some flows in every process, without a look at any other."""
        yield from self._host.entries_of(flow_ids)
        for sessions in self._remote_sessions():
            yield from (sessions[flow_id] for flow_id in flow_ids if flow_id in sessions)

    def sockets_elsewhere(self, user_id: int) -> int:
        """Return how many sockets a person has in other processes, as far as we know."""
        people = (person for entry in self._remote_entries() for person in entry.people)
        return sum(person.sockets for person in people if person.id == user_id)

    def on_group_joined(self) -> None:
        """Ask the other processes for their sessions, and announce ours."""
        self._send("live.who")
        self._announce()
        asyncio.get_running_loop().call_later(SETTLING_SECONDS, self.settled.set)

    def on_message(self, message: Message) -> None:
        """Take an announcement of another process, or an event about an account or a login."""
        if message["type"] in AUTH_EVENTS:
            self._host.on_auth_event(message)
        elif (process := message["process"]) != self._process:
            self._receive(process, message)

    def _receive(self, process: str, message: Message) -> None:
        match message["type"]:
            case "live.who":
                self._announce()
            case "live.gone":
                self._remote.pop(process, None)
            case "live.sessions":
                remote = self._remote.setdefault(process, RemoteProcess(0.0, {}))
                remote.heard_at = time.monotonic()
                sessions = {} if message["fresh"] else dict(remote.sessions)
                for flow in message.get("ended", ()):
                    sessions.pop(UUID(flow), None)
                sessions |= {one.flow_id: one for one in map(_decode, message["sessions"])}
                remote.sessions = sessions

    def _remote_entries(self) -> Iterator[SessionEntry]:
        """Return every session of the other processes that are not silent."""
        for sessions in self._remote_sessions():
            yield from list(sessions.values())

    def _remote_sessions(self) -> Iterator[dict[UUID, SessionEntry]]:
        for remote in list(self._remote.values()):
            if not _is_silent(remote):
                yield remote.sessions

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(ANNOUNCE_SECONDS)
            try:
                self._remote = {process: remote for process, remote in self._remote.items() if not _is_silent(remote)}
                self._announce()
                await self._channel.renew()
            except Exception:
                log.exception("announcement_failed")

    def _announce(self) -> None:
        ours = list(self._host.entries())
        for first in range(0, len(ours) or 1, CHUNK):
            sessions = [_encode(one) for one in ours[first : first + CHUNK]]
            self._send("live.sessions", fresh=first == 0, sessions=sessions)

    def _announce_changed(self) -> None:
        self._timer = None
        changed, self._changed = self._changed, set()
        ours = {one.flow_id: one for one in self._host.entries()}
        sessions = [_encode(ours[flow_id]) for flow_id in changed if flow_id in ours]
        ended = [flow_id.hex for flow_id in changed if flow_id not in ours]
        self._send("live.sessions", fresh=False, sessions=sessions, ended=ended)

    def _send(self, type: str, **fields: Any) -> None:
        self._channel.send({"type": type, "process": self._process, **fields})


def count_sockets(people: Iterable[Person]) -> tuple[Person, ...]:
    """Join a person's sockets into one entry."""
    sockets: Counter[tuple[int, str | None]] = Counter()
    named: dict[tuple[int, str | None], Person] = {}
    for person in people:
        key = person.id, person.program
        sockets[key] += 1
        named[key] = person
    return tuple(named[key]._replace(sockets=count) for key, count in sockets.items())


def _is_silent(remote: RemoteProcess) -> bool:
    return time.monotonic() - remote.heard_at > current().presence_seconds


def _encode(one: SessionEntry) -> list[object]:
    return [one.flow_id.hex, one.started_at, [list(person) for person in one.people]]


def _decode(value: list[Any]) -> SessionEntry:
    flow, started_at, people = value
    return SessionEntry(UUID(flow), str(started_at), tuple(map(_person, people)))


def _person(value: list[Any]) -> Person:
    id, name, colour, sockets, *more = value
    is_guest, program = more or (False, None)
    shown = None if program is None else str(program)
    return Person(int(id), str(name), str(colour), int(sockets), is_guest is True, shown)
