"""The live session: one flow being edited, in one process.

One task owns the flow in memory (`current`), at a known version. It takes what people submit in batches (`inbox`),
has each committed by `flows.commands.submit` in a thread (`commits`), advances by the receipt, lets the audience know
and answers the authors. If the receipt starts from another version than ours, somebody else wrote (REST, another
process): then the log is read, exactly as after a hint, or a heartbeat that shows us behind. So several processes are
correct without electing an owner, and a lost hint is only a delay.

Whatever goes wrong in here is this flow's alone: the task starts again from the database and brings everybody forward
from the version they hold; after too many starts its people are sent away, to come back later.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID, uuid4

import structlog
from django.utils import timezone

from flows.errors import NotFound
from flows.limits import Limits
from flows.publish import group_name
from flows.storage.store import load_document
from flows.submission import Receipt
from sessions import metrics
from sessions.database import patiently
from sessions.live import steps
from sessions.live.broadcaster import Audience
from sessions.live.catch_up import CatchUp
from sessions.live.clock import Vigil
from sessions.live.commits import Commits
from sessions.live.inbox import Entry, Inbox
from sessions.live.replica import Current
from sessions.live.steps import Step
from sessions.presence.board import Board
from sessions.presence.sync import Rollcall
from sessions.processes.group_channel import GroupChannel, Message
from sessions.protocol.codes import Close, Closing
from sessions.sockets.socket import Socket

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger(__name__)

FINISHING_SECONDS = 3.0
MOST_RESTARTS = 10
RESTARTS_WITHIN_SECONDS = 60.0


class LiveSession:
    """One flow, one process. `changed` is called when somebody came or went, `ended` once, when it is over."""

    def __init__(
        self,
        flow_id: UUID,
        process: str,
        limits: Limits,
        changed: Callable[[UUID], None],
        ended: Callable[["LiveSession"], None],
    ) -> None:
        self.flow_id, self.limits = flow_id, limits
        self.started_at = timezone.now()
        self.flow = Current(flow_id, limits, self._patiently)
        self.board = Board()
        self.audience = Audience(flow_id, limits, lambda: self.flow.document)
        self.inbox = Inbox()
        self.channel = GroupChannel(group_name(flow_id), self)
        self.rollcall = Rollcall(self.board, self.audience, self.channel, f"{process}.{uuid4().hex}", limits)
        self.vigil = Vigil(self)
        self.active_at = time.monotonic()
        self.access_changed_at = 0.0
        self.arriving = 0
        self.closing: Close | None = None
        self._changed, self._on_end = changed, ended
        self._ready, self._wake = asyncio.Event(), asyncio.Event()
        self._log = CatchUp(self.flow, self._patiently, self._advance, self._open)
        self._commits = Commits(self)
        self._restarts: deque[float] = deque()
        self._task: asyncio.Task[None] | None = None

    # What others ask of it.

    def start(self) -> None:
        """Begin."""
        metrics.live_sessions.inc()
        log.info("session_started", flow=str(self.flow_id))
        self._task = asyncio.create_task(self._live())
        self.channel.open()
        self.vigil.open()

    async def ready(self) -> None:
        """Return when the flow is in memory. Raises `Closing` if it cannot be had."""
        await self._ready.wait()
        self.expect_open()

    def submit(self, entry: Entry) -> None:
        """Let an entry wait for its turn; it will be answered."""
        self.active_at = time.monotonic()
        self.inbox.put(entry)
        self._wake.set()

    async def catch_up(self) -> None:
        """Return when what the log holds at this moment is here too. Raises `Closing` if the session ends first."""
        self.expect_open()
        done = self._log.asked()
        self._wake.set()
        await done

    def admit(self, socket: Socket) -> None:
        """Let a socket that was brought to our version hear all that follows."""
        self.active_at = time.monotonic()
        self.audience.add(socket)
        self.audience.send_states(socket, self.board)
        self._changed(self.flow_id)
        if socket.checked_at <= self.access_changed_at:
            self.vigil.check_soon(lambda one: one is socket)

    def depart(self, socket: Socket) -> None:
        """Forget a socket."""
        if self.audience.remove(socket):
            self.rollcall.leave(socket)
            self._changed(self.flow_id)

    def check_soon(self, wanted: Callable[[Socket], bool]) -> None:
        """Ask some again who they are and what they may do, and whoever is just coming in."""
        self.access_changed_at = time.monotonic()
        self.vigil.check_soon(wanted)

    def look(self) -> None:
        """Compare with the log soon."""
        self._log.is_due = True
        self._wake.set()

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

    async def follow(self, receipt: Receipt) -> None:
        """Bring the flow in memory to where a commit of ours left it, by the log if others wrote before it."""
        if receipt.epoch != self.flow.epoch:
            raise Closing(Close.RESTARTING)
        if receipt.previous != self.flow.version:
            await self._log.run(self.limits.catch_up)
        elif receipt.version > receipt.previous:
            self._advance(steps.step_of(receipt))

    def on_joined(self) -> None:
        """Start over with the group: what was said before, we missed."""
        self.rollcall.begin()
        self.check_soon(lambda _: True)
        self.look()

    def on_message(self, message: Message) -> None:
        """Take a hint of the group; only the log and the rows are believed."""
        match message["type"]:
            case "flow.changed":
                if message["version"] > self.flow.version:
                    self.look()
            case "flow.access":
                users = set(message["users"])
                self.check_soon(lambda socket: socket.person.id in users)
            case "flow.deleted":
                self.look()
            case _:
                self.rollcall.hear(message)

    def expect_open(self) -> None:
        """Raise `Closing` if the session ends."""
        if self.closing is not None:
            raise Closing(self.closing)

    # Its life.

    async def _live(self) -> None:
        code = Close.RESTARTING
        try:
            while True:
                try:
                    await self._open()
                    await self._work()
                except Closing:
                    raise
                except Exception:
                    self._begin_again()
        except Closing as closing:
            code = closing.code
        finally:
            self._stop(code)

    async def _open(self) -> None:
        """Read the flow, and bring forward whoever is here already."""
        try:
            loaded = await self._patiently(load_document, self.flow_id)
        except NotFound:
            raise Closing(Close.NOT_FOUND) from None
        if self.flow.epoch not in ("", loaded.epoch):
            raise Closing(Close.RESTARTING)
        self.audience.drop()
        self.flow.open(loaded)
        self._ready.set()
        for socket in self.audience:
            missed = await self.flow.missed(socket.version)
            self.audience.bring_forward(socket, socket.version, missed, self.flow)

    async def _work(self) -> None:
        while True:
            was_due = self._log.is_due
            if was_due:
                await self._log.run(self.limits.catch_up)
            if self.inbox:  # however often others write, what waits here has its turn after one reading
                await self._commits.next()
            elif self.closing is not None:
                raise Closing(self.closing)
            elif was_due:
                continue
            else:
                await self._wake.wait()
            self._wake.clear()

    def _advance(self, step: Step) -> None:
        self.flow.advance(step)
        self.active_at = time.monotonic()
        self.audience.tell(step)

    # When things go wrong, and the end.

    async def _patiently(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `call` in a thread, again and again while the database does not answer. Nothing is lost by waiting."""
        return await patiently(partial(call, *args, **kwargs), self.expect_open)

    def _begin_again(self) -> None:
        """Prepare another start after a defect, or give up after too many."""
        now = time.monotonic()
        self._restarts.append(now)
        while now - self._restarts[0] > RESTARTS_WITHIN_SECONDS:
            self._restarts.popleft()
        metrics.restarts.inc()
        log.exception("session_restarted", flow=str(self.flow_id), times=len(self._restarts))
        self._ready.clear()
        self.inbox.put_back()
        self._log.began_again()
        if len(self._restarts) > MOST_RESTARTS:
            raise Closing(Close.RESTARTING)

    def _stop(self, code: Close) -> None:
        self.closing = code
        self._ready.set()
        self.vigil.close()
        self._log.give_up(code)
        self.inbox.clear()
        for socket in self.audience:
            socket.close(code)
            self.depart(socket)
        self.rollcall.close()
        metrics.live_sessions.dec()
        log.info("session_stopped", flow=str(self.flow_id), code=int(code))
        self._on_end(self)
