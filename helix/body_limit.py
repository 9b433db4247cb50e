"""The bound on bodies, kept while they arrive: before anybody is known, little is read.

Django refuses a body by the length it declares; one sent in chunks declares none and would be written to disk whole.
This stands before Django and counts what really comes. A call that shows neither token nor session can only want to
come in, and what it takes to come in is small; so are the forms that lead in, whoever sends them. What is shown has to
be of our own making (`accounts.authentication.shows_somebody`): anybody can send some header or cookie. It may still be
no longer good, and Django reads a form before it asks: forms have a bound of their own, and large is only what the API
takes, which asks first.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import orjson
import structlog
from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, Scope

API = "/api/"
FLOWS = "/api/v1/flows/"
HOOKS = "/hooks/"
MCP = "/mcp"
PUBLIC = (
    "/api/v1/auth/",
    "/api/v1/links/",
    "/s/",
    "/invitations/",
    "/login/",
    "/register/",
    "/logout/",
    "/accounts/",
    "/language/",
    "/admin/login/",
)
REFUSAL = orjson.dumps({"code": "too_large", "message": "The body is too large.", "detail": None})
API_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""What an answer to programs says to browsers and caches."""
CLOSING_HEADERS = (*API_HEADERS, (b"content-type", b"application/json; charset=utf-8"), (b"connection", b"close"))
"""Headers of an answer that is given before Django, and is the last one of its connection."""

log = structlog.get_logger(__name__)
Headers = Collection[tuple[bytes, bytes]]


class TooLargeError(Exception):
    """More came than is allowed."""


@dataclass(frozen=True, slots=True)
class BodyBounds:
    """How many bytes a body may have: `public` before anybody is known, `form` for a page's form, `imported` for a file
    to import, `event` for a hook's call if its token is ours (`is_hook`), `message` for the tools, else `most`."""

    most: int
    imported: int
    form: int
    public: int
    event: int
    message: int
    shows_somebody: Callable[[Headers], bool]
    is_hook: Callable[[str], bool]

    def of(self, path: str, headers: Headers) -> int:
        """Return the bound for a request. Who it is from is asked only where that may matter."""
        if path.startswith(HOOKS):
            return self.event if self.is_hook(path.removeprefix(HOOKS)) else self.public
        may_be_long = announced(headers) > self.public or any(name == b"transfer-encoding" for name, _ in headers)
        if path.startswith(PUBLIC) or not may_be_long or not self.shows_somebody(headers):
            return self.public
        if not path.startswith((API, MCP)):
            return self.form
        if path.startswith(MCP):
            return self.message
        return self.imported if path.startswith(FLOWS) and path.endswith("/import") else self.most


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """An ASGI application around another: answers 413 once more has come, or is announced, than is allowed."""

    app: ASGI3Application
    bounds: BodyBounds

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = tuple(scope["headers"])
        limit = self.bounds.of(scope["path"], headers)
        try:
            if announced(headers) > limit:
                raise TooLargeError
            await self.app(scope, _counted(receive, limit), send)
        except TooLargeError:
            log.info("body_too_large", path=scope["path"][:200], method=scope["method"], limit=limit)
            await send({"type": "http.response.start", "status": 413, "headers": CLOSING_HEADERS, "trailers": False})
            await send({"type": "http.response.body", "body": REFUSAL, "more_body": False})


def announced(headers: Headers) -> int:
    """Return the length that a body declares; 0 if it declares none."""
    return max((int(value) for name, value in headers if name == b"content-length" and value.isdigit()), default=0)


def _counted(receive: ASGIReceiveCallable, limit: int) -> ASGIReceiveCallable:
    received = 0

    async def counted() -> ASGIReceiveEvent:
        nonlocal received
        event = await receive()
        if event["type"] == "http.request":
            received += len(event["body"])
            if received > limit:
                raise TooLargeError
        return event

    return counted
