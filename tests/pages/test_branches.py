"""A decision's branches by form: a renamed one keeps its edges, and what falls is said, with Undo."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.document import Edge, Node
from flows.models import Flow, FlowEdge, FlowNode
from flows.pages.forms.branches import edit_branches, renamed
from flows.parsing import parse_flow
from tests.pages.conftest import Enter

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors" / "branches.json").read_text())
NODES = [
    {"id": "d", "kind": "decision", "x": 0, "y": 0, "settings": {"branches": ["yes", "no"], "default_branch": "no"}},
    {"id": "a", "kind": "agent", "x": 200, "y": 0},
]
EDGES = [
    {"id": "e1", "source": "d", "target": "a", "source_port": "yes", "label": "go"},
    {"id": "e2", "source": "d", "target": "a", "source_port": "no", "animated": True},
]


@pytest.fixture
def choice(alice: User) -> Flow:
    return create_flow(Person(alice.pk), parse_flow(title="Choice", nodes=NODES, edges=EDGES), via="api")


@pytest.fixture
def client(alice: User, enter: Enter) -> Client:
    return enter(alice)


def post(client: Client, flow: Flow, **typed: str) -> str:
    answer = client.post(f"/flows/{flow.pk}/inspector", {"node": "d", **typed}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def ports(flow: Flow) -> dict[str, str]:
    return dict(FlowEdge.objects.filter(flow=flow).values_list("edge_id", "source_port"))


@pytest.mark.parametrize("vector", VECTORS)
def test_what_became_of_which_name(vector: dict[str, Any]) -> None:
    assert renamed(vector["before"], vector["after"]) == vector["renamed"]


def test_a_renamed_branch_keeps_its_edges_and_what_is_on_them(choice: Flow, client: Client) -> None:
    html = post(client, choice, **{"settings.branches": "approve\nreject"})
    assert ports(choice) == {"e1": "approve", "e2": "reject"}
    assert FlowEdge.objects.get(flow=choice, edge_id="e1").label == "go"
    settings = FlowNode.objects.get(flow=choice, node_id="d").settings
    assert settings == {"branches": ["approve", "reject"], "default_branch": "reject"}
    choice.refresh_from_db()
    assert choice.version == 2, "one step"
    assert 'name="undo"' not in html


def test_a_decision_grows_with_its_branches(choice: Flow, client: Client) -> None:
    post(client, choice, **{"settings.branches": "\n".join(f"way {number}" for number in range(9))})
    assert FlowNode.objects.get(flow=choice, node_id="d").height == 58 + 20 * 9 + 10
    choice.refresh_from_db()
    assert choice.version == 2, "one step"


def test_edges_that_fall_are_told_once_with_undo(choice: Flow, client: Client) -> None:
    html = post(client, choice, **{"settings.branches": ""})
    assert ports(choice) == {}
    assert "2 edges were removed too." in html
    assert 'name="undo" value="2"' in html
    html = post(client, choice, undo="2")
    assert ports(choice) == {"e1": "yes", "e2": "no"}
    assert 'name="undo"' not in html
    assert "nothing to undo" in post(client, choice, undo="x")


def test_a_full_list_makes_room() -> None:
    names = [f"n{number}" for number in range(100)]
    node = Node("d", "decision", 0, 0, 120, 80, "", "", "#000000", None, True, {"branches": names})
    edges = [Edge("1", "d", "t", "n0", "in"), Edge("2", "d", "t", "n5", "in")]
    first, move, _last = edit_branches(node, {"settings": {"branches": ["new", *names[1:]]}}, edges)
    assert first["set"]["settings"]["branches"] == ["n0", "n5", "new"]
    assert move["set"] == {"source_port": "new"}


def test_an_edge_that_the_new_name_has_already_stays_behind() -> None:
    node = Node("d", "decision", 0, 0, 120, 80, "", "", "#000000", None, True, {"branches": ["yes"]})
    edges = [Edge("1", "d", "t", "yes", "in"), Edge("2", "d", "t", "default", "in")]
    assert len(edit_branches(node, {"settings": {"branches": ["default"]}}, edges)) == 1
