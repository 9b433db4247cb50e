"""Every door to a flow asks one function for the role: where it grants nothing all are shut, to whomever."""

from collections.abc import Callable, Collection, Iterator
from contextvars import ContextVar
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts import tokens
from accounts.colours import colour_of
from accounts.models import User
from accounts.principals import Administrator, Caller, Person, Principal, System, TokenBearer, user_id_of
from flows import access, commands, library_query
from flows.access import Grant, Role
from flows.document import MoveNode, ReplaceGraph
from flows.errors import NotFound
from flows.models import Flow
from flows.submission import Refused, Submission, UndoRequest
from flows.templates import builtin
from helix.api import api
from sessions.protocol.codes import Close, Closing
from sessions.sockets.admission import Check, Credential, admit, recheck
from web.acting import SYSTEM
from web.postgresql import base

pytestmark = pytest.mark.django_db
CAST = ["alice", "bob", "vera", "charlie", "dora"]
BODIES: dict[str, object] = {
    "patch /flows/{flow_id}": {"title": "x"},
    "put /flows/{flow_id}/graph": {"version": 1, "nodes": [], "edges": []},
    "post /flows/{flow_id}/operations": {"operations": []},
    "post /flows/{flow_id}/members": {"email": "charlie@example.com", "role": "viewer"},
    "patch /flows/{flow_id}/members/{member_id}": {"role": "viewer"},
    "patch /flows/{flow_id}/links/{link_id}": {"active": False},
    "post /flows/{flow_id}/links": {"role": "viewer"},
    "post /flows/{flow_id}/transfer": {"email": "charlie@example.com"},
    "post /flows/{flow_id}/template": {"title": "x"},
    "post /flows/{flow_id}/webhooks": {"url": "https://example.com/", "events": ["changed"]},
    "post /flows/{flow_id}/triggers": {"node": "n1"},
    "patch /flows/{flow_id}/triggers/{trigger_id}": {"enabled": False},
    "put /flows/{flow_id}/notifications": {"rules": []},
    "put /flows/{flow_id}/secrets/{name}": {"value": "swordfish"},
}
Asked = list[Principal]
OF_GUESTS = {"join", "leave"}
"""A guest's way out; it opens no flow."""


@pytest.fixture(autouse=True)
def _everything_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let PostgreSQL hide nothing (`tests.row_level_security`): it would do so before anybody asks for a role."""
    monkeypatch.setattr(base, "acting", ContextVar("acting", default=SYSTEM))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Grant nothing to anyone, and note who was asked about."""
    principals: Asked = []

    def nothing(flow_id: UUID, some: Collection[Principal], *_: str, **__: object) -> dict[Principal, Grant]:
        principals.extend(some)
        return {}

    monkeypatch.setattr(access, "grants_in", nothing)
    yield principals


@pytest.fixture
def person(request: pytest.FixtureRequest) -> User:
    return request.getfixturevalue(request.param)


everyone = pytest.mark.parametrize("person", CAST, indirect=True)


def pages(flow_id: UUID, person: User) -> list[tuple[str, str]]:
    """Return the names and addresses of all pages of one flow."""
    (flows,) = [one for one in get_resolver().url_patterns if getattr(one, "app_name", None) == "flows"]
    pages = [one for one in flows.url_patterns if "flow_id" in str(one.pattern) and one.name not in OF_GUESTS]
    given = {"flow_id": flow_id, "member_id": str(person.pk), "user_id": person.pk, "link_id": uuid4()}
    return [
        (one.name, reverse(f"flows:{one.name}", kwargs={part: given[part] for part in one.pattern.converters}))
        for one in pages
    ]


@everyone
def test_lists(flow: Flow, person: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Caller] = []

    def nothing(principal: Caller) -> access.Query:
        asked.append(principal)
        return "SELECT id AS flow_id, 0 AS level, 0 AS full_level, 0 AS owns FROM flows_flow WHERE 1 = 0", []

    monkeypatch.setattr(library_query, "roles_query", nothing)
    client.force_login(person)
    for address in ("/", "/?tab=shared", "/?tab=trash", "/api/v1/flows", "/api/v1/flows?scope=recent"):
        assert str(flow.pk) not in client.get(address).content.decode(), address
    assert {one.user_id for one in asked} == {person.pk}


@everyone
def test_pages(flow: Flow, person: User, client: Client, asked: Asked) -> None:
    client.force_login(person)
    assert len(pages(flow.pk, person)) > 8
    for name, address in pages(flow.pk, person):
        statuses = {method(address).status_code for method in (client.get, client.post)}
        assert 404 in statuses <= {404, 405}, name
        assert {user_id_of(one) for one in asked} == {person.pk}, name
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
        ids = {"member_id": person.pk, "action": "explain", "webhook_id": uuid4(), "delivery_id": uuid4()}
        ids |= {"trigger_id": uuid4(), "name": "KEY", "link_id": uuid4()}
        address = path.format(flow_id=flow.pk, **ids)
        body = {"data": BODIES.get(f"{method} {path}", {}), "content_type": "application/json"}
        given: dict[str, Any] = {} if method == "get" else body
        response = getattr(client, method)(f"/api/v1{address}", **given, HTTP_AUTHORIZATION=bearer)
        assert response.status_code == 404, (method, path)
        assert {user_id_of(one) for one in asked} == {person.pk}, (method, path)
        asked.clear()


GRAPHQL = [
    "query ($id: ID!) { flow(id: $id) { id } }",
    'mutation ($id: ID!) { updateFlow(id: $id, title: "x") { id } }',
    "mutation ($id: ID!) { updateFlow(id: $id, viewport: {x: 0, y: 0, zoom: 1}) { id } }",
    "mutation ($id: ID!) { updateFlowData(id: $id, version: 1, nodes: [], edges: []) { id } }",
    "mutation ($id: ID!) { duplicateFlow(id: $id) { id } }",
    "mutation ($id: ID!) { deleteFlow(id: $id) }",
]


@everyone
def test_graphql(flow: Flow, person: User, client: Client, asked: Asked) -> None:
    bearer = f"Bearer {tokens.issue(person).access}"
    for query in GRAPHQL:
        body = {"query": query, "variables": {"id": str(flow.pk)}}
        response = client.post("/api/graphql", body, content_type="application/json", HTTP_AUTHORIZATION=bearer)
        assert response.json()["errors"][0]["extensions"]["code"] == "not_found", query
        assert {user_id_of(one) for one in asked} == {person.pk}, query
        asked.clear()


def test_anonymous_is_no_principal(flow: Flow, client: Client, alice: User, asked: Asked) -> None:
    for name, address in pages(flow.pk, alice):
        answers = [method(address) for method in (client.get, client.post)]
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
    check = Check("session", person.pk, credential, TokenBearer(person.pk))
    assert recheck(flow.pk, [check]) == {"session": Close.REVOKED}
    assert [user_id_of(one) for one in asked] == [person.pk] * 2


TEAM = UUID("00000000-0000-4000-8000-000000000000")
COMMANDS: dict[str, Callable[[Principal, Flow], object]] = {
    "create_link": lambda who, flow: commands.create_link(who, flow.pk, role=Role.EDITOR),
    "change_link": lambda who, flow: commands.change_link(who, flow.pk, TEAM, commands.LinkChange(is_active=False)),
    "delete_link": lambda who, flow: commands.delete_link(who, flow.pk, TEAM),
    "switch_off_links_of": lambda who, flow: commands.switch_off_links_of(who, flow.pk, 1),
    "change_access": lambda who, flow: commands.change_access(who, flow.pk, "1", Role.OWNER),
    "change_invitation": lambda who, flow: commands.change_invitation(who, flow.pk, invitation_id=1, role=Role.OWNER),
    "change_team_share": lambda who, flow: commands.change_team_share(who, flow.pk, team_id=TEAM, role=Role.OWNER),
    "invite": lambda who, flow: commands.invite(
        who, flow.pk, email="new@example.com", role=Role.OWNER, link_of=lambda secret: secret
    ),
    "remove_access": lambda who, flow: commands.remove_access(who, flow.pk, "1"),
    "remove_team_share": lambda who, flow: commands.remove_team_share(who, flow.pk, team_id=TEAM),
    "set_viewer_rights": lambda who, flow: commands.set_viewer_rights(who, flow.pk, {"can_export": False}),
    "set_team": lambda who, flow: commands.set_team(who, flow.pk, None),
    "share_with_team": lambda who, flow: commands.share_with_team(who, flow.pk, team_id=TEAM, role=Role.OWNER),
    "transfer_flow": lambda who, flow: commands.transfer_flow(who, flow.pk, person="Charlie"),
    "withdraw_invitation": lambda who, flow: commands.withdraw_invitation(who, flow.pk, invitation_id=1),
    "change_epoch": lambda who, flow: commands.change_epoch(who, flow.pk),
    "commit": lambda who, flow: commands.commit(flow.pk, [move(who)]),
    "delete_flow": lambda who, flow: commands.delete_flow(who, flow.pk),
    "duplicate_flow": lambda who, flow: commands.duplicate_flow(who, flow.pk, via="api"),
    "offer_as_tool": lambda who, flow: commands.offer_as_tool(who, flow.pk, is_offered=True),
    "import_into": lambda who, flow: commands.import_into(who, flow.pk, b'{"title": "x"}', "json"),
    "fill_from_template": lambda who, flow: commands.fill_from_template(who, flow.pk, builtin()["first-flow"]),
    "follow_template": lambda who, flow: commands.follow_template(who, flow.pk),
    "remove_member": lambda who, flow: commands.remove_member(who, flow.pk, user_id=1),
    "replace_graph": lambda who, flow: commands.replace_graph(who, flow.pk, ReplaceGraph((), ()), version=1, via="api"),
    "purge_flow": lambda who, flow: commands.purge_flow(who, flow.pk),
    "restore_flow": lambda who, flow: commands.restore_flow(who, flow.pk),
    "save_template": lambda who, flow: commands.save_template(who, flow.pk, title="x"),
    "set_member": lambda who, flow: commands.set_member(who, flow.pk, person="Charlie", role=Role.OWNER),
    "star_flow": lambda who, flow: commands.star_flow(who, flow.pk, is_starred=True),
    "submit": lambda who, flow: commands.submit(
        flow.pk, [move(who), Submission(operation=UndoRequest(), principal=who, via="api")]
    ),
    "title_in_trash": lambda who, flow: commands.title_in_trash(who, flow.pk),
    "template_behind": lambda who, flow: commands.template_behind(who, flow.pk),
}
NO_FLOW_YET = {"create_flow", "import_flow", "create_from_template", "change_template", "delete_template"}
READS = {"undo_availability"}
BY_SECRET = {"find_link", "prove_password", "enter_as_guest", "enter_as_person", "leave"}
BY_SECRET |= {"open_invitation", "accept_invitation"}
"""The secret of a link or an invitation gives the right."""
NOTES = {"note_export", "note_opening", "count_export", "counted_export"}
"""Only write down, or count, what a door has just let a person do."""
ASKED_BEFORE = {"note_opening"}
"""What pages and sockets do once the flow is open."""


def move(who: Principal) -> Submission:
    return Submission(operation=MoveNode("plan", 9, 9), principal=who, via="api")


def test_no_command_is_forgotten() -> None:
    public = {name for name in commands.__all__ if name.islower() and callable(getattr(commands, name))}
    assert public == COMMANDS.keys() | NO_FLOW_YET | READS | BY_SECRET | NOTES | ASKED_BEFORE


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
    monkeypatch.setattr(access, "grants_in", lambda flow_id, some, *_, **__: dict.fromkeys(some, owner))
    client.force_login(charlie)
    assert client.get(f"/flows/{flow.pk}/").status_code == 200
    credential = Credential(bearer=tokens.issue(charlie).access)
    assert admit(credential, str(flow.pk)).role == "owner"
    assert commands.submit(flow.pk, [move(Person(charlie.pk))]).version == 2
