"""daphne's side of the short way: a WebSocket that an application may ask to be heard and written to directly.

A write through Twisted registers the socket for writing, waits for the next turn of the loop, writes, and takes it out
again: four system calls for one. Nearly always the socket takes everything at once, so that is tried first. Twisted
never makes a writer wait, so `is_writable` looks at how much it still holds.
"""

import time
from typing import Any

from daphne import server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.tcp import Server as PlainTransport

from helix.wire import EXTENSION, Cutter, Hear, is_short

TESTED = {"daphne": "4.2.3", "autobahn": "26.10.2", "twisted": "26.10.0"}
IS_SHORT = is_short(TESTED)
HELD_BYTES = 65_536
CLOSE_SECONDS = 10


class WireProtocol(WebSocketProtocol):  # type: ignore[misc]
    """Gives whole text frames to who asked for them, and everything else to daphne."""

    _hear: Hear | None = None
    _cutter: Cutter | None = None

    @property
    def is_writable(self) -> bool:
        """Whether the peer reads as fast as we write."""
        transport = self.transport
        held = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
        return bool(held + getattr(transport, "_tempDataLen", 0) <= HELD_BYTES)

    def hear_with(self, hear: Hear | None) -> None:
        """From now on, give text to `hear` as it arrives, if the library holds no part of a frame; None: to nobody."""
        if self._cutter is None and IS_SHORT and self._is_between_frames():
            self._cutter = Cutter(self._hears, super().dataReceived)
        self._hear = hear

    def write_frame(self, frame: bytes) -> bool:
        """Write a whole frame, or answer False when it must go the ordinary way."""
        transport = self.transport
        if not IS_SHORT or type(transport) is not PlainTransport or self.state != self.STATE_OPEN or self.send_queue:
            return False
        if not transport.connected or transport.disconnecting:
            return False
        sent = 0
        if not transport.dataBuffer and not transport._tempDataBuffer:
            try:
                sent = transport.socket.send(frame)
            except BlockingIOError:
                pass
            except OSError:
                return False
        if sent < len(frame):
            self.transport.write(frame[sent:])
        return True

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Take what was read."""
        if self._cutter is None:
            super().dataReceived(data)
        else:
            self._cutter.feed(data)

    def _hears(self) -> Hear | None:
        """Return who hears now: nobody while the application has not taken what came before."""
        if self._hear is None or self.state != self.STATE_OPEN or self.muted or not self.application_queue.empty():
            return None
        self.last_ping = time.time()
        if self.autoPingTimeoutCall and self.autoPingRestartOnAnyTraffic:
            self._cancelAutoPingTimeoutCall()
        return self._hear

    def _is_between_frames(self) -> bool:
        is_idle = not self.data and self.current_frame is None and not self.inside_message
        return bool(self.state == self.STATE_OPEN and is_idle)


class WireFactory(WebSocketFactory):  # type: ignore[misc]
    """Makes them. A peer has as long as with uvicorn to answer a close; after one second some would never hear why."""

    protocol = WireProtocol

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.setProtocolOptions(closeHandshakeTimeout=CLOSE_SECONDS)


def install() -> None:
    """Have daphne make our WebSockets."""
    server.WebSocketFactory = WireFactory


def offer(protocol: Any, scope: dict[str, Any]) -> None:
    """Offer the short way to the application of a WebSocket."""
    if isinstance(protocol, WireProtocol):
        scope.setdefault("extensions", {})[EXTENSION] = protocol
