"""The guard of outgoing HTTP: all that the product calls on behalf of its people goes through `send`.

An address comes from a person, and must not reach what stands behind our firewall. So a name is resolved once, each of
its addresses is judged, and the connection is made to the judged address itself: a name that resolves otherwise a
moment later gains nothing. TLS and the header `Host` still name the host. A redirect is followed only where that is
asked for, and judged anew. Proxies of the environment are not used, nor are unix sockets; from the connection on, time
and size are bounded as a whole, so that no peer can hold a thread by sending a byte now and then (to look up a name
takes as long as the system's resolver allows). `HELIX_EGRESS_ALLOW` lets further networks through.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Literal, TypeAlias
from urllib.parse import urljoin, urlsplit

import httpcore

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address
Why: TypeAlias = Literal["address", "forbidden", "resolve", "connect", "tls", "timeout", "too_large", "protocol"]

SECONDS = 15.0
MOST_BYTES = 1 << 20
LONGEST_URL = 2_000
MOST_TRIED = 4
"""How many addresses of one name are tried."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SCHEMES = {"http": 80, "https": 443}

_FORBIDDEN: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLIC_V6 = ip_network("2000::/3")
_FORBIDDEN_V6: tuple[Network, ...] = tuple(
    ip_network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NAT64 = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")


class EgressError(Exception):
    """A call was refused, or came to nothing. `why` is stable and for programs; it tells nothing of the network."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `headers` by lower-case name, the last of each."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def networks(words: Iterable[str]) -> tuple[Network, ...]:
    """Read networks (`10.1.0.0/16`, `::1`). Raises `ValueError`."""
    return tuple(ip_network(word) for word in words)


def judged(address: str, allow: Sequence[Network] = ()) -> bool:
    """Tell whether an address may be called. One that carries an IPv4 address in itself counts as that."""
    try:
        found = _carried(ip_address(address))
    except ValueError:  # with a zone, for example
        return False
    if any(found in network for network in allow if network.version == found.version):
        return True
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _FORBIDDEN)
    return found in _PUBLIC_V6 and not any(found in network for network in _FORBIDDEN_V6)


def check_url(url: str, allow: Sequence[Network] = ()) -> None:
    """Refuse what can never be called: another scheme, a login in it, a literal address that is not allowed.

    What a name resolves to is judged when it is called. Raises `EgressError`.
    """
    host = parts_of(url)[1]
    literal = _literal(host)
    if host == "localhost" or host.endswith(".localhost"):
        literal = "127.0.0.1"
    if literal is not None and not judged(literal, allow):
        raise EgressError("forbidden")


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    allow: Sequence[Network] = (),
    seconds: float = SECONDS,
    most_bytes: int = MOST_BYTES,
    redirects: int = 0,
) -> Answer:
    """Call an address and return what it answers, at most `most_bytes` of body, within `seconds` all in all.

    Follows at most `redirects` redirects: 307 and 308 with the same body, others by GET; headers that prove who we are
    go to the first host alone. Raises `EgressError`.
    """
    deadline = time.monotonic() + seconds
    sent = dict(headers or {})
    while True:
        answer = _once(method, url, sent, body, guard=Guard(tuple(allow), deadline), most_bytes=most_bytes)
        target = answer.headers.get("location")
        if not redirects or answer.status not in REDIRECTS or target is None:
            return answer
        redirects -= 1
        following = _joined(url, target)
        if parts_of(following)[:3] != parts_of(url)[:3]:
            sent = {name: value for name, value in sent.items() if name.lower() not in _PRIVATE}
        if answer.status not in (307, 308) and method not in ("GET", "HEAD"):
            method, body = "GET", b""
            sent = {name: value for name, value in sent.items() if not name.lower().startswith("content-")}
        url = following


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        raise EgressError("address") from None


_PRIVATE = frozenset({"authorization", "cookie", "x-helix-signature", "idempotency-key"})


def _once(method: str, url: str, headers: Mapping[str, str], body: bytes, *, guard: "Guard", most_bytes: int) -> Answer:
    scheme, host, port, target = parts_of(url)
    name = f"[{host}]" if ":" in host else host
    given = {"Host": name if port == SCHEMES[scheme] else f"{name}:{port}", "Accept-Encoding": "identity", **headers}
    if body or method in ("POST", "PUT", "PATCH"):
        given["Content-Length"] = str(len(body))
    encoded = [(name.encode(), value.encode()) for name, value in given.items()]
    address = httpcore.URL(scheme=scheme.encode(), host=host.encode(), port=port, target=target.encode())
    try:
        with (
            httpcore.ConnectionPool(ssl_context=trust(), network_backend=guard, max_connections=1) as pool,
            pool.stream(method, address, headers=encoded, content=body, extensions={"timeout": _TIMEOUTS}) as answer,
        ):
            held = bytearray()
            for part in answer.iter_stream():
                held += part
                if len(held) > most_bytes:
                    raise EgressError("too_large")
            known = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            return Answer(answer.status, known, bytes(held))
    except httpcore.TimeoutException:
        raise EgressError("timeout") from None
    except httpcore.ConnectError as error:
        raise EgressError("tls" if isinstance(error.__cause__, ssl.SSLError) else "connect") from None
    except httpcore.NetworkError:
        raise EgressError("connect") from None
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, UnicodeError, ValueError):
        raise EgressError("protocol") from None


_TIMEOUTS = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)


class Guard(httpcore.NetworkBackend):
    """Connects to judged addresses alone; what it connects is bounded by the deadline of the whole call."""

    def __init__(self, allow: Sequence[Network], deadline: float) -> None:
        self._allow, self._deadline, self._backend = allow, deadline, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve once, judge every address, connect to one of these."""
        addresses = resolved(host, port)
        if not all(judged(address, self._allow) for address in addresses):
            raise EgressError("forbidden")
        failed: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in addresses[:MOST_TRIED]:
            try:
                left = time_left(self._deadline) / (1 if address == addresses[-1] else 2)
                return Bounded(self._backend.connect_tcp(address, port, left), self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError(host)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Refuse."""
        raise EgressError("forbidden")


class Bounded(httpcore.NetworkStream):
    """A connection that ends at a deadline, however slowly its peer goes on sending."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, time_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, time_left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, time_left(self._deadline))
        return Bounded(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a name, each once. Raises `EgressError`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise EgressError("resolve") from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def time_left(deadline: float) -> float:
    """Return the seconds until a deadline. Raises `EgressError`."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise EgressError("timeout")
    return left


def parts_of(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and target of an address. Raises `EgressError`."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise EgressError("address")
    try:
        parts = urlsplit(url)
        default = SCHEMES[parts.scheme]
        port = parts.port or default
    except (ValueError, KeyError):
        raise EgressError("address") from None
    host = (parts.hostname or "").rstrip(".")
    if not host or "@" in parts.netloc or "%" in parts.netloc:
        raise EgressError("address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port, target


def _literal(host: str) -> str | None:
    """Return the address that a host is spelled as, in whatever way the system takes (`0x7f.1`, `2130706433`)."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _carried(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


@cache
def trust() -> ssl.SSLContext:
    return ssl.create_default_context()
