"""GraphQL subscriptions, in the subprotocol that GraphQL clients speak."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from websockets.asyncio.client import connect as connect_for_real

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.commands import work_budget
from flows.models import Flow
from flows.submission import Submission, parse_operation
from sessions import supervisor
from sessions.graphql_connection import MOST_SUBSCRIPTIONS
from tests.servers import Server
from tests.sessions.client import PATIENCE, Closed, Direct
from tests.sessions.conftest import Join, token_of

CHANGED = """subscription ($id: ID!, $since: Int) {
  flowChanged(id: $id, since: $since) { version via actor { name } operation } }"""
VERSIONS = "subscription ($id: ID!, $since: Int) { flowChanged(id: $id, since: $since) { version } }"
PROTOCOL = "graphql-transport-ws"
Open = Callable[..., Awaitable["Subscriber"]]


class Subscriber:
    """A client of subscriptions."""

    def __init__(self, wire: Direct, flow: Flow) -> None:
        self.wire, self.flow = wire, flow

    async def send(self, type: str, **fields: object) -> None:
        await self.wire.send(json.dumps({"type": type, **fields}))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            message: dict[str, Any] = json.loads(await self.wire.receive())
        return message

    async def subscribe(self, id: str = "1", query: str = VERSIONS, **variables: object) -> None:
        given = {"id": str(self.flow.pk), **variables}
        await self.send("subscribe", id=id, payload={"query": query, "variables": given})

    async def events(self, count: int) -> list[dict[str, Any]]:
        """Return the next events, of which nothing else comes in between."""
        messages = [await self.next() for _ in range(count)]
        assert {message["type"] for message in messages} == {"next"}, messages
        return [message["payload"]["data"]["flowChanged"] for message in messages]

    async def settled(self) -> None:
        """All that was asked before is under way: a subscription reads where the flow is before it answers."""
        await self.send("ping")
        assert (await self.next())["type"] == "pong"

    async def closed(self) -> int:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.wire.receive()
                except Closed as end:
                    return end.code


@pytest.fixture
async def opened(live: None, flow: Flow, cast: dict[str, User]) -> AsyncIterator[Open]:
    """`await opened("alice")`: a client of hers, acknowledged."""
    wires: list[Direct] = []

    async def connect(name: str | None, *, init: object = None, protocols: tuple[str, ...] = (PROTOCOL,)) -> Subscriber:
        from helix.asgi import application

        token = None if name is None else await sync_to_async(token_of)(cast[name])
        headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
        communicator = WebsocketCommunicator(application, "/ws/graphql", headers, subprotocols=list(protocols))
        is_accepted, _ = await communicator.connect(PATIENCE)
        assert is_accepted
        wires.append(Direct(communicator))
        client = Subscriber(wires[-1], flow)
        if init is not False:
            await client.send("connection_init", **({} if init is None else {"payload": init}))
        if name is not None and init is None:
            assert (await client.next())["type"] == "connection_ack"
        return client

    yield connect
    for wire in wires:
        await wire.leave()


def submit(flow: Flow, user: User, *operations: dict[str, object]) -> None:
    submissions = [
        Submission(operation=parse_operation(one), principal=Person(user.pk), via="api") for one in operations
    ]
    commands.submit(flow.pk, submissions)


def moves(*xs: int) -> list[dict[str, object]]:
    return [{"kind": "move_node", "id": "a", "x": x, "y": 0} for x in xs]


async def test_every_version_after_since_comes_in_order_whoever_makes_it(
    opened: Open, flow: Flow, cast: dict[str, User], join: Join
) -> None:
    await sync_to_async(submit)(flow, cast["alice"], *moves(1, 2, 3))
    vera = await opened("vera")
    await vera.subscribe(since=2, query=CHANGED)
    early = await vera.events(2)
    assert [event["version"] for event in early] == [3, 4]
    assert early[0] == {"version": 3, "via": "api", "actor": {"name": "Alice"}, "operation": moves(2)[0]}

    bob = await join("bob")
    await bob.do(moves(9)[0])
    await sync_to_async(submit)(flow, cast["alice"], *moves(10, 11))
    late = await vera.events(3)
    assert [(event["version"], event["via"]) for event in late] == [(5, "socket"), (6, "api"), (7, "api")]


async def test_many_versions_come_without_a_gap(opened: Open, flow: Flow, cast: dict[str, User]) -> None:
    alice = await opened("alice")
    await alice.subscribe(since=0)
    await sync_to_async(submit)(flow, cast["alice"], *moves(*range(1, 251)))
    assert [event["version"] for event in await alice.events(251)] == list(range(1, 252))


async def test_without_since_it_begins_now(opened: Open, flow: Flow, cast: dict[str, User]) -> None:
    await sync_to_async(submit)(flow, cast["alice"], *moves(1))
    alice = await opened("alice")
    await alice.subscribe("new")
    await alice.subscribe("old", since=1)
    old = await alice.next()  # by then the one before it has read where the flow is
    assert (old["id"], old["payload"]["data"]["flowChanged"]["version"]) == ("old", 2)
    await sync_to_async(submit)(flow, cast["alice"], *moves(2))
    got = [await alice.next() for _ in range(2)]
    assert {(one["id"], one["payload"]["data"]["flowChanged"]["version"]) for one in got} == {("new", 3), ("old", 3)}


async def test_a_strangers_flow_is_not_there(opened: Open, flow: Flow) -> None:
    charlie = await opened("charlie")
    await charlie.subscribe()
    message = await charlie.next()
    assert (message["id"], message["type"]) == ("1", "error")
    assert message["payload"][0]["extensions"]["code"] == "not_found"
    await charlie.subscribe(id="1")  # the id is free again
    assert (await charlie.next())["type"] == "error"


async def test_who_loses_the_access_is_closed_and_told_no_more(opened: Open, flow: Flow, cast: dict[str, User]) -> None:
    vera = await opened("vera")
    await vera.subscribe(since=0)
    await vera.events(1)

    def revoke_then_move() -> None:
        commands.remove_member(Person(cast["alice"].pk), flow.pk, user_id=cast["vera"].pk)
        submit(flow, cast["alice"], *moves(1))

    await sync_to_async(revoke_then_move)()
    with pytest.raises(Closed) as end:
        await vera.next()
    assert end.value.code == 4403


async def test_a_deleted_flow_closes(opened: Open, flow: Flow, cast: dict[str, User]) -> None:
    bob = await opened("bob")
    await bob.subscribe(since=0)
    await bob.events(1)
    await sync_to_async(commands.delete_flow)(Person(cast["alice"].pk), flow.pk, via="api")
    assert await bob.closed() == 4404


async def test_an_account_that_ends_is_closed(opened: Open, cast: dict[str, User]) -> None:
    from sessions import change_feed

    bob = await opened("bob")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(change_feed, "LOOK_SECONDS", 0.05)
        await bob.subscribe(since=0)
        await bob.events(1)
        await sync_to_async(User.objects.filter(pk=cast["bob"].pk).update)(is_active=False)
        assert await bob.closed() == 4401


async def test_a_role_that_still_may_see_stays(opened: Open, flow: Flow, cast: dict[str, User]) -> None:
    bob = await opened("bob")
    await bob.subscribe(since=1)

    def demote_then_move() -> None:
        owner = Person(cast["alice"].pk)
        commands.set_member(owner, flow.pk, person=cast["bob"].email, role=Role.VIEWER)
        submit(flow, cast["alice"], *moves(1))

    await sync_to_async(demote_then_move)()
    assert [event["version"] for event in await bob.events(1)] == [2]


async def test_complete_ends_it_and_frees_the_id(opened: Open, flow: Flow, cast: dict[str, User]) -> None:
    alice = await opened("alice")
    await alice.subscribe(since=0)
    await alice.events(1)
    await alice.send("complete", id="1")
    await alice.subscribe(since=0)
    assert [event["version"] for event in await alice.events(1)] == [1]


# The protocol.


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], 4400),
        (["[]"], 4400),
        (['{"type": "dance"}'], 4400),
        (['{"type": "connection_init"}'], 4429),
        (['{"type": "subscribe", "payload": {"query": "{x}"}}'], 4400),
        (["x" * 65_537], 4413),
    ],
)
async def test_wrong_messages_close(opened: Open, messages: list[str], code: int) -> None:
    alice = await opened("alice")
    for message in messages:
        await alice.wire.send(message)
    assert await alice.closed() == code


async def test_an_id_in_use_closes(opened: Open) -> None:
    alice = await opened("alice")
    for _ in range(2):
        await alice.subscribe()
    assert await alice.closed() == 4409


async def test_to_subscribe_before_init_closes(opened: Open) -> None:
    alice = await opened("alice", init=False)
    await alice.subscribe()
    assert await alice.closed() == 4401


async def test_another_subprotocol_is_told(opened: Open) -> None:
    client = await opened(None, init=False, protocols=("graphql-ws",))
    assert await client.closed() == 4406


async def test_nobody_is_closed_and_a_token_may_come_with_init(opened: Open, cast: dict[str, User]) -> None:
    assert await (await opened(None)).closed() == 4401
    token = await sync_to_async(token_of)(cast["vera"])
    vera = await opened(None, init={"Authorization": f"Bearer {token}"})
    assert (await vera.next())["type"] == "connection_ack"
    await vera.subscribe(since=0)
    await vera.events(1)
    assert await (await opened("alice", init={"authorization": "Bearer none"})).closed() == 4401


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ myFlows { totalCount } }", "invalid"),
        ('mutation { deleteFlow(id: "x") }', "invalid"),
        ("subscription { flowChanged { version } }", "invalid"),
        ("subscription {", "invalid"),
        ('subscription { flowChanged(id: "x", since: -1) { version } }', "invalid"),
        ('subscription { flowChanged(id: "x") { version } }', "not_found"),
        ('subscription { flowChanged(id: "x") { ' + "version " * 49 + "} }", "not_found"),
        ('subscription { flowChanged(id: "x") { ' + "version " * 50 + "} }", "limit_reached"),
        ('subscription { flowChanged(id: "x") { version } }' + " " * 4_047, "not_found"),
        ('subscription { flowChanged(id: "x") { version } }' + " " * 4_048, "limit_reached"),
    ],
)
async def test_what_cannot_be_followed_is_an_error(opened: Open, query: str, code: str) -> None:
    alice = await opened("alice")
    await alice.send("subscribe", id="q", payload={"query": query})
    message = await alice.next()
    assert (message["type"], message["id"], message["payload"][0]["extensions"]["code"]) == ("error", "q", code)
    await alice.settled()


async def test_a_text_of_many_words_is_read_no_further(opened: Open) -> None:
    alice = await opened("alice")
    await alice.send("subscribe", id="q", payload={"query": "subscription { flowChanged" + "@a" * 249 + "}"})
    assert "more than 500 tokens" in (await alice.next())["payload"][0]["message"]


async def test_so_many_subscriptions_and_no_more(opened: Open) -> None:
    alice = await opened("alice")
    for number in range(MOST_SUBSCRIPTIONS):
        await alice.subscribe(str(number))
    await alice.subscribe("one more")
    message = await alice.next()
    assert (message["id"], message["payload"][0]["extensions"]["code"]) == ("one more", "limit_reached")


async def test_to_begin_one_counts_as_operations_of_the_person(opened: Open, settings: Any) -> None:
    limits = replace(settings.HELIX_LIMITS, rest_operations_per_second=1, batch=10)
    settings.HELIX_LIMITS = limits
    of_alice = [await opened("alice") for _ in range(3)]
    for number, socket in enumerate(of_alice):
        await socket.send("subscribe", id="q", payload={"query": "subscription {"})
        code = (await socket.next())["payload"][0]["extensions"]["code"]
        assert code == ("rate_limited" if number == limits.rest_operation_burst // 5 else "invalid")
    await (await opened("bob")).subscribe(since=0)


async def test_one_begins_also_where_a_persons_edits_have_to_wait(opened: Open) -> None:
    alice = await opened("alice")
    work_budget.spend((await User.objects.aget(email="alice@example.com")).pk, 10**9)
    await alice.subscribe(since=0)
    assert await alice.events(1)


async def test_they_count_among_a_persons_sockets(opened: Open, join: Join, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, sockets_per_user=2)
    supervisor.current().limits = settings.HELIX_LIMITS
    await join("alice")
    await opened("alice")
    third = await opened("alice", init={})
    assert await third.closed() == 4503
    await opened("bob")


async def test_messages_too_fast_close(opened: Open, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, frames_per_second=1)
    alice = await opened("alice")
    for _ in range(10):
        await alice.send("ping")
    assert await alice.closed() == 4429


async def test_a_connection_that_follows_nothing_goes_to_sleep(opened: Open, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, idle_seconds=0)
    alice = await opened("alice")
    assert await alice.closed() == 4410


async def test_the_server_says_when_it_restarts(opened: Open) -> None:
    alice = await opened("alice")
    await alice.subscribe(since=0)
    await alice.events(1)
    await supervisor.shutdown()
    assert await alice.closed() == 4412


async def test_over_a_real_connection(server: Server) -> None:
    """What ordinary clients send, to a server as people run it."""
    import httpx

    async with httpx.AsyncClient(base_url=server.url) as http:
        login = {"email": f"{uuid4().hex}@example.com", "password": "a quiet purple stapler"}
        await http.post("/api/v1/auth/register", json={**login, "name": "Follower"})
        token = (await http.post("/api/v1/auth/token", json=login)).json()["access"]
        http.headers["Authorization"] = f"Bearer {token}"
        make = {"query": 'mutation { createFlow(title: "Followed") { id } }'}
        flow = (await http.post("/api/graphql", json=make)).json()["data"]["createFlow"]["id"]
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{server.socket_url}/ws/graphql"
        async with connect_for_real(url, subprotocols=[PROTOCOL], additional_headers=headers) as socket:  # type: ignore[list-item]
            assert socket.subprotocol == PROTOCOL
            await socket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(await socket.recv()) == {"type": "connection_ack"}
            payload = {"query": VERSIONS, "variables": {"id": flow, "since": 0}}
            await socket.send(json.dumps({"type": "subscribe", "id": "a", "payload": payload}))
            assert json.loads(await socket.recv())["payload"]["data"]["flowChanged"]["version"] == 1
            rename = {"query": f'mutation {{ updateFlow(id: "{flow}", title: "New") {{ version }} }}'}
            await http.post("/api/graphql", json=rename)
            assert json.loads(await socket.recv())["payload"]["data"]["flowChanged"]["version"] == 2
