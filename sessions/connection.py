"""One connection, from admission to its end: what each frame asks for, and how much may be asked.

`hello` joins the live session; before it every other frame is an error. A client that sends none in time is closed as
too slow; after it the time limit is ours. A malformed frame is answered by `error`, the fifth in a row closes the
connection, and so does exceeding a rate for ten seconds. Operations are parsed here, before any lock: the session is
given a value of the document, or its refusal.
"""

import asyncio
import time
from typing import assert_never

import structlog
from django.utils.translation import gettext_noop as _
from django.utils.translation import override

from flows.document import Record, references_in
from flows.errors import FlowReason
from flows.limits import current as current_limits
from flows.submission import RedoRequest, Refused, Submission, UndoRequest, parse_graph, parse_operation
from sessions import actions, metrics, supervisor
from sessions.join import join
from sessions.live.commits import refuse
from sessions.live.inbox import Entry
from sessions.live.session import LiveSession
from sessions.protocol.codec import BadFrame, UnsupportedProtocol, decode_frame, encode, is_longer, seen_version
from sessions.protocol.codes import Close, Closing
from sessions.protocol.frames import (
    Error,
    ExecuteAction,
    Hello,
    Operate,
    Ping,
    Pong,
    Presence,
    Redo,
    RunFollow,
    RunUnfollow,
    Seen,
    SessionFrame,
    SyncGraph,
    Undo,
)
from sessions.sockets.admission import Admission, Credential
from sessions.sockets.outbound import Send, Wire
from sessions.sockets.rates import RateLimit, rate_limits
from sessions.sockets.socket import Socket

MALFORMED_IN_A_ROW = 5
HELLO_SECONDS = 30.0
JOIN_SECONDS = 30.0
OVER_LIMIT_SECONDS = 2.0
MAX_UNANSWERED_BYTES = 4 * 1024 * 1024
TOO_FAST = _("Too many messages at once. Slow down.")
SUBMISSIONS = (Operate, Undo, Redo, SyncGraph, ExecuteAction)
log = structlog.get_logger(__name__)


class Connection:
    """One person's connection."""

    def __init__(
        self, admission: Admission, credential: Credential, send: Send, *, language: str, wire: Wire | None = None
    ) -> None:
        loop, now, limits = asyncio.get_running_loop(), time.monotonic(), current_limits()
        task = asyncio.current_task()
        self._limits = limits
        self._socket = Socket(
            admission, credential, send, limits, lambda: task and task.cancel(), language=language, wire=wire
        )
        self._session: LiveSession | None = None
        self._seen_rate, self._operation_rate, self._frame_rate = rate_limits(limits, now)
        self._malformed = self._size = 0
        self._supervisor = supervisor.current()
        self._is_over_socket_limit = not self._supervisor.add(self._socket)
        patience, code = (
            (OVER_LIMIT_SECONDS, Close.FULL) if self._is_over_socket_limit else (HELLO_SECONDS, Close.TOO_SLOW)
        )
        self._hello_timer = loop.call_later(patience, self._socket.close, code)

    @property
    def is_closed(self) -> bool:
        """Whether we closed the connection."""
        return self._socket.closed is not None

    @property
    def has_joined(self) -> bool:
        """Whether hello was said and answered: from now on nothing that is received has to wait."""
        return self._session is not None

    async def receive(self, text: str | None, binary: bytes | None) -> None:
        """Take one message; `hello` is answered before the next."""
        hello = self.take(text, binary)
        if hello is None:
            return
        try:
            await self._hello(hello)
        except Exception as failure:
            self._fail(failure)

    def take(self, text: str | None, binary: bytes | None = None) -> Hello | None:
        """Take one message; return the first `hello`, which has to be answered."""
        if self._socket.closed is not None:
            return None
        if is_longer(text, binary, self._limits.frame_bytes):
            self._socket.close(Close.TOO_BIG)
            return None
        try:
            if text is None:
                raise BadFrame(_("Frames are text."))
            if self._session is not None and self._took_seen(text):
                return None
            self._size = len(text)
            frame = decode_frame(text)
            metrics.frames_in.count(type(frame).__name__)
            if isinstance(frame, Hello):
                if self._session is not None:
                    raise BadFrame(_("Say hello only once."))
                return frame
            if self._session is None:
                raise BadFrame(_("Say hello first."))
            if self._is_within_rate(frame, self._session):
                self._perform(frame, self._session)
            self._malformed = 0
        except Exception as failure:
            self._fail(failure)
        return None

    def end(self) -> None:
        """Leave the session; the connection is gone."""
        self._hello_timer.cancel()
        self._socket.detach()
        self._supervisor.remove(self._socket)
        if self._session is not None:
            self._session.remove(self._socket)

    def _fail(self, failure: Exception) -> None:
        """Answer a message that could not be taken."""
        match failure:
            case UnsupportedProtocol():
                self._socket.send_error("invalid", _("This server speaks protocol 1."))
                self._socket.close(Close.MALFORMED)
            case BadFrame():
                self._answer_malformed(failure)
            case Closing():
                self._socket.close(failure.code)
            case _:
                log.error(
                    "connection_failed", flow=str(self._socket.flow_id), session=self._socket.session, exc_info=failure
                )
                self._socket.close(Close.RESTARTING)

    async def _hello(self, hello: Hello) -> None:
        """Join the flow's live session."""
        self._hello_timer.cancel()
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                must_replace = self._is_over_socket_limit
                self._session = await join(self._supervisor, self._socket, hello, must_replace=must_replace)
        except TimeoutError:
            log.warning("join_timed_out", flow=str(self._socket.flow_id), session=self._socket.session)
            raise Closing(Close.RESTARTING) from None
        self._malformed = 0

    def _took_seen(self, text: str) -> bool:
        """Take a plainly written `seen` within its rate the short way: most frames are one. False for anything else."""
        version = seen_version(text)
        if version is None or not self._seen_rate.take(now := time.monotonic()):
            return False
        metrics.frames_in.count("Seen")
        self._socket.seen(version, now)
        self._malformed = 0
        return True

    def _is_within_rate(self, frame: SessionFrame, session: LiveSession) -> bool:
        """Count a frame against its rate; answer it and return False if it is one too many."""
        rate = self._rate_of(frame)
        if rate.take(time.monotonic()) and (not isinstance(frame, SUBMISSIONS) or self._has_room()):
            return True
        self._answer_excess(frame, session)
        if rate.is_flood():
            self._socket.close(Close.TOO_FAST)
        return False

    def _rate_of(self, frame: SessionFrame) -> RateLimit:
        match frame:
            case Seen():
                return self._seen_rate
            case Operate() | Undo() | Redo() | ExecuteAction():
                return self._operation_rate
            case _:
                return self._frame_rate

    def _answer_excess(self, frame: SessionFrame, session: LiveSession) -> None:
        """Refuse a submission, drop presence, answer anything else with an error."""
        match frame:
            case Operate(seq) | Undo(seq) | Redo(seq) | SyncGraph(seq) | ExecuteAction(seq):
                client = None if isinstance(frame, SyncGraph) else frame.client
                nodes, edges = references_in(frame.operation if isinstance(frame, Operate) else None)
                refused = Refused("rate_limited", FlowReason.TOO_FAST, nodes=nodes, edges=edges)
                self._refuse(session, seq, client, refused)
            case Presence():
                pass
            case _:
                self._socket.send_error("rate_limited", TOO_FAST)

    def _has_room(self) -> bool:
        """Whether one more submission may wait for its answer."""
        socket = self._socket
        return socket.unanswered < self._limits.outbox and socket.unanswered_bytes + self._size <= MAX_UNANSWERED_BYTES

    def _perform(self, frame: SessionFrame, session: LiveSession) -> None:
        match frame:
            case Seen(version):
                self._socket.seen(version, time.monotonic())
            case Operate(seq, operation, client, step):
                self._submit(session, seq, parse_operation(operation, self._limits), client, step=step)
            case SyncGraph(seq, version, graph):
                self._submit(session, seq, parse_graph(graph), based_on=version)
            case Undo(seq, client, at):
                self._submit(session, seq, UndoRequest(at), client)
            case Redo(seq, client, at):
                self._submit(session, seq, RedoRequest(at), client)
            case ExecuteAction(seq, action) if not actions.is_known(action):
                self._refuse(session, seq, frame.client, Refused("unknown_action", FlowReason.UNKNOWN_ACTION))
            case ExecuteAction():
                actions.start(session, self._socket, frame, self._size)
            case Presence(state):
                session.active_at = time.monotonic()
                session.presence.update_state(self._socket.session, state)
            case RunFollow(run, since):
                session.runs.follow(self._socket, run, since or 0)
            case RunUnfollow(run):
                session.runs.unfollow(self._socket, run)
            case Ping():
                self._socket.send(encode(Pong()))
            case _:
                assert_never(frame)

    def _submit(
        self,
        session: LiveSession,
        seq: int,
        operation: Record | UndoRequest | RedoRequest | Refused,
        client: str | None = None,
        *,
        step: str | None = None,
        based_on: int | None = None,
    ) -> None:
        socket = self._socket
        submission = Submission(
            operation=operation,
            principal=socket.principal,
            via="socket",
            client=client or socket.client,
            seq=seq,
            step=step,
            based_on=based_on,
        )
        session.submit(Entry(submission, socket, seq, self._size, client))

    def _refuse(self, session: LiveSession, seq: int, client: str | None, refused: Refused) -> None:
        refuse(self._socket, refused, session.broadcaster, seq=seq, client=client)

    def _answer_malformed(self, bad: BadFrame) -> None:
        """Answer a malformed frame; close the connection after too many in a row."""
        self._malformed += 1
        now = time.monotonic()
        if self._frame_rate.take(now) or self._malformed >= MALFORMED_IN_A_ROW:
            with override(self._socket.language):
                message = bad.sentence()
            self._socket.send(encode(Error(code="invalid", message=message)))
        else:
            self._socket.send_error("rate_limited", TOO_FAST)
        if self._malformed >= MALFORMED_IN_A_ROW:
            self._socket.close(Close.MALFORMED)
