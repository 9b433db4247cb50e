"""Flows in the admin: found and shown, and every POST goes through the writing door or is refused."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.colours import own_colour
from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.models import Change, Flow, FlowNode, Membership
from flows.parsing import parse_flow

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/flows/flow/"


@pytest.fixture
def flow(alice: User, bob: User) -> Flow:
    """Alice's flow of two connected nodes, which bob may edit."""
    nodes = [{"id": "n1", "kind": "input", "x": 0, "y": 0}, {"id": "n2", "kind": "output", "x": 300, "y": 0}]
    edges = [{"id": "e1", "source": "n1", "target": "n2"}]
    flow = commands.create_flow(Person(alice.pk), parse_flow(title="Straße", nodes=nodes, edges=edges), via="page")
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    return flow


@pytest.fixture
def staff(client: Client, dora: User) -> Client:
    client.force_login(dora)
    return client


def page_of(flow: Flow) -> str:
    return f"{LIST}{flow.pk}/change/"


def form_of(flow: Flow, **changed: Any) -> dict[str, Any]:
    """Fill the flow's form as its page would send it, with its members, and then with `changed`."""
    members = list(Membership.objects.filter(flow=flow).order_by("pk"))
    form: dict[str, Any] = {"title": flow.title, "description": flow.description}
    form |= {"memberships-TOTAL_FORMS": len(members), "memberships-INITIAL_FORMS": len(members)}
    for empty in ("nodes", "edges"):
        form |= {f"{empty}-TOTAL_FORMS": 0, f"{empty}-INITIAL_FORMS": 0}
    for index, member in enumerate(members):
        form |= {f"memberships-{index}-id": member.pk, f"memberships-{index}-flow": str(flow.pk)}
        form |= {f"memberships-{index}-user": member.user_id, f"memberships-{index}-role": member.role}
    return form | changed


def versions(flow: Flow) -> int:
    return Change.objects.filter(flow=flow).count()


def test_strangers_to_the_staff_see_nothing(client: Client, flow: Flow, alice: User) -> None:
    client.force_login(alice)

    for address in (LIST, page_of(flow), "/admin/flows/change/", "/admin/flows/membership/"):
        assert client.get(address).status_code == 302


def test_a_flow_is_found_by_title_member_and_id(staff: Client, flow: Flow, charlie: User) -> None:
    commands.create_flow(Person(charlie.pk), parse_flow(title="Another"), via="page")

    for query in ("STRASSE", "alice@", "bob", str(flow.pk)):
        page = staff.get(LIST, {"q": query}).content.decode()
        assert "Straße" in page, query
        assert "Another" not in page, query


def test_its_page_shows_nodes_edges_members_and_the_way_to_the_log(staff: Client, flow: Flow) -> None:
    page = staff.get(page_of(flow)).content.decode()

    for text in ("n1", "n2", "e1", "n1.out", "n2.in", "1 changes"):
        assert text in page
    for address in ("flownode", "flowedge", "change"):
        assert staff.get(f"/admin/flows/{address}/?flow__id__exact={flow.pk}").status_code == 200


def test_a_large_flow_shows_its_first_nodes_only(staff: Client, alice: User) -> None:
    nodes = [{"id": f"n{index}", "kind": "note", "x": 0, "y": 0} for index in range(150)]
    large = commands.create_flow(Person(alice.pk), parse_flow(title="Large", nodes=nodes), via="page")

    page = staff.get(page_of(large)).content.decode()

    assert "n99" in page
    assert "n100" not in page
    assert "150 nodes" in page


@pytest.mark.parametrize("title", ["", "x" * 256, "NUL \0"])
def test_a_title_that_the_document_would_refuse_is_refused(staff: Client, flow: Flow, title: str) -> None:
    response = staff.post(page_of(flow), form_of(flow, title=title))

    assert response.status_code == 200
    assert "errornote" in response.content.decode()
    assert versions(flow) == 1


def test_an_edit_is_a_version_by_the_administrator(staff: Client, flow: Flow, dora: User) -> None:
    response = staff.post(page_of(flow), form_of(flow, title="Renamed", description="Now with words"))

    assert response.status_code == 302
    flow.refresh_from_db()
    assert (flow.title, flow.description, flow.version) == ("Renamed", "Now with words", 2)
    change = Change.objects.get(flow=flow, version=2)
    assert (change.actor, change.via) == (dora, "admin")


def test_saving_without_a_change_makes_no_version(staff: Client, flow: Flow) -> None:
    staff.post(page_of(flow), form_of(flow, description="Two\r\nlines"))
    flow.refresh_from_db()
    assert (flow.description, flow.version) == ("Two\nlines", 2)

    assert staff.post(page_of(flow), form_of(flow, description="Two\r\nlines")).status_code == 302

    assert versions(flow) == 2


def test_posted_nodes_and_fields_of_the_log_are_ignored(staff: Client, flow: Flow) -> None:
    before = list(FlowNode.objects.values())
    forged = {
        "nodes-TOTAL_FORMS": 1,
        "nodes-INITIAL_FORMS": 1,
        "nodes-0-key": before[0]["key"],
        "nodes-0-label": "Forged",
    }

    staff.post(page_of(flow), form_of(flow, version=99, digest="forged", epoch="forged", **forged))

    assert list(FlowNode.objects.values()) == before
    flow.refresh_from_db()
    assert flow.version == 1
    assert "forged" not in (flow.digest, flow.epoch)


def test_flows_are_not_added_here(staff: Client) -> None:
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"{LIST}add/", {"title": "From nowhere"}).status_code == 403


def test_deletion_can_be_taken_back(staff: Client, flow: Flow) -> None:
    assert staff.post(f"{LIST}{flow.pk}/delete/", {"post": "yes"}).status_code == 302
    flow.refresh_from_db()
    assert flow.deleted_at is not None
    assert FlowNode.objects.count() == 2
    assert versions(flow) == 1

    assert staff.post(page_of(flow), form_of(flow, title="Too late")).status_code == 403
    staff.post(LIST, {"action": "restore", "_selected_action": [str(flow.pk)]})
    flow.refresh_from_db()
    assert flow.deleted_at is None


def test_many_are_deleted_at_once_and_all_stay_in_the_log(staff: Client, flow: Flow, alice: User) -> None:
    other = commands.create_flow(Person(alice.pk), parse_flow(title="Other"), via="page")
    chosen = {"action": "delete_selected", "_selected_action": [str(flow.pk), str(other.pk)], "post": "yes"}

    assert staff.post(LIST, chosen).status_code == 302

    assert Flow.objects.filter(deleted_at__isnull=False).count() == 2
    assert Change.objects.count() == 2


def test_the_last_owner_cannot_be_taken_away_and_then_nothing_is_changed(staff: Client, flow: Flow) -> None:
    staff.post(page_of(flow), form_of(flow, title="Renamed", **{"memberships-0-DELETE": "on"}))

    assert set(Membership.objects.values_list("role", flat=True)) == {"owner", "editor"}
    flow.refresh_from_db()
    assert (flow.title, flow.version) == ("Straße", 1)
    assert "Make someone else owner first." in staff.get(page_of(flow)).content.decode()


def test_roles_are_given_and_taken_on_the_flows_page(staff: Client, flow: Flow, bob: User, charlie: User) -> None:
    added = {"memberships-2-user": charlie.pk, "memberships-2-role": "viewer", "memberships-2-flow": str(flow.pk)}

    staff.post(page_of(flow), form_of(flow, **{"memberships-TOTAL_FORMS": 3, "memberships-1-role": "viewer"}, **added))
    assert Membership.objects.get(user=bob).role == "viewer"
    assert Membership.objects.get(user=charlie).colour == own_colour(charlie.pk)

    staff.post(page_of(flow), form_of(flow, **{"memberships-1-DELETE": "on"}))
    assert not Membership.objects.filter(user=bob).exists()


def test_the_admins_pages_run_under_the_strict_policy(staff: Client, flow: Flow) -> None:
    response = staff.get(page_of(flow))

    assert "default-src 'none'" in response["Content-Security-Policy"]
    page = response.content.decode()
    assert "onclick=" not in page
    assert 'style="' not in page


def test_who_only_looks_waits_for_no_writer(staff: Client, flow: Flow) -> None:
    for path in ("/admin/flows/flow/", f"/admin/flows/flow/{flow.pk}/change/", f"/admin/flows/flow/{flow.pk}/delete/"):
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(path).status_code == 200
        assert not [query["sql"] for query in queries if query["sql"].startswith(("BEGIN", "SAVEPOINT"))]
