"""A guarded call whose answer is read as it comes, and which another thread may cut off.

The guard is `web.egress`: the same judging of addresses, no redirects, no proxies. `cut` shuts the connection's socket
down, which wakes whoever reads from it; a lock that a reader holds would not.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpcore

from web.egress import SCHEMES, Bounded, EgressError, Guard, Network, parts_of, time_left, trust

IDLE_SECONDS = 90.0
"""The longest silence of a peer."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """What a server answers; `parts` are the body's as they come, and raise `EgressError`."""

    status: int
    headers: Mapping[str, str]
    parts: Iterator[bytes]


@contextmanager
def open_stream(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    allow: Sequence[Network] = (),
    seconds: float,
    most_bytes: int,
    idle_seconds: float = IDLE_SECONDS,
    on_open: Callable[[Callable[[], None]], None] = lambda cut: None,
) -> Iterator[Streamed]:
    """Call an address and read what it answers as it comes, within `seconds` all in all. Raises `EgressError`.

    `on_open` is given what ends the call from another thread; whoever reads then sees `EgressError("connect")`.
    """
    scheme, host, port, target = parts_of(url)
    name = f"[{host}]" if ":" in host else host
    given = {"Host": name if port == SCHEMES[scheme] else f"{name}:{port}", "Accept-Encoding": "identity", **headers}
    if body or method in ("POST", "PUT", "PATCH"):
        given["Content-Length"] = str(len(body))
    guard = _Cuttable(tuple(allow), time.monotonic() + seconds, idle_seconds)
    on_open(guard.cut)
    address = httpcore.URL(scheme=scheme.encode(), host=host.encode(), port=port, target=target.encode())
    encoded = [(name.encode(), value.encode()) for name, value in given.items()]
    with (
        _told(),
        httpcore.ConnectionPool(ssl_context=trust(), network_backend=guard, max_connections=1) as pool,
        pool.stream(method, address, headers=encoded, content=body) as answer,
    ):
        known = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        yield Streamed(answer.status, known, _body_of(answer, most_bytes))


def _body_of(answer: httpcore.Response, most_bytes: int) -> Iterator[bytes]:
    held = 0
    with _told():
        for part in answer.iter_stream():
            held += len(part)
            if held > most_bytes:
                raise EgressError("too_large")
            yield part


@contextmanager
def _told() -> Iterator[None]:
    """Raise what goes wrong beneath as an `EgressError`."""
    try:
        yield
    except httpcore.TimeoutException:
        raise EgressError("timeout") from None
    except httpcore.ConnectError as error:
        raise EgressError("tls" if isinstance(error.__cause__, ssl.SSLError) else "connect") from None
    except httpcore.NetworkError:
        raise EgressError("connect") from None
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        raise EgressError("protocol") from None


class _Cuttable(Guard):
    """The guard, which remembers what it opened."""

    def __init__(self, allow: Sequence[Network], deadline: float, idle: float) -> None:
        super().__init__(allow, deadline)
        self._idle = idle
        self._opened: list[httpcore.NetworkStream] = []
        self._is_cut = False

    def cut(self) -> None:
        """End what is open, and open nothing more."""
        self._is_cut = True
        for stream in self._opened:
            if isinstance(found := stream.get_extra_info("socket"), socket.socket):
                with suppress(OSError):
                    socket.socket.shutdown(found, socket.SHUT_RDWR)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect as the guard does."""
        stream = _Idle(super().connect_tcp(host, port, timeout, local_address, socket_options), self._deadline, self)
        self._opened.append(stream)
        if self._is_cut:
            stream.close()
            raise EgressError("connect")
        return stream

    @property
    def idle(self) -> float:
        """The longest silence, in seconds."""
        return self._idle


class _Idle(Bounded):
    """A connection that ends after a silence too."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float, guard: _Cuttable) -> None:
        super().__init__(stream, deadline)
        self._guard = guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, min(time_left(self._deadline), self._guard.idle))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, time_left(self._deadline))
        stream = _Idle(inner, self._deadline, self._guard)
        self._guard._opened.append(stream)
        return stream
