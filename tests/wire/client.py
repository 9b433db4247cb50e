"""A client that sends bytes and notes what comes back: each frame by its first byte and its payload."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tests.servers import clean_environment
from tests.wire.streams import CLOSED, GOODBYE, HELLO, key

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the peer got and what the application heard."""

    answers: tuple[str, ...]
    pongs: tuple[bytes, ...]
    close: bytes | None
    heard: tuple[str, ...]
    code: int | None
    short: int


class Listener:
    """One `tests.wire.listener`; a context manager."""

    def __init__(self, server: str, *, is_short: bool) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        descriptor = self._socket.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.wire.listener", server, str(descriptor)],
            pass_fds=[descriptor],
            env=clean_environment(HELIX_SHORT_WAY="" if is_short else "0"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        self._socket.close()

    async def hear(self, name: str, chunks: Iterable[bytes]) -> Outcome:
        """Send bytes after the handshake, read to the end, and ask what was heard."""
        async with asyncio.timeout(PATIENCE):
            got = await self._converse(name, chunks)
            told = await self._told(name)
        frames = list(split(got))
        closes = [payload for first, payload in frames if first == 0x88]
        return Outcome(
            tuple(payload.decode() for first, payload in frames if first == 0x81),
            tuple(payload for first, payload in frames if first == 0x8A),
            closes[0][:2] if closes else None,
            tuple(told["heard"][1:]),
            told["code"],
            told["short"],
        )

    async def _converse(self, name: str, chunks: Iterable[bytes]) -> bytes:
        """With a bare socket: asyncio's streams forget what they hold when the peer resets the connection."""
        loop = asyncio.get_running_loop()
        with socket.socket() as peer:
            peer.setblocking(False)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(peer, ("127.0.0.1", self.port))
            await loop.sock_sendall(
                peer,
                b"GET /ws/%b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" % name.encode()
                + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n" % key(),
            )
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += await loop.sock_recv(peer, 1)
            assert b" 101 " in head[:30]
            await loop.sock_sendall(peer, HELLO)
            for _ in range(len("..str 5 'hello'")):  # from its answer on there may be a short way
                await loop.sock_recv(peer, 1)
            reading = asyncio.ensure_future(self._read(peer))
            with suppress(OSError):  # it was closed before we were done
                for chunk in chunks:
                    await loop.sock_sendall(peer, chunk)
                    await asyncio.sleep(0)
            return await reading

    async def _read(self, peer: socket.socket) -> bytes:
        """Read to the end of the connection; say goodbye when the end was answered."""
        got, loop = b"", asyncio.get_running_loop()
        with suppress(OSError):
            while chunk := await loop.sock_recv(peer, 65_536):
                got += chunk
                if got.endswith((b"str 7 'the end'", CLOSED)):
                    await loop.sock_sendall(peer, GOODBYE)
        return got

    async def _told(self, name: str) -> Any:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % name.encode())
        answer = await reader.read()
        writer.close()
        return json.loads(answer.partition(b"\r\n\r\n")[2])


def split(data: bytes) -> Iterable[tuple[int, bytes]]:
    """Split what a server sent into frames; all are short."""
    at = 0
    while at + 2 <= len(data):
        size = data[at + 1]
        yield data[at], data[at + 2 : at + 2 + size]
        at += 2 + size
