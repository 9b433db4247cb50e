"""A bad network between a client and a server: it delays, pauses, refuses and cuts, when a test says so.

`Proxy` forwards TCP from a port of its own to a target, a loopback port or a Unix socket, in a thread with its own
event loop, so it works beside synchronous and asynchronous tests alike. A method returns when what it asks for is so.
Little is buffered: who does not read behind the proxy is felt in front of it.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeVar

Direction = Literal["up", "down"]
T = TypeVar("T")
CHUNK = 4096
WAITING = 16
"""Chunks on their way in each direction of a connection: more are not read before these are gone."""


class Proxy:
    """A context manager. `up` is from client to server, `down` back; `accepted` counts connections."""

    def __init__(self, target: int | Path, *, host: str = "127.0.0.1") -> None:
        self.target = target
        self._host = host
        # The port stays ours while we refuse: bound, but nobody listens.
        self._place = _bound(host, 0)
        self.port: int = self._place.getsockname()[1]
        self.accepted = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.WriteTransport] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._seconds = 0.0
        self._left: dict[Direction, int] = {}

    @property
    def url(self) -> str:
        """Where a browser goes."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        """Where a WebSocket goes."""
        return f"ws://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break every connection now; new ones are welcome."""
        self._do(self._cut)

    def cut_after(self, *, up: int | None = None, down: int | None = None) -> None:
        """Break every connection once, after exactly so many more bytes of all of them in a direction; none: never."""
        given: dict[Direction, int | None] = {"up": up, "down": down}
        left = {direction: count for direction, count in given.items() if count is not None}
        self._do(lambda: setattr(self, "_left", left))

    def delay(self, seconds: float) -> None:
        """Let everything that comes from now on take so much longer, in each direction."""
        self._do(lambda: setattr(self, "_seconds", seconds))

    def pause(self) -> None:
        """Pass nothing, and lose nothing: connections are made and stay, and are silent."""
        self._do(self._flowing.clear)

    def resume(self) -> None:
        """Pass what was held back, and all that follows."""
        self._do(self._flowing.set)

    def refuse(self) -> None:
        """Let nobody connect; those who are connected stay."""
        self._do(self._stop_listening)

    def accept(self) -> None:
        """Let people connect again."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def __enter__(self) -> "Proxy":
        self._thread.start()
        self.accept()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        self.cut()
        asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._place.close()

    # In the proxy's own thread.

    def _do(self, act: Callable[[], T]) -> T:
        async def done() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, sock=_bound(self._host, self.port), limit=CHUNK)

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _cut(self) -> None:
        self._left = {}
        for transport in list(self._transports):
            transport.abort()

    async def _finish(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        mine = {to_client.transport}
        self._transports.add(to_client.transport)
        try:
            server, to_server = await self._open()
            mine.add(to_server.transport)
            self._transports.add(to_server.transport)
            if to_client.transport.is_closing():  # cut while we connected
                return
            async with asyncio.TaskGroup() as both:
                self._pass(both, "up", client, to_server)
                self._pass(both, "down", server, to_client)
        except* OSError:  # broken, by us or by either end
            pass
        finally:
            for transport in mine:
                transport.abort()
            self._transports -= mine
            self._tasks.discard(task)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, Path):
            return await asyncio.open_unix_connection(self.target, limit=CHUNK)
        return await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)

    def _pass(
        self, both: asyncio.TaskGroup, way: Direction, source: asyncio.StreamReader, target: asyncio.StreamWriter
    ) -> None:
        """Carry bytes one way, in order, until their end."""
        target.transport.set_write_buffer_limits(high=0)
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WAITING)
        both.create_task(self._read(source, waiting))
        both.create_task(self._deliver(way, waiting, target))

    async def _read(self, source: asyncio.StreamReader, waiting: "asyncio.Queue[tuple[float, bytes]]") -> None:
        data = b"-"
        while data:
            data = await source.read(CHUNK)
            await waiting.put((self._loop.time() + self._seconds, data))

    async def _deliver(
        self, way: Direction, waiting: "asyncio.Queue[tuple[float, bytes]]", target: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            await self._flowing.wait()
            if not data:
                target.write_eof()
                return
            is_last, data = self._take(way, data)
            target.write(data)
            await target.drain()
            if is_last:
                self._cut()
                return

    def _take(self, way: Direction, data: bytes) -> tuple[bool, bytes]:
        """Return whether this is where to cut, and what may still pass."""
        left = self._left.get(way)
        if left is None:
            return False, data
        self._left[way] = max(0, left - len(data))
        return left <= len(data), data[:left]


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket with a port; several may have the same, as long as one of them listens."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound
