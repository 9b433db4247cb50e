"""The ASGI application: HTTP to Django, WebSocket to the live sessions."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helix.settings")
django = get_asgi_application()

from django.conf import settings  # noqa: E402

from helix.body_limit import BodyBounds, BodyLimit  # noqa: E402
from helix.draining import Draining  # noqa: E402
from helix.storage import StaticFiles  # noqa: E402
from helix.turns import Turns  # noqa: E402
from sessions.routing import websockets  # noqa: E402

limits = settings.HELIX_LIMITS
bounds = BodyBounds(limits.body_bytes, limits.form_bytes, limits.public_body_bytes, settings.SESSION_COOKIE_NAME)
turns = Turns(django, limits, settings.SESSION_COOKIE_NAME, settings.ALLAUTH_TRUSTED_PROXY_COUNT)  # type: ignore[arg-type]
http = StaticFiles(BodyLimit(turns, bounds))
application = Draining(ProtocolTypeRouter({"http": http, "websocket": websockets}))
