"""Live sessions for the tests: a flow with its people, and clients over the real ASGI application and database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers

from accounts.principals import Person
from flows import limits
from flows.parsing import parse_flow
from sessions import database, supervisor
from tests.sessions.client import Client, connect, part
from tests.sessions.replica import Replica

if TYPE_CHECKING:
    from accounts.models import User
    from flows.models import Flow

Join = Callable[..., Awaitable[Client]]


@pytest.fixture(autouse=True)
async def everybody_parts() -> AsyncIterator[None]:
    """No connection to a real server outlives its test."""
    yield
    await part()


@pytest.fixture
def cast(transactional_db: None, request: pytest.FixtureRequest) -> "dict[str, User]":
    """The people, in a database whose transactions are real."""
    return {name: request.getfixturevalue(name) for name in ("alice", "bob", "vera", "charlie")}


@pytest.fixture
def flow(cast: "dict[str, User]") -> "Flow":
    """A flow at version 1 with two connected nodes and a loose one: alice owns it, bob edits, vera views."""
    from flows.access import Role
    from flows.commands import create_flow, set_member

    node = {"kind": "agent", "x": 0, "y": 0}
    created = create_flow(
        Person(cast["alice"].pk),
        parse_flow(
            title="Draft",
            nodes=[{"id": "a", **node}, {"id": "b", **node, "x": 300}, {"id": "c", **node, "y": 300}],
            edges=[{"id": "ab", "source": "a", "target": "b"}],
        ),
        via="api",
    )
    for name, role in (("bob", "editor"), ("vera", "viewer")):
        set_member(Person(cast["alice"].pk), created.pk, person=f"{name}@example.com", role=Role(role))
    return created


@pytest.fixture
async def live(transactional_db: None) -> AsyncIterator[None]:
    """A process of its own: no session or channel of an earlier test; all is closed before the database is emptied."""
    channel_layers.backends = {}
    yield
    await restart()
    channel_layers.backends = {}


@pytest.fixture
async def join(live: None, flow: "Flow", cast: "dict[str, User]") -> AsyncIterator[Join]:
    """`await join("alice")`: a program of hers in the flow, greeted and up to date; `held=` is a replica it has."""
    clients: list[Client] = []

    async def open_client(name: str, *, held: Replica | None = None, **hello: object) -> Client:
        client = await connect(await sync_to_async(token_of)(cast[name]), flow.pk)
        clients.append(client)
        client.replica = held or client.replica
        await client.hello(**hello)
        return client

    yield open_client
    for client in clients:
        await client.leave()


@pytest.fixture
async def elsewhere(join: Join) -> AsyncIterator[Join]:
    """`await elsewhere("bob")`: the same in a second process, as far as one test process can be two."""
    here, loop = supervisor.current(), asyncio.get_running_loop()
    other = supervisor.Supervisor(limits.current())
    other.registry.open()

    async def open_client(name: str, **hello: object) -> Client:
        supervisor._supervisors[loop] = other
        try:
            return await join(name, **hello)
        finally:
            supervisor._supervisors[loop] = here

    open_client.supervisor = other  # type: ignore[attr-defined]
    yield open_client
    await other.shutdown()


async def restart() -> None:
    """End this process gently; the next to come finds a new one."""
    await supervisor.shutdown()
    supervisor._supervisors.clear()
    await database.idle()


def token_of(user: "User") -> str:
    """Return an access token."""
    from accounts.tokens import issue

    return issue(user).access
