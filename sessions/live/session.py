"""The live session: one flow being edited, in one process.

One task owns the flow in memory (`replica`), at a known version. It takes submissions in batches (`inbox`), has each
batch committed by `flows.commands.commit` in a thread (`commits`), advances by the receipt, broadcasts the change and
answers the authors. If the receipt starts from another version than ours, someone else wrote (REST, another process):
then the log is read, exactly as after a hint, or after a heartbeat that shows us behind. So several processes are
correct without electing an owner, and a lost hint is only a delay.

A defect in here affects this flow alone: the task restarts from the database and brings every socket up to date from
the version it holds; after too many restarts the sockets are closed, to come back later.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, Protocol, TypeVar
from uuid import UUID, uuid4

import structlog
from django.utils import timezone

from accounts.acting import acting_in
from flows.errors import NotFound
from flows.limits import Limits
from flows.publish import group_name
from flows.storage.store import load_document
from flows.submission import Receipt
from sessions import metrics
from sessions.database import with_retries
from sessions.live.broadcaster import Broadcaster
from sessions.live.catch_up import CatchUp
from sessions.live.clock import Clock
from sessions.live.commits import commit_next
from sessions.live.inbox import Entry, Inbox
from sessions.live.problems import ProblemWatch
from sessions.live.replica import Delta, Replica, delta_of
from sessions.live.runs import RunFeed
from sessions.presence.board import Board
from sessions.presence.sync import PresenceSync
from sessions.processes.group_channel import GroupChannel, Message
from sessions.protocol.codec import encode
from sessions.protocol.codes import Close, Closing
from sessions.protocol.frames import Job
from sessions.sockets.socket import Socket

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger(__name__)

FINISHING_SECONDS = 3.0
MOST_RESTARTS = 10
RESTARTS_WITHIN_SECONDS = 60.0


class Owner(Protocol):
    """What started the session."""

    process: str

    def session_changed(self, flow_id: UUID) -> None:
        """A socket joined or left."""

    def session_ended(self, session: "LiveSession") -> None:
        """The session is over."""


class LiveSession:
    """One flow, one process."""

    def __init__(self, flow_id: UUID, owner: Owner, limits: Limits) -> None:
        self.flow_id, self.limits = flow_id, limits
        self.started_at = timezone.now()
        self.replica = Replica(flow_id, limits, self._in_database)
        self.board = Board(self._holds, limits)
        self.broadcaster = Broadcaster(self.replica, limits)
        self.problems = ProblemWatch(self.replica, self.broadcaster, limits, self._in_database)
        self.runs = RunFeed(flow_id, self.broadcaster, limits, self._in_database)
        self.inbox, self.joining = Inbox(), 0
        self.channel = GroupChannel(group_name(flow_id), self)
        self.presence = PresenceSync(
            self.board, self.broadcaster, self.channel, f"{owner.process}.{uuid4().hex}", limits
        )
        self.clock = Clock(self)
        self.active_at, self.access_changed_at = time.monotonic(), 0.0
        self.closing: Close | None = None
        self._owner = owner
        self._ready, self._wake = asyncio.Event(), asyncio.Event()
        self._catch_up = CatchUp(self, self._in_database)
        self._restarts: deque[float] = deque()
        self._task: asyncio.Task[None] | None = None

    # What connections ask of it.

    def start(self) -> None:
        """Start."""
        metrics.live_sessions.inc()
        log.info("session_started", flow=str(self.flow_id))
        self._task = asyncio.create_task(self._run())
        self.channel.open()
        self.clock.open()

    async def ready(self) -> None:
        """Return when the flow is in memory. Raises `Closing` if it cannot be loaded."""
        await self._ready.wait()
        self.expect_open()

    def submit(self, entry: Entry) -> None:
        """Queue an entry; it will be answered."""
        self.active_at = time.monotonic()
        self.inbox.put(entry)
        self._wake.set()

    async def catch_up(self) -> None:
        """Return when the replica holds all that is in the log at this moment. Raises `Closing` if the session ends."""
        self.expect_open()
        done = self._catch_up.request()
        self._wake.set()
        await done

    def add(self, socket: Socket) -> None:
        """Add a socket that is at the replica's version; it gets all that follows."""
        self.active_at = time.monotonic()
        self.clock.spread(socket)
        self.clock.watch(socket)
        self.broadcaster.add(socket)
        self.broadcaster.send_states(socket, self.board)
        self.problems.greet(socket)
        self._owner.session_changed(self.flow_id)
        if socket.checked_at <= self.access_changed_at:
            self.clock.check_soon(lambda one: one is socket)

    def remove(self, socket: Socket) -> None:
        """Remove a socket."""
        self.clock.forget(socket)
        if self.broadcaster.remove(socket):
            self.presence.remove(socket)
            self._owner.session_changed(self.flow_id)

    def expect_open(self) -> None:
        """Raise `Closing` if the session ends."""
        if self.closing is not None:
            raise Closing(self.closing)

    # What the supervisor and the group ask of it.

    def check_soon(self, wanted: Callable[[Socket], bool]) -> None:
        """Check the access of some sockets again, and of every socket that is joining."""
        self.access_changed_at = time.monotonic()
        self.clock.check_soon(wanted)

    def end(self, code: Close) -> None:
        """Close every socket with a code and stop, when the commit under way is answered."""
        if self.closing is None:
            self.closing = code
            self._wake.set()

    async def finished(self) -> None:
        """Return when it is over; a commit that takes too long is not waited for."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=FINISHING_SECONDS)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def on_group_joined(self) -> None:
        """Catch up on the hints that were missed before the group was joined."""
        self.presence.start()
        self.runs.look()
        self.check_soon(lambda _: True)
        self.read_log_soon()

    def on_message(self, message: Message) -> None:
        """Take a hint of the group; what it says is read from the log and the rows."""
        match message["type"]:
            case "flow.changed" if message["version"] <= self.replica.version:
                pass
            case "flow.changed" | "flow.deleted":
                self.read_log_soon()
            case "flow.access":
                users = set(message["users"])
                self.check_soon(lambda socket: socket.person.id in users)
            case "flow.job":
                self.broadcaster.send_all(encode(Job(**message["job"])))
            case "flow.run" | "flow.run_text":
                self.active_at = time.monotonic()
                self.runs.receive(message)
            case _:
                self.presence.receive(message)

    # What its parts ask of it.

    def read_log_soon(self) -> None:
        """Compare with the log soon."""
        self._catch_up.schedule()
        self._wake.set()

    def advance(self, delta: Delta) -> None:
        """Take a delta that starts at the replica's version, and broadcast it."""
        self.replica.advance(delta)
        self.active_at = time.monotonic()
        self.broadcaster.broadcast(delta)
        self.problems.note(delta)

    async def follow(self, receipt: Receipt) -> None:
        """Bring the replica to where a commit of ours left the flow, by the log if others wrote before it."""
        if receipt.epoch != self.replica.epoch:
            raise Closing(Close.RESTARTING)
        if receipt.previous != self.replica.version:
            await self._catch_up.run(self.limits.catch_up)
        elif receipt.version > receipt.previous:
            self.advance(delta_of(receipt))

    async def reload(self) -> None:
        """Read the whole flow, and bring the sockets that are here up to date."""
        try:
            loaded = await self._in_database(load_document, self.flow_id)
        except NotFound:
            raise Closing(Close.NOT_FOUND) from None
        if self.replica.epoch not in ("", loaded.epoch):
            raise Closing(Close.RESTARTING)
        self.broadcaster.discard_pending()
        self.replica.open(loaded)
        self.problems.forget()
        self._ready.set()
        for socket in self.broadcaster:
            missed = await self.replica.missed(socket.version)
            self.broadcaster.bring_up_to_date(socket, socket.version, missed)

    def _holds(self, id: str) -> bool:
        document = self.replica.document
        return document.node(id) is not None or document.edge(id) is not None

    # Its task.

    async def _run(self) -> None:
        code = Close.RESTARTING
        try:
            while True:
                try:
                    await self.reload()
                    await self._work()
                except Closing:
                    raise
                except Exception:
                    self._prepare_restart()
        except Closing as closing:
            code = closing.code
        finally:
            self._stop(code)

    async def _work(self) -> None:
        while True:
            was_due = self._catch_up.is_due
            if was_due:
                await self._catch_up.run(self.limits.catch_up)
            if self.inbox:  # after one reading of the log, however often others write
                await commit_next(self)
            elif self.closing is not None:
                raise Closing(self.closing)
            elif was_due:
                continue
            else:
                await self._wake.wait()
            self._wake.clear()

    async def _in_database(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `call` in a thread, again and again while the database does not answer. Nothing is lost by waiting."""
        with acting_in(self.flow_id):
            return await with_retries(partial(call, *args, **kwargs), self.expect_open)

    def _prepare_restart(self) -> None:
        """Prepare a restart after a defect. Raises `Closing` after too many."""
        now = time.monotonic()
        self._restarts.append(now)
        while now - self._restarts[0] > RESTARTS_WITHIN_SECONDS:
            self._restarts.popleft()
        metrics.restarts.inc()
        log.exception("session_restarted", flow=str(self.flow_id), times=len(self._restarts))
        self._ready.clear()
        self.inbox.requeue()
        self._catch_up.restarted()
        if len(self._restarts) > MOST_RESTARTS:
            raise Closing(Close.RESTARTING)

    def _stop(self, code: Close) -> None:
        self.closing = code
        self._ready.set()
        self.clock.close()
        self.problems.close()
        self.runs.close()
        self._catch_up.cancel(code)
        self.inbox.clear()
        for socket in self.broadcaster:
            socket.close(code)
            self.remove(socket)
        self.presence.close()
        self.replica.let_go()
        self.broadcaster.discard_pending()
        self.broadcaster.forget_snapshot()
        metrics.live_sessions.dec()
        log.info("session_stopped", flow=str(self.flow_id), code=int(code))
        self._owner.session_ended(self)
