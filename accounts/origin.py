"""Where a call comes from: the caller's address and program, for the audit log.

Known by itself wherever in a call an entry is written: a middleware and the socket's consumer say so once, and what
comes by neither is the system's. The address is the one that attempts are counted by, so a header counts only as far as
proxies are trusted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_only_middleware

from accounts.attempts import address_of

LOCAL_PERSON = "helix.person"
LONGEST_ADDRESS, LONGEST_AGENT = 64, 200
Way: TypeAlias = Literal["page", "api", "admin", "socket", "system"]
GetResponse = Callable[[HttpRequest], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Origin:
    """A caller's address and program; `via` is the way by which they come."""

    address: str
    agent: str
    via: Way


SYSTEM = Origin("", "system", "system")
"""A command of an operator, and what the server does by itself."""
_current: ContextVar[Callable[[], Origin]] = ContextVar("helix.origin", default=lambda: SYSTEM)
"""A call, because few requests write an entry, and to find out an address takes a tenth of a millisecond."""


def current() -> Origin:
    """Return where the call that is being answered comes from."""
    return _current.get()()


def finder() -> Callable[[], Origin]:
    """Return what finds that out, to take along into another thread."""
    return _current.get()


@contextmanager
def coming_from(find: Callable[[], Origin]) -> Iterator[None]:
    """Say where what happens in the block comes from; `find` is asked when that is wanted."""
    token = _current.set(find)
    try:
        yield
    finally:
        _current.reset(token)


@sync_only_middleware
def origin(get_response: GetResponse) -> GetResponse:
    """Say where each request comes from. A command that calls in its own process stays what it is."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if LOCAL_PERSON in request.META:
            return get_response(request)
        with coming_from(partial(origin_of, request)):
            return get_response(request)

    return answer


def origin_of(request: HttpRequest) -> Origin:
    """Read where a request comes from."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    return Origin(_plain(address_of(request), LONGEST_ADDRESS), _plain(agent, LONGEST_AGENT), _way(request.path_info))


def origin_of_socket(scope: dict[str, Any]) -> Origin:
    """Read where a WebSocket comes from, as of a request."""
    request = HttpRequest()
    request.path_info = scope.get("path", "")
    request.META["REMOTE_ADDR"] = (scope.get("client") or ("",))[0]
    headers: dict[bytes, list[str]] = {}
    for name, value in scope.get("headers", ()):
        headers.setdefault(name.lower(), []).append(value.decode("latin-1"))
    for name in (b"x-forwarded-for", b"user-agent"):
        if name in headers:
            request.META["HTTP_" + name.decode().upper().replace("-", "_")] = ",".join(headers[name])
    return origin_of(request)


def _way(path: str) -> Way:
    ways: dict[str, Way] = {"/api/": "api", "/admin/": "admin", "/ws/": "socket"}
    return next((way for start, way in ways.items() if path.startswith(start)), "page")


def _plain(text: str, longest: int) -> str:
    """Leave out what shows nothing, and what a database does not take."""
    return "".join(character for character in text if character.isprintable())[:longest]
