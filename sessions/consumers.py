"""The WebSocket's consumers: the handshake, then one frame after the other, until the connection ends.

They have no channel of their own: a channel of the layer for each of a thousand sockets cost twenty times the
throughput of one membership for the whole flow (measured), and `sessions.live` fans out to its sockets itself. A
connection begins and ends here; beneath, a server may offer a shorter way for the frames in between (`Wire`).
"""

import asyncio
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import structlog
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.origin import coming_from, origin_of_socket
from sessions import metrics
from sessions.connection import Connection
from sessions.database import DatabaseDown, in_database
from sessions.protocol.codes import Close, Closing
from sessions.sockets.admission import admit, credential_of, language_of, opened
from sessions.sockets.outbound import Wire

if TYPE_CHECKING:
    from sessions.graphql_connection import GraphqlConnection

NOT_ACCEPTABLE = 4406
"""The subprotocol's own code."""
log = structlog.get_logger(__name__)


class Consumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A consumer without a channel of the layer, a task for each frame and a trip to Django's thread."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection. Channels' own would listen to the layer too, by a task for each frame: 15 µs more."""
        self.scope, self.base_send = scope, send
        with suppress(StopConsumer), coming_from(partial(origin_of_socket, scope)):
            while True:
                message = await receive()
                if message["type"] == "websocket.receive":  # nearly all of them: the short way
                    await self.receive(message.get("text"), message.get("bytes"))
                else:
                    await self.dispatch(message)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the method for a message. Channels' own would go through a thread first."""
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def disconnect(self, code: int) -> None:
        """End at once; there are no database connections to close in this thread."""
        raise StopConsumer


class FlowConsumer(Consumer):
    """Serves `/ws/flows/{id}/`."""

    connection: Connection | None = None
    wire: Wire | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, and leave the session however it ends."""
        self.wire = scope.get("extensions", {}).get("helix.wire")
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if self.connection is None or not self.connection.is_closed:
                raise  # otherwise it is ours: the peer did not answer the close in time
        finally:
            if self.wire is not None:
                self.wire.receive_text_with(None)
            if self.connection is not None:
                self.connection.end()

    async def connect(self) -> None:
        """Refuse a handshake from elsewhere (403); tell others by a close code why they may not connect."""
        headers = dict(self.scope["headers"])
        credential = credential_of(headers)
        if credential is None:
            await self.close()
            raise StopConsumer
        await self.accept()
        try:
            admission = await in_database(admit, credential, self.scope["url_route"]["kwargs"]["flow_id"])
        except Closing as closing:
            await self._turn_away(closing.code)
        except DatabaseDown as down:
            log.warning("admission_failed", reason=repr(down))
            await self._turn_away(Close.RESTARTING)
        await in_database(opened, admission)
        language = language_of(headers)
        self.connection = Connection(admission, credential, self.base_send, language=language, wire=self.wire)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take one message."""
        if self.connection is not None:
            await self.connection.receive(text_data, bytes_data)
            if self.wire is not None and self.connection.has_joined:
                self.wire.receive_text_with(self.connection.take)

    async def _turn_away(self, code: Close) -> None:
        metrics.closes.labels(code.name.lower()).inc()
        await self.close(int(code))
        raise StopConsumer


class GraphqlConsumer(Consumer):
    """Serves `/ws/graphql`."""

    connection: "GraphqlConnection | None" = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, and stop what it follows however it ends."""
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if self.connection is None or not self.connection.is_closed:
                raise
        finally:
            if self.connection is not None:
                await self.connection.end()

    async def connect(self) -> None:
        """Refuse a handshake from elsewhere (403), and another subprotocol (4406)."""
        headers = dict(self.scope["headers"])
        credential = credential_of(headers)
        if credential is None:
            await self.close()
            raise StopConsumer
        module = await asyncio.to_thread(import_module, "sessions.graphql_connection")  # the first time, 0.2 s
        if module.PROTOCOL not in self.scope.get("subprotocols", ()):
            await self.accept()
            await self.close(NOT_ACCEPTABLE)
            raise StopConsumer
        await self.accept(module.PROTOCOL)
        wire = self.scope.get("extensions", {}).get("helix.wire")
        self.connection = module.GraphqlConnection(credential, self.base_send, language=language_of(headers), wire=wire)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take one message."""
        if self.connection is not None:
            await self.connection.receive(text_data, bytes_data)


class NoConsumer(Consumer):
    """Refuses a WebSocket at any other address."""

    async def connect(self) -> None:
        """Refuse the handshake (403)."""
        await self.close()
        raise StopConsumer
