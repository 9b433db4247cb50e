"""The address `/mcp`: streamable HTTP, one request at a time, without sessions: any process answers any request.

A token is needed, and nothing else is taken: a browser adds none by itself. The library is imported when it is first
needed: it takes a second and 25 MiB. It has a loop and a thread of its own, for it reads and writes messages where it
waits, and a large flow as JSON, twice, would hold up all live sessions; the calls of the API are made on the server's.
"""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
import structlog
from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

from helix.body_limit import API_HEADERS, MCP
from helix.mcp.inner import GivenBody, RestApi
from helix.mcp.verbatim import Verbatim
from web.give_way import lower_rank

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

_UNKNOWN: Final = {
    "code": "not_authenticated",
    "message": "Send an access token: Authorization: Bearer <access>.",
    "detail": None,
}
_WRONG_METHOD: Final = {"code": "method_not_allowed", "message": "Send messages by POST.", "detail": None}
_TOO_LARGE: Final = {"code": "too_large", "message": "The message has too many lists and objects.", "detail": None}
_JSON: Final = (b"content-type", b"application/json; charset=utf-8")
T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class McpRoute:
    """An ASGI application: `/mcp` goes to `mcp`, all else to `app`."""

    app: ASGI3Application
    mcp: ASGI3Application

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        is_ours = scope["type"] == "http" and scope["path"] in (MCP, f"{MCP}/")
        await (self.mcp if is_ours else self.app)(scope, receive, send)


@dataclass
class McpEndpoint:
    """An ASGI application: the tools over `app`, which answers the REST API."""

    app: ASGI3Application
    most_bytes: int
    most_brackets: int
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _loop: asyncio.AbstractEventLoop | None = None
    _manager: "StreamableHTTPSessionManager | None" = None
    _held: "asyncio.Task[None] | None" = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        assert scope["type"] == "http"  # noqa: S101  (the router sends nothing else)
        if scope["method"] != "POST":
            await _refuse(send, 405, _WRONG_METHOD, (b"allow", b"POST"))
            return
        if not _bears_token(scope):
            await _refuse(send, 401, _UNKNOWN, (b"www-authenticate", b"Bearer"))
            return
        who = await RestApi(self.app, scope).call("GET", "/me")
        if who.is_refused:
            more = ((b"www-authenticate", b"Bearer"),) if who.status == 401 else ()
            await _refuse(send, who.status, who.body, *more)
            return
        if (body := await _whole_body(receive)) is None:
            return
        most = self.most_brackets
        if _brackets(body) > most and await asyncio.to_thread(_brackets_outside_texts, body) > most:
            await _refuse(send, 413, _TOO_LARGE)
            return
        inner = {**scope, "helix.api": _on(asyncio.get_running_loop(), self.app)}
        answered = await _finished(self._handle(inner, GivenBody(body)), self._apart())
        private = _private(send)
        for event in answered:
            await private(event)
            await asyncio.sleep(0)  # between the pieces of a large answer the loop serves others

    def _apart(self) -> asyncio.AbstractEventLoop:
        """Return the library's loop."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_serve, args=(self._loop,), name="mcp", daemon=True).start()
            return self._loop

    async def _handle(self, scope: dict[str, Any], receive: Any) -> list[Any]:
        """Return what the library answers."""
        verbatim, answered = Verbatim(), list[Any]()

        async def send(event: Any) -> None:
            answered.append(event)

        manager = await self._opened()
        await manager.handle_request({**scope, "helix.verbatim": verbatim}, receive, send)
        return _filled(answered, verbatim) if verbatim.objects else answered

    async def _opened(self) -> "StreamableHTTPSessionManager":
        async with self._opening:
            if self._manager is None:
                manager = await asyncio.to_thread(_made, self.most_bytes)
                loop = asyncio.get_running_loop()
                ready: asyncio.Future[None] = loop.create_future()
                self._held = loop.create_task(_hold(manager, ready))
                await ready
                self._manager = manager
            return self._manager


def _brackets(body: bytes) -> int:
    return body.count(b"[") + body.count(b"{")


def _brackets_outside_texts(body: bytes) -> int:
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"")
    return _brackets(b"".join(unescaped.split(b'"')[::2]))


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    lower_rank()
    loop.run_forever()


async def _whole_body(receive: ASGIReceiveCallable) -> bytes | None:
    """Return the body, or None if the client is gone."""
    parts = list[bytes]()
    while True:
        event = await receive()
        if event["type"] != "http.request":
            return None
        parts.append(event["body"])
        if not event["more_body"]:
            return b"".join(parts)


async def _finished(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """Wait for work on another loop; cancelling goes along."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


def _on(loop: asyncio.AbstractEventLoop, app: ASGI3Application) -> ASGI3Application:
    """Return an application that another loop can call."""

    async def called(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        async def answer() -> None:
            await app(scope, receive, send)

        await _finished(answer(), loop)

    return called


def _made(most_bytes: int) -> "StreamableHTTPSessionManager":
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from helix.mcp.server import server

    return StreamableHTTPSessionManager(server(), json_response=True, stateless=True, max_request_body_size=most_bytes)


async def _hold(manager: "StreamableHTTPSessionManager", ready: "asyncio.Future[None]") -> None:
    """Keep the library's tasks together until the process ends."""
    with suppress(asyncio.CancelledError):
        async with manager.run():
            ready.set_result(None)
            await asyncio.Event().wait()


def _filled(answered: list[Any], verbatim: Verbatim) -> list[Any]:
    """Return an answer with what goes into it as it came."""
    start, *parts = answered
    pieces = list(verbatim.filled(b"".join(part.get("body", b"") for part in parts)))
    others = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    headers = [*others, (b"content-length", str(sum(map(len, pieces))).encode())]
    bodies = [{"type": "http.response.body", "body": piece, "more_body": True} for piece in pieces]
    return [{**start, "headers": headers}, *bodies, {"type": "http.response.body", "body": b"", "more_body": False}]


def _bears_token(scope: HTTPScope) -> bool:
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    return len(given) == 1 and given[0].lower().startswith(b"bearer ")


def _private(send: ASGISendCallable) -> Any:
    """Let an answer say to browsers and caches what all answers to programs do."""

    async def sent(event: Any) -> None:
        if event["type"] == "http.response.start":
            own = {name for name, _value in API_HEADERS}
            kept = [(name, value) for name, value in event["headers"] if name not in own]
            event = {**event, "headers": [*kept, *API_HEADERS]}
        await send(event)

    return sent


async def _refuse(send: ASGISendCallable, status: int, body: object, *more: tuple[bytes, bytes]) -> None:
    headers = (*API_HEADERS, _JSON, *more)
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": orjson.dumps(body), "more_body": False})
