"""What a session does by the clock: heartbeats, access checks, closing slow sockets, noticing silent processes.

One tick a second. Every socket's access is checked every `CHECK_SECONDS`, spread over the seconds, at once when a role
or a login changed, and at the moment when a token, a login or a link expires. A database that does not answer delays a
check to the next tick; it closes no socket. Of two checks the one that started later counts, whichever ends last.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

import structlog

from accounts.acting import acting_in
from flows.limits import Limits
from sessions.database import DatabaseDown, in_database
from sessions.live.broadcaster import Broadcaster
from sessions.live.inbox import Inbox
from sessions.live.problems import ProblemWatch
from sessions.live.replica import Replica
from sessions.live.runs import RunFeed
from sessions.presence.sync import PresenceSync
from sessions.processes.group_channel import ANNOUNCE_SECONDS, GroupChannel
from sessions.protocol.codec import encode
from sessions.protocol.codes import Close, Closing
from sessions.protocol.frames import Heartbeat, You
from sessions.sockets.admission import CHECK_SECONDS, Standing, recheck, seconds_to
from sessions.sockets.socket import Socket

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0
EMPTY_SECONDS = 5.0


class Timed(Protocol):
    """The session that the clock looks after."""

    flow_id: UUID
    limits: Limits
    replica: Replica
    broadcaster: Broadcaster
    inbox: Inbox
    channel: GroupChannel
    presence: PresenceSync
    problems: ProblemWatch
    runs: RunFeed
    active_at: float
    joining: int

    async def catch_up(self) -> None:
        """Return when the replica holds all that is in the log at this moment."""

    def remove(self, socket: Socket) -> None:
        """Remove a socket."""

    def end(self, code: Close) -> None:
        """Close every socket with a code and stop."""


class Clock:
    """The clock of one session."""

    def __init__(self, session: Timed) -> None:
        self._session = session
        now = time.monotonic()
        self._occupied_at = now
        self._heartbeat_at = now + HEARTBEAT_SECONDS
        self._announce_at = now + ANNOUNCE_SECONDS
        self._task: asyncio.Task[None] | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._expiries: dict[str, asyncio.TimerHandle] = {}

    def open(self) -> None:
        """Start to tick."""
        self._task = asyncio.create_task(self._run())

    def close(self) -> None:
        """Stop."""
        for task in (self._task, *self._jobs):
            if task is not None:
                task.cancel()
        for timer in self._expiries.values():
            timer.cancel()
        self._expiries.clear()

    def watch(self, socket: Socket) -> None:
        """Check a socket at the moment when something expires that it rests on."""
        self.forget(socket)
        if socket.until is not None:
            loop = asyncio.get_running_loop()
            self._expiries[socket.session] = loop.call_later(seconds_to(socket.until), self._expired, socket)

    def forget(self, socket: Socket) -> None:
        """Watch a socket no longer."""
        if timer := self._expiries.pop(socket.session, None):
            timer.cancel()

    def spread(self, socket: Socket) -> None:
        """Let the access of those who came together be checked one after the other."""
        socket.check_started_at -= random.random() * CHECK_SECONDS  # noqa: S311  (no secret)

    def check_soon(self, wanted: Callable[[Socket], bool]) -> None:
        """Check the access of some sockets now."""
        if sockets := [socket for socket in self._session.broadcaster if wanted(socket)]:
            self._start(self._check(sockets))

    def tick(self, now: float) -> None:
        """Do what is due."""
        self._close_slow(now)
        self._end_if_unused(now)
        self._session.presence.forget_silent()
        self._session.problems.catch_up()
        self._session.runs.tick(now)
        if now >= self._heartbeat_at:
            self._heartbeat_at = now + HEARTBEAT_SECONDS
            self._start(self._heartbeat())
        if now >= self._announce_at:
            self._announce_at = now + ANNOUNCE_SECONDS
            self._start(self._announce())
        self.check_soon(lambda socket: now - socket.check_started_at >= CHECK_SECONDS)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                self.tick(time.monotonic())
            except Exception:
                log.exception("clock_failed", flow=str(self._session.flow_id))

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        """Run a job that may take longer than a tick."""
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        if not task.cancelled() and (defect := task.exception()):
            log.error("clock_failed", flow=str(self._session.flow_id), exc_info=defect)

    def _expired(self, socket: Socket) -> None:
        self._expiries.pop(socket.session, None)
        self.check_soon(lambda one: one is socket)

    def _close_slow(self, now: float) -> None:
        for socket in self._session.broadcaster:
            if socket.window.is_too_slow(now):
                socket.close(Close.TOO_SLOW)

    def _end_if_unused(self, now: float) -> None:
        """End the session when it has been empty or without input for long enough."""
        session = self._session
        if session.broadcaster or session.joining or session.inbox:
            self._occupied_at = now
        elif now - self._occupied_at >= EMPTY_SECONDS:
            session.end(Close.ASLEEP)
        if now - session.active_at >= session.limits.idle_seconds:
            session.end(Close.ASLEEP)

    async def _heartbeat(self) -> None:
        """Compare with the log, then tell every socket where it stands."""
        session = self._session
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS / 3):
                await session.catch_up()
        except Closing:
            return
        except TimeoutError:
            log.warning("heartbeat_without_log", flow=str(session.flow_id))
        session.broadcaster.flush()
        replica = session.replica
        frame = encode(Heartbeat(version=replica.version, epoch=replica.epoch, digest=replica.digest))
        for socket in session.broadcaster:
            socket.send(frame)

    async def _announce(self) -> None:
        self._session.broadcaster.forget_snapshot()
        self._session.presence.announce()
        await self._session.channel.renew()

    async def _check(self, sockets: Iterable[Socket]) -> None:
        """Check who these sockets belong to and what they may do, and act on it."""
        due, started = [socket for socket in sockets if socket.closed is None], time.monotonic()
        for socket in due:
            socket.check_started_at = started
        try:
            with acting_in(self._session.flow_id):
                found = await in_database(recheck, self._session.flow_id, [socket.check() for socket in due])
        except Exception as failure:
            for socket in due:
                socket.check_started_at = -CHECK_SECONDS  # due at the next tick
            if not isinstance(failure, DatabaseDown):
                raise
            log.warning("check_delayed", flow=str(self._session.flow_id), reason=repr(failure))
            return
        for socket in due:
            if started >= socket.checked_at:
                socket.checked_at = started
                self._apply(socket, found[socket.session])

    def _apply(self, socket: Socket, outcome: Standing | Close) -> None:
        if isinstance(outcome, Close):
            socket.close(outcome)
            self._session.remove(socket)
            return
        socket.until = outcome.until
        if self._session.broadcaster.get(socket.session):
            self.watch(socket)
        if outcome.role != socket.person.role:
            socket.person = replace(socket.person, role=outcome.role)
            socket.send(encode(You(role=outcome.role)))
            if self._session.broadcaster.get(socket.session):
                self._session.presence.update_person(socket.person)
