"""One WebSocket: the handshake, then one frame after the other, until the connection is no more.

A plain ASGI application rather than a Channels consumer: those hold a channel of the layer each, and a thousand
sockets in the layer's group cost twenty times the throughput of one membership for the flow (measured).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from sessions import metrics
from sessions.connection import Visit
from sessions.database import DatabaseDown, in_database
from sessions.protocol.codes import Close, Closing
from sessions.sockets.admission import admit, credential_of

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
log = structlog.get_logger(__name__)


async def flow_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Serve `/ws/flows/{id}/`. A handshake we must not answer is refused (403); others are told by a close code why."""
    await receive()
    credential = credential_of(dict(scope["headers"]))
    if credential is None:
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    try:
        guest = await in_database(admit, credential, scope["url_route"]["kwargs"]["flow_id"])
    except Closing as closing:
        await close(send, closing.code)
        return
    except DatabaseDown as down:
        log.warning("admission_failed", reason=repr(down))
        await close(send, Close.RESTARTING)
        return
    visit = Visit(guest, credential, send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            await visit.hear(message.get("text"), message.get("bytes"))
    except asyncio.CancelledError:
        if not visit.is_closed:  # else it is ours: the peer did not answer the close in time
            raise
    finally:
        visit.end()


async def refuse_handshake(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Refuse a WebSocket anywhere else."""
    await receive()
    await send({"type": "websocket.close"})


async def close(send: Send, code: Close) -> None:
    """Close a connection that came no further than the door."""
    metrics.closes.labels(code.name.lower()).inc()
    await send({"type": "websocket.close", "code": int(code)})
