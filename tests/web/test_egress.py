"""What goes out reaches public addresses alone, however an address is spelled and whatever a name resolves to."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.receiver import Receiver
from web import egress
from web.egress import EgressError, check_url, judged, networks, send

LOOPBACK = networks(["127.0.0.0/8"])
HOSTILE = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://localhost./",
    "http://a.localhost/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://192.0.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fd12::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
]
NO_ADDRESS = [
    "",
    "x",
    "ftp://example.com/",
    "ftp://example.com:21/",
    "file:///etc/passwd",
    "unix:///run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock/",
    "http:///nothing",
    "http://user:pass@example.com/",
    "http://example.com@127.0.0.1/",
    "http://[fe80::1%25eth0]/",
    "http://exa mple.com/",
    "http://example.com\\@127.0.0.1/",
    "http://example.com/\r\nHost: other",
    "http://example.com:99999/",
    "http://example.com:x/",
    "http://ｅxample.com/",
    f"http://example.com/{'a' * egress.LONGEST_URL}",
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[list[str]]], list[str]]:
    """Let names resolve as they are told, one list of addresses after the other; returns what was asked."""
    real, told, asked = socket.getaddrinfo, dict[str, list[list[str]]](), list[str]()

    def resolve(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host not in told:
            return real(host, port, *args, **options)
        asked.append(host)
        answers = told[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for address in addresses for entry in real(address, port, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    def tell(name: str, answers: list[list[str]]) -> list[str]:
        told[name] = answers
        return asked

    return tell


def why(url: str, **options: Any) -> str:
    """Return why a call is refused."""
    with pytest.raises(EgressError) as refused:
        send("POST", url, body=b"secret", seconds=5, **options)
    return refused.value.why


@pytest.mark.parametrize("url", HOSTILE)
def test_an_address_that_is_not_public_is_refused_before_and_when_it_is_called(url: str) -> None:
    with pytest.raises(EgressError, match="forbidden"):
        check_url(url)
    assert why(url) in ("forbidden", "resolve")


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(EgressError, match="address"):
        check_url(url)
    assert why(url) == "address"


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_may_be_called(address: str) -> None:
    assert judged(address)


def test_a_network_that_is_allowed_may_be_called_and_no_other(receiver: Receiver) -> None:
    assert send("POST", receiver.url, body=b"x", allow=LOOPBACK).status == 200
    assert why(receiver.url, allow=networks(["10.0.0.0/8", "::1/128"])) == "forbidden"
    assert len(receiver.received) == 1
    assert judged("::ffff:10.0.0.1", networks(["10.0.0.0/8"]))


def test_a_name_is_judged_by_all_its_addresses(receiver: Receiver, names: Callable[..., list[str]]) -> None:
    names("mixed.example", [["8.8.8.8", "127.0.0.1"]])

    assert why(f"http://mixed.example:{receiver.port}/") == "forbidden"
    assert receiver.received == []


def test_a_name_that_resolves_otherwise_a_moment_later_gains_nothing(
    receiver: Receiver, names: Callable[..., list[str]]
) -> None:
    """It is resolved once, and the connection goes to what was judged: here 127.0.0.2, where nobody listens."""
    asked = names("rebinding.example", [["127.0.0.2"], ["127.0.0.1"]])

    assert why(f"http://rebinding.example:{receiver.port}/", allow=networks(["127.0.0.2"])) == "connect"
    assert asked == ["rebinding.example"]
    assert receiver.received == []


def test_the_host_is_named_though_the_address_is_called(receiver: Receiver, names: Callable[..., list[str]]) -> None:
    names("named.example", [["127.0.0.1"]])

    send("POST", f"http://named.example:{receiver.port}/x?y=1", body=b"{}", allow=LOOPBACK)

    assert receiver.received[0].headers["host"] == f"named.example:{receiver.port}"
    assert (receiver.received[0].path, receiver.received[0].body) == ("/x?y=1", b"{}")


def test_a_redirect_is_not_followed_unless_asked_and_is_judged_anew(receiver: Receiver) -> None:
    receiver.answer = lambda path: (302, {"Location": "http://127.0.0.2/"}, b"")

    assert send("POST", receiver.url, body=b"x", allow=LOOPBACK).status == 302
    assert why(receiver.url, allow=networks(["127.0.0.1"]), redirects=3) == "forbidden"


def test_a_redirect_elsewhere_loses_what_proves_who_we_are(receiver: Receiver, names: Callable[..., list[str]]) -> None:
    names("first.example", [["127.0.0.1"]])
    receiver.answer = lambda path: (307, {"Location": f"{receiver.url}/there"}, b"") if path == "/" else (200, {}, b"")

    answer = send(
        "POST",
        f"http://first.example:{receiver.port}/",
        headers={"Authorization": "Bearer x", "X-Other": "kept"},
        body=b"x",
        allow=LOOPBACK,
        redirects=1,
    )

    first, second = receiver.received
    assert (answer.status, first.headers["authorization"], second.path) == (200, "Bearer x", "/there")
    assert "authorization" not in second.headers
    assert (second.headers["x-other"], second.body) == ("kept", b"x")


@pytest.mark.parametrize("target", ["/there/", "//127.0.0.1:{port}/there/", "http://127.0.0.1:{port}/there/?a=1"])
def test_a_redirect_within_a_host_keeps_it(target: str, receiver: Receiver) -> None:
    there = target.format(port=receiver.port)
    receiver.answer = lambda path: (301, {"Location": there}, b"") if path == "/there" else (200, {}, b"")

    send("GET", f"{receiver.url}/there", headers={"Authorization": "Bearer x"}, allow=LOOPBACK, redirects=1)

    assert [one.headers.get("authorization") for one in receiver.received] == ["Bearer x", "Bearer x"]


@pytest.mark.parametrize("target", ["http://[", "https://[::1", "//[x]/"])
def test_a_redirect_to_what_is_no_address_is_refused(target: str, receiver: Receiver) -> None:
    receiver.answer = lambda path: (302, {"Location": target}, b"")

    assert why(receiver.url, allow=LOOPBACK, redirects=1) == "address"


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, receiver.url)

    assert why("http://10.0.0.1/") == "forbidden"
    assert receiver.received == []


def test_an_answer_has_a_largest_size(receiver: Receiver) -> None:
    receiver.answer = lambda path: (200, {}, b"x" * 1000)

    assert len(send("GET", receiver.url, allow=LOOPBACK, most_bytes=1000).body) == 1000
    assert why(receiver.url, allow=LOOPBACK, most_bytes=999) == "too_large"


def test_a_peer_that_sends_a_byte_now_and_then_holds_nobody_up() -> None:
    """Each byte comes in time, the answer never ends: the call has a deadline as a whole."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not ended.wait(0.02):
                    try:
                        peer.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises(EgressError, match="timeout"):
            send("GET", f"http://127.0.0.1:{server.getsockname()[1]}/", allow=LOOPBACK, seconds=0.3)
        ended.set()
        thread.join()


def test_nobody_there_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert why(f"http://127.0.0.1:{port}/", allow=LOOPBACK) == "connect"
    assert why("http://nothing.invalid/") == "resolve"
