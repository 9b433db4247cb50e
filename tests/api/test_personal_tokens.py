"""Personal tokens by REST: made, shown once, used, listed, revoked."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse

from flows.models import Flow
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db
Refused = Callable[..., Any]


def body(response: HttpResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return response.json()  # type: ignore[attr-defined]


def by(token: str) -> Program:
    return Program(access=token)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "CI"},
        {"name": "CI", "scopes": []},
        {"name": "CI", "scopes": ["all"]},
        {"name": "CI", "scopes": "read"},
        {"name": "", "scopes": ["read"]},
        {"name": "CI", "scopes": ["read"], "expires_in": 0},
        {"name": "CI", "scopes": ["read"], "expires_in": 10**12},
        {"name": "CI", "scopes": ["read"], "flow": "mine"},
        {"name": "CI", "scopes": ["read"], "user": 1},
    ],
)
def test_what_no_token_can_be(as_alice: Program, refused: Refused, given: dict[str, object]) -> None:
    refused(as_alice.post("/tokens", given), 422, "invalid")


def test_for_a_flow_that_its_maker_does_not_see(flow: Flow, as_charlie: Program, refused: Refused) -> None:
    for flow_id in (flow.pk, uuid4()):
        given = {"name": "CI", "scopes": ["read"], "flow": str(flow_id)}
        refused(as_charlie.post("/tokens", given), 404, "not_found")


def test_it_is_shown_once_used_listed_and_revoked(flow: Flow, as_alice: Program, refused: Refused) -> None:
    given = {"name": "CI", "scopes": ["read", "write"], "expires_in": 3600, "flow": str(flow.pk)}
    made = body(as_alice.post("/tokens", given), 201)
    secret = made.pop("token")
    assert (made["name"], made["scopes"], made["flow"]) == ("CI", ["read", "write"], str(flow.pk))
    assert made["last_used_at"] is None
    assert made["expires_at"] > made["created_at"]

    body(by(secret).get(f"/flows/{flow.pk}"))

    listed = as_alice.get("/tokens")
    (item,) = body(listed)["items"]
    assert item | {"last_used_at": None} == made
    assert item["last_used_at"]
    assert secret.encode() not in listed.content

    assert as_alice.delete(f"/tokens/{made['id']}").status_code == 204
    refused(by(secret).get(f"/flows/{flow.pk}"), 401, "not_authenticated")
    assert body(as_alice.get("/tokens")) == {"items": []}
    refused(as_alice.delete(f"/tokens/{made['id']}"), 404, "not_found")


def test_a_token_needs_admin_to_make_others(as_alice: Program, refused: Refused) -> None:
    secrets = {
        scope: body(as_alice.post("/tokens", {"name": "CI", "scopes": [scope]}), 201)["token"]
        for scope in ("write", "admin")
    }

    for method, path, given in (
        ("get", "/tokens", None),
        ("post", "/tokens", {"name": "CI", "scopes": ["read"]}),
        ("delete", "/tokens/1", None),
    ):
        refused(by(secrets["write"]).call(method, path, given), 403, "forbidden")
    body(by(secrets["admin"]).post("/tokens", {"name": "CI", "scopes": ["read"]}), 201)


def test_a_change_of_password_leaves_it(as_alice: Program) -> None:
    secret = body(as_alice.post("/tokens", {"name": "CI", "scopes": ["read"]}), 201)["token"]
    assert as_alice.user
    as_alice.user.set_password("another stapler")
    as_alice.user.save()

    body(by(secret).get("/me"))


def test_an_inactive_account_ends_it(as_alice: Program, refused: Refused) -> None:
    secret = body(as_alice.post("/tokens", {"name": "CI", "scopes": ["read"]}), 201)["token"]
    assert as_alice.user
    as_alice.user.is_active = False
    as_alice.user.save()

    refused(by(secret).get("/me"), 401, "not_authenticated")
