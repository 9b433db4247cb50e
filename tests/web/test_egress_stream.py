"""What is read as it comes, and what the library of tool servers calls, goes through the same guard."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tests.receiver import Receiver
from tests.web.test_egress import HOSTILE, LOOPBACK, NO_ADDRESS
from web import egress, egress_async
from web.egress import EgressError
from web.egress_async import guarded_transport
from web.egress_stream import open_stream


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def streamed(url: str, **given: Any) -> bytes:
    options: dict[str, Any] = {"headers": {}, "seconds": 10, "most_bytes": 1_000, **given}
    with open_stream("POST", url, **options) as answer:
        return b"".join(answer.parts)


def asked(url: str, *, most_bytes: int = 1_000, **given: Any) -> bytes:
    async def ask() -> bytes:
        transport = guarded_transport(given.get("allow", ()), most_bytes=most_bytes)
        async with httpx2.AsyncClient(transport=transport, trust_env=False, timeout=10) as client:
            answer = await client.post(url)
            return answer.content

    return asyncio.run(ask())


CALLS = [pytest.param(streamed, id="stream"), pytest.param(asked, id="async")]
Call = Callable[..., bytes]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("url", HOSTILE)
def test_an_address_that_is_not_public_is_refused(url: str, call: Call) -> None:
    with pytest.raises((EgressError, httpx2.InvalidURL), match=r"forbidden|resolve|Invalid"):
        call(url)


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(EgressError, match="address"):
        streamed(url)


@pytest.mark.parametrize("call", CALLS)
def test_a_network_that_is_allowed_may_be_called(call: Call, receiver: Receiver) -> None:
    assert call(receiver.url, allow=LOOPBACK) == b"ok"


@pytest.mark.parametrize("call", CALLS)
def test_a_name_is_judged_by_all_its_addresses_and_resolved_once(
    call: Call, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [["1.1.1.1", "127.0.0.1"], ["127.0.0.1"]]
    for module in (egress, egress_async):
        monkeypatch.setattr(module, "resolved", lambda host, port: found.pop(0))

    with pytest.raises(EgressError, match="forbidden"):
        call(f"http://rebinding.example:{receiver.port}/")
    assert len(found) == 1
    assert receiver.received == []


@pytest.mark.parametrize("call", CALLS)
def test_no_redirect_is_followed(call: Call) -> None:
    with Receiver(lambda path: (302, {"Location": "/elsewhere"}, b"moved")) as receiver:
        assert call(receiver.url, allow=LOOPBACK) == b"moved"
        assert [one.path for one in receiver.received] == ["/"]


@pytest.mark.parametrize("call", CALLS)
def test_proxies_of_the_environment_are_not_used(
    call: Call, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert call(receiver.url, allow=LOOPBACK) == b"ok"


@pytest.mark.parametrize("call", CALLS)
def test_an_answer_has_a_largest_size(call: Call) -> None:
    with Receiver(lambda path: (200, {}, b"x" * 2_000)) as receiver, pytest.raises(EgressError, match="too_large"):
        call(receiver.url, allow=LOOPBACK)


def test_another_thread_cuts_a_call_off() -> None:
    cuts, asked_for, go_on = list[Callable[[], None]](), threading.Event(), threading.Event()
    failures = list[str]()

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        asked_for.set()
        go_on.wait(60)
        return 200, {}, b"late"

    def call(url: str) -> None:
        try:
            streamed(url, allow=LOOPBACK, on_open=cuts.append, seconds=60)
        except EgressError as error:
            failures.append(error.why)

    with Receiver(answer) as receiver:
        calling = threading.Thread(target=call, args=[receiver.url])
        calling.start()
        assert asked_for.wait(30)
        cuts[0]()
        calling.join(30)
        is_over = not calling.is_alive()
        go_on.set()

    assert is_over
    assert failures[0] in ("connect", "protocol")


def test_what_was_cut_before_it_began_opens_nothing(receiver: Receiver) -> None:
    with pytest.raises(EgressError, match="connect"):
        streamed(receiver.url, allow=LOOPBACK, on_open=lambda cut: cut())
    assert receiver.received == []
