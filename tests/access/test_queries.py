"""Every query and mutation of GraphQL by everybody, in the letters of `calls`; one that is missing fails a test."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from flows.graphql.schema import schema
from flows.models import Flow
from tests.access.calls import COPIERS, EDITORS, MEMBERS, METHODS, OWNERS, SIGNED_IN, WRITERS
from tests.access.cast import BY_CODE, assemble, differences

pytestmark = pytest.mark.django_db

QUERIES: dict[str, tuple[str, str]] = {
    "myFlows": ("query { myFlows { totalCount } }", SIGNED_IN),
    "flow": ("query ($id: ID!) { flow(id: $id) { id } }", MEMBERS),
    "createFlow": ('mutation { createFlow(title: "New") { id } }', WRITERS),
    "updateFlow": ('mutation ($id: ID!) { updateFlow(id: $id, title: "New") { id } }', EDITORS),
    "updateFlowData": (
        "mutation ($id: ID!) { updateFlowData(id: $id, version: 1, nodes: [], edges: []) { id } }",
        EDITORS,
    ),
    "duplicateFlow": ("mutation ($id: ID!) { duplicateFlow(id: $id) { id } }", COPIERS),
    "deleteFlow": ("mutation ($id: ID!) { deleteFlow(id: $id) }", OWNERS),
}


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_by_everybody(name: str, flow: Flow, alice: User, bob: User, vera: User, charlie: User) -> None:
    query, cells = QUERIES[name]
    everybody = assemble(flow, alice, bob, vera, charlie)

    def ask(who: str) -> str:
        with transaction.atomic():
            answer = _ask(everybody[who].program.bearer(), query, {"id": str(flow.pk)} if "$id" in query else {})
            transaction.set_rollback(True)
        return answer

    assert differences(cells, ask) == {}


def _ask(token: str | None, query: str, variables: dict[str, str]) -> str:
    from django.test import Client

    headers: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
    body = {"query": query, "variables": variables}
    answer = Client().post("/api/graphql", body, content_type="application/json", **headers).json()
    if not answer.get("errors"):
        return "y"
    code = answer["errors"][0]["extensions"]["code"]
    return BY_CODE.get(code, code)


@pytest.mark.parametrize("method", [one for one in METHODS if one != "post"])
def test_queries_come_by_post_alone(method: str, flow: Flow, alice: User, bob: User, vera: User, charlie: User) -> None:
    from django.test import Client

    for somebody in assemble(flow, alice, bob, vera, charlie).values():
        token = somebody.program.bearer()
        headers: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
        response = Client().generic(method.upper(), "/api/graphql", **headers)
        assert (response.status_code, response["Allow"]) == (405, "POST")


def test_no_query_is_missing_here() -> None:
    types = [schema._schema.query_type, schema._schema.mutation_type]
    names = {name for type_ in types if type_ is not None for name in type_.fields if not name.startswith("_")}

    assert names == QUERIES.keys()
