"""The consumers: no channel of the layer for a socket, and no trip through a thread for a frame."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels import consumer
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings

from accounts.models import User
from accounts.principals import Person
from flows.models import Flow
from sessions.consumers import FlowConsumer
from sessions.sockets import admission
from tests.sessions.client import connect
from tests.sessions.conftest import Join, token_of

SOCKETS = 1_000


class Peer:
    """The ASGI server's end of one connection: it connects, says one frame and goes away."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self._messages = iter(
            (
                {"type": "websocket.connect"},
                {"type": "websocket.receive", "text": '{"type":"ping"}'},
                {"type": "websocket.disconnect", "code": 1001},
            )
        )

    async def receive(self) -> dict[str, Any]:
        return next(self._messages)

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


async def test_a_thousand_sockets_make_no_channel_of_the_layer(
    live: None, flow: Flow, cast: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    layer: InMemoryChannelLayer = get_channel_layer()
    real = layer.new_channel

    async def counted(prefix: str = "specific.") -> str:
        made.append(prefix)
        return await real(prefix)

    alice = cast["alice"]
    known = admission.Admission(flow.pk, alice.pk, Person(alice.pk), alice.name, "#000000", "owner")
    monkeypatch.setattr(layer, "new_channel", counted)
    monkeypatch.setattr("sessions.consumers.admit", lambda *_: known)
    scope = {"type": "websocket", "headers": [], "url_route": {"kwargs": {"flow_id": str(flow.pk)}}}
    application = FlowConsumer.as_asgi()
    for _ in range(SOCKETS):
        peer = Peer()
        await application(scope, peer.receive, peer.send)
        assert [message["type"] for message in peer.sent] == ["websocket.accept", "websocket.send"]
    assert len(made) <= 1, "the process itself listens by one"


async def test_a_frame_takes_no_trip_through_a_thread(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await join("alice")

    async def travelled() -> None:
        raise AssertionError("Django's thread was asked")

    monkeypatch.setattr(consumer, "aclose_old_connections", travelled)
    await alice.settle()


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Say hello first."),
        ({"Accept-Language": "de"}, "Zuerst hello senden."),
        ({"Accept-Language": "en", "Cookie": f"{settings.LANGUAGE_COOKIE_NAME}=de"}, "Zuerst hello senden."),
        ({"Accept-Language": "xx"}, "Say hello first."),
    ],
)
async def test_errors_are_in_the_language_of_the_handshake(
    live: None, flow: Flow, cast: dict[str, User], headers: dict[str, str], message: str
) -> None:
    client = await connect(await sync_to_async(token_of)(cast["alice"]), flow.pk, headers)
    await client.send("ping")
    assert await client.next("error") == {"type": "error", "code": "invalid", "message": message}
    await client.leave()


async def test_refusals_are_in_the_language_of_the_handshake(live: None, flow: Flow, cast: dict[str, User]) -> None:
    client = await connect(await sync_to_async(token_of)(cast["alice"]), flow.pk, {"Accept-Language": "de"})
    await client.hello()
    await client.send("execute_action", seq=1, action="tidy")
    refused = await client.answer(1)
    assert (refused["code"], refused["message"]) == ("unknown_action", "Diese Aktion gibt es nicht.")
    await client.leave()


async def test_markup_is_in_the_language_of_each_reader(live: None, flow: Flow, cast: dict[str, User]) -> None:
    readers = {}
    for language in ("en", "de"):
        token = await sync_to_async(token_of)(cast["alice"])
        readers[language] = await connect(token, flow.pk, {"Accept-Language": language})
        await readers[language].hello(format="html", client=f"reader-in-{language}")
    switch = {"kind": "edit_node", "id": "a", "set": {"enabled": False}}
    await readers["en"].send("operate", seq=1, operation=switch)
    markup = {language: (await reader.next("apply_changes"))["html"] for language, reader in readers.items()}
    assert ">Off</span>" in markup["en"]
    assert ">Aus</span>" in markup["de"]
    broken = {"kind": "edit_node", "id": "a", "set": {"settings": {"nonsense": 1}}}
    await readers["de"].send("operate", seq=2, operation=broken)
    assert ">Aus</span>" in (await readers["de"].answer(2))["html"]
    for reader in readers.values():
        await reader.leave()
