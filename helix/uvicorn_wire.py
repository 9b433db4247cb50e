"""uvicorn's side of the short way: a WebSocket that an application may ask to be heard and written to directly."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from helix.wire import EXTENSION, Cutter, Hear, is_short

TESTED = {"uvicorn": "0.54.0", "websockets": "17.4"}
IS_SHORT = is_short(TESTED)


class WireProtocol(WebSocketsSansIOProtocol):
    """Gives whole text frames to who asked for them, and everything else to uvicorn."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_writable = True
        self._hear: Hear | None = None
        self._cutter = Cutter(self._hears, super().data_received)
        self._spoke_too_soon = False

    def handle_connect(self, event: Any) -> None:
        """Offer the short way to the application."""
        super().handle_connect(event)
        if IS_SHORT and hasattr(self, "scope"):
            extensions: dict[str, object] = self.scope["extensions"]  # type: ignore[assignment]
            extensions[EXTENSION] = self

    def hear_with(self, hear: Hear | None) -> None:
        """From now on, give text to `hear` as it arrives; None: to nobody."""
        self._hear = hear

    def write_frame(self, frame: bytes) -> bool:
        """Write a whole frame, or answer False when it must go the ordinary way."""
        if not self.is_writable or self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        self.transport.write(frame)
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
            self._cutter.feed(data)
        else:
            self._spoke_too_soon = self.handshake_initiated
            super().data_received(data)

    def _hears(self) -> Hear | None:
        """Return who hears now: nobody while the application has not taken what came before."""
        if self._hear is None or self.close_sent or self.transport.is_closing() or not self.queue.empty():
            return None
        return self._hear
