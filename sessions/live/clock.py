"""What a session does by the clock: heartbeats, asking again who may stay, parting from the slow, noticing silence.

One tick a second. Whoever is due is asked for once every `CHECK_SECONDS`, spread over the seconds, and at once when
something says that a right or a login changed. A database that does not answer delays a check, to be asked again at the
next tick; it closes nobody. Of two answers the one to the later question counts, whichever arrives last.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol
from uuid import UUID

import structlog

from flows.limits import Limits
from sessions.database import DatabaseDown, in_database
from sessions.live.broadcaster import Audience
from sessions.live.inbox import Inbox
from sessions.live.replica import Current
from sessions.presence.board import ANNOUNCE_SECONDS, with_role
from sessions.presence.sync import Rollcall
from sessions.processes.group_channel import GroupChannel
from sessions.protocol.codes import Close, Closing
from sessions.protocol.encoding import encode
from sessions.sockets.admission import verdicts
from sessions.sockets.socket import Socket

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0
CHECK_SECONDS = 15.0
EMPTY_SECONDS = 5.0


class Watched(Protocol):
    """What the clock looks at, and may ask for."""

    flow_id: UUID
    limits: Limits
    flow: Current
    audience: Audience
    inbox: Inbox
    channel: GroupChannel
    rollcall: Rollcall
    active_at: float
    arriving: int

    async def catch_up(self) -> None:
        """Return when what the log holds at this moment is here too."""

    def depart(self, socket: Socket) -> None:
        """Forget a socket."""

    def end(self, code: Close) -> None:
        """Close every socket with a code and stop."""


class Vigil:
    """The clock of one session."""

    def __init__(self, session: Watched) -> None:
        self._session = session
        now = time.monotonic()
        self._occupied_at = now
        self._due = {self._beat: now + HEARTBEAT_SECONDS, self._announce: now + ANNOUNCE_SECONDS}
        self._every = {self._beat: HEARTBEAT_SECONDS, self._announce: ANNOUNCE_SECONDS}
        self._task: asyncio.Task[None] | None = None
        self._acts: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begin to watch."""
        self._task = asyncio.create_task(self._watch())

    def close(self) -> None:
        """Stop watching."""
        for task in (self._task, *self._acts):
            if task is not None:
                task.cancel()

    def check_soon(self, wanted: Callable[[Socket], bool]) -> None:
        """Ask again now for some sockets."""
        if sockets := [socket for socket in self._session.audience if wanted(socket)]:
            self._begin(self._check(sockets))

    def tick(self, now: float) -> None:
        """Do what is due."""
        session = self._session
        self._part(now)
        session.rollcall.forget_silent()
        for act, due in self._due.items():
            if now >= due:
                self._due[act] = now + self._every[act]
                self._begin(act())
        self.check_soon(lambda socket: now - socket.asked_at >= CHECK_SECONDS)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self.tick(time.monotonic())
            except Exception:
                log.exception("vigil_failed", flow=str(self._session.flow_id))

    def _begin(self, act: Coroutine[Any, Any, None]) -> None:
        """Do something that may take its time."""
        task = asyncio.create_task(act)
        self._acts.add(task)
        task.add_done_callback(self._acted)

    def _acted(self, task: asyncio.Task[None]) -> None:
        self._acts.discard(task)
        if not task.cancelled() and (defect := task.exception()):
            log.error("vigil_failed", flow=str(self._session.flow_id), exc_info=defect)

    def _part(self, now: float) -> None:
        """Close who is too slow; end the session when it is empty or asleep."""
        session = self._session
        for socket in session.audience:
            if socket.unseen.is_too_slow(now):
                socket.close(Close.TOO_SLOW)
        if session.audience or session.arriving or session.inbox:
            self._occupied_at = now
        elif now - self._occupied_at >= EMPTY_SECONDS:
            session.end(Close.ASLEEP)
        if now - session.active_at >= session.limits.idle_seconds:
            session.end(Close.ASLEEP)

    async def _beat(self) -> None:
        """Compare with the log, then say where we stand."""
        session = self._session
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS / 3):
                await session.catch_up()
        except Closing:
            return
        except TimeoutError:
            log.warning("heartbeat_without_log", flow=str(session.flow_id))
        session.audience.flush()
        flow = session.flow
        frame = encode("heartbeat", version=flow.version, epoch=flow.epoch, digest=flow.digest)
        for socket in session.audience:
            socket.send(frame)

    async def _announce(self) -> None:
        self._session.audience.forget_snapshot()
        self._session.rollcall.announce()
        await self._session.channel.renew()

    async def _check(self, sockets: Iterable[Socket]) -> None:
        """Ask again who these people are and what they may do, and act on it."""
        due, begun = [socket for socket in sockets if socket.closed is None], time.monotonic()
        for socket in due:
            socket.asked_at = begun
        try:
            found = await in_database(verdicts, self._session.flow_id, [socket.check() for socket in due])
        except Exception as failure:
            for socket in due:
                socket.asked_at = -CHECK_SECONDS  # due at the next tick
            if not isinstance(failure, DatabaseDown):
                raise
            log.warning("check_delayed", flow=str(self._session.flow_id), reason=repr(failure))
            return
        for socket in due:
            if begun >= socket.checked_at:
                socket.checked_at = begun
                self._act(socket, found[socket.session])

    def _act(self, socket: Socket, verdict: str | Close) -> None:
        if isinstance(verdict, Close):
            socket.close(verdict)
            self._session.depart(socket)
        elif verdict != socket.person.role:
            socket.person = with_role(socket.person, verdict)
            socket.send(encode("you", role=verdict))
            if self._session.audience.get(socket.session):
                self._session.rollcall.put(socket.person)
