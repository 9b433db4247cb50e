"""The log in the admin: to be searched and read, and that is all."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.models import Answer, Change, Flow
from flows.parsing import parse_flow
from flows.submission import parse_operation

pytestmark = pytest.mark.django_db(transaction=True)
LOG = "/admin/flows/change/"
MOVE = {"kind": "move_node", "id": "n1", "x": 5, "y": 5}


@pytest.fixture
def flow(alice: User, bob: User) -> Flow:
    """Alice's flow, in which bob has moved a node and moved one that is not there."""
    flow = commands.create_flow(
        Person(alice.pk), parse_flow(title="Plan", nodes=[{"id": "n1", "kind": "note", "x": 0, "y": 0}]), via="page"
    )
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    wanted = [MOVE, MOVE | {"id": "gone"}, {"kind": "batch", "operations": [MOVE | {"x": 9}, MOVE | {"y": 9}]}]
    commands.submit(
        flow.pk,
        [
            commands.Submission(
                operation=parse_operation(operation), principal=Person(bob.pk), via="socket", client="tab-0001", seq=seq
            )
            for seq, operation in enumerate(wanted, start=1)
        ],
    )
    return flow


@pytest.fixture
def staff(client: Client, dora: User) -> Client:
    client.force_login(dora)
    return client


def test_a_row_says_who_what_when_and_how(staff: Client, flow: Flow) -> None:
    page = staff.get(LOG).content.decode()

    for text in ("Plan", "Bob", "Alice", "socket", "page", "move_node n1", "create_flow", "batch of 2: move_node n1"):
        assert text in page


def test_rows_are_found_by_flow_person_way_and_day(staff: Client, flow: Flow, charlie: User) -> None:
    commands.create_flow(Person(charlie.pk), parse_flow(title="Elsewhere"), via="api")

    for query in ({"q": "plan"}, {"q": "bob@"}, {"via__exact": "socket"}, {"flow__id__exact": str(flow.pk)}):
        page = staff.get(LOG, query).content.decode()
        assert "move_node n1" in page, query
        assert "Elsewhere" not in page, query
    assert "move_node n1" not in staff.get(LOG, {"created_at__lt": "2020-01-01 00:00+00:00"}).content.decode()


def test_a_row_shows_the_operation_and_what_would_take_it_back(staff: Client, flow: Flow) -> None:
    page = staff.get(f"{LOG}{Change.objects.get(version=2).pk}/change/").content.decode()

    assert "&quot;move_node&quot;" in page
    assert "tab-0001" in page


def test_what_was_refused_can_be_read_too(staff: Client, flow: Flow) -> None:
    assert "unknown_node" in staff.get("/admin/flows/answer/").content.decode()


def test_nothing_is_written(staff: Client, flow: Flow) -> None:
    before = list(Change.objects.values()), list(Answer.objects.values())

    for model in ("change", "answer", "flownode", "flowedge"):
        key = {"change": Change.objects.get(version=2).pk, "answer": Answer.objects.get().pk}.get(model)
        key = key or f"{flow.pk.hex}.n1".replace(".", "_2E")
        listed = f"/admin/flows/{model}/"
        assert staff.post(f"{listed}add/", {}).status_code == 403
        assert staff.post(f"{listed}{key}/change/", {"version": 9}).status_code in {302, 403}
        assert staff.post(f"{listed}{key}/delete/", {"post": "yes"}).status_code in {302, 403}
        staff.post(listed, {"action": "delete_selected", "_selected_action": [key], "post": "yes"})

    assert (list(Change.objects.values()), list(Answer.objects.values())) == before
    assert flow.nodes.count() == 1
