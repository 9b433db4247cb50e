"""uvicorn's side of the short way: a WebSocket that gives text to the application, and takes frames, directly."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from helix.wire import EXTENSION, FrameSplitter, OnText, has_short_way

TESTED = {"uvicorn": "0.54.0", "websockets": "17.4"}
HAS_SHORT_WAY = has_short_way(TESTED)


class WireProtocol(WebSocketsSansIOProtocol):
    """Gives whole text frames to who asked for them, and everything else to uvicorn."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_writable = True
        self._on_text: OnText | None = None
        self._splitter = FrameSplitter(self._receiver, super().data_received)
        self._spoke_too_soon = False

    def handle_connect(self, event: Any) -> None:
        """Offer the short way to the application."""
        super().handle_connect(event)
        if HAS_SHORT_WAY and hasattr(self, "scope"):
            extensions: dict[str, object] = self.scope["extensions"]  # type: ignore[assignment]
            extensions[EXTENSION] = self

    def receive_text_with(self, on_text: OnText | None) -> None:
        """From now on, give text to `on_text` as it arrives; None: to nobody."""
        self._on_text = on_text

    def write_frames(self, frames: bytes) -> bool:
        """Write one or more whole frames, or answer False when they must go the ordinary way."""
        if not self.is_writable or self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        self.transport.write(frames)
        return True

    def pause_writing(self) -> None:
        """Note that the peer reads slowly."""
        self.is_writable = False
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that it reads again."""
        self.is_writable = True
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Take what was read: frame by frame if the library was not given a part of one with the handshake."""
        if self.handshake_complete and not self._spoke_too_soon:
            self._splitter.feed(data)
        else:
            self._spoke_too_soon = self.handshake_initiated
            super().data_received(data)

    def _receiver(self) -> OnText | None:
        """Return what takes text now: nothing while the application has not taken what came before."""
        if self._on_text is None or self.close_sent or self.transport.is_closing() or not self.queue.empty():
            return None
        return self._on_text
