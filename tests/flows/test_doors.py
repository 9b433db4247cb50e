"""Every door to a flow asks one function for the role: where it grants nothing all are shut, to whomever."""

from collections.abc import Callable, Collection, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import get_resolver, reverse

from accounts import tokens
from accounts.colours import colour_of
from accounts.models import User
from accounts.principals import Administrator, Person, Principal, System, TokenBearer
from flows import access, commands, queries
from flows.access import Grant, Role
from flows.document import MoveNode, ReplaceGraph
from flows.errors import NotFound
from flows.models import Flow, Membership
from flows.submission import Refused, Submission, UndoRequest
from helix.api import api
from sessions.protocol.codes import Close, Closing
from sessions.sockets.admission import Check, Credential, admit, recheck

pytestmark = pytest.mark.django_db
CAST = ["alice", "bob", "vera", "charlie", "dora"]
BODIES: dict[str, object] = {
    "patch /flows/{flow_id}": {"title": "x"},
    "put /flows/{flow_id}/graph": {"version": 1, "nodes": [], "edges": []},
    "post /flows/{flow_id}/operations": {"operations": []},
    "post /flows/{flow_id}/members": {"email": "charlie@example.com", "role": "viewer"},
    "patch /flows/{flow_id}/members/{user_id}": {"role": "viewer"},
}
Asked = list[Principal]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Grant nothing to anyone, and note who was asked about."""
    principals: Asked = []

    def nothing(flow_id: UUID, some: Collection[Principal], permission: str = "") -> dict[Principal, Grant]:
        principals.extend(some)
        return {}

    monkeypatch.setattr(access, "grants_of", nothing)
    yield principals


@pytest.fixture
def person(request: pytest.FixtureRequest) -> User:
    return request.getfixturevalue(request.param)


everyone = pytest.mark.parametrize("person", CAST, indirect=True)


def pages() -> list[str]:
    """Return the names of all pages of one flow."""
    (flows,) = [one for one in get_resolver().url_patterns if getattr(one, "app_name", None) == "flows"]
    return [one.name for one in flows.url_patterns if "flow_id" in str(one.pattern)]


@everyone
def test_lists(flow: Flow, person: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Asked = []

    def nothing(principal: Person | TokenBearer) -> QuerySet[Membership]:
        asked.append(principal)
        return Membership.objects.none()

    monkeypatch.setattr(queries, "memberships_of", nothing)
    client.force_login(person)
    for address in ("/", "/?tab=shared", "/api/v1/flows"):
        assert str(flow.pk) not in client.get(address).content.decode(), address
    assert set(asked) == {Person(person.pk)}


@everyone
def test_pages(flow: Flow, person: User, client: Client, asked: Asked) -> None:
    client.force_login(person)
    assert len(pages()) > 8
    for name in pages():
        given = {"flow_id": flow.pk} | ({"user_id": person.pk} if name == "member" else {})
        address = reverse(f"flows:{name}", kwargs=given)
        statuses = {method(address).status_code for method in (client.get, client.post)}
        assert 404 in statuses <= {404, 405}, name
        assert set(asked) == {Person(person.pk)}, name
        asked.clear()


@everyone
def test_rest(flow: Flow, person: User, client: Client, asked: Asked) -> None:
    bearer = f"Bearer {tokens.issue(person).access}"
    calls = [
        (method, path.removeprefix("/api/v1"))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
        if "{flow_id}" in path
    ]
    assert len(calls) > 10
    for method, path in calls:
        address = path.format(flow_id=flow.pk, user_id=person.pk)
        body = {"data": BODIES.get(f"{method} {path}", {}), "content_type": "application/json"}
        given: dict[str, Any] = {} if method == "get" else body
        response = getattr(client, method)(f"/api/v1{address}", **given, HTTP_AUTHORIZATION=bearer)
        assert response.status_code == 404, (method, path)
        assert set(asked) == {TokenBearer(person.pk)}, (method, path)
        asked.clear()


def test_anonymous_is_no_principal(flow: Flow, client: Client, asked: Asked) -> None:
    for name in pages():
        given = {"flow_id": flow.pk} | ({"user_id": 1} if name == "member" else {})
        answers = [method(reverse(f"flows:{name}", kwargs=given)) for method in (client.get, client.post)]
        assert {one.status_code for one in answers} <= {302, 405}, name
    assert client.get(f"/api/v1/flows/{flow.pk}").status_code == 401
    with pytest.raises(Closing) as closing:
        admit(Credential(), str(flow.pk))
    assert (closing.value.code, asked) == (Close.LOG_IN, [])


@everyone
def test_sockets(flow: Flow, person: User, asked: Asked) -> None:
    credential = Credential(bearer=tokens.issue(person).access)
    with pytest.raises(Closing) as closing:
        admit(credential, str(flow.pk))
    assert closing.value.code == Close.NOT_FOUND
    assert recheck(flow.pk, [Check("session", person.pk, credential)]) == {"session": Close.REVOKED}
    assert asked == [TokenBearer(person.pk)] * 2


COMMANDS: dict[str, Callable[[Principal, Flow], object]] = {
    "change_epoch": lambda who, flow: commands.change_epoch(who, flow.pk),
    "commit": lambda who, flow: commands.commit(flow.pk, [move(who)]),
    "delete_flow": lambda who, flow: commands.delete_flow(who, flow.pk),
    "duplicate_flow": lambda who, flow: commands.duplicate_flow(who, flow.pk, via="api"),
    "remove_member": lambda who, flow: commands.remove_member(who, flow.pk, user_id=1),
    "replace_graph": lambda who, flow: commands.replace_graph(who, flow.pk, ReplaceGraph((), ()), version=1, via="api"),
    "restore_flow": lambda who, flow: commands.restore_flow(who, flow.pk),
    "set_member": lambda who, flow: commands.set_member(who, flow.pk, person="Charlie", role=Role.OWNER),
    "submit": lambda who, flow: commands.submit(
        flow.pk, [move(who), Submission(operation=UndoRequest(), principal=who, via="api")]
    ),
}
NO_FLOW_YET = {"create_flow"}
READS = {"undo_availability"}


def move(who: Principal) -> Submission:
    return Submission(operation=MoveNode("plan", 9, 9), principal=who, via="api")


def test_no_command_is_forgotten() -> None:
    public = {name for name in commands.__all__ if name.islower() and callable(getattr(commands, name))}
    assert public == COMMANDS.keys() | NO_FLOW_YET | READS


@pytest.mark.parametrize("name", COMMANDS)
@everyone
def test_commands(flow: Flow, person: User, asked: Asked, name: str) -> None:
    for who in (Person(person.pk), TokenBearer(person.pk), Administrator(person.pk), System()):
        try:
            receipt: Any = COMMANDS[name](who, flow)
        except NotFound:
            pass
        else:
            assert {type(one) for one in receipt.answers} == {Refused}
            assert {one.code for one in receipt.answers} == {"forbidden"}
        assert set(asked) == {who}
        asked.clear()
    flow.refresh_from_db()
    assert (flow.version, flow.deleted_at, flow.memberships.count()) == (1, None, 3)


def test_the_admin_writes_nothing(flow: Flow, dora: User, client: Client, asked: Asked) -> None:
    client.force_login(dora)
    membership = flow.memberships.get(role="editor")
    client.post(f"/admin/flows/membership/{membership.pk}/change/", {"role": "owner"})
    client.post(f"/admin/flows/membership/{membership.pk}/delete/", {"post": "yes"})
    client.post(f"/admin/flows/flow/{flow.pk}/delete/", {"post": "yes"})
    assert asked == [Administrator(dora.pk)] * 3
    flow.refresh_from_db()
    membership.refresh_from_db()
    assert (flow.deleted_at, membership.role) == (None, "editor")


def test_and_where_it_grants_all_a_stranger_comes_in(
    flow: Flow, charlie: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = Grant(Role.OWNER, colour_of(0))
    monkeypatch.setattr(access, "grants_of", lambda flow_id, some, permission="": dict.fromkeys(some, owner))
    client.force_login(charlie)
    assert client.get(f"/flows/{flow.pk}/").status_code == 200
    credential = Credential(bearer=tokens.issue(charlie).access)
    assert admit(credential, str(flow.pk)).role == "owner"
    assert commands.submit(flow.pk, [move(Person(charlie.pk))]).version == 2
