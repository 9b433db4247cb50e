"""One connection as the live session sees it: somebody to send to, with a window and a close code.

The consumer makes it when a guest is admitted; `hello` gives it its format and its place in the flow. Sending never
waits; whoever falls too far behind is closed rather than waited for.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable

import structlog

from flows.limits import Limits
from sessions import metrics
from sessions.presence.board import Person
from sessions.protocol.codes import Close
from sessions.protocol.encoding import Encoded
from sessions.protocol.frames import Format
from sessions.sockets.admission import Check, Credential, Guest
from sessions.sockets.flow_control import Unseen
from sessions.sockets.outbound import Outbound, Send

ABORT_SECONDS = 5.0
THEIR_DOING = {Close.MALFORMED, Close.TOO_SLOW, Close.TOO_BIG, Close.TOO_FAST}
log = structlog.get_logger(__name__)


class Socket:
    """One connection.

    `asked_at` is when its right was last asked for, `checked_at` when the newest answer was: both in monotonic seconds.
    """

    __slots__ = (
        "_abort",
        "_limits",
        "_outbound",
        "asked_at",
        "checked_at",
        "client",
        "closed",
        "credential",
        "flow_id",
        "format",
        "missed_presence",
        "number",
        "person",
        "unanswered",
        "unanswered_bytes",
        "unseen",
        "unseen_snapshot",
        "version",
    )

    def __init__(
        self, guest: Guest, credential: Credential, send: Send, limits: Limits, abort: Callable[[], object]
    ) -> None:
        self.flow_id = guest.flow_id
        self.person = Person(uuid.uuid4().hex, guest.user_id, guest.name, guest.colour, guest.role)
        self.credential = credential
        self.client = ""
        self.format: Format = "json"
        self.closed: Close | None = None
        self.asked_at = self.checked_at = time.monotonic()
        self.version = 0
        self.number = 0
        self.unanswered = self.unanswered_bytes = 0
        self.missed_presence = False
        self.unseen = Unseen(limits, 0)
        self.unseen_snapshot: int | None = None
        self._limits, self._abort = limits, abort
        self._outbound = Outbound(send)

    @property
    def session(self) -> str:
        """The id others know this connection by."""
        return self.person.session

    @property
    def is_backed_up(self) -> bool:
        """Whether frames that may be dropped should be."""
        return self._outbound.is_backed_up

    def check(self) -> Check:
        """Return what is to be asked again."""
        return Check(self.session, self.person.id, self.credential)

    def greet(self, client: str, format: Format, version: int) -> None:
        """Begin to follow the flow, as this client, from a version."""
        self.client, self.format, self.version = client, format, version
        self.unseen = Unseen(self._limits, version)

    def send(self, frame: Encoded) -> None:
        """Send a frame that holds no version of the flow."""
        self._put(frame)
        self.unseen.sent(frame.size, time.monotonic())

    def send_version(self, frame: Encoded, version: int, now: float) -> None:
        """Send what brings the client to `version`."""
        self.version = version
        self._put(frame)
        self.unseen.sent(frame.size, now, version=version)
        self.part_if_too_far()

    def send_snapshot(self, parts: Iterable[Encoded], version: int, *, counted: bool) -> None:
        """Send the whole flow; it counts as a quarter of the window at most, so that one closes nobody."""
        self.version = self.unseen_snapshot = version
        room, now = self._limits.unseen_bytes // 4 if counted else 0, time.monotonic()
        for part in parts:
            size = min(part.size, room)
            room -= size
            self._put(part)
            self.unseen.sent(size, now, version=version)
        self.part_if_too_far()

    def seen(self, version: int) -> None:
        """Take the client's word for what arrived."""
        self.unseen.seen(version, time.monotonic())
        if self.unseen_snapshot is not None and version >= self.unseen_snapshot:
            self.unseen_snapshot = None

    def part_if_too_far(self) -> None:
        """Close the connection if too many bytes are on their way."""
        if self.unseen.size > self._limits.unseen_bytes:
            self.close(Close.TOO_SLOW)

    def close(self, code: Close) -> None:
        """Close the connection; what was sent before still goes out, unless the peer does not read."""
        if self.closed is not None:
            return
        self.closed = code
        metrics.closes.labels(code.name.lower()).inc()
        if code in THEIR_DOING:
            log.info("socket_closed", flow=str(self.flow_id), user=self.person.id, code=int(code))
        if code is Close.TOO_SLOW:
            self._outbound.clear()
        self._outbound.put({"type": "websocket.close", "code": int(code)})
        asyncio.get_running_loop().call_later(ABORT_SECONDS, self._abort)

    async def drained(self) -> None:
        """Return when the server has taken everything."""
        await self._outbound.drained()

    def gone(self) -> None:
        """Note that the connection is no more."""
        self._outbound.abandon()

    def _put(self, frame: Encoded) -> None:
        if self.closed is None:
            metrics.frames_out.value += 1
            self._outbound.put(frame.message)
