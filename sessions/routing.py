"""Where WebSockets lead: one address; every other is refused at the handshake."""

from channels.routing import URLRouter
from django.urls import path, re_path

from sessions.consumers import flow_socket, refuse_handshake

websockets = URLRouter([path("ws/flows/<str:flow_id>/", flow_socket), re_path("", refuse_handshake)])  # type: ignore[arg-type]
