"""The ASGI application: HTTP to Django, WebSocket to the live sessions.

A request and what Django hangs on it refer to each other, so a body of megabytes, or all that a page was made of, would
wait for a collection that comes seldom. `Handler` takes them apart as soon as the answer is out.
"""

import os

import django
from channels.routing import ProtocolTypeRouter
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


from django.conf import settings  # noqa: E402

from helix.body_limit import BodyBounds, BodyLimit  # noqa: E402
from helix.draining import Draining  # noqa: E402
from helix.storage import StaticFiles  # noqa: E402
from helix.turns import Turns  # noqa: E402
from sessions.routing import websockets  # noqa: E402

limits = settings.HELIX_LIMITS
bounds = BodyBounds(limits.body_bytes, limits.form_bytes, limits.public_body_bytes, settings.SESSION_COOKIE_NAME)
turns = Turns(Handler(), limits, settings.SESSION_COOKIE_NAME, settings.ALLAUTH_TRUSTED_PROXY_COUNT)  # type: ignore[arg-type]
http = StaticFiles(BodyLimit(turns, bounds))
application = Draining(ProtocolTypeRouter({"http": http, "websocket": websockets}))
