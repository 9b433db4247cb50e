"""A WebSocket client that costs almost nothing per frame, so that one process can be a thousand people.

The generator shares a small machine with the server it measures; a full client library spends more on a frame than
our server does. This one reads unmasked, unfragmented server frames straight from the transport and writes frames
masked with zeros (RFC 6455 allows any mask; a zero one leaves the payload as it is). It offers no compression.
"""

import asyncio
import base64
import os
from collections.abc import Callable
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
Receive = Callable[[bytes, float], None]


class Socket(asyncio.Protocol):
    """One connection. `receive(payload, arrived)` is called for every frame; `arrived` is `perf_counter()`."""

    def __init__(self, url: str, headers: dict[str, str], receive: Receive, opcode: int = TEXT) -> None:
        self.receive = receive
        self.closed: int | None = None
        self.bytes_received = 0
        self.frames_received = 0
        self._opcode = opcode
        self._rest = b""
        self._opened: asyncio.Future[None] | None = None
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket"]
        lines += ["Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._request = ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def open(self) -> "Socket":
        """Connect and shake hands; raise `ConnectionError` when the server refuses."""
        loop = asyncio.get_running_loop()
        self._opened = loop.create_future()
        await loop.create_connection(lambda: self, *self._address)
        await asyncio.wait_for(self._opened, 60)
        return self

    def send(self, payload: bytes) -> None:
        """Write one message."""
        if self.closed is None:
            self.transport.write(frame(self._opcode, payload))

    def close(self) -> None:
        """Say goodbye and end the connection."""
        if self.closed is None:
            self.transport.write(frame(CLOSE, b"\x03\xe8"))
            self.transport.close()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        arrived = perf_counter()
        if self._rest:
            data = self._rest + data
        start, end = 0, len(data)
        if self._opened and not self._opened.done():
            start = self._shake_hands(data)
        while end - start >= 2:
            length, head = data[start + 1], 2
            if length == 126:
                length, head = int.from_bytes(data[start + 2 : start + 4], "big"), 4
            elif length == 127:
                length, head = int.from_bytes(data[start + 2 : start + 10], "big"), 10
            after = start + head + length
            if after > end:
                break
            self._frame(data[start], data[start + head : after], arrived)
            start = after
        self._rest = data[start:] if start < end else b""

    def connection_lost(self, error: Exception | None) -> None:
        if self.closed is None:
            self.closed = 1006
        if self._opened and not self._opened.done():
            self._opened.set_exception(ConnectionError("refused during the handshake"))

    def _shake_hands(self, data: bytes) -> int:
        assert self._opened is not None
        end = data.find(b"\r\n\r\n")
        if end < 0:
            raise NotImplementedError("a handshake in pieces")
        if b" 101 " not in data[:32]:
            self._opened.set_exception(ConnectionError(data[:200].decode("latin-1")))
            return len(data)
        self._opened.set_result(None)
        return end + 4

    def _frame(self, first: int, payload: bytes, arrived: float) -> None:
        if not first & 0x80:
            raise NotImplementedError("a fragmented message")
        opcode = first & 15
        if opcode in {TEXT, BINARY}:
            self.bytes_received += len(payload)
            self.frames_received += 1
            self.receive(payload, arrived)
        elif opcode == PING:
            self.transport.write(frame(PONG, payload))
        elif opcode == CLOSE:
            self.closed = int.from_bytes(payload[:2], "big") if payload else 1005
            self.transport.close()


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a whole client frame."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65_536:
        head = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload
