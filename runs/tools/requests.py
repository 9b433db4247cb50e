"""The requests of a session over HTTP, each by itself: what goes wrong with one ends that one alone.

The library ends a whole session, with all calls in it, for one request that the network or the guard let come to
nothing. So here such a request is answered, with an error that only who sent it hears. Imported where the library is.
"""

from collections.abc import AsyncIterator
from typing import Final, cast

import httpx2
from mcp_types import CONNECTION_CLOSED

from runs.tools.sessions import WHY
from web.egress import EgressError

FAILED: Final = (httpx2.TransportError, EgressError)


class Apart(httpx2.AsyncBaseTransport):
    """Sends requests by another transport, and answers those that came to nothing."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. A whole answer is read here; how a stream can end the library knows, but for the guard."""
        try:
            answer = await self._inner.handle_async_request(request)
            if answer.headers.get("content-type", "").lower().startswith("application/json"):
                return await _read(answer)
        except FAILED as error:
            if request.method != "POST":
                raise
            return _refusal(error)
        answer.stream = _Events(_stream(answer))
        return answer

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _Events(httpx2.AsyncByteStream):
    """The events of an answer; what the guard ends is told as such."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                yield part
        except EgressError as error:
            raise httpx2.SSEError(_told(error)) from None

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _read(answer: httpx2.Response) -> httpx2.Response:
    stream = _stream(answer)
    try:
        body = b"".join([part async for part in stream])
    finally:
        await stream.aclose()
    return httpx2.Response(answer.status_code, headers=answer.headers, content=body, extensions=answer.extensions)


def _refusal(error: Exception) -> httpx2.Response:
    about = {"code": CONNECTION_CLOSED, "message": _told(error)}
    return httpx2.Response(502, json={"jsonrpc": "2.0", "id": None, "error": about})


def _told(error: Exception) -> str:
    if isinstance(error, EgressError):
        why: str = error.why
    else:
        why = "timeout" if isinstance(error, httpx2.ReadTimeout) else "connect"
    return f"{type(error).__name__} {WHY}={why}"


def _stream(answer: httpx2.Response) -> httpx2.AsyncByteStream:
    return cast(httpx2.AsyncByteStream, answer.stream)
