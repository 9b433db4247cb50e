"""The guard of outgoing HTTP for a client of `httpx2`, which the library of tool servers brings: the same judging.

A name is resolved once and the connection made to a judged address; proxies of the environment and redirects are not
followed; an answer has a largest size.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import httpcore2
import httpx2

from web.egress import MOST_TRIED, EgressError, Network, judged, parts_of, resolved, trust

MOST_IDLE = 10
"""How many connections are kept that nobody uses."""


def guarded_transport(allow: Sequence[Network], *, most_bytes: int) -> httpx2.AsyncBaseTransport:
    """Return a transport that reaches judged addresses alone. What it does not raises `EgressError`."""
    return _Transport(tuple(allow), most_bytes)


class _Transport(httpx2.AsyncHTTPTransport):
    """Connects through the guard, and counts what comes."""

    def __init__(self, allow: Sequence[Network], most_bytes: int) -> None:
        super().__init__(verify=trust(), trust_env=False)
        self._most_bytes = most_bytes
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=trust(),
            network_backend=_AsyncGuard(allow),
            max_connections=None,  # who shares a client waits for nobody's long call
            max_keepalive_connections=MOST_IDLE,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Call."""
        parts_of(str(request.url))
        answer = await super().handle_async_request(request)
        answer.stream = _Counted(answer.stream, self._most_bytes)  # type: ignore[arg-type]
        return answer


class _Counted(httpx2.AsyncByteStream):
    """The body of an answer, up to a size."""

    def __init__(self, stream: httpx2.AsyncByteStream, most_bytes: int) -> None:
        self._stream, self._left = stream, most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._left -= len(part)
            if self._left < 0:
                raise EgressError("too_large")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class _AsyncGuard(httpcore2.AsyncNetworkBackend):
    """Connects to judged addresses alone."""

    def __init__(self, allow: Sequence[Network]) -> None:
        self._allow, self._backend = allow, httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve once, judge every address, connect to one of these."""
        addresses = await asyncio.to_thread(resolved, host, port)
        if not all(judged(address, self._allow) for address in addresses):
            raise EgressError("forbidden")
        failed: Exception | None = None
        for address in addresses[:MOST_TRIED]:
            try:
                return await self._backend.connect_tcp(address, port, timeout)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore2.ConnectError(host)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse."""
        raise EgressError("forbidden")

    async def sleep(self, seconds: float) -> None:
        """Wait between tries."""
        await asyncio.sleep(seconds)


__all__ = ["guarded_transport"]
