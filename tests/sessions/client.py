"""A program that speaks the protocol, over the ASGI application itself or over a real connection.

Every frame that arrives is applied to its replica; frames that a test did not ask for are kept until it does. Nothing
here sleeps: a test waits for a frame, or for the close code.
"""

import asyncio
import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

from channels.testing import WebsocketCommunicator
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_for_real
from websockets.exceptions import ConnectionClosed

from tests.sessions.replica import Frame, Replica

PATIENCE = 10.0
CLIENTS = itertools.count(1)
CONNECTIONS: list[ClientConnection] = []


class Closed(Exception):  # noqa: N818
    """The server closed the connection."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Wire(Protocol):
    """Text out, text in; `Closed` at the end."""

    async def send(self, text: str | bytes) -> None: ...

    async def receive(self) -> str: ...

    async def leave(self) -> None: ...


class Direct:
    """Over the ASGI application, in this process."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self._communicator = communicator

    async def send(self, text: str | bytes) -> None:
        field = "bytes" if isinstance(text, bytes) else "text"
        await self._communicator.send_input({"type": "websocket.receive", field: text})

    async def receive(self) -> str:
        arrival = asyncio.ensure_future(self._communicator.output_queue.get())
        try:
            await asyncio.wait([arrival, self._communicator.future], return_when=asyncio.FIRST_COMPLETED)
            if not arrival.done():
                self._communicator.future.result()
                raise Closed(1006)
            message = arrival.result()
        finally:
            arrival.cancel()
        if message["type"] == "websocket.close":
            await self._communicator.send_input({"type": "websocket.disconnect", "code": message["code"]})
            raise Closed(message["code"])
        return str(message["text"])

    async def leave(self) -> None:
        await self._communicator.send_input({"type": "websocket.disconnect", "code": 1001})
        await self._communicator.wait(PATIENCE)


class Real:
    """Over TCP."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str | bytes) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as end:
            raise Closed(end.rcvd.code if end.rcvd else 1006) from None

    async def receive(self) -> str:
        try:
            return str(await self._connection.recv())
        except ConnectionClosed as end:
            raise Closed(end.rcvd.code if end.rcvd else 1006) from None

    async def leave(self) -> None:
        await self._connection.close()


class Client:
    """One connection and what it knows."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.replica = Replica()
        self.name = f"client-{next(CLIENTS):08d}"
        self.seqs = itertools.count(1)
        self.me: Frame = {}
        self.said: Frame = {}
        self.welcome: Frame = {}
        self.people: dict[str, Frame] = {}
        self.frames: list[Frame] = []
        self.says_seen = True
        self._waiting: list[Frame] = []

    @property
    def session(self) -> str:
        return str(self.me["session"])

    async def send(self, type: str, **fields: object) -> None:
        """Send one frame."""
        await self.wire.send(json.dumps({"type": type, **fields}))

    async def hello(self, **hello: object) -> Frame:
        """Say hello with what the replica holds, and return the welcome; what was missed has arrived too."""
        held = {"since": self.replica.version, "epoch": self.replica.epoch or None}
        said = {"protocol": 1, "client": self.name, **held, "format": "json", **hello}
        await self.send("hello", **said)
        welcome = await self.next("welcome")
        self.me, self.said, self.welcome = welcome["you"], said, welcome
        if said["format"] == "json":
            await self.reach(welcome["version"])
        return welcome

    async def next(self, *types: str, where: Callable[[Frame], bool] = lambda _: True) -> Frame:
        """Return the next frame of these types that a test has not had yet."""
        for frame in self._waiting:
            if frame["type"] in types and where(frame):
                self._waiting.remove(frame)
                return frame
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self._read()
                if frame["type"] in types and where(frame):
                    return frame
                self._waiting.append(frame)

    async def until(self, done: Callable[[], bool]) -> None:
        """Read until something is so."""
        async with asyncio.timeout(PATIENCE):
            while not done():
                self._waiting.append(await self._read())

    async def reach(self, version: int) -> None:
        """Read until the replica is at a version."""
        await self.until(lambda: self.replica.version is not None and self.replica.version >= version)

    async def settle(self) -> list[Frame]:
        """Return all that was sent before now: whatever comes in front of the answer to a ping.

        But for `problems`, which come when they are found: a test asks for them by their name.
        """
        await self.send("ping")
        await self.next("pong")
        frames = [frame for frame in self._waiting if frame["type"] != "problems"]
        self._waiting = [frame for frame in self._waiting if frame["type"] == "problems"]
        return frames

    async def closed(self) -> int:
        """Read until the connection is closed; return the code."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    self._waiting.append(await self._read())
                except Closed as end:
                    return end.code

    async def operate(self, operation: object, seq: int | None = None) -> int:
        """Submit an operation and return its seq."""
        seq = seq or next(self.seqs)
        await self.send("operate", seq=seq, operation=operation)
        return seq

    async def answer(self, seq: int) -> Frame:
        """Return the answer to a seq."""
        return await self.next("acked", "refused", "sync_graph", where=lambda frame: frame["seq"] == seq)

    async def do(self, operation: object, seq: int | None = None) -> Frame:
        """Submit an operation and return its answer."""
        return await self.answer(await self.operate(operation, seq))

    async def leave(self) -> None:
        """Go away."""
        await self.wire.leave()

    async def _read(self) -> Frame:
        frame: Frame = json.loads(await self.wire.receive())
        self.frames.append(frame)
        self.replica.take(frame)
        self._meet(frame)
        if self.says_seen and frame["type"] in ("apply_changes", "snapshot"):
            with suppress(Closed):
                await self.send("seen", version=frame["version"])
        return frame

    def _meet(self, frame: Frame) -> None:
        """Note who is here."""
        if frame["type"] == "welcome":
            self.people = {one["session"]: one for one in frame["people"]}
        elif frame["type"] == "people":
            self.people |= {one["session"]: one for one in frame["joined"]}
            for session in frame["left"]:
                self.people.pop(session, None)


async def connect(token: str | None, flow_id: UUID, headers: dict[str, str] | None = None) -> Client:
    """Connect in this process; nothing was said yet. Raises `Closed` with 403 for a refused handshake."""
    from helix.asgi import application

    given = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
    encoded = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    communicator = WebsocketCommunicator(application, f"/ws/flows/{flow_id}/", encoded)
    accepted, _ = await communicator.connect(PATIENCE)
    if not accepted:
        raise Closed(403)
    return Client(Direct(communicator))


async def connect_to(url: str, token: str, flow_id: object, **options: Any) -> Client:
    """Connect to a server; nothing was said yet."""
    headers = {"Authorization": f"Bearer {token}"}
    options = {"max_size": 2**22, "ping_interval": None, "compression": None, **options}
    connection = await connect_for_real(f"{url}/ws/flows/{flow_id}/", additional_headers=headers, **options)
    CONNECTIONS.append(connection)
    return Client(Real(connection))


async def part() -> None:
    """Break what `connect_to` has made and nobody has left."""
    connections, CONNECTIONS[:] = CONNECTIONS[:], []
    for connection in connections:
        connection.transport.abort()
    for connection in connections:
        await connection.wait_closed()
