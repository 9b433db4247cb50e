"""The ASGI application: HTTP to Django, WebSocket to the live sessions.

A request and what Django hangs on it refer to each other, so a body of megabytes, or all that a page was made of, would
wait for a collection that comes seldom. `Handler` takes them apart as soon as the answer is out. What it raises when it
stops waiting for a disconnect would hang in such a circle too, with the whole answer (Django's ticket 36700).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import django
from channels.routing import ProtocolTypeRouter
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helix.settings")
django.setup(set_prefix=False)


class Handler(ASGIHandler):
    """Django's, which leaves nothing behind."""

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        response = await super().run_get_response(request)
        response._resource_closers.append(request.__dict__.clear)  # type: ignore[attr-defined]
        return response

    async def listen_for_disconnect(self, receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        """Wait until the client is gone, or nobody needs to know any more; return either way."""
        with suppress(RequestAborted, asyncio.CancelledError):
            await super().listen_for_disconnect(receive)


from django.conf import settings  # noqa: E402

from accounts.authentication import credentials_in, shows_somebody  # noqa: E402
from helix.body_limit import BodyBounds, BodyLimit  # noqa: E402
from helix.concurrency_limit import ConcurrencyLimit  # noqa: E402
from helix.draining import Draining  # noqa: E402
from helix.mcp import McpEndpoint, McpRoute  # noqa: E402
from helix.storage import StaticFiles  # noqa: E402
from runs.triggers.tokens import read_token  # noqa: E402
from sessions.routing import websockets  # noqa: E402

TOOLS_AT_ONCE = 8
"""How many tools a caller may have called at once over `/mcp`: most of them wait."""
limits = settings.HELIX_LIMITS
bounds = BodyBounds(
    most=limits.body_bytes,
    imported=limits.import_bytes,
    form=limits.form_bytes,
    public=limits.public_body_bytes,
    event=limits.hook_bytes,
    message=limits.message_bytes,
    shows_somebody=shows_somebody,
    is_hook=lambda token: read_token(token) is not None,
)
callers = credentials_in, settings.ALLAUTH_TRUSTED_PROXY_COUNT
turns = ConcurrencyLimit(Handler(), limits, *callers)  # type: ignore[arg-type]
waiting = replace(limits, requests_at_once=TOOLS_AT_ONCE)
mcp = ConcurrencyLimit(McpEndpoint(turns, limits.message_bytes, limits.message_brackets), waiting, *callers)
http = StaticFiles(BodyLimit(McpRoute(turns, mcp), bounds))
application = Draining(ProtocolTypeRouter({"http": http, "websocket": websockets}))
