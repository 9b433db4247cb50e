"""The bad network itself: what it does to bytes and connections."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.proxy import Proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back whatever it gets; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=repeat, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def repeat(connection: socket.socket) -> None:
    with closing(connection):
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    with Proxy(echo) as proxy:
        yield proxy


def connect(proxy: Proxy) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", proxy.port))
    client.settimeout(10)
    return client


def ask(client: socket.socket, data: bytes) -> bytes:
    """Send, and return as much."""
    client.sendall(data)
    got = b""
    while len(got) < len(data):
        more = client.recv(65536)
        if not more:
            break
        got += more
    return got


def all_of(client: socket.socket) -> bytes:
    """Read to the end of the connection, however it ends."""
    got = b""
    try:
        while more := client.recv(65536):
            got += more
    except ConnectionError:
        pass
    return got


def test_bytes_pass_in_order(proxy: Proxy) -> None:
    data = bytes(range(256)) * 40
    with connect(proxy) as client:
        proxy.delay(0.01)
        assert ask(client, data) == data
        client.shutdown(socket.SHUT_WR)
        assert all_of(client) == b""


def test_a_cut_ends_those_who_are_connected_and_nobody_else(proxy: Proxy) -> None:
    with connect(proxy) as client:
        assert ask(client, b"here") == b"here"
        proxy.cut()
        assert all_of(client) == b""
    with connect(proxy) as client:
        assert ask(client, b"here") == b"here"


@pytest.mark.parametrize("limits", [{"up": 7}, {"down": 7}, {"up": 100, "down": 7}])
def test_a_cut_at_a_byte_lets_all_before_it_pass_and_nothing_after(proxy: Proxy, limits: dict[str, int]) -> None:
    with connect(proxy) as client:
        assert ask(client, b"before") == b"before"
        proxy.cut_after(**limits)
        client.sendall(b"0123456789")
        got = all_of(client)
        assert b"0123456".startswith(got)
        if "up" not in limits or "down" in limits:
            assert got == b"0123456"
    with connect(proxy) as client:
        assert ask(client, b"0123456789") == b"0123456789"


def test_who_is_paused_is_silent_and_loses_nothing(proxy: Proxy) -> None:
    with connect(proxy) as early:
        assert ask(early, b"x") == b"x"
        proxy.pause()
        with connect(proxy) as late:
            for client in (early, late):
                client.sendall(b"held")
                client.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    client.recv(1)
            proxy.resume()
            for client in (early, late):
                client.settimeout(10)
                assert ask(client, b" back") in (b"held ", b"held back")


def test_a_reader_that_does_not_read_is_felt_by_the_writer(proxy: Proxy) -> None:
    with connect(proxy) as client:
        proxy.pause()
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            for _ in range(1000):
                client.sendall(bytes(1024 * 1024))


def test_nobody_connects_while_it_refuses_and_those_who_are_connected_stay(proxy: Proxy) -> None:
    with connect(proxy) as client:
        assert ask(client, b"x") == b"x"
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
        assert ask(client, b"y") == b"y"
        proxy.accept()
    with connect(proxy) as client:
        assert ask(client, b"z") == b"z"
