"""uvicorn's HTTP connections, with bounds on what comes and how long it may take (`helix.connection_limits`).

The parser has no bound of its own: a head without end, or a chunk's extension, would be kept whole. So what has come
since the last thing that the parser could make something of is counted, and a head by its lines. A head that asks for
a WebSocket is read a second time, by a library that falls silent where it cannot: that is answered here.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from helix.connection_limits import ConnectionTimer, UnfinishedRequests, closing_response

VERSION = len(b" HTTP/1.1")


class TooLongError(Exception):
    """A head, or what follows a body, has more bytes than it may have."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, unfinished: UnfinishedRequests, **options: Any) -> None:
        super().__init__(**options)
        self._unfinished = unfinished
        self._head_bytes = unfinished.limits.head_bytes
        self._head = 0
        self._unread = 0
        self._part = "head"
        self._request = ConnectionTimer(unfinished, self.time_out)
        self._reader = ConnectionTimer(unfinished, self.time_out)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        self._request.stop()
        self._reader.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        if self._part == "nothing":
            self._part = "head"
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unread > self._head_bytes:
            self.refuse(431)
        else:
            self._settle()

    def handle_websocket_upgrade(self) -> None:
        self._part, self._unread = "nothing", 0
        self._request.stop()
        super().handle_websocket_upgrade()
        if not self.transport.get_protocol().handshake_initiated:  # type: ignore[attr-defined]
            self.refuse(400)

    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._grow(len(url) + VERSION)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value) + 2)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._grow(len(self.parser.get_method()) + 1)
        self._part, self._unread = "body", 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part, self._unread = "nothing", 0
        self._request.stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._reader.expect_reader()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reader.expect_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._reader.stop()

    def timeout_keep_alive_handler(self) -> None:
        self.time_out(None)

    def send_400_response(self, msg: str) -> None:
        self.refuse(431 if self._head > self._head_bytes else 400)

    def refuse(self, status: int) -> None:
        """Answer, unless an answer is under way, and close."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(closing_response(status))
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self._reader.expect_reader()

    def time_out(self, status: int | None) -> None:
        """End a connection whose time is over."""
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()
        elif status is None:
            self.transport.close()
        else:
            self.refuse(status)

    def _grow(self, size: int) -> None:
        self._head += size
        if self._head > self._head_bytes:
            raise TooLongError

    def _settle(self) -> None:
        peer = self.client[0] if self.client else ""
        if self._part == "head":
            self._request.expect_head(self._unfinished.address_of(peer))
        elif self._part == "body":
            forwarded = [value for name, value in self.headers if name == b"x-forwarded-for"]
            self._request.expect_body(self._unfinished.address_of(peer, forwarded))
