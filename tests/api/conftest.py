"""Programs that call: one for each of the cast, by bearer token, and a flow they are members of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts import tokens
from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.models import Flow
from flows.parsing import parse_flow

GRAPH: dict[str, Any] = {
    "nodes": [{"id": "n1", "kind": "input", "x": 0, "y": 0}, {"id": "n2", "kind": "agent", "x": 200, "y": 0}],
    "edges": [{"id": "e1", "source": "n1", "target": "n2"}],
}


@dataclass(slots=True)
class Program:
    """Calls the API as somebody, or as nobody."""

    user: User | None = None
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))
    access: str | None = None

    def call(self, method: str, path: str, body: object = None, **headers: str) -> HttpResponse:
        """Call; a body that is no bytes is sent as JSON."""
        if bearer := self.bearer():
            headers.setdefault("HTTP_AUTHORIZATION", f"Bearer {bearer}")
        reads = method == "get"
        options = {} if reads else {"data": b"" if body is None else body, "content_type": "application/json"}
        return getattr(self.client, method.lower())(f"/api/v1{path}", **options, **headers)  # type: ignore[arg-type]

    def bearer(self) -> str | None:
        """Return the access token; nobody has none."""
        if self.user and self.access is None:
            self.access = tokens.issue(self.user).access
        return self.access

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("get", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> HttpResponse:
        return self.call("post", path, body, **headers)

    def put(self, path: str, body: object = None) -> HttpResponse:
        return self.call("put", path, body)

    def patch(self, path: str, body: object = None) -> HttpResponse:
        return self.call("patch", path, body)

    def delete(self, path: str) -> HttpResponse:
        return self.call("delete", path)


@pytest.fixture
def flow(alice: User, bob: User, vera: User) -> Flow:
    return weather(alice, bob, vera)


def weather(alice: User, bob: User, vera: User) -> Flow:
    """Make alice's flow of two nodes and an edge; bob edits, vera views, charlie is a stranger."""
    flow = commands.create_flow(
        Person(alice.pk), parse_flow(title="Weather", description="of tomorrow", **GRAPH), via="api"
    )
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    commands.set_member(Person(alice.pk), flow.pk, person=vera.email, role=Role.VIEWER)
    return flow


@pytest.fixture
def nobody(db: None) -> Program:
    return Program()


@pytest.fixture
def as_alice(alice: User) -> Program:
    return Program(alice)


@pytest.fixture
def as_bob(bob: User) -> Program:
    return Program(bob)


@pytest.fixture
def as_vera(vera: User) -> Program:
    return Program(vera)


@pytest.fixture
def as_charlie(charlie: User) -> Program:
    return Program(charlie)


@pytest.fixture
def as_dora(dora: User) -> Program:
    return Program(dora)


@pytest.fixture
def refused() -> Callable[[HttpResponse, int, str], Any]:
    """Check that a call failed in the one shape, and return its detail."""

    def check(response: HttpResponse, status: int, code: str) -> Any:
        answer = response.json()  # type: ignore[attr-defined]
        assert (response.status_code, answer.get("code")) == (status, code), answer
        assert set(answer) == {"code", "message", "detail"}
        assert isinstance(answer["message"], str)
        assert answer["message"]
        assert response["Content-Type"].startswith("application/json")
        return answer["detail"]

    return check
