"""Finds, starts and ends live sessions: at most one for each flow in this process.

Everything here happens on the event loop without awaiting in between, so two people who open a flow at the same
moment meet in one session. There is one supervisor for each event loop; a server process has one of either.
"""

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from flows.limits import Limits
from flows.limits import current as current_limits
from sessions import metrics, queries
from sessions.live.session import LiveSession
from sessions.processes.group_channel import Message
from sessions.processes.registry import Person, Registry, SessionEntry, count_sockets
from sessions.protocol.codes import Close, Closing
from sessions.sockets.admission import Participant
from sessions.sockets.socket import Socket
from web.digests import digest_of

DRAINING_SECONDS = 1.0


class Connected(Protocol):
    """A connection of a person, whatever it speaks."""

    @property
    def user_id(self) -> int:
        """Whose it is."""

    def access_changed(self) -> None:
        """Check soon what it may do."""

    def close(self, code: Close) -> None:
        """Close it."""

    async def drained(self) -> None:
        """Return when the server has taken everything."""


class Supervisor:
    """The live sessions of a process."""

    def __init__(self, limits: Limits) -> None:
        self.process = uuid.uuid4().hex
        self.limits = limits
        self.sessions: dict[UUID, LiveSession] = {}
        self.registry = Registry(self.process, self)
        self._sockets: defaultdict[int, set[Connected]] = defaultdict(set)
        self._is_ending = False
        self._closing: set[asyncio.Task[None]] = set()
        metrics.people.set_function(lambda: sum(len(one.people) for one in self.entries()))

    def session_for(self, flow_id: UUID) -> LiveSession:
        """Return the flow's session, started if needed. Raises `Closing` while the process ends."""
        if self._is_ending:
            raise Closing(Close.RESTARTING)
        session = self.sessions.get(flow_id)
        if session is None or session.closing is not None:
            session = self.sessions[flow_id] = LiveSession(flow_id, self, self.limits)
            session.start()
        return session

    def find(self, flow_id: UUID) -> LiveSession | None:
        """Return the flow's session if there is one."""
        return self.sessions.get(flow_id)

    def add(self, socket: Connected) -> bool:
        """Add a socket, whether or not it has said hello; False if its person has too many."""
        mine = self._sockets[socket.user_id]
        mine.add(socket)
        metrics.sockets.inc()
        if self._is_ending:
            socket.close(Close.RESTARTING)
        return len(mine) + self.registry.sockets_elsewhere(socket.user_id) <= self.limits.sockets_per_user

    def remove(self, socket: Connected) -> None:
        """Remove a socket that is gone."""
        metrics.sockets.dec()
        self._sockets[socket.user_id].discard(socket)
        if not self._sockets[socket.user_id]:
            del self._sockets[socket.user_id]

    def entries(self) -> Iterator[SessionEntry]:
        """List the sessions of this process."""
        return map(_entry, list(self.sessions.values()))

    def entries_of(self, flow_ids: Iterable[UUID]) -> Iterator[SessionEntry]:
        """List this process's sessions of some flows."""
        return (_entry(session) for flow_id in flow_ids if (session := self.sessions.get(flow_id)))

    def on_auth_event(self, message: Message) -> None:
        """Check the sockets of accounts that changed; close those of a login that ended, or that were sent away."""
        match message["type"]:
            case "live.account":
                self._check_people(set(message["users"]))
            case "live.logout":
                self._close_login(message["login"])
            case "live.disconnect":
                self._disconnect(UUID(message["flow"]), message["users"])

    def _check_people(self, users: set[int]) -> None:
        for session in list(self.sessions.values()):
            session.check_soon(lambda socket: socket.person.id in users)
        for user_id in users & self._sockets.keys():
            for socket in list(self._sockets[user_id]):
                socket.access_changed()

    def _close_login(self, login: str) -> None:
        for session in list(self.sessions.values()):
            session.access_changed_at = time.monotonic()
            for socket in session.broadcaster:
                if is_login(socket, login):
                    socket.close(Close.LOG_IN)
                    session.remove(socket)

    def _disconnect(self, flow_id: UUID, users: list[int] | None) -> None:
        """Close the sockets of some people in a flow, or (None) the whole session; all may come back."""
        session = self.sessions.get(flow_id)
        if session is None:
            return
        if users is None:
            session.end(Close.RESTARTING)
            return
        for socket in session.broadcaster:
            if socket.person.id in users:
                socket.close(Close.ASLEEP)
                session.remove(socket)

    def session_changed(self, flow_id: UUID) -> None:
        """A socket joined or left: announce it."""
        if not self._is_ending:
            self.registry.changed(flow_id)

    def session_ended(self, session: LiveSession) -> None:
        """Forget a session that is over, and close its channel."""
        if self.sessions.get(session.flow_id) is session:
            del self.sessions[session.flow_id]
        closing = asyncio.create_task(session.channel.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self.session_changed(session.flow_id)

    async def shutdown(self) -> None:
        """Answer what is being committed, close every socket with 4412, and accept no more."""
        self._is_ending = True
        sockets = {socket for theirs in self._sockets.values() for socket in theirs}
        sessions = list(self.sessions.values())
        for outside in sockets.difference(*(session.broadcaster for session in sessions)):
            outside.close(Close.RESTARTING)
        for session in sessions:
            session.end(Close.RESTARTING)
        await asyncio.gather(*(session.finished() for session in sessions))
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAINING_SECONDS):
                await asyncio.gather(*(socket.drained() for socket in sockets))
        await asyncio.gather(self.registry.close(), *self._closing)


_supervisors: "WeakKeyDictionary[asyncio.AbstractEventLoop, Supervisor]" = WeakKeyDictionary()


def current() -> Supervisor:
    """Return the supervisor of the running event loop; the first call makes it."""
    loop = asyncio.get_running_loop()
    supervisor = _supervisors.get(loop)
    if supervisor is None:
        supervisor = _supervisors[loop] = Supervisor(current_limits())
        supervisor.registry.open()
        queries.answer_from(supervisor.registry)
    return supervisor


async def shutdown() -> None:
    """Close every session and socket of this event loop. The server calls it before it stops."""
    supervisor = _supervisors.get(asyncio.get_running_loop())
    if supervisor is not None:
        await supervisor.shutdown()


def _entry(session: LiveSession) -> SessionEntry:
    people = [_counted(one.person) for one in session.board.ours()]
    return SessionEntry(session.flow_id, session.started_at.isoformat(), count_sockets(people))


def _counted(person: Participant) -> Person:
    return Person(person.id, person.name, person.colour, is_guest=person.is_guest, program=person.program)


def login_name(session_key: str) -> str:
    """Name a browser's login without giving its key away."""
    return digest_of(session_key)


def is_login(socket: Socket, name: str) -> bool:
    """Tell whether a socket was opened by this login."""
    key = socket.credential.session_key
    return key is not None and login_name(key) == name
