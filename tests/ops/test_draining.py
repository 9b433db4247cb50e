"""What a process that ends still answers, and what it does not begin any more."""

import asyncio
import json
from typing import Any

import pytest

from helix.draining import Draining
from sessions.protocol.codes import Close

Events = list[dict[str, Any]]


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers when it is told to."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})
    await send({"type": "http.response.body", "body": b"whole"})


def asked(application: Draining, go: asyncio.Event, kind: str = "http") -> "tuple[asyncio.Task[None], Events]":
    """Begin a request that waits for `go`, and return it with the events of its answer."""
    sent: Events = []

    async def receive() -> dict[str, Any]:
        await go.wait()
        return {"type": "http.request"}

    async def send(event: Any) -> None:
        sent.append(event)

    return asyncio.ensure_future(application({"type": kind}, receive, send)), sent  # type: ignore[arg-type,typeddict-item]


async def test_after_the_end_a_request_is_refused() -> None:
    application, go = Draining(answering), asyncio.Event()
    await application.finish(0)
    task, sent = asked(application, go)
    await task
    expect_refusal(sent)


async def test_after_the_end_a_socket_hears_when_to_come_back() -> None:
    application, go = Draining(answering), asyncio.Event()
    go.set()
    await application.finish(0)
    task, sent = asked(application, go, "websocket")
    await task
    assert [event["type"] for event in sent] == ["websocket.accept", "websocket.close"]
    assert sent[1]["code"] == Close.RESTARTING


def expect_refusal(sent: Events) -> None:
    """Expect a whole answer that says to try again elsewhere."""
    assert sent[0]["status"] == 503
    assert {(b"connection", b"close"), (b"retry-after", b"1")} <= set(sent[0]["headers"])
    assert json.loads(sent[1]["body"])["code"] == "unavailable"


async def test_what_is_under_way_is_answered_and_the_connection_asked_to_close() -> None:
    application, go = Draining(answering), asyncio.Event()
    task, sent = asked(application, go)
    await asyncio.sleep(0)
    application.announce()
    ending = asyncio.ensure_future(application.finish(60))
    await asyncio.sleep(0)
    assert not ending.done()
    later, sent_later = asked(application, go)
    go.set()
    await asyncio.gather(task, later, ending)
    for events in (sent, sent_later):
        assert events[0]["headers"] == [(b"x", b"y"), (b"connection", b"close")]
        assert events[1]["body"] == b"whole"


async def test_before_the_end_connections_are_kept() -> None:
    application, go = Draining(answering), asyncio.Event()
    go.set()
    task, sent = asked(application, go)
    await task
    assert sent[0]["headers"] == [(b"x", b"y")]


async def test_what_is_not_answered_in_time_is_refused() -> None:
    application, go = Draining(answering), asyncio.Event()
    task, sent = asked(application, go)
    socket, said = asked(application, go, "websocket")
    await asyncio.sleep(0)
    await application.finish(0)
    await asyncio.gather(task, socket)
    expect_refusal(sent)
    assert said == []


async def test_who_cuts_a_request_before_the_end_hears_of_it() -> None:
    application, go = Draining(answering), asyncio.Event()
    task, sent = asked(application, go)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sent == []
