"""The two servers behind `helix up`, each ended so that no one's work is left hanging.

The port is taken before anything else happens, so "in use" is said at once, and connections made while we migrate wait
in the queue. On SIGTERM no new connection is taken, the live sessions say goodbye to their sockets (4412), what is
being answered is answered, and only then the rest is cut (`helix.draining`). Messages are bounded at 1 MiB and never
compressed: compression cost a factor of three. Imports are inside: a process loads only the server it runs.
"""

import asyncio
import gc
import signal
import socket
import sys
from functools import partial
from typing import Any

import structlog

from helix.connection_limits import UnfinishedRequests
from helix.draining import Draining, end_within
from web.memory import give_memory_back

MESSAGE_BYTES = 1024 * 1024
COLLECTIONS = (20_000, 20, 50)
SWITCH_SECONDS = 0.0001
GRACE_SECONDS = 5.0
LAST_SECONDS = 2 * GRACE_SECONDS + 5.0
"""More than all that is waited for in `end` and by the servers after it."""

log = structlog.get_logger(__name__)
_work: list[Any] = []
_house: list[Any] = []
"""What this process does for runs, once it serves."""


def listen(host: str, port: int) -> socket.socket:
    """Take the port; raise `OSError` when that is not possible."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def settle() -> None:
    """Make the process a calm one: what is loaded by now is never collected, and threads hand over soon.

    A full collection walks everything that Django is made of (60 ms, measured), and a thread that commits asks for the
    interpreter after each statement: with Python's 5 ms a turn, ten statements wait for fifty.
    """
    give_memory_back()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    sys.setswitchinterval(SWITCH_SECONDS)


def open_sessions() -> None:
    """Begin to hear of what is live in other processes, before anybody asks, to send to webhooks, to work, to tidy up.

    Runs on the server's event loop.
    """
    from django.conf import settings

    from flows.housekeeping import Housekeeper
    from flows.webhooks import sender
    from runs.work.server import WorkInServer
    from sessions import supervisor

    supervisor.current()
    sender.start()
    _house[:] = [Housekeeper()]
    _house[0].start()
    _work[:] = [WorkInServer(has_worker=settings.HELIX_WORKERS > 0, release=settings.HELIX_RELEASE)]
    _work[0].start(asyncio.get_event_loop())


async def end(application: Draining) -> None:
    """Close every live socket with 4412, then answer what was asked; the process ends even if that fails."""
    from flows import log as flow_log
    from flows.webhooks import sender
    from sessions import supervisor

    end_within(LAST_SECONDS)
    sender.stop()
    for housekeeper in _house:
        housekeeper.stop()
    flow_log.give_up_snapshots()
    application.announce()
    drained = [work.stop_aside(GRACE_SECONDS - 2) for work in _work]
    try:
        await asyncio.wait_for(supervisor.shutdown(), GRACE_SECONDS)
    except Exception:
        log.exception("goodbye_failed")
    await application.finish(GRACE_SECONDS)
    for done in drained:
        await asyncio.get_running_loop().run_in_executor(None, done.wait, GRACE_SECONDS)


def unfinished_requests() -> UnfinishedRequests:
    """Return the count of unfinished requests, empty yet."""
    from django.conf import settings

    return UnfinishedRequests(settings.HELIX_LIMITS, settings.ALLAUTH_TRUSTED_PROXY_COUNT)


def announce(server: str, *, is_short: bool) -> None:
    """Say which way the frames of WebSockets take (`helix.wire`)."""
    log.info("frames", server=server, way="short" if is_short else "ordinary")


def serve_with_daphne(listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, on uvloop."""
    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # before daphne makes its loop

    from daphne.server import Server, twisted_loop
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    from helix import daphne_wire
    from helix.asgi import application, bounds
    from helix.http_daphne import BoundedFactory, BoundedRequest

    class Daphne(Server):  # type: ignore[misc]
        """Listens on a socket it is given, and ends gently."""

        def adopt(self) -> None:
            self.http_factory = BoundedFactory(self, unfinished_requests(), bounds)
            self.port = reactor.adoptStreamPort(listener.fileno(), listener.family, self.http_factory)
            listener.close()
            twisted_loop.call_soon(open_sessions)

        def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
            daphne_wire.offer(protocol, scope)
            return super().create_application(protocol, scope)

        async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
            await super().handle_reply(protocol, message)
            if isinstance(protocol, BoundedRequest):
                await protocol.taken()

        def kill_all_applications(self) -> Any:
            self.port.stopListening()
            return Deferred.fromFuture(asyncio.ensure_future(end(self.application), loop=twisted_loop))

    daphne_wire.install()
    announce("daphne", is_short=daphne_wire.HAS_SHORT_WAY)
    server = Daphne(
        application,
        endpoints=["adopted"],
        websocket_max_message_size=MESSAGE_BYTES,
        websocket_max_frame_size=MESSAGE_BYTES,
        application_close_timeout=GRACE_SECONDS,
        server_name="helix",
    )
    settle()
    server.endpoints = []
    server.ready_callable = server.adopt
    server.run()


def serve_with_uvicorn(listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, on uvloop."""
    import uvicorn

    from helix.asgi import application
    from helix.http_uvicorn import BoundedProtocol

    protocol = wire_protocol()

    class Uvicorn(uvicorn.Server):
        """Ends gently."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            open_sessions()
            await super().startup(sockets)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            for server in self.servers:
                server.close()
            await end(application)
            await super().shutdown(sockets)

    unfinished = unfinished_requests()
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http=partial(BoundedProtocol, unfinished),  # type: ignore[arg-type]
        ws=protocol,
        ws_max_size=MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=unfinished.limits.keep_alive_seconds,
    )
    settle()
    # uvicorn raises the signal again when it is done; for us that is a good end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    Uvicorn(config).run(sockets=[listener])


def wire_protocol() -> Any:
    """Return what speaks WebSocket for uvicorn: our own beneath the short way, or uvicorn's."""
    try:
        from helix import uvicorn_wire
    except ImportError:  # another version, arranged otherwise
        announce("uvicorn", is_short=False)
        return "websockets-sansio"
    announce("uvicorn", is_short=uvicorn_wire.HAS_SHORT_WAY)
    return uvicorn_wire.WireProtocol if uvicorn_wire.HAS_SHORT_WAY else "websockets-sansio"
