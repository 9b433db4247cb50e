"""Where WebSockets lead: two addresses; every other is refused at the handshake."""

from channels.routing import URLRouter
from django.urls import path, re_path

from sessions.consumers import FlowConsumer, GraphqlConsumer, NoConsumer

websockets = URLRouter(
    [
        path("ws/flows/<str:flow_id>/", FlowConsumer.as_asgi()),
        path("ws/graphql", GraphqlConsumer.as_asgi()),
        re_path("", NoConsumer.as_asgi()),
    ]
)
