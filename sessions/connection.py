"""From a guest's admission to the end of the connection: what each frame asks for, and how much may be asked.

`hello` opens the way into the live session; before it nothing else is heard. Who says none in time is too slow; from
then on it is we who take our time, and who say so if it is too long. A frame that is none is answered by `error`, and
the fifth in a row ends the visit; so does going on for ten seconds beyond a rate.
"""

import asyncio
import time
from typing import assert_never

import structlog

from flows.document import Record, references_in
from flows.errors import FlowReason
from flows.limits import current as current_limits
from flows.parsing import parse_graph, parse_operation
from flows.submission import Redo as RedoLast
from flows.submission import Refused, Submission
from flows.submission import Undo as UndoLast
from sessions import metrics, supervisor
from sessions.join import welcome
from sessions.live.answers import refuse
from sessions.live.inbox import Entry
from sessions.live.session import LiveSession
from sessions.protocol.codes import Close, Closing
from sessions.protocol.decoding import BadFrame, OtherProtocol, decode_frame
from sessions.protocol.encoding import encode, named
from sessions.protocol.frames import (
    ClientFrame,
    ExecuteAction,
    Hello,
    Operate,
    Ping,
    Presence,
    Redo,
    Seen,
    SyncGraph,
    Undo,
)
from sessions.sockets.admission import Credential, Guest
from sessions.sockets.flow_control import frame_rate, operation_rate, seen_rate
from sessions.sockets.outbound import Send
from sessions.sockets.socket import Socket

STRIKES = 5
HELLO_SECONDS = 30.0
WELCOME_SECONDS = 30.0
SURPLUS_SECONDS = 2.0
WAITING_BYTES = 4 * 1024 * 1024
TOO_FAST = "too many at once; slow down"
log = structlog.get_logger(__name__)


class Visit:
    """One guest's connection."""

    def __init__(self, guest: Guest, credential: Credential, send: Send) -> None:
        loop, now, limits = asyncio.get_running_loop(), time.monotonic(), current_limits()
        task = asyncio.current_task()
        self._limits = limits
        self._socket = Socket(guest, credential, send, limits, lambda: task and task.cancel())
        self._session: LiveSession | None = None
        self._frames, self._operations = frame_rate(limits, now), operation_rate(limits, now)
        self._seen = seen_rate(limits, now)
        self._strikes = self._size = 0
        self._supervisor = supervisor.current()
        self._surplus = not self._supervisor.enter(self._socket)
        patience, code = (SURPLUS_SECONDS, Close.FULL) if self._surplus else (HELLO_SECONDS, Close.TOO_SLOW)
        self._overdue = loop.call_later(patience, self._socket.close, code)

    @property
    def is_closed(self) -> bool:
        """Whether we closed the connection."""
        return self._socket.closed is not None

    async def hear(self, text: str | None, binary: bytes | None) -> None:
        """Take one message."""
        if self.is_closed:
            return
        if self._is_too_big(text, binary):
            self._socket.close(Close.TOO_BIG)
            return
        try:
            if text is None:
                raise BadFrame("frames are text")
            self._size = len(text)
            await self._take(decode_frame(text))
            self._strikes = 0
        except OtherProtocol:
            self._socket.send(encode("error", code="invalid", message="this server speaks protocol 1"))
            self._socket.close(Close.MALFORMED)
        except BadFrame as bad:
            self._strike(str(bad))
        except Closing as closing:
            self._socket.close(closing.code)
        except Exception:
            log.exception("visit_failed", flow=str(self._socket.flow_id), session=self._socket.session)
            self._socket.close(Close.RESTARTING)

    def end(self) -> None:
        """Leave; the connection is no more."""
        self._overdue.cancel()
        self._socket.gone()
        self._supervisor.leave(self._socket)
        if self._session is not None:
            self._session.depart(self._socket)

    async def _take(self, frame: ClientFrame) -> None:
        metrics.frames_in.labels(type(frame).__name__).inc()
        if isinstance(frame, Hello):
            await self._enter(frame)
        elif self._session is None:
            raise BadFrame("say hello first")
        elif self._may(frame, self._session):
            self._do(frame, self._session)

    async def _enter(self, hello: Hello) -> None:
        """Go into the flow's live session."""
        if self._session is not None:
            raise BadFrame("hello was said already")
        self._overdue.cancel()
        try:
            async with asyncio.timeout(WELCOME_SECONDS):
                self._session = await self._find_room(hello)
        except TimeoutError:
            log.warning("welcome_too_late", flow=str(self._socket.flow_id), session=self._socket.session)
            raise Closing(Close.RESTARTING) from None

    async def _find_room(self, hello: Hello) -> LiveSession:
        try:
            return await self._come_in(hello)
        except Closing as closing:
            if closing.code is not Close.ASLEEP:
                raise
            return await self._come_in(hello)  # that one was just ending; the next begins

    async def _come_in(self, hello: Hello) -> LiveSession:
        socket = self._socket
        session = self._supervisor.session_for(socket.flow_id)
        if self._surplus and not session.audience.has_client(socket.person.id, hello.client):
            raise Closing(Close.FULL)
        await welcome(session, socket, hello)
        return session

    def _may(self, frame: ClientFrame, session: LiveSession) -> bool:
        """Count a frame against its rate, and say so if it is too much."""
        now = time.monotonic()
        match frame:
            case Operate(seq=seq, client=client) | Undo(seq, client) | Redo(seq, client):
                rate = self._operations
                if rate.take(now) and self._has_room():
                    return True
                nodes, edges = references_in(frame.operation if isinstance(frame, Operate) else None)
                refused = Refused("rate_limited", FlowReason.TOO_FAST, nodes=nodes, edges=edges)
                self._refuse(session, named(seq, client), refused)
            case SyncGraph(seq):
                rate = self._frames
                if rate.take(now) and self._has_room():
                    return True
                self._refuse(session, named(seq, None), Refused("rate_limited", FlowReason.TOO_FAST))
            case _:
                rate = self._seen if isinstance(frame, Seen) else self._frames
                if rate.take(now):
                    return True
                if not isinstance(frame, Presence):
                    self._socket.send(encode("error", code="rate_limited", message=TOO_FAST))
        if rate.is_flood():
            self._socket.close(Close.TOO_FAST)
        return False

    def _has_room(self) -> bool:
        """Whether what was just heard may wait for its answer beside what waits already."""
        socket = self._socket
        return socket.unanswered < self._limits.outbox and socket.unanswered_bytes + self._size <= WAITING_BYTES

    def _do(self, frame: ClientFrame, session: LiveSession) -> None:
        match frame:
            case Operate(seq, operation, client, step):
                self._submit(session, seq, parse_operation(operation), client, step=step)
            case SyncGraph(seq, version, graph):
                self._submit(session, seq, parse_graph(graph), based_on=version)
            case Undo(seq, client, at):
                self._submit(session, seq, UndoLast(at), client)
            case Redo(seq, client, at):
                self._submit(session, seq, RedoLast(at), client)
            case ExecuteAction(seq):
                self._refuse(session, named(seq, None), Refused("unknown_action", FlowReason.UNKNOWN_ACTION))
            case Presence(state):
                session.active_at = time.monotonic()
                session.rollcall.update(self._socket.session, state)
            case Seen(version):
                self._socket.seen(version)
            case Ping():
                self._socket.send(encode("pong"))
            case Hello():
                raise BadFrame("hello was said already")
            case _:
                assert_never(frame)

    def _submit(
        self,
        session: LiveSession,
        seq: int,
        operation: Record | RedoLast | UndoLast | Refused,
        client: str | None = None,
        *,
        step: str | None = None,
        based_on: int | None = None,
    ) -> None:
        socket = self._socket
        submission = Submission(
            operation=operation,
            principal=socket.credential.principal(socket.person.id),
            via="socket",
            client=client or socket.client,
            seq=seq,
            step=step,
            based_on=based_on,
        )
        session.submit(Entry(submission, socket, seq, self._size, client))

    def _refuse(self, session: LiveSession, name: dict[str, object], refused: Refused) -> None:
        refuse(self._socket, name, refused, session.audience, session.flow)

    def _strike(self, message: str) -> None:
        """Answer what is no frame."""
        self._strikes += 1
        now = time.monotonic()
        if self._frames.take(now) or self._strikes >= STRIKES:
            self._socket.send(encode("error", code="invalid", message=message))
        else:
            self._socket.send(encode("error", code="rate_limited", message=TOO_FAST))
        if self._strikes >= STRIKES:
            self._socket.close(Close.MALFORMED)

    def _is_too_big(self, text: str | None, binary: bytes | None) -> bool:
        limit = self._limits.frame_bytes
        if text is None:
            return len(binary or b"") > limit
        return len(text) > limit or (4 * len(text) > limit and len(text.encode(errors="surrogatepass")) > limit)
