"""Guests and programs among the people of a flow, and how each is out as soon as something is taken away or expires.

The checks that come every few seconds are put off to tomorrow: who is out here is so by what the command told, or at
the moment when something expired.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from allauth.account.adapter import get_adapter
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from accounts import logins, teams
from accounts.guests import issue_guest_token
from accounts.models import TeamMember, User
from accounts.personal_tokens import create_token, revoke_token
from accounts.principals import Guest, Person, Scope, TokenBearer
from accounts.tokens import bearer_of, issue
from flows.access import Role
from flows.commands import (
    LinkChange,
    change_link,
    change_team_share,
    create_link,
    delete_link,
    enter_as_guest,
    find_link,
    remove_team_share,
    set_member,
    set_team,
    share_with_team,
)
from flows.commands.leaving import delete_account
from flows.commands.links import secret_of
from flows.models import Flow, Link
from sessions import graphql_connection, queries
from sessions.live import clock
from tests.sessions.client import Client, Direct, connect
from tests.sessions.conftest import Join
from tests.sessions.test_graphql import PROTOCOL, Subscriber

MOVE = {"kind": "move_node", "id": "a", "x": 5, "y": 5}
TOMORROW = 86_400.0
Enter = Callable[[str], Awaitable[Client]]


@pytest.fixture(autouse=True)
def no_regular_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "CHECK_SECONDS", TOMORROW)
    monkeypatch.setattr(graphql_connection, "CHECK_SECONDS", TOMORROW)


def visit(flow: Flow, alice: User, name: str) -> tuple[Link, str]:
    """Make a link and let a guest in; return a token of theirs."""
    link = create_link(Person(alice.pk), flow.pk, role=Role.EDITOR)
    guest = enter_as_guest(find_link(secret_of(link) or ""), name).principal
    assert isinstance(guest, Guest)
    return link, issue_guest_token(guest)


def personal_token(user: User, expires_in: int | None = None) -> tuple[int, str]:
    """Make a personal token; return its id and itself."""
    made, secret = create_token(Person(user.pk), name="Nightly", scopes=[Scope.WRITE], expires_in=expires_in)
    return made.pk, secret


@pytest.fixture
async def enter(live: None, flow: Flow) -> AsyncIterator[Enter]:
    """`await enter(token)`: somebody with this token in the flow, greeted."""
    clients: list[Client] = []

    async def open_client(token: str) -> Client:
        client = await connect(token, flow.pk)
        clients.append(client)
        await client.hello()
        return client

    yield open_client
    for client in clients:
        await client.leave()


async def test_guests_have_no_number_and_two_of_a_name_are_two(
    enter: Enter, join: Join, flow: Flow, cast: dict[str, User]
) -> None:
    first, second = [(await sync_to_async(visit)(flow, cast["alice"], "Gina"))[1] for _ in range(2)]
    gina, other = await enter(first), await enter(second)
    you = gina.welcome["you"]
    assert (you["id"], you["guest"], you["name"], you["role"]) == (None, True, "Gina", "editor")
    assert you["key"] != other.welcome["you"]["key"]
    alice = await join("alice")
    assert [one["name"] for one in alice.people.values() if one.get("guest")] == ["Gina", "Gina"]
    assert "guest" not in alice.welcome["you"]
    state = await sync_to_async(queries.session_of)(flow.pk)
    assert state["count"] == 3
    assert [(one["id"], one["name"]) for one in state["people"] if one.get("guest")] == [(None, "Gina")] * 2


async def test_a_guest_is_named_as_the_author_at_once_and_from_the_log(
    enter: Enter, join: Join, elsewhere: Join, flow: Flow, cast: dict[str, User]
) -> None:
    _, token = await sync_to_async(visit)(flow, cast["alice"], "Gina")
    here, there, gina = await join("alice"), await elsewhere("bob"), await enter(token)
    assert (await gina.do(MOVE))["type"] == "acked"
    for client in (gina, here, there):
        change = (await client.next("apply_changes"))["changes"][-1]
        assert change["actor"] == {"id": None, "name": "Gina", "guest": True}
        assert change["key"] == gina.welcome["you"]["key"]
    await there.until(lambda: any(one.get("guest") for one in there.people.values()))  # as the other process told


async def test_a_program_is_named_beside_its_owner(enter: Enter, join: Join, flow: Flow, cast: dict[str, User]) -> None:
    _, token = await sync_to_async(personal_token)(cast["bob"])
    program = await enter(token)
    you, bob = program.welcome["you"], await join("bob")
    assert (you["id"], you["name"], you["program"]) == (cast["bob"].pk, "Bob", "Nightly")
    assert "program" not in bob.welcome["you"]
    people = (await sync_to_async(queries.session_of)(flow.pk))["people"]
    assert [one.get("program") for one in people] == [None, "Nightly"]


@pytest.mark.parametrize("way", ["off", "password", "deleted", "expired"])
async def test_a_link_that_ends(enter: Enter, flow: Flow, cast: dict[str, User], way: str) -> None:
    link, token = await sync_to_async(visit)(flow, cast["alice"], "Gina")
    owner, gina = Person(cast["alice"].pk), await enter(token)
    assert (await gina.do(MOVE))["type"] == "acked"
    if way == "deleted":
        await sync_to_async(delete_link)(owner, flow.pk, link.pk)
    else:
        changes = {"off": LinkChange(is_active=False), "password": LinkChange(password="sesame")}
        change = changes.get(way, LinkChange(expires_in=1))
        await sync_to_async(change_link)(owner, flow.pk, link.pk, change)
    assert await gina.closed() == 4403


async def test_a_guests_role_follows_the_link(enter: Enter, flow: Flow, cast: dict[str, User]) -> None:
    link, token = await sync_to_async(visit)(flow, cast["alice"], "Gina")
    gina = await enter(token)
    await sync_to_async(change_link)(Person(cast["alice"].pk), flow.pk, link.pk, LinkChange(role=Role.VIEWER))
    assert (await gina.next("you"))["role"] == "viewer"
    assert (await gina.do(MOVE))["code"] == "forbidden"


@pytest.mark.parametrize("way", ["membership", "role"])
@pytest.mark.parametrize("source", ["team", "share"])
async def test_a_team(enter: Enter, flow: Flow, cast: dict[str, User], source: str, way: str) -> None:
    alice, charlie = Person(cast["alice"].pk), cast["charlie"]

    def give() -> tuple[UUID, str]:
        team = teams.create_team(alice, "Makers").id
        teams.add_member(alice, team, "charlie@example.com", TeamMember.Role.MEMBER)
        if source == "team":
            set_team(alice, flow.pk, team)
        else:
            share_with_team(alice, flow.pk, team_id=team, role=Role.EDITOR)
        return team, issue(charlie).access

    def take(team: UUID) -> None:
        if way == "membership":
            teams.remove_member(alice, team, charlie.pk)
        elif source == "team":
            teams.change_member(alice, team, charlie.pk, TeamMember.Role.VIEWER)
        else:
            change_team_share(alice, flow.pk, team_id=team, role=Role.VIEWER)

    team, token = await sync_to_async(give)()
    client = await enter(token)
    assert (await client.do(MOVE))["type"] == "acked"
    await sync_to_async(take)(team)
    if way == "membership":
        assert await client.closed() == 4403
        return
    assert (await client.next("you"))["role"] == "viewer"
    assert (await client.do(MOVE))["code"] == "forbidden"


async def test_a_team_by_who_owns_the_flow_in_person(enter: Enter, flow: Flow, cast: dict[str, User]) -> None:
    alice, charlie = Person(cast["alice"].pk), cast["charlie"]

    def give() -> tuple[UUID, str]:
        team = teams.create_team(alice, "Makers").id
        teams.add_member(alice, team, "charlie@example.com", TeamMember.Role.MEMBER)
        set_team(alice, flow.pk, team)
        set_member(alice, flow.pk, person="charlie@example.com", role=Role.OWNER)
        return team, issue(charlie).access

    team, token = await sync_to_async(give)()
    client = await enter(token)
    await sync_to_async(teams.remove_member)(alice, team, charlie.pk)
    assert await client.closed() == 4403


@pytest.mark.parametrize("source", ["team", "share"])
async def test_a_flow_that_leaves_a_team(enter: Enter, flow: Flow, cast: dict[str, User], source: str) -> None:
    alice, charlie = Person(cast["alice"].pk), cast["charlie"]

    def give() -> tuple[UUID, str]:
        team = teams.create_team(alice, "Makers").id
        teams.add_member(alice, team, "charlie@example.com", TeamMember.Role.MEMBER)
        if source == "team":
            set_team(alice, flow.pk, team)
        else:
            share_with_team(alice, flow.pk, team_id=team, role=Role.EDITOR)
        return team, issue(charlie).access

    def take(team: UUID) -> None:
        if source == "team":
            set_team(alice, flow.pk, None)
        else:
            remove_team_share(alice, flow.pk, team_id=team)

    team, token = await sync_to_async(give)()
    client = await enter(token)
    await sync_to_async(take)(team)
    assert await client.closed() == 4403


async def test_a_token_revoked_or_expired(enter: Enter, flow: Flow, cast: dict[str, User]) -> None:
    bob = cast["bob"]
    id, kept = await sync_to_async(personal_token)(bob)
    first = await enter(kept)
    _, short = await sync_to_async(personal_token)(bob, expires_in=2)
    second = await enter(short)
    assert await second.closed() == 4401
    await sync_to_async(revoke_token)(Person(bob.pk), id)
    assert await first.closed() == 4401


@pytest.mark.parametrize("way", ["session", "everywhere", "password", "inactive", "deleted"])
async def test_a_login(enter: Enter, flow: Flow, cast: dict[str, User], way: str) -> None:
    bob = cast["bob"]
    token = (await sync_to_async(issue)(bob)).access
    client = await enter(token)

    def end() -> None:
        found = bearer_of(token)
        assert found is not None and isinstance(found[1], TokenBearer) and found[1].login
        match way:
            case "session":
                logins.log_out(bob, [found[1].login])
            case "everywhere":
                logins.log_out(bob)
            case "password":
                get_adapter().set_password(bob, "another-one-altogether")
            case "inactive":
                logins.deactivate(bob, actor=cast["alice"].pk)
            case _:
                delete_account(bob.pk, via="api")

    await sync_to_async(end)()
    assert await client.closed() == 4401


async def test_subscriptions_end_likewise(live: None, flow: Flow, cast: dict[str, User]) -> None:
    from helix.asgi import application

    async def follow(token: str) -> Subscriber:
        headers = [(b"authorization", f"Bearer {token}".encode())]
        communicator = WebsocketCommunicator(application, "/ws/graphql", headers, [PROTOCOL])
        assert (await communicator.connect())[0]
        client = Subscriber(Direct(communicator), flow)
        await client.send("connection_init")
        assert (await client.next())["type"] == "connection_ack"
        await client.subscribe(since=0)
        await client.events(1)
        return client

    bob, alice = cast["bob"], cast["alice"]
    _, token = await sync_to_async(personal_token)(bob, expires_in=2)
    short = await follow(token)
    link, guest = await sync_to_async(visit)(flow, alice, "Gina")
    id, token = await sync_to_async(personal_token)(bob)
    gina, program = await follow(guest), await follow(token)
    login = await follow((await sync_to_async(issue)(bob)).access)
    await sync_to_async(change_link)(Person(alice.pk), flow.pk, link.pk, LinkChange(is_active=False))
    assert await gina.closed() == 4403
    assert await short.closed() == 4401
    await sync_to_async(revoke_token)(Person(bob.pk), id)
    assert await program.closed() == 4401
    await sync_to_async(get_adapter().set_password)(bob, "another-one-altogether")
    assert await login.closed() == 4401
    for client in (short, gina, program, login):
        await client.wire.leave()
