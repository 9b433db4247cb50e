"""daphne's side of the short way: a WebSocket that gives text to the application, and takes frames, directly.

A write through Twisted registers the socket for writing, waits for the next turn of the loop, writes, and takes it out
again: four system calls for one. Nearly always the socket takes everything at once, so that is tried first. Twisted
never makes a writer wait, so `is_writable` looks at how much it still holds.
"""

import time
from typing import Any

from daphne import server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.tcp import Server as PlainTransport

from helix.wire import EXTENSION, FrameSplitter, OnText, has_short_way

TESTED = {"daphne": "4.2.3", "autobahn": "26.10.2", "twisted": "26.10.0"}
HAS_SHORT_WAY = has_short_way(TESTED)
HELD_BYTES = 65_536
CLOSE_SECONDS = 10


class WireProtocol(WebSocketProtocol):  # type: ignore[misc]
    """Gives whole text frames to who asked for them, and everything else to daphne."""

    _on_text: OnText | None = None
    _splitter: FrameSplitter | None = None

    @property
    def is_writable(self) -> bool:
        """Whether the peer reads as fast as we write."""
        transport = self.transport
        held = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
        return bool(held + getattr(transport, "_tempDataLen", 0) <= HELD_BYTES)

    def receive_text_with(self, on_text: OnText | None) -> None:
        """From now on, give text to `on_text` as it arrives, unless the library holds part of a frame."""
        if self._splitter is None and HAS_SHORT_WAY and self._is_between_frames():
            self._splitter = FrameSplitter(self._receiver, super().dataReceived)
        self._on_text = on_text

    def write_frames(self, frames: bytes) -> bool:
        """Write one or more whole frames, or answer False when they must go the ordinary way."""
        transport = self.transport
        if (
            not HAS_SHORT_WAY
            or type(transport) is not PlainTransport
            or self.state != self.STATE_OPEN
            or self.send_queue
        ):
            return False
        if not transport.connected or transport.disconnecting:
            return False
        sent = 0
        if not transport.dataBuffer and not transport._tempDataBuffer:
            try:
                sent = transport.socket.send(frames)
            except BlockingIOError:
                pass
            except OSError:
                return False
        if sent < len(frames):
            self.transport.write(frames[sent:])
        return True

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Take what was read."""
        if self._splitter is None:
            super().dataReceived(data)
        else:
            self._splitter.feed(data)

    def _receiver(self) -> OnText | None:
        """Return what takes text now: nothing while the application has not taken what came before."""
        if self._on_text is None or self.state != self.STATE_OPEN or self.muted or not self.application_queue.empty():
            return None
        self.last_ping = time.time()
        if self.autoPingTimeoutCall and self.autoPingRestartOnAnyTraffic:
            self._cancelAutoPingTimeoutCall()
        return self._on_text

    def _is_between_frames(self) -> bool:
        is_idle = not self.data and self.current_frame is None and not self.inside_message
        return bool(self.state == self.STATE_OPEN and is_idle)


class WireFactory(WebSocketFactory):  # type: ignore[misc]
    """Makes them. A peer has as long as with uvicorn to answer a close; in one second some would not learn why."""

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
