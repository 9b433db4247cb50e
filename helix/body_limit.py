"""The bound on bodies, kept while they arrive.

Django refuses a body by the length it declares; one sent in chunks declares none and would be written to disk whole.
This stands before Django and counts what really comes.
"""

from dataclasses import dataclass

import orjson
from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, Scope

REFUSAL = orjson.dumps({"code": "too_large", "message": "The body is too large.", "detail": None})


class TooLargeError(Exception):
    """More came than is allowed."""


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """An ASGI application around another: answers 413 once more than `limit` bytes have come."""

    app: ASGI3Application
    limit: int

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, self._counted(receive), send)
        except TooLargeError:
            headers = [(b"content-type", b"application/json; charset=utf-8"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 413, "headers": headers, "trailers": False})
            await send({"type": "http.response.body", "body": REFUSAL, "more_body": False})

    def _counted(self, receive: ASGIReceiveCallable) -> ASGIReceiveCallable:
        received = 0

        async def counted() -> ASGIReceiveEvent:
            nonlocal received
            event = await receive()
            if event["type"] == "http.request":
                received += len(event["body"])
                if received > self.limit:
                    raise TooLargeError
            return event

        return counted
