"""The demo is made once, looks as it should, and never comes back."""

import pytest

from accounts.models import User
from accounts.principals import Person
from flows.commands import delete_flow
from flows.demo import seed_demo
from flows.document import ports_of, second_line
from flows.log import changes_since, verify_flow
from flows.models import Flow
from flows.storage.store import load_document

pytestmark = pytest.mark.django_db

GRID = 8
COLUMN_GAP = 40


@pytest.fixture
def demo() -> Flow:
    flow = seed_demo()
    assert flow is not None
    return flow


def test_not_where_there_is_anybody(alice: User) -> None:
    assert seed_demo() is None
    assert not Flow.objects.exists()


def test_not_again_when_the_flow_was_deleted(demo: Flow) -> None:
    delete_flow(Person(User.objects.get(name="Alice").pk), demo.pk)
    assert seed_demo() is None
    assert Flow.objects.count() == 1 and User.objects.count() == 4


def test_its_people(demo: Flow) -> None:
    assert dict(demo.memberships.values_list("user__email", "role")) == {
        "alice@example.com": "owner",
        "bob@example.com": "editor",
        "vera@example.com": "viewer",
    }
    assert User.objects.filter(email="charlie@example.com").exists()
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_it_came_through_the_door(demo: Flow) -> None:
    assert [change.via for change in changes_since(demo.pk, 0)] == ["system"]
    assert verify_flow(demo.pk) == []


def test_it_shows_what_a_flow_can_be(demo: Flow) -> None:
    document = load_document(demo.pk).document
    kinds = {node.kind for node in document.nodes()}
    assert {"agent", "decision", "loop", "memory", "api", "group", "note"} <= kinds
    assert 12 <= document.node_count <= 14
    assert (route := document.node("route")) and set(ports_of(route).outputs) >= {"urgent", "question", "refund"}
    assert len(document.members_of("answer")) == 4
    assert {edge.label for edge in document.edges()} == {"", "in 15 min"}


def test_nothing_is_crowded(demo: Flow) -> None:
    nodes = [node for node in load_document(demo.pk).document.nodes() if node.kind != "group"]
    for node in nodes:
        assert {node.x % GRID, node.y % GRID, node.width % GRID, node.height % GRID} == {0}, node.label
        text = node.width - 50 if node.kind != "note" else node.width - 24
        assert max(len(node.label) * 6.8, len(second_line(node)) * 5.7) <= text, f"{node.label} would be cut"
        for other in nodes:
            beside = node.y < other.y + other.height and other.y < node.y + node.height
            assert other is node or not beside or abs(node.x - other.x) >= min(node.width, other.width) + COLUMN_GAP


def test_a_group_holds_its_members(demo: Flow) -> None:
    document = load_document(demo.pk).document
    group = document.node("answer")
    assert group
    for node in document.members_of("answer"):
        assert group.x + 16 <= node.x and node.x + node.width <= group.x + group.width - 16
        assert group.y + 56 <= node.y and node.y + node.height <= group.y + group.height - 16
