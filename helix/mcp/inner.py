"""A call of the REST API inside the process: through the same application, as if it had come from outside."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlencode

import orjson
from asgiref.typing import ASGI3Application, ASGIReceiveEvent, ASGISendEvent, HTTPScope

from web.text import sendable

API = "/api/v1"
KEPT = frozenset(
    {b"host", b"authorization", b"user-agent", b"accept-language", b"x-forwarded-for", b"x-forwarded-proto"}
)
"""Headers of the outer request that the inner one has too: a cookie is none of them."""


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    content: bytes

    @cached_property
    def body(self) -> Any:
        """What `content` says; None where it is no JSON. Halves of letters are not there: nothing can send them on."""
        try:
            return orjson.loads(self.content)
        except ValueError:
            return _in_whole_letters(self.content)

    @property
    def is_refused(self) -> bool:
        """Whether the call failed."""
        return self.status >= 400

    @property
    def sentence(self) -> str:
        """What a refusal says, with its code."""
        said = self.body if isinstance(self.body, dict) else {}
        return f"{said.get('code', self.status)}: {said.get('message', '')}"


@dataclass(frozen=True, slots=True)
class RestApi:
    """The API as the caller of one outer request sees it."""

    app: ASGI3Application
    outer: HTTPScope

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call; `path` is what follows `/api/v1`, quoted where it has to be."""
        content = b"" if body is None else json.dumps(body).encode()  # what is no text the API refuses itself
        exchange = _Exchange(content)
        given = [(name, value) for name, value in self.outer["headers"] if name in KEPT]
        given += [
            (name.lower().encode(), value.encode("latin-1", "replace")) for name, value in (headers or {}).items()
        ]
        if content:
            given += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        scope = {
            **self.outer,
            "method": method,
            "path": f"{API}{path}",
            "raw_path": f"{API}{path}".encode(),
            "query_string": urlencode(
                {name: value for name, value in (query or {}).items() if value is not None}
            ).encode(),
            "headers": given,
            "extensions": {},
            "helix.via": "mcp",
        }
        await self.app(cast("HTTPScope", scope), exchange.receive, exchange.send)
        return exchange.answer()


def _in_whole_letters(content: bytes) -> Any:
    try:
        return orjson.loads(sendable(json.dumps(json.loads(content), ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None


class GivenBody:
    """What an application receives of a request whose body is here: all of it, and then nothing for ever."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body

    async def __call__(self) -> ASGIReceiveEvent:
        if self._body is None:
            await asyncio.Event().wait()
        body, self._body = self._body or b"", None
        return {"type": "http.request", "body": body, "more_body": False}


class _Exchange:
    """One request and its answer."""

    def __init__(self, body: bytes) -> None:
        self.receive = GivenBody(body)
        self._status, self._parts = 500, list[bytes]()

    async def send(self, event: ASGISendEvent) -> None:
        """Take a part of the answer."""
        if event["type"] == "http.response.start":
            self._status = event["status"]
        elif event["type"] == "http.response.body":
            self._parts.append(event.get("body", b""))

    def answer(self) -> Answer:
        """Return what came."""
        return Answer(self._status, b"".join(self._parts))
