"""The ASGI application: HTTP to Django, WebSocket to the live sessions."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helix.settings")
application = ProtocolTypeRouter({"http": get_asgi_application()})
