"""One flow that alice owns, bob edits and vera views; charlie is a stranger."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from accounts.models import User
from accounts.principals import Administrator, Person, System
from flows import publish
from flows.access import Role
from flows.commands import RedoRequest, Refused, Submission, UndoRequest, create_flow, set_member
from flows.document import Record
from flows.models import Flow
from flows.parsing import parse_flow
from flows.submission import parse_operation

NODES = [
    {"id": "plan", "kind": "agent", "x": 0, "y": 0, "label": "Plan", "settings": {"temperature": 0.2}},
    {"id": "route", "kind": "decision", "x": 200, "y": 0, "settings": {"branches": ["yes", "no"]}},
    {"id": "send", "kind": "output", "x": 400, "y": 0, "parent": "frame"},
    {"id": "frame", "kind": "group", "x": 380, "y": -60},
]
EDGES = [
    {"id": "e1", "source": "plan", "target": "route"},
    {"id": "e2", "source": "route", "target": "send", "source_port": "yes", "label": "if so"},
]

Ask = Callable[..., Submission]
Published = Callable[[], AbstractContextManager[list[publish.Hint]]]


@pytest.fixture
def flow(alice: User, bob: User, vera: User) -> Flow:
    flow = create_flow(
        Person(alice.pk), parse_flow(title="Plan a trip", description="For two", nodes=NODES, edges=EDGES), via="api"
    )
    set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    set_member(Person(alice.pk), flow.pk, person=vera.email, role=Role.VIEWER)
    return flow


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Published:
    """`with published() as hints:` what was published by the commits in the block."""
    hints: list[publish.Hint] = []

    async def keep(hint: publish.Hint) -> None:
        hints.append(hint)

    @contextmanager
    def block() -> Iterator[list[publish.Hint]]:
        with django_capture_on_commit_callbacks(execute=True):
            yield hints

    monkeypatch.setattr(publish, "publish", keep)
    return block


@pytest.fixture
def ask() -> Ask:
    """`ask(alice, {...}, seq=1)`: a submission through the socket; without seq, an anonymous one."""

    def make(person: User | None, operation: object, *, seq: int | None = None, **given: Any) -> Submission:
        client = given.pop("client", "tab-of-hers") if seq is not None else None
        fields = {"via": "socket", **given}
        acts_as = Administrator if fields["via"] == "admin" else Person
        principal = System() if person is None else acts_as(person.pk)
        is_parsed = isinstance(operation, Record | UndoRequest | RedoRequest | Refused)
        parsed = operation if is_parsed else parse_operation(operation)
        return Submission(operation=parsed, principal=principal, client=client, seq=seq, **fields)

    return make


def move(id: str, x: float, y: float = 0) -> dict[str, object]:
    return {"kind": "move_node", "id": id, "x": x, "y": y}


def label(id: str, text: str) -> dict[str, object]:
    return {"kind": "edit_node", "id": id, "set": {"label": text}}
