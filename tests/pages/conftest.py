"""A flow with every kind of node that alice owns, bob edits and vera views; charlie is a stranger."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import create_flow, set_member
from flows.document import KINDS
from flows.models import Flow
from flows.parsing import parse_flow

NODES: list[dict[str, Any]] = [
    {"id": f"a-{kind}", "kind": kind, "x": 220 * index, "y": 40, "label": f"My {kind}"}
    for index, kind in enumerate(KINDS)
]
EDGES: list[dict[str, Any]] = [
    {"id": "e1", "source": "a-agent", "target": "a-skill", "label": "then"},
    {"id": "e2", "source": "a-skill", "target": "a-memory"},
]

Enter = Callable[[User], Client]


@pytest.fixture
def flow(alice: User, bob: User, vera: User) -> Flow:
    flow = create_flow(
        Person(alice.pk), parse_flow(title="Plan a trip", description="For two", nodes=NODES, edges=EDGES), via="api"
    )
    set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    set_member(Person(alice.pk), flow.pk, person=vera.email, role=Role.VIEWER)
    return flow


@pytest.fixture
def enter() -> Enter:
    """`enter(alice)`: a client logged in as her."""

    def log_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return log_in


@pytest.fixture
def hx() -> dict[str, str]:
    """Headers of a request that htmx makes."""
    return {"HX-Request": "true"}
