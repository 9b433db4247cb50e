"""Flows as a whole: list, create, read, rename, star, delete, undelete, purge, duplicate."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Team, TeamMember, User
from flows.log import verify_flow
from flows.models import AuditEntry, Flow, Membership, Opening
from tests.api.conftest import GRAPH, Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]


def titles(response: HttpResponse) -> list[str]:
    return [item["title"] for item in response.json()["items"]]  # type: ignore[attr-defined]


# Create


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"title": ""}, "invalid"),
        ({"title": "   "}, "invalid"),
        ({"title": None}, "invalid"),
        ({"title": 7}, "invalid"),
        ({"title": "t" * 256}, "invalid"),
        ({"title": "a\x00b"}, "invalid"),
        ({"title": "t", "description": "d" * 5001}, "invalid"),
        ({"title": "t", "description": None}, "invalid"),
        ({"title": "t", "colour": "#ffffff"}, "invalid"),
        ({"title": "t", "nodes": None}, "invalid"),
        ({"title": "t", "nodes": {}}, "invalid"),
        ({"title": "t", "nodes": [{"id": "n1", "kind": "robot", "x": 0, "y": 0}]}, "invalid"),
        ({"title": "t", "nodes": [{**GRAPH["nodes"][0], "z": 1}]}, "invalid"),
        ({"title": "t", "nodes": GRAPH["nodes"] * 2}, "duplicate_id"),
        ({"title": "t", "edges": GRAPH["edges"]}, "unknown_node"),
        ({"title": "t", **GRAPH, "edges": [{**GRAPH["edges"][0], "source_port": "side"}]}, "unknown_port"),
        ({"title": "t", **GRAPH, "edges": [*GRAPH["edges"], {**GRAPH["edges"][0], "id": "e2"}]}, "duplicate_edge"),
        (
            {"title": "t", **GRAPH, "nodes": [*GRAPH["nodes"], {**GRAPH["nodes"][0], "id": "n3", "parent": "n9"}]},
            "unknown_node",
        ),
    ],
)
def test_a_flow_that_is_not_sound_is_refused_as_a_whole(
    as_alice: Program, refused: Refused, body: dict[str, Any], code: str
) -> None:
    refused(as_alice.post("/flows", body), 422, code)
    assert not Flow.objects.exists()


def test_creating_answers_the_flow_complete(as_alice: Program) -> None:
    response = as_alice.post("/flows", {"title": "Weather", **GRAPH})
    flow = response.json()  # type: ignore[attr-defined]

    assert response.status_code == 201
    assert response["ETag"] == '"1"'
    assert response["Location"] == f"/api/v1/flows/{flow['id']}"
    assert list(flow) == [
        "id",
        "title",
        "description",
        "version",
        "role",
        "offer_as_tool",
        "team",
        "can_duplicate",
        "can_export",
        "links_can_run",
        "nodes",
        "edges",
        "template",
        "created_at",
        "updated_at",
    ]
    assert (flow["title"], flow["description"], flow["version"], flow["role"]) == ("Weather", "", 1, "owner")
    assert flow["nodes"][1] == {
        "id": "n2",
        "kind": "agent",
        "x": 200,
        "y": 0,
        "width": 144,
        "height": 80,
        "label": "Agent",
        "description": "",
        "colour": "#0ea5e9",
        "parent": None,
        "enabled": True,
        "settings": {},
    }
    assert flow["edges"] == [
        {
            "id": "e1",
            "source": "n1",
            "target": "n2",
            "source_port": "out",
            "target_port": "in",
            "label": "",
            "animated": False,
        }
    ]
    assert flow["created_at"].endswith("Z")
    assert as_alice.get(f"/flows/{flow['id']}").json() == flow  # type: ignore[attr-defined]


def test_creation_is_the_first_entry_of_the_log(as_alice: Program) -> None:
    flow = as_alice.post("/flows", {"title": "Weather", **GRAPH}).json()  # type: ignore[attr-defined]
    (change,) = as_alice.get(f"/flows/{flow['id']}/changes").json()["items"]  # type: ignore[attr-defined]

    assert (change["version"], change["via"], change["actor"]["name"]) == (1, "api", "Alice")
    assert change["operation"] == {
        "kind": "create_flow",
        "title": "Weather",
        "description": "",
        "nodes": flow["nodes"],
        "edges": flow["edges"],
    }


# Read


@pytest.mark.parametrize("id", [uuid4(), "nonsense", "1", "%00", "é", "0" * 31])
def test_what_is_no_flow_is_not_found(as_alice: Program, refused: Refused, id: object) -> None:
    refused(as_alice.get(f"/flows/{id}"), 404, "not_found")


def test_a_stranger_learns_no_more_than_of_nothing(as_charlie: Program, flow: Flow) -> None:
    theirs, nothing = as_charlie.get(f"/flows/{flow.pk}"), as_charlie.get(f"/flows/{uuid4()}")

    assert (theirs.status_code, theirs.content) == (nothing.status_code, nothing.content)


def test_reading_tells_ones_role(as_alice: Program, as_bob: Program, as_vera: Program, flow: Flow) -> None:
    roles = [each.get(f"/flows/{flow.pk}").json()["role"] for each in (as_alice, as_bob, as_vera)]  # type: ignore[attr-defined]

    assert roles == ["owner", "editor", "viewer"]


@pytest.mark.parametrize("tags", ['"1"', "*", '"0"', "nonsense", ""])
def test_a_role_is_told_though_the_version_is_known(as_vera: Program, vera: User, flow: Flow, tags: str) -> None:
    Membership.objects.filter(flow=flow, user=vera).update(role="editor")

    response = as_vera.get(f"/flows/{flow.pk}", HTTP_IF_NONE_MATCH=tags)

    assert (response.status_code, response["ETag"]) == (200, '"1"')
    assert response.json()["role"] == "editor"  # type: ignore[attr-defined]


def test_a_new_flow_was_changed_when_it_was_made(as_alice: Program) -> None:
    made = as_alice.post("/flows", {"title": "New"}).json()  # type: ignore[attr-defined]
    assert made["updated_at"] == made["created_at"]


def test_a_stranger_cannot_tell_versions_by_etag(as_charlie: Program, flow: Flow, refused: Refused) -> None:
    refused(as_charlie.get(f"/flows/{flow.pk}", HTTP_IF_NONE_MATCH='"1"'), 404, "not_found")


# List


def test_one_sees_only_ones_own_flows(as_alice: Program, as_charlie: Program, flow: Flow) -> None:
    assert titles(as_alice.get("/flows")) == ["Weather"]
    assert as_charlie.get("/flows").json() == {"items": [], "count": 0}  # type: ignore[attr-defined]


def test_an_item_counts_nodes_and_edges(as_vera: Program, flow: Flow) -> None:
    (item,) = as_vera.get("/flows").json()["items"]  # type: ignore[attr-defined]

    assert item.pop("updated_at").endswith("Z")
    assert item == {
        "id": str(flow.pk),
        "title": "Weather",
        "description": "of tomorrow",
        "version": 1,
        "nodes": 2,
        "edges": 1,
        "role": "viewer",
        "starred": False,
    }


def test_flows_are_searched_and_paged(as_alice: Program) -> None:
    for title in ("One", "Two", "Three"):
        as_alice.post("/flows", {"title": title, "description": f"{title} of 50%"})

    assert titles(as_alice.get("/flows")) == ["Three", "Two", "One"]
    assert titles(as_alice.get("/flows?q=tHREE")) == ["Three"]
    assert titles(as_alice.get("/flows?q=50%25+t")) == ["Three", "Two"]
    assert titles(as_alice.get("/flows?q=_")) == []
    page = as_alice.get("/flows?limit=1&offset=1").json()  # type: ignore[attr-defined]
    assert ([item["title"] for item in page["items"]], page["count"]) == (["Two"], 3)
    assert titles(as_alice.get("/flows?offset=9007199254740991")) == []


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=101", "limit=x", "offset=-1", "offset=99999999999999999999", "q=%00", "q=" + "x" * 501),
        *("scope=everything", "scope=", "sort=colour", "team=travel"),
    ],
)
def test_a_query_beyond_its_bounds_is_refused(as_alice: Program, refused: Refused, query: str) -> None:
    refused(as_alice.get(f"/flows?{query}"), 422, "invalid")


@pytest.mark.parametrize("q", ["AGENT", "weather agent", "ag\u0301ent"])
def test_labels_of_nodes_are_found(as_vera: Program, flow: Flow, q: str) -> None:
    assert titles(as_vera.get(f"/flows?{urlencode({'q': q})}")) == ["Weather"]
    assert titles(as_vera.get("/flows?q=weather+robot")) == []


def test_the_parts_of_the_library(as_alice: Program, as_vera: Program, flow: Flow, alice: User) -> None:
    team = Team.objects.create(name="Travel")
    TeamMember.objects.create(team=team, user=alice, role="owner")
    ours = as_alice.post("/flows", {"title": "Ours"}).json()["id"]  # type: ignore[attr-defined]
    Flow.objects.filter(pk=ours).update(team=team)
    gone = as_alice.post("/flows", {"title": "Gone"}).json()["id"]  # type: ignore[attr-defined]
    as_alice.delete(f"/flows/{gone}")
    as_alice.patch(f"/flows/{flow.pk}", {"starred": True})
    Opening.objects.create(flow=flow, user=alice, at=timezone.now())

    def parts(who: Program) -> dict[str, list[str]]:
        scopes = ("mine", "shared", "team", "recent", "starred", "trash")
        return {scope: titles(who.get(f"/flows?scope={scope}")) for scope in scopes}

    one = ["Weather"]
    assert parts(as_alice) == {
        "mine": one,
        "shared": [],
        "team": ["Ours"],
        "recent": one,
        "starred": one,
        "trash": ["Gone"],
    }
    assert parts(as_vera) == {"mine": [], "shared": one, "team": [], "recent": [], "starred": [], "trash": []}
    (item,) = as_alice.get(f"/flows?team={team.pk}&sort=title").json()["items"]  # type: ignore[attr-defined]
    assert item["team"] == {"id": str(team.pk), "name": "Travel"}
    (item,) = as_alice.get("/flows?scope=trash").json()["items"]  # type: ignore[attr-defined]
    assert item["deleted_at"].endswith("Z")


# Star


@pytest.mark.parametrize("starred", [None, "true", 1])
def test_a_star_is_there_or_not(as_vera: Program, flow: Flow, refused: Refused, starred: object) -> None:
    refused(as_vera.patch(f"/flows/{flow.pk}", {"starred": starred}), 422, "invalid")


def test_who_may_only_view_stars_and_changes_nothing_else(as_vera: Program, flow: Flow, refused: Refused) -> None:
    refused(as_vera.patch(f"/flows/{flow.pk}", {"starred": True, "title": "Mine"}), 403, "forbidden")
    assert titles(as_vera.get("/flows?scope=starred")) == []
    assert as_vera.patch(f"/flows/{flow.pk}", {"starred": True}).json()["version"] == 1  # type: ignore[attr-defined]


def test_a_star_is_for_oneself_alone(as_vera: Program, as_bob: Program, flow: Flow) -> None:
    as_vera.patch(f"/flows/{flow.pk}", {"starred": True})
    stars = [who.get("/flows").json()["items"][0]["starred"] for who in (as_vera, as_bob)]  # type: ignore[attr-defined]
    assert stars == [True, False]
    as_vera.patch(f"/flows/{flow.pk}", {"starred": False})
    assert titles(as_vera.get("/flows?scope=starred")) == []


# Rename


@pytest.mark.parametrize(
    "body", [{"title": ""}, {"title": None}, {"description": 1}, {"colour": "red"}, {"nodes": []}, [], "title", None]
)
def test_a_bad_change_is_refused(as_bob: Program, flow: Flow, refused: Refused, body: object) -> None:
    refused(as_bob.patch(f"/flows/{flow.pk}", body), 422, "invalid")
    assert Flow.objects.get().version == 1


def test_changing_the_title_is_one_version(as_bob: Program, flow: Flow) -> None:
    response = as_bob.patch(f"/flows/{flow.pk}", {"title": "Storm"})
    answer = response.json()  # type: ignore[attr-defined]

    assert (answer["title"], answer["description"], answer["version"]) == ("Storm", "of tomorrow", 2)
    assert response["ETag"] == '"2"'
    assert len(answer["nodes"]) == 2


@pytest.mark.parametrize("body", [{}, {"title": "Weather"}, {"title": "Weather", "description": "of tomorrow"}])
def test_changing_nothing_makes_no_version(as_bob: Program, flow: Flow, body: dict[str, str]) -> None:
    assert as_bob.patch(f"/flows/{flow.pk}", body).json()["version"] == 1  # type: ignore[attr-defined]


# Delete and duplicate


def test_a_deleted_flow_is_gone_from_lists(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    response = as_alice.delete(f"/flows/{flow.pk}")

    assert (response.status_code, response.content) == (204, b"")
    assert titles(as_alice.get("/flows")) == titles(as_bob.get("/flows")) == []


def test_only_owners_take_it_out_of_the_trash(
    as_alice: Program, as_bob: Program, as_charlie: Program, flow: Flow, refused: Refused
) -> None:
    as_alice.delete(f"/flows/{flow.pk}")
    for who in (as_bob, as_charlie):
        refused(who.post(f"/flows/{flow.pk}/undelete"), 404, "not_found")

    response = as_alice.post(f"/flows/{flow.pk}/undelete")

    assert (response.status_code, response.json()["title"]) == (200, "Weather")  # type: ignore[attr-defined]
    assert titles(as_bob.get("/flows")) == ["Weather"]


def test_after_thirty_days_it_does_not_come_back(as_alice: Program, flow: Flow, refused: Refused) -> None:
    as_alice.delete(f"/flows/{flow.pk}")
    Flow.objects.update(deleted_at=timezone.now() - timedelta(days=30))
    refused(as_alice.post(f"/flows/{flow.pk}/undelete"), 404, "not_found")


def test_only_what_is_in_the_trash_can_be_purged(
    as_alice: Program, as_bob: Program, flow: Flow, refused: Refused
) -> None:
    refused(as_alice.delete(f"/flows/{flow.pk}?purge=true"), 409, "wrong_state")
    refused(as_bob.delete(f"/flows/{flow.pk}?purge=true"), 403, "forbidden")
    refused(as_alice.delete(f"/flows/{flow.pk}?purge=perhaps"), 422, "invalid")
    assert as_alice.get(f"/flows/{flow.pk}").status_code == 200


def test_a_purged_flow_is_gone_for_good(as_alice: Program, as_bob: Program, flow: Flow, refused: Refused) -> None:
    as_alice.delete(f"/flows/{flow.pk}")
    refused(as_bob.delete(f"/flows/{flow.pk}?purge=true"), 404, "not_found")

    assert as_alice.delete(f"/flows/{flow.pk}?purge=true").status_code == 204

    refused(as_alice.delete(f"/flows/{flow.pk}?purge=true"), 404, "not_found")
    refused(as_alice.post(f"/flows/{flow.pk}/undelete"), 404, "not_found")
    assert titles(as_alice.get("/flows?scope=trash")) == []
    assert AuditEntry.objects.get(action="flow_purged").flow_id == flow.pk and verify_flow(flow.pk) == []


def test_a_viewer_may_duplicate_and_owns_the_copy(as_alice: Program, as_vera: Program, flow: Flow) -> None:
    before = as_alice.get(f"/flows/{flow.pk}").json()  # type: ignore[attr-defined]
    response = as_vera.post(f"/flows/{flow.pk}/duplicate")
    copy = response.json()  # type: ignore[attr-defined]

    assert response.status_code == 201
    assert (copy["title"], copy["version"], copy["role"]) == ("Weather (Copy)", 1, "owner")
    assert (copy["nodes"], copy["edges"]) == (before["nodes"], before["edges"])
    assert response["Location"] == f"/api/v1/flows/{copy['id']}"
    assert as_alice.get(f"/flows/{copy['id']}").status_code == 404
    assert verify_flow(Flow.objects.get(pk=copy["id"]).pk) == []


@pytest.mark.parametrize(("body", "title"), [({}, "Weather (Copy)"), ({"title": "Mine"}, "Mine")])
def test_a_copy_may_have_its_own_title(as_vera: Program, flow: Flow, body: dict[str, str], title: str) -> None:
    assert as_vera.post(f"/flows/{flow.pk}/duplicate", body).json()["title"] == title  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", [{"title": ""}, {"title": 1}, {"name": "x"}, [], "x"])
def test_a_bad_copy_is_refused(as_vera: Program, flow: Flow, refused: Refused, body: object) -> None:
    refused(as_vera.post(f"/flows/{flow.pk}/duplicate", body), 422, "invalid")
    assert Flow.objects.count() == 1


@pytest.mark.parametrize("letter", ["\ufdfa", "a ", "%", "_", "\u0130", "\\"])
def test_any_five_hundred_letters_can_be_searched_for(as_alice: Program, flow: Flow, letter: str) -> None:
    response = as_alice.get(f"/flows?{urlencode({'q': (letter * 500)[:500]})}")

    assert response.status_code == 200
    assert response.json() == {"items": [], "count": 0} or letter == "a "
