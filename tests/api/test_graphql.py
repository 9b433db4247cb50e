"""GraphQL over HTTP: names, rights, conflicts, cursors, and how much one request may ask for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from graphql import get_introspection_query

from flows.graphql.schema import schema
from flows.models import Flow, Membership
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db
Ask = Callable[..., Any]

NODES = [
    {"nodeId": "a", "kind": "agent", "positionX": 10, "positionY": 20.5, "label": "Ask", "settings": {"model": "m"}},
    {"nodeId": "b", "kind": "output", "positionX": 300, "positionY": 20},
]
EDGES = [{"edgeId": "ab", "source": "a", "target": "b"}]
ALL = """{ id title description version role nodeCount edgeCount createdAt updatedAt viewport { x y zoom }
  nodes { nodeId kind positionX positionY width height label description colour parent enabled settings }
  edges { edgeId source target sourcePort targetPort label animated } }"""
CREATE = f"""mutation ($title: String!, $nodes: [NodeInput!], $edges: [EdgeInput!]) {{
  createFlow(title: $title, nodes: $nodes, edges: $edges) {ALL} }}"""
REPLACE = """mutation ($id: ID!, $version: Int!, $nodes: [NodeInput!]!, $edges: [EdgeInput!]!) {
  updateFlowData(id: $id, version: $version, nodes: $nodes, edges: $edges) { version nodes { nodeId } } }"""


def ask(program: Program, query: str, **variables: object) -> Any:
    """Ask as a program; the whole answer."""
    if program.user and program.access is None:
        program.get("/me")
    headers = {"HTTP_AUTHORIZATION": f"Bearer {program.access}"} if program.access else {}
    response = program.client.post(
        "/api/graphql", {"query": query, "variables": variables}, content_type="application/json", **headers
    )
    assert response.status_code == 200, response.content
    return response.json()


def data(program: Program, query: str, **variables: object) -> Any:
    answer = ask(program, query, **variables)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def code(program: Program, query: str, **variables: object) -> str:
    answer = ask(program, query, **variables)
    return str(answer["errors"][0]["extensions"]["code"])


# Mutations.


def test_a_flow_is_created_and_read_with_every_field(as_alice: Program) -> None:
    made = data(as_alice, CREATE, title="Trip", nodes=NODES, edges=EDGES)["createFlow"]

    assert (made["title"], made["version"], made["role"], made["nodeCount"]) == ("Trip", 1, "owner", 2)
    node = made["nodes"][0]
    assert {name: node[name] for name in NODES[0]} == NODES[0]
    assert (node["width"], node["colour"], node["enabled"], node["parent"]) == (144, "#0ea5e9", True, None)
    assert made["edges"][0] == {**EDGES[0], "sourcePort": "out", "targetPort": "in", "label": "", "animated": False}
    read = data(as_alice, f"query ($id: ID!) {{ flow(id: $id) {ALL} }}", id=made["id"])["flow"]
    assert read == made
    rest = as_alice.get(f"/flows/{made['id']}").json()  # type: ignore[attr-defined]
    assert rest["nodes"][0]["settings"] == {"model": "m"}


def test_title_and_description_are_changed_by_an_editor(as_bob: Program, as_vera: Program, flow: Flow) -> None:
    change = 'mutation ($id: ID!) { updateFlow(id: $id, title: "New") { title version description } }'
    assert data(as_bob, change, id=str(flow.pk))["updateFlow"] == {
        "title": "New",
        "version": 2,
        "description": "of tomorrow",
    }
    assert code(as_vera, change, id=str(flow.pk)) == "forbidden"


def test_a_viewport_is_ones_own_and_makes_no_version(as_vera: Program, as_alice: Program, flow: Flow) -> None:
    look = (
        "mutation ($id: ID!, $v: ViewportInput) { updateFlow(id: $id, viewport: $v) { version viewport { x y zoom } } }"
    )
    place = {"x": 1.5, "y": -2, "zoom": 0.5}
    assert data(as_vera, look, id=str(flow.pk), v=place)["updateFlow"] == {"version": 1, "viewport": place}
    assert data(as_alice, "query ($id: ID!) { flow(id: $id) { viewport { x } } }", id=str(flow.pk)) == {
        "flow": {"viewport": None}
    }
    mine = data(as_vera, "{ myFlows { edges { node { viewport { zoom } } } } }")["myFlows"]
    assert mine["edges"][0]["node"]["viewport"] == {"zoom": 0.5}
    for bad in ({"zoom": 0}, {"x": 2e9}, {"zoom": 1001}):
        assert code(as_vera, look, id=str(flow.pk), v=place | bad) == "invalid"


def test_a_stale_graph_is_a_conflict_that_shows_what_is_there_and_can_be_rebased(as_bob: Program, flow: Flow) -> None:
    flow_id = str(flow.pk)
    assert data(as_bob, REPLACE, id=flow_id, version=1, nodes=NODES, edges=EDGES)["updateFlowData"]["version"] == 2
    answer = ask(as_bob, REPLACE, id=flow_id, version=1, nodes=NODES[:1], edges=[])

    assert answer["data"] is None
    told = answer["errors"][0]["extensions"]
    assert told["code"] == "version_conflict"
    detail = told["detail"]
    assert (detail["version"], [node["nodeId"] for node in detail["nodes"]]) == (2, ["a", "b"])
    again = data(as_bob, REPLACE, id=flow_id, version=detail["version"], nodes=detail["nodes"][:1], edges=[])
    assert again["updateFlowData"] == {"version": 3, "nodes": [{"nodeId": "a"}]}


def test_a_flow_is_duplicated_and_deleted(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    copy = "mutation ($id: ID!, $title: String) { duplicateFlow(id: $id, title: $title) { id title role nodeCount } }"
    made = data(as_bob, copy, id=str(flow.pk))["duplicateFlow"]
    assert (made["title"], made["role"], made["nodeCount"]) == ("Weather (Copy)", "owner", 2)
    assert data(as_bob, copy, id=str(flow.pk), title="Mine")["duplicateFlow"]["title"] == "Mine"

    delete = "mutation ($id: ID!) { deleteFlow(id: $id) }"
    assert code(as_bob, delete, id=str(flow.pk)) == "forbidden"
    assert data(as_alice, delete, id=str(flow.pk)) == {"deleteFlow": True}
    assert code(as_alice, delete, id=str(flow.pk)) == "not_found"


# Queries.


def test_pages_of_flows_stay_as_they_are_while_flows_come_and_change(as_alice: Program) -> None:
    for number in range(5):
        data(as_alice, CREATE, title=f"Flow {number}")
    page = """query ($after: String) { myFlows(first: 2, after: $after) {
      edges { cursor node { id title } } pageInfo { hasNextPage endCursor } totalCount } }"""
    first = data(as_alice, page)["myFlows"]
    assert [one["node"]["title"] for one in first["edges"]] == ["Flow 4", "Flow 3"]
    assert (first["pageInfo"]["hasNextPage"], first["totalCount"]) == (True, 5)

    data(as_alice, CREATE, title="Newer")
    as_alice.patch(f"/flows/{first['edges'][0]['node']['id']}", {"title": "Renamed"})
    second = data(as_alice, page, after=first["pageInfo"]["endCursor"])["myFlows"]
    assert [one["node"]["title"] for one in second["edges"]] == ["Flow 2", "Flow 1"]
    last = data(as_alice, page, after=second["edges"][-1]["cursor"])["myFlows"]
    assert [one["node"]["title"] for one in last["edges"]] == ["Flow 0"]
    assert (last["pageInfo"]["hasNextPage"], last["totalCount"]) == (False, 6)


def test_flows_are_found_by_words(as_alice: Program, flow: Flow) -> None:
    data(as_alice, CREATE, title="Other")
    found = data(as_alice, '{ myFlows(q: "TOMORROW wea") { totalCount edges { node { title } } } }')["myFlows"]
    assert found == {"totalCount": 1, "edges": [{"node": {"title": "Weather"}}]}


def test_a_page_without_a_size_is_the_usual_one(as_alice: Program) -> None:
    page = "query ($first: Int) { myFlows(first: $first) { totalCount } }"

    assert data(as_alice, page, first=None) == data(as_alice, page) == data(as_alice, "{ myFlows { totalCount } }")


@pytest.mark.parametrize(
    "arguments", ["first: 0", "first: 101", 'after: "rubbish"', 'after: "eA=="', f'q: "{"x" * 501}"']
)
def test_bad_pages_are_invalid(as_alice: Program, arguments: str) -> None:
    assert code(as_alice, f"{{ myFlows({arguments}) {{ totalCount }} }}") == "invalid"


def test_what_is_not_ones_own_is_not_there(as_charlie: Program, flow: Flow) -> None:
    read = "query ($id: ID!) { flow(id: $id) { title } }"
    answer = ask(as_charlie, read, id=str(flow.pk))
    assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == ({"flow": None}, "not_found")
    unknown = ask(as_charlie, read, id="00000000-0000-0000-0000-000000000000")
    assert unknown["errors"][0]["message"] == answer["errors"][0]["message"]
    assert code(as_charlie, read, id="no uuid") == "not_found"
    for change in (
        'updateFlow(id: $id, title: "x") { id }',
        "updateFlow(id: $id, viewport: {x: 0, y: 0, zoom: 1}) { id }",
        "updateFlowData(id: $id, version: 1, nodes: [], edges: []) { id }",
        "duplicateFlow(id: $id) { id }",
        "deleteFlow(id: $id)",
    ):
        assert code(as_charlie, f"mutation ($id: ID!) {{ {change} }}", id=str(flow.pk)) == "not_found", change


# Every request by everybody.

CAST = ("anonymous", "stranger", "viewer", "commenter", "editor", "owner", "staff")
OK, NO, GONE, LOG_IN = "ok", "forbidden", "not_found", "not_authenticated"
MEMBERS = (LOG_IN, GONE, OK, OK, OK, OK, GONE)
MATRIX = {
    "query { myFlows { totalCount } }": (LOG_IN, OK, OK, OK, OK, OK, OK),
    "query ($id: ID!) { flow(id: $id) { id } }": MEMBERS,
    'mutation { createFlow(title: "x") { id } }': (LOG_IN, OK, OK, OK, OK, OK, OK),
    'mutation ($id: ID!) { updateFlow(id: $id, title: "x") { id } }': (LOG_IN, GONE, NO, NO, OK, OK, GONE),
    "mutation ($id: ID!) { updateFlow(id: $id, viewport: {x: 0, y: 0, zoom: 1}) { id } }": MEMBERS,
    "mutation ($id: ID!) { updateFlow(id: $id) { id } }": MEMBERS,
    "mutation ($id: ID!) { updateFlowData(id: $id, version: 1, nodes: [], edges: []) { id } }": (
        LOG_IN,
        GONE,
        NO,
        NO,
        OK,
        OK,
        GONE,
    ),
    "mutation ($id: ID!) { duplicateFlow(id: $id) { id } }": MEMBERS,
    "mutation ($id: ID!) { deleteFlow(id: $id) }": (LOG_IN, GONE, NO, NO, NO, OK, GONE),
}


@pytest.mark.parametrize("who", CAST)
@pytest.mark.parametrize("query", MATRIX)
def test_every_request_by_everybody(
    query: str,
    who: str,
    flow: Flow,
    nobody: Program,
    as_charlie: Program,
    as_vera: Program,
    as_bob: Program,
    as_alice: Program,
    as_dora: Program,
) -> None:
    from tests.conftest import person

    cora = person("cora")
    Membership.objects.create(flow=flow, user=cora, role="commenter", colour=3)
    cast = dict(zip(CAST, (nobody, as_charlie, as_vera, Program(cora), as_bob, as_alice, as_dora), strict=True))
    expected = MATRIX[query][CAST.index(who)]
    answer = ask(cast[who], query, **({"id": str(flow.pk)} if "$id" in query else {}))

    assert (answer["errors"][0]["extensions"]["code"] if "errors" in answer else OK) == expected


def test_no_request_is_missing_here() -> None:
    named = {
        field
        for kind in ("query", "mutation")
        for field in schema.schema_converter.type_map[kind.title()].implementation.fields
    }  # type: ignore[union-attr]
    assert {query.partition("{ ")[2].split("(")[0].split(" ")[0] for query in MATRIX} == named


# Who calls, and what.


def test_nobody_is_told_to_log_in(nobody: Program) -> None:
    assert code(nobody, "{ myFlows { totalCount } }") == "not_authenticated"
    nobody.access = "no token"
    assert code(nobody, "{ myFlows { totalCount } }") == "not_authenticated"


def test_a_cookie_needs_the_csrf_proof(alice: Any, flow: Flow) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    body = {"query": "{ myFlows { totalCount } }"}
    answer = client.post("/api/graphql", body, content_type="application/json").json()
    assert answer["errors"][0]["extensions"]["code"] == "forbidden"

    client.cookies["csrftoken"] = "x" * 32
    proof = {"HTTP_X_CSRFTOKEN": "x" * 32}
    answer = client.post("/api/graphql", body, content_type="application/json", **proof).json()
    assert answer == {"data": {"myFlows": {"totalCount": 1}}}


NO_REQUESTS = [
    "[]",
    '[{"query": "{ myFlows { totalCount } }"}]',
    "{}",
    "{",
    '{"query": 1}',
    '{"query": "{"}',
    '{"query": "{ x }"}',
    '{"query": "{ myFlows { totalCount } }", "variables": []}',
    '{"query": "{ myFlows { totalCount } }", "speed": 1}',
    '{"query": "query A { myFlows { totalCount } } query B { myFlows { totalCount } }"}',
    '{"query": "subscription { flowChanged(id: 1) { version } }"}',
    '{"query": "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"}',
]


@pytest.mark.parametrize("body", NO_REQUESTS)
def test_what_is_no_request_is_invalid(as_alice: Program, body: str) -> None:
    as_alice.get("/me")
    headers = {"HTTP_AUTHORIZATION": f"Bearer {as_alice.access}"}
    response = as_alice.client.post("/api/graphql", body, content_type="application/json", **headers)
    assert response.status_code == 200
    assert response.json()["errors"][0]["extensions"]["code"] == "invalid"  # type: ignore[attr-defined]


def test_other_methods_are_not_there(client: Client, settings: Any) -> None:
    assert client.get("/api/graphql").json()["code"] == "method_not_allowed"
    settings.DEBUG = True
    page = client.get("/api/graphql")
    assert page.status_code == 200
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "http://" not in page.content.decode().replace("http://testserver", "")


def test_bad_elements_are_refused_with_their_code(as_alice: Program) -> None:
    assert code(as_alice, CREATE, title="x", nodes=[{**NODES[0], "kind": "rocket"}]) == "invalid"
    assert code(as_alice, CREATE, title="x", nodes=NODES, edges=[{**EDGES[0], "target": "c"}]) == "unknown_node"
    assert code(as_alice, CREATE, title="x", nodes=[NODES[0], NODES[0]]) == "duplicate_id"
    assert code(as_alice, CREATE, title=" ") == "invalid"


def test_a_defect_tells_nothing(as_alice: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.graphql import schema as module

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the secret story")

    monkeypatch.setattr(module, "library_after", broken)
    answer = ask(as_alice, "{ myFlows { totalCount } }")
    assert answer["errors"][0]["extensions"]["code"] == "internal"
    assert "secret" not in str(answer)


# How much.


def bounded(settings: Any, **limits: int) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **limits)


def test_the_schema_can_be_asked_for(as_alice: Program) -> None:
    assert data(as_alice, get_introspection_query())["__schema"]["queryType"]["name"] == "Query"


def many(count: int, what: str) -> str:
    """Return a field many times, each under a name of its own."""
    return " ".join(f"a{number}: {what}" for number in range(count))


LISTS = "myFlows(first: 100) { edges { node { nodes { nodeId } edges { edgeId } } } }"
SPREADS = " ".join(
    f"fragment {name} on Query {{ ...{following} ...{following} }}"
    for name, following in zip("ABCDEFGHIJKLMNOPQRSTUVWXY", "BCDEFGHIJKLMNOPQRSTUVWXYZ", strict=True)
)
PAGES = many(70, "myFlows(first: 100) { edges { node { id } } }")
MAKING = many(200, 'createFlow(title: "x") { id }')
TOO_MUCH = {
    "aliases": f"{{ {PAGES} }}",
    "lists in lists": f"{{ {many(2, LISTS)} }}",
    "mutations": f"mutation {{ {MAKING} }}",
    "fields": "{ myFlows { " + "totalCount " * 1_001 + "} }",
    "fragments": f"query {{ ...A }} {SPREADS} fragment Z on Query {{ {PAGES} }}",
    "chain of fragments": "{ ...F0 } " + " ".join(f"fragment F{at} on Query {{ ...F{at + 1} }}" for at in range(500)),
    "text": "{ myFlows { totalCount } } # " + "x" * 65_536,
}


@pytest.mark.parametrize("query", TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_is_refused_before_anything_is_done(as_alice: Program, query: str) -> None:
    assert code(as_alice, query) == "limit_reached"
    assert Flow.objects.count() == 0


def test_cost_and_depth_at_their_bounds(as_alice: Program, settings: Any) -> None:
    query = "{ myFlows(first: 3) { edges { node { id title } } } }"  # 1 + 3 * (1 + 1 + 2)
    bounded(settings, graphql_cost=13, graphql_depth=4)
    data(as_alice, query)
    bounded(settings, graphql_cost=12)
    assert code(as_alice, query) == "limit_reached"
    bounded(settings, graphql_cost=13, graphql_depth=3)
    assert code(as_alice, query) == "limit_reached"


def test_an_error_in_ten_thousand_places_names_a_few(as_alice: Program) -> None:
    answer = ask(as_alice, "{ flow(" + "id:1," * 2_000 + ") { id } }")
    assert [len(error["locations"]) for error in answer["errors"]] == [20]


def test_a_text_at_its_bound(as_alice: Program, settings: Any) -> None:
    query = "{ myFlows { totalCount } }"
    bounded(settings, graphql_bytes=len(query))
    data(as_alice, query)
    bounded(settings, graphql_bytes=len(query) - 1)
    assert code(as_alice, query) == "limit_reached"


def test_elements_at_their_bound(as_alice: Program, flow: Flow, settings: Any) -> None:
    query = "query ($id: ID!) { flow(id: $id) { nodes { nodeId } edges { edgeId } } }"
    bounded(settings, graphql_elements=3)
    assert len(data(as_alice, query, id=str(flow.pk))["flow"]["nodes"]) == 2
    bounded(settings, graphql_elements=2)
    assert code(as_alice, query, id=str(flow.pk)) == "limit_reached"


def test_operations_are_counted_with_those_of_rest(as_alice: Program, flow: Flow, settings: Any) -> None:
    bounded(settings, rest_operations_per_second=1, batch=2)
    change = "mutation ($id: ID!) { " + many(12, 'updateFlow(id: $id, title: "x") { version }') + " }"
    answer = ask(as_alice, change, id=str(flow.pk))
    assert answer["errors"][0]["extensions"]["code"] == "rate_limited"


def test_the_page_of_the_schema_is_the_schema() -> None:
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "graphql.md").read_text()
    assert page.split("```graphql\n")[1].split("```")[0].strip() == schema.as_str().strip()
