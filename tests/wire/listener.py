"""A server that does nothing but listen: `python -m tests.wire.listener SERVER FD`.

The servers are ours (`helix.serving`), the application is this: it answers each message by what it was, the short way
where there is one, and tells over HTTP at `/NAME` what the connection `/ws/NAME` has heard, once that has ended.
"""

import asyncio
import json
import socket
import sys
import types
from collections import defaultdict
from typing import Any

from django.conf import settings

from flows.limits import Limits
from helix import serving
from helix.body_limit import BodyBounds
from helix.draining import Draining
from helix.wire import EXTENSION
from sessions.sockets.outbound import Outbound


class Answer:
    """A text frame."""

    def __init__(self, text: str) -> None:
        encoded = text.encode()
        assert len(encoded) < 126
        self.raw = b"\x81%c%b" % (len(encoded), encoded)
        self.message = {"type": "websocket.send", "text": text}


class Record:
    """What one connection has heard."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.short = 0
        self.code: int | None = None
        self.ended = asyncio.Event()


records: defaultdict[str, Record] = defaultdict(Record)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Listen, or tell what was heard."""
    name = scope["path"].rpartition("/")[2]
    if scope["type"] == "websocket":
        await listen(records[name], scope, receive, send)
    elif scope["type"] == "http":
        record = records[name]
        await record.ended.wait()
        told = json.dumps({"heard": record.heard, "short": record.short, "code": record.code}).encode()
        headers = [(b"content-length", str(len(told)).encode()), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": told})


async def listen(record: Record, scope: Any, receive: Any, send: Any) -> None:
    """Note and answer what is heard."""
    wire = scope.get("extensions", {}).get(EXTENSION)
    outbound = Outbound(send, wire)

    def hear(message: str | bytes) -> None:
        if "str 5 'close'" in record.heard:
            return
        summary = f"{type(message).__name__} {len(message)} {message[:20]!r}"
        record.heard.append(summary)
        outbound.put_frame(Answer(summary))
        if message == "close":
            outbound.put({"type": "websocket.close", "code": 4400})

    def hear_short(text: str) -> None:
        record.short += 1
        hear(text)

    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        hear(message["bytes"] if text is None else text)
        if wire is not None:
            wire.receive_text_with(hear_short)
    if wire is not None:
        wire.receive_text_with(None)
    record.code = message.get("code")
    record.ended.set()


def main(server: str, descriptor: int) -> None:
    """Serve on a socket that is listening already."""
    settings.configure(HELIX_LIMITS=Limits(), ALLAUTH_TRUSTED_PROXY_COUNT=0)
    module = types.ModuleType("helix.asgi")
    module.application = Draining(application)  # type: ignore[attr-defined]
    module.bounds = BodyBounds(  # type: ignore[attr-defined]
        most=0,
        imported=0,
        form=0,
        public=0,
        event=0,
        message=0,
        shows_somebody=lambda _: False,
        is_hook=lambda _: False,
    )
    sys.modules["helix.asgi"] = module
    serving.open_sessions = lambda: None
    listener = socket.socket(fileno=descriptor)
    listener.setblocking(False)
    {"daphne": serving.serve_with_daphne, "uvicorn": serving.serve_with_uvicorn}[server](listener)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
