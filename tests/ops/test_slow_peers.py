"""Peers that are slow, endless or many: closed by both servers, while everybody else is answered."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace

import pytest

from flows.limits import Limits
from helix.connection_limits import UnfinishedRequests
from tests.servers import Server

SERVERS = ("daphne", "uvicorn")
HEAD_BYTES = 4096
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/v1/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
HANDSHAKE = (
    b"GET /ws/flows/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
PATIENCE = 30.0


@pytest.fixture(scope="module", params=SERVERS)
def hasty(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that waits for nothing longer than a second."""
    seconds = ("HEAD_SECONDS", "BODY_SECONDS", "KEEP_ALIVE_SECONDS")
    limits = {f"HELIX_LIMIT_{name}": "1" for name in seconds} | {"HELIX_LIMIT_HEAD_BYTES": str(HEAD_BYTES)}
    with Server(server=request.param, environment=limits) as server:
        yield server


def patient(name: str, **variables: str) -> Server:
    """A server that waits for a minute, but for only three of one address."""
    limits = {"HELIX_LIMIT_HEAD_SECONDS": "60", "HELIX_LIMIT_BODY_SECONDS": "60"}
    return Server(server=name, environment={**limits, "HELIX_LIMIT_UNFINISHED_PER_ADDRESS": "3", **variables})


def opened(server: Server, first: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(first)
    return connection


def rest(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes; fail if it never does."""
    received = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += piece
    return received


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"G",
        GET,
        b"\r\n",
        POST + b"Content-Length: 100\r\n\r\n{",
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{",
    ],
    ids=["silent", "a byte", "half a head", "a line", "half a body", "half a body of unsaid length"],
)
def test_who_stops_in_the_middle_is_closed(hasty: Server, first: bytes) -> None:
    with opened(hasty, first) as connection:
        answer = rest(connection)

    assert status(answer) == 408
    assert b'"too_slow"' in answer


@pytest.mark.parametrize(
    "more",
    [b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n", b"".join(b"A%d: b\r\n" % at for at in range(200))],
    ids=["a body", "a body of unsaid length", "many lines"],
)
def test_an_odd_handshake_holds_no_connection(hasty: Server, more: bytes) -> None:
    with opened(hasty, HANDSHAKE + more + b"\r\n") as connection:
        assert status(rest(connection)) in (400, 403, 408)


def test_who_asks_for_nothing_more_is_closed(hasty: Server) -> None:
    with opened(hasty, GET + b"\r\n") as connection:
        assert rest(connection).count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"GET /healthz HTTP/1.1\r\n", b"A: b\r\n"),
        (b"", b"\r\n"),
        (POST + b"Content-Length: 9000\r\n\r\n", b"{"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n"),
        (GET + b"\r\n", b"\r\n"),
    ],
    ids=["head", "lines", "body", "chunks", "after an answer"],
)
def test_a_byte_now_and_then_does_not_hold_a_connection(hasty: Server, first: bytes, drop: bytes) -> None:
    with opened(hasty, first) as connection, pytest.raises(OSError, match=r"reset|pipe|closed"):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            connection.sendall(drop)
            connection.settimeout(0.1)
            with suppress(TimeoutError):
                while connection.recv(65536):
                    pass
                raise OSError("closed")
            connection.settimeout(PATIENCE)


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"GET /healthz HTTP/1.1\r\n", b"A: b\r\n" * 1000),
        (b"GET /healthz HTTP/1.1\r\nA: ", b"b" * 10_000),
        (b"GET /", b"b" * 10_000),
        (b"", b"b" * 10_000),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nA: ", b"b" * 10_000),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n", b"A: b\r\n" * 1000),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;", b"b" * 10_000),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n" * 1000),
        (POST + b"Content-Length: 99999999\r\n\r\n", b"b" * 10_000),
    ],
    ids=["lines", "line", "address", "method", "trailer", "trailers", "extension", "chunks", "body"],
)
def test_what_has_no_end_is_not_taken(hasty: Server, first: bytes, piece: bytes) -> None:
    sent = 0
    with opened(hasty, first) as connection, suppress(OSError):
        while sent < 100_000_000:
            connection.sendall(piece)
            sent += len(piece)

    assert sent < 20_000_000, "no more than what lies in the buffers between us"


@pytest.mark.parametrize("past", [0, 1])
def test_a_head_has_a_limit(hasty: Server, past: int) -> None:
    lines = [b"GET /healthz HTTP/1.1", b"Host: localhost", b"Connection: close", b"A: "]
    lines[-1] += b"a" * (HEAD_BYTES + past - sum(map(len, lines)))
    with opened(hasty, b"\r\n".join([*lines, b"", b""])) as connection:
        answer = rest(connection)

    assert status(answer) == (431 if past else 200)
    assert not past or b'"too_large"' in answer


def test_who_does_not_read_is_cut(hasty: Server) -> None:
    page = hasty.fetch("/accounts/login/").text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    largest = max(addresses, key=lambda address: len(hasty.fetch(address).content)).encode()
    with socket.socket() as connection, pytest.raises(OSError, match=r"reset|pipe"):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", hasty.port))
        while True:
            connection.sendall((b"GET " + largest + b" HTTP/1.1\r\nHost: localhost\r\n\r\n") * 100)


@pytest.mark.parametrize("name", SERVERS)
def test_an_address_has_so_many_unfinished_requests(name: str) -> None:
    with patient(name) as server, ExitStack() as stack:
        waiting = [stack.enter_context(opened(server, GET)) for _ in range(3)]
        with opened(server, GET) as one_more:
            assert status(rest(one_more)) == 429
        assert server.fetch("/healthz").status_code == 200, "a request that is complete is answered all the same"
        for connection in waiting:
            connection.sendall(b"Connection: close\r\n\r\n")
            assert status(rest(connection)) == 200


@pytest.mark.parametrize("name", SERVERS)
def test_behind_a_proxy_the_address_is_the_client_s(name: str) -> None:
    def half_a_body(client: bytes) -> bytes:
        return POST + b"X-Forwarded-For: 9.9.9.9, " + client + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{"

    with patient(name, HELIX_TRUSTED_PROXIES="1") as server, ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(opened(server, GET))
        waiting = [stack.enter_context(opened(server, half_a_body(b"2001:db8::%d" % number))) for number in range(3)]
        with opened(server, half_a_body(b"2001:db8::ffff")) as one_more:
            assert status(rest(one_more)) == 429
        waiting.append(stack.enter_context(opened(server, half_a_body(b"2001:db8:0:1::"))))
        for connection in waiting:
            connection.sendall(b"}")
            assert status(rest(connection)) == 422


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "counted"),
    [
        (0, "10.0.0.1", None, "10.0.0.1"),
        (0, "10.0.0.1", [b"1.1.1.1"], "10.0.0.1"),
        (0, "2001:db8:1:2:3::4", None, "2001:db8:1:2::"),
        (0, "::ffff:10.0.0.1", None, "10.0.0.1"),
        (0, "fe80::1%eth0", None, "fe80::"),
        (0, "", None, ""),
        (1, "10.0.0.1", None, None),
        (1, "10.0.0.1", [], "10.0.0.1"),
        (1, "10.0.0.1", [b"2.2.2.2, 1.1.1.1"], "1.1.1.1"),
        (2, "10.0.0.1", [b"3.3.3.3, 2.2.2.2", b"1.1.1.1"], "2.2.2.2"),
        (2, "10.0.0.1", [b"1.1.1.1"], "10.0.0.1"),
        (1, "10.0.0.1", [b"\xff"], "\xff"),
    ],
)
def test_whose_a_connection_is(proxies: int, peer: str, forwarded: list[bytes] | None, counted: str | None) -> None:
    assert UnfinishedRequests(Limits(), proxies).address_of(peer, forwarded) == counted


def test_the_count_goes_back_to_nothing() -> None:
    unfinished = UnfinishedRequests(replace(Limits(), unfinished_per_address=1), 0)

    assert [unfinished.enter("a"), unfinished.enter("a"), unfinished.enter("b")] == [False, True, False]
    for address in "aab":
        unfinished.leave(address)
    assert not unfinished.counts
