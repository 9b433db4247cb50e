"""What an operator's machines ask: is it alive, can it serve, how is it doing.

`/healthz` answers whenever the process can. `/readyz` asks the database and sends itself a message through the channel
layer, each within two seconds: 503 tells a proxy to send people elsewhere. `/metrics` names flows' activity, so it is
for this machine, for staff, and for holders of `HELIX_METRICS_TOKEN`; a request that came through a proxy is not
from this machine, with any address.
"""

import asyncio
import hmac
import re
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

PATIENCE = 2.0
PROXIED = re.compile(
    r"(X-)?(Forwarded|Real-IP|Client-IP|Cluster-Client-IP|Original)|Via$|True-Client|CF-|Fly-|Fastly-", re.I
)
"""Headers by which proxies say for whom they ask."""

log = structlog.get_logger(__name__)


@require_safe
@never_cache
def alive(request: HttpRequest) -> JsonResponse:
    """Answer."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
async def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database and the channel layer do, else 503 naming the one that does not."""
    database, layer = await asyncio.gather(answered("database", ask_database()), answered("layer", ask_layer()))
    well = database and layer
    checks = {"database": "ok" if database else "unavailable", "layer": "ok" if layer else "unavailable"}
    return JsonResponse({"status": "ok" if well else "unavailable", **checks}, status=200 if well else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer this process's metrics as Prometheus text."""
    if not may_read_metrics(request):
        return JsonResponse(
            {"code": "forbidden", "message": "Metrics are for this machine and for staff.", "detail": None}, status=403
        )
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics(request: HttpRequest) -> bool:
    """Say whether the request comes from this machine, from staff, or with the token.

    A proxy on this machine is not this machine: it adds a header of its own, or is one of the trusted.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.HELIX_METRICS_TOKEN
    if expected and scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), expected.encode()):
        return True
    proxied = settings.ALLAUTH_TRUSTED_PROXY_COUNT or any(PROXIED.match(name) for name in request.headers)
    with suppress(ValueError):
        if not proxied and ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback:
            return True
    return bool(request.user.is_staff)


async def answered(name: str, probe: Coroutine[Any, Any, None]) -> bool:
    """Wait for a probe, not for long; a failure is logged by its kind alone."""
    try:
        await asyncio.wait_for(probe, PATIENCE)
    except Exception as error:  # for any error the answer is "not ready"
        log.warning("not_ready", part=name, error=type(error).__name__)
        return False
    return True


@sync_to_async(thread_sensitive=False)
def ask_database() -> None:
    """Run the smallest query on a connection of this probe's own thread."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


async def ask_layer() -> None:
    """Send a message to ourselves through the channel layer and wait for it."""
    layer = get_channel_layer()
    channel = await layer.new_channel("readyz.")
    await layer.send(channel, {"type": "readyz", "ask": uuid.uuid4().hex})
    await layer.receive(channel)
    # A second receive, given up at once, is how the layers forget a channel.
    with suppress(TimeoutError):
        await asyncio.wait_for(layer.receive(channel), 0.001)
