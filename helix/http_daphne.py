"""daphne's HTTP connections, with bounds on what comes and how long it may take (`helix.connection_limits`).

Twisted bounds a head by itself, but not the time a peer may take over it: any byte starts its timer anew. And it
keeps a body until it is complete before the application sees any of it, so the body's bound has to hold here.

What the application answers waits until the peer has taken what came before. daphne hands it all to Twisted at once,
which joins and copies it on the loop: several megabytes held up every session for 13 ms (measured).
"""

# mypy: allow-untyped-calls
import asyncio
from functools import partial
from typing import Any
from urllib.parse import unquote

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel

from helix.body_limit import BodyBounds
from helix.connection_limits import ConnectionTimer, UnfinishedRequests, closing_response


class BoundedRequest(WebRequest):  # type: ignore[misc]
    """One request."""

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        if self.channel is not None and self.channel.admits(len(data)):
            super().handleContentChunk(data)

    def handle_reply(self, message: dict[str, Any]) -> Any:
        # Twisted leaves out the first piece of a body that answers HEAD, and daphne passes by it with the others.
        if self.method == b"HEAD" and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        return super().handle_reply(message)

    async def taken(self) -> None:
        """Wait until the peer has taken what was written, or is gone, unless this was all."""
        if not self.finished and self.channel is not None:  # Twisted deletes it with the last byte
            await self.channel.taken()

    def process(self) -> Any:
        # The header would let anybody choose the prefix of all addresses in the answer.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        return super().process()


class BoundedChannel(HTTPChannel):
    """One connection."""

    transport: Any
    _path: Any

    def __init__(self, unfinished: UnfinishedRequests, bodies: BodyBounds) -> None:
        super().__init__()
        self._unfinished, self._bodies = unfinished, bodies
        self._body_left = 0
        self.totalHeadersSize = self.MAX_LENGTH = unfinished.limits.head_bytes
        self._request = ConnectionTimer(unfinished, self.time_out)
        self._reader = ConnectionTimer(unfinished, self.time_out)
        self._is_taken: asyncio.Future[None] | None = None

    def connectionMade(self) -> None:  # noqa: N802
        super().connectionMade()
        self._request.expect_head(self._unfinished.address_of(self._peer()))

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self._request.stop()
        self._reader.stop()
        self._go_on()
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if not self._handlingRequest and self._transferDecoder is None:
            self._request.expect_head(self._unfinished.address_of(self._peer()))
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        if self._receivedHeaderSize + len(line) > self.totalHeadersSize:
            self.refuse(431)
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        self.refuse(431)

    def allHeadersReceived(self) -> None:  # noqa: N802
        headers = [
            (name.lower(), value)
            for name, values in self.requests[-1].requestHeaders.getAllRawHeaders()
            for value in values
        ]
        path = unquote(self._path.partition(b"?")[0].decode("latin-1"))
        self._body_left = self._bodies.of(path, headers)
        if (self.length or 0) > self._body_left:
            self.refuse(413)
            return
        forwarded = [value for name, value in headers if name == b"x-forwarded-for"]
        self._request.expect_body(self._unfinished.address_of(self._peer(), forwarded))
        super().allHeadersReceived()

    def allContentReceived(self) -> None:  # noqa: N802
        if not self.transport.disconnecting:
            self._request.stop()
            super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802
        self._request.expect_next()
        super().requestDone(request)

    def pauseProducing(self) -> None:  # noqa: N802
        super().pauseProducing()
        if self.transport.protocol is self:  # and no WebSocket's, which has bounds of its own
            self._reader.expect_reader()

    def resumeProducing(self) -> None:  # noqa: N802
        super().resumeProducing()
        self._go_on()
        if not self.transport.disconnecting:
            self._reader.stop()

    async def taken(self) -> None:
        """Wait until the peer has taken what was written, or is gone."""
        if self._waitingForTransport and self.transport.connected:
            self._is_taken = asyncio.get_running_loop().create_future()
            await self._is_taken

    def _go_on(self) -> None:
        if self._is_taken is not None and not self._is_taken.done():
            self._is_taken.set_result(None)

    def loseConnection(self) -> None:  # noqa: N802
        super().loseConnection()
        self._reader.expect_reader()

    def admits(self, size: int) -> bool:
        """Take so much more of a body, or refuse it."""
        self._body_left -= size
        if self._body_left < 0 and not self.transport.disconnecting:
            self.refuse(413)
        return self._body_left >= 0

    def refuse(self, status: int) -> None:
        """Answer, unless an answer is under way, and close."""
        if not self._handlingRequest:
            self.transport.write(closing_response(status))
        self.loseConnection()

    def time_out(self, status: int | None) -> None:
        """End a connection whose time is over."""
        if self.transport.disconnecting or self._waitingForTransport:
            self.transport.abortConnection()
        elif status is None:
            self.loseConnection()
        else:
            self.refuse(status)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        self.refuse(400)

    def _peer(self) -> str:
        return str(getattr(self.transport.getPeer(), "host", ""))


class BoundedFactory(HTTPFactory):  # type: ignore[misc]
    """Makes connections."""

    def __init__(self, server: Any, unfinished: UnfinishedRequests, bodies: BodyBounds) -> None:
        super().__init__(server)
        self.timeOut = None
        self.protocol = lambda: BoundedChannel(unfinished, bodies)

    def buildProtocol(self, address: Any) -> Any:  # noqa: N802
        channel = super().buildProtocol(address)
        # What a form holds is for the application to read; Twisted would parse it a first time, unbounded.
        channel.requestFactory = partial(BoundedRequest, parsePOSTFormSubmission=False)
        return channel
