"""Every subscription of GraphQL by everybody, in the letters of `calls`; 1 is the close code 4401."""

import json

import pytest
from channels.testing import WebsocketCommunicator

from flows.graphql.schema import schema
from flows.models import Flow
from tests.access.calls import MEMBERS
from tests.access.cast import BY_CODE, differences
from tests.access.test_frames import CLOSED, people
from tests.sessions.client import PATIENCE, Closed, Direct
from tests.sessions.conftest import cast, everybody_parts, live
from tests.sessions.test_graphql import PROTOCOL, Subscriber

__all__ = ["cast", "everybody_parts", "live", "people"]
pytestmark = pytest.mark.asyncio

SUBSCRIPTIONS = {
    "flowChanged": ("subscription ($id: ID!) { flowChanged(id: $id, since: 0) { version } }", MEMBERS),
}


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_every_subscription_by_everybody(
    name: str,
    people: dict[str, str | None],
    flow: Flow,
) -> None:
    query, cells = SUBSCRIPTIONS[name]
    answers = {who: await _ask(token, flow, query) for who, token in people.items()}

    assert differences(cells, answers.__getitem__) == {}


async def test_no_subscription_is_missing_here() -> None:
    assert set(schema._schema.subscription_type.fields) == SUBSCRIPTIONS.keys()  # type: ignore[union-attr]


async def _ask(token: str | None, flow: Flow, query: str) -> str:
    from helix.asgi import application

    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    communicator = WebsocketCommunicator(application, "/ws/graphql", headers, subprotocols=[PROTOCOL])
    is_accepted, _ = await communicator.connect(PATIENCE)
    assert is_accepted
    client = Subscriber(Direct(communicator), flow)
    try:
        await client.send("connection_init")
        assert (await client.next())["type"] == "connection_ack"
        await client.subscribe(query=query)
        message = await client.next()
    except Closed as end:
        return CLOSED.get(end.code, str(end.code))
    finally:
        await client.wire.leave()
    if message["type"] == "next":
        return "y"
    code = message["payload"][0]["extensions"]["code"]
    return BY_CODE.get(code, json.dumps(message))
