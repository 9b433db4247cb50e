"""One connection as the live session sees it: what to send to, with a window of unseen bytes and a close code.

It is made when a person is admitted; `hello` gives it its format and its place in the flow. Sending never waits: a
client that falls too far behind is closed.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable, Sequence

import structlog
from django.utils.translation import gettext, override

from flows.limits import Limits
from sessions import metrics
from sessions.protocol.codec import Encoded, encode
from sessions.protocol.codes import Close
from sessions.protocol.frames import Error, Format
from sessions.sockets.admission import Admission, Check, Credential, Participant, RosterChange
from sessions.sockets.outbound import Outbound, Send, SendWindow, Wire

ABORT_SECONDS = 5.0
CLIENT_FAULTS = {Close.MALFORMED, Close.TOO_SLOW, Close.TOO_BIG, Close.TOO_FAST}
log = structlog.get_logger(__name__)


class Socket:
    """One connection.

    `check_started_at` is when its access was last asked for, `checked_at` when the newest answer was asked for: both in
    monotonic seconds; at `until` something expires that it rests on. What others do costs it no window: while it is
    backed up, `missed_people` and `owed_states` (by session) note what to tell it afterwards, the newest of each.
    `problems` is the number of the list that it was told.
    """

    __slots__ = (
        "_abort",
        "_limits",
        "_outbound",
        "check_started_at",
        "checked_at",
        "client",
        "closed",
        "credential",
        "flow_id",
        "format",
        "language",
        "missed_people",
        "muted_runs",
        "number",
        "owed_runs",
        "owed_states",
        "person",
        "principal",
        "problems",
        "unanswered",
        "unanswered_bytes",
        "unseen_snapshot",
        "until",
        "version",
        "window",
    )

    def __init__(
        self,
        admission: Admission,
        credential: Credential,
        send: Send,
        limits: Limits,
        abort: Callable[[], object],
        *,
        language: str,
        wire: Wire | None = None,
    ) -> None:
        self.flow_id = admission.flow_id
        self.person = Participant.of(admission, uuid.uuid4().hex)
        self.until = admission.until
        self.credential = credential
        self.principal = admission.principal
        self.language = language
        self.client = ""
        self.format: Format = "json"
        self.closed: Close | None = None
        self.check_started_at = self.checked_at = time.monotonic()
        self.version = 0
        self.number = 0
        self.unanswered = self.unanswered_bytes = 0
        self.missed_people: dict[str, RosterChange] = {}
        self.owed_states: set[str] = set()
        self.owed_runs: set[str] = set()
        self.muted_runs: set[str] = set()
        self.problems = 0
        self.window = SendWindow(limits, 0)
        self.unseen_snapshot: int | None = None
        self._limits, self._abort = limits, abort
        self._outbound = Outbound(send, wire)

    @property
    def user_id(self) -> int:
        """Whose connection it is."""
        return self.person.id

    @property
    def session(self) -> str:
        """The id that others know this connection by."""
        return self.person.session

    @property
    def is_backed_up(self) -> bool:
        """Whether the peer reads so slowly that presence should be dropped."""
        return self._outbound.is_backed_up

    def access_changed(self) -> None:
        """Do nothing: its session checks it, and before it joined one, `hello` does."""

    def check(self) -> Check:
        """Return what an access check needs."""
        return Check(self.session, self.person.id, self.credential, self.principal)

    def start(self, client: str, format: Format, version: int) -> None:
        """Start to follow the flow, as this client, from a version."""
        self.client, self.format, self.version = client, format, version
        self.window = SendWindow(self._limits, version)

    def send(self, frame: Encoded) -> None:
        """Send a frame that holds no version of the flow."""
        self._put(frame)
        self.window.sent(frame.size, time.monotonic())

    def greet(self, frame: Encoded) -> None:
        """Send what a newcomer is greeted with. Everybody gets it once, and it is not counted as unseen."""
        self._put(frame)

    def send_presence(self, frame: Encoded) -> None:
        """Send what others do: who came and went, and their states. It is theirs, and not counted as unseen."""
        if self.closed is None:
            metrics.frames_out.value += 1
            self._outbound.put_frame(frame)

    def send_error(self, code: str, message: str) -> None:
        """Send an `error` frame with a translatable text, in the language of this connection."""
        with override(self.language):
            message = gettext(message)
        self.send(encode(Error(code=code, message=message)))

    def send_version(self, frame: Encoded, version: int, now: float) -> None:
        """Send what brings the client to `version`."""
        self.version = version
        if self.closed is None:
            metrics.frames_out.value += 1
            self._outbound.put_frame(frame)
        if self.window.sent(frame.size, now, version) > self._limits.unseen_bytes:
            self.close(Close.TOO_SLOW)

    def send_answers(self, frames: Sequence[Encoded]) -> None:
        """Send answers that came together, in order; by the short way they are one write."""
        if self.closed is None:
            metrics.frames_out.value += len(frames)
            self._outbound.put_frames(frames)
        self.window.sent(sum(frame.size for frame in frames), time.monotonic())

    def send_snapshot(self, parts: Iterable[Encoded], version: int, *, counted: bool) -> None:
        """Send the whole flow; it counts as a quarter of the window at most, so that a snapshot alone never closes."""
        self.version = self.unseen_snapshot = version
        room, now = self._limits.unseen_bytes // 4 if counted else 0, time.monotonic()
        for part in parts:
            size = min(part.size, room)
            room -= size
            self._put(part)
            self.window.sent(size, now, version)
        self.close_if_behind()

    def seen(self, version: int, now: float) -> None:
        """Note that everything up to a version arrived."""
        self.window.seen(version, now)
        if self.unseen_snapshot is not None and version >= self.unseen_snapshot:
            self.unseen_snapshot = None

    def close_if_behind(self) -> None:
        """Close the connection if too many bytes are on their way."""
        if self.window.size > self._limits.unseen_bytes:
            self.close(Close.TOO_SLOW)

    def close(self, code: Close) -> None:
        """Close the connection; what was sent before still goes out, unless the peer does not read."""
        if self.closed is not None:
            return
        self.closed = code
        metrics.closes.labels(code.name.lower()).inc()
        if code in CLIENT_FAULTS:
            log.info("socket_closed", flow=str(self.flow_id), user=self.person.id, code=int(code))
        if code is Close.TOO_SLOW:
            self._outbound.clear()
        self._outbound.put({"type": "websocket.close", "code": int(code)})
        asyncio.get_running_loop().call_later(ABORT_SECONDS, self._abort)

    async def drained(self) -> None:
        """Return when the server has taken everything."""
        await self._outbound.drained()

    def detach(self) -> None:
        """Stop sending; the connection is gone."""
        self._outbound.abandon()

    def _put(self, frame: Encoded) -> None:
        if self.closed is None:
            metrics.frames_out.value += 1
            self._outbound.put_frame(frame)
