"""What is live, over all processes.

Each process tells a group of its own making which sessions it has and who is in them: in whole every few seconds and
when a newcomer asks, and each session as it changes. There is no table and nothing in Redis to clean up: a process
that falls silent is forgotten. `sessions.processes.listing` answers from what was heard, for REST and the admin.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from channels.layers import InMemoryChannelLayer, get_channel_layer

from flows.limits import current
from sessions.presence.board import ANNOUNCE_SECONDS
from sessions.processes.link import Link, Message

GROUP = "live"
CHUNK = 200
DELAY = 0.1
SETTLING_SECONDS = 0.3
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Listing:
    """One session of one process. `people` are (id, name, colour, sockets); times are ISO 8601."""

    flow_id: UUID
    started_at: str
    people: tuple[tuple[int, str, str, int], ...]


@dataclass(slots=True)
class Heard:
    """What another process said, and when last."""

    at: float
    sessions: dict[UUID, Listing]


class Directory:
    """This process's part: `ours` lists its sessions, `kicked` is told that a person or a login is to be checked."""

    def __init__(self, process: str, ours: Callable[[], Iterable[Listing]], kicked: Callable[[Message], None]) -> None:
        self._process, self._ours, self._kicked = process, ours, kicked
        self._heard: dict[str, Heard] = {}
        self._changed: set[UUID] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._link = Link(GROUP, self._hear, self._listening)
        self.settled = threading.Event()
        if isinstance(get_channel_layer(), InMemoryChannelLayer):
            self.settled.set()

    def open(self) -> None:
        """Begin to listen and to tell."""
        self._link.open()
        self._task = asyncio.create_task(self._repeat())

    async def close(self) -> None:
        """Say farewell."""
        if self._task is not None:
            self._task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._say("live.gone")
        await self._link.close()

    def changed(self, flow_id: UUID) -> None:
        """Tell the others soon about one session."""
        self._changed.add(flow_id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._tell_changes)

    def listings(self) -> Iterator[Listing]:
        """Return every session of every process."""
        yield from self._ours()
        yield from self._elsewhere()

    def sockets_elsewhere(self, user_id: int) -> int:
        """Return how many sockets a person has in other processes, as far as we have heard."""
        people = (person for listing in self._elsewhere() for person in listing.people)
        return sum(sockets for id, _, _, sockets in people if id == user_id)

    def _elsewhere(self) -> Iterator[Listing]:
        """Return every session of the other processes that are not silent."""
        for heard in list(self._heard.values()):
            if not _is_silent(heard):
                yield from list(heard.sessions.values())

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(ANNOUNCE_SECONDS)
            try:
                self._heard = {process: heard for process, heard in self._heard.items() if not _is_silent(heard)}
                self._tell_all()
                await self._link.renew()
            except Exception:
                log.exception("announcement_failed")

    def _listening(self) -> None:
        self._say("live.who")
        self._tell_all()
        asyncio.get_running_loop().call_later(SETTLING_SECONDS, self.settled.set)

    def _tell_all(self) -> None:
        ours = list(self._ours())
        for first in range(0, len(ours) or 1, CHUNK):
            self._say("live.sessions", fresh=first == 0, sessions=[_wire(one) for one in ours[first : first + CHUNK]])

    def _tell_changes(self) -> None:
        self._timer = None
        changed, self._changed = self._changed, set()
        ours = {one.flow_id: one for one in self._ours()}
        sessions = [_wire(ours[flow_id]) for flow_id in changed if flow_id in ours]
        ended = [flow_id.hex for flow_id in changed if flow_id not in ours]
        self._say("live.sessions", fresh=False, sessions=sessions, ended=ended)

    def _hear(self, message: Message) -> None:
        if message["type"] in ("live.account", "live.logout"):
            self._kicked(message)
        elif (process := message["process"]) != self._process:
            self._hear_other(process, message)

    def _hear_other(self, process: str, message: Message) -> None:
        match message["type"]:
            case "live.who":
                self._tell_all()
            case "live.gone":
                self._heard.pop(process, None)
            case "live.sessions":
                heard = self._heard.setdefault(process, Heard(0.0, {}))
                heard.at = time.monotonic()
                sessions = {} if message["fresh"] else dict(heard.sessions)
                for flow in message.get("ended", ()):
                    sessions.pop(UUID(flow), None)
                sessions |= {one.flow_id: one for one in map(_listing, message["sessions"])}
                heard.sessions = sessions

    def _say(self, type: str, **fields: Any) -> None:
        self._link.say({"type": type, "process": self._process, **fields})


def count_sockets(people: Iterable[tuple[int, str, str]]) -> tuple[tuple[int, str, str, int], ...]:
    """Join a person's sockets into one entry."""
    sockets: Counter[int] = Counter()
    named: dict[int, tuple[str, str]] = {}
    for id, name, colour in people:
        sockets[id] += 1
        named[id] = (name, colour)
    return tuple((id, *named[id], count) for id, count in sockets.items())


def _is_silent(heard: Heard) -> bool:
    return time.monotonic() - heard.at > current().presence_seconds


def _wire(one: Listing) -> list[object]:
    return [one.flow_id.hex, one.started_at, [list(person) for person in one.people]]


def _listing(value: list[Any]) -> Listing:
    flow, started_at, people = value
    return Listing(UUID(flow), str(started_at), tuple((int(i), str(n), str(c), int(s)) for i, n, c, s in people))
