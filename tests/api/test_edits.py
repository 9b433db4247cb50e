"""What is in a flow: replaced as a whole, edited by operations, read back change by change."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from pytest_django import Settings

from flows.log import verify_flow
from flows.models import Flow, Membership
from tests.api.conftest import GRAPH, Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]
LONELY = {"nodes": [{"id": "n1", "kind": "input", "x": 0, "y": 0}], "edges": []}


def move(id: str, x: float = 1) -> dict[str, object]:
    return {"kind": "move_node", "id": id, "x": x, "y": 0}


def results(response: HttpResponse) -> list[Any]:
    answer = response.json()  # type: ignore[attr-defined]
    assert response.status_code == 200, answer
    return [result.get("version") or result["code"] for result in answer["results"]]


# The whole graph


def test_of_two_stale_writers_the_first_wins_and_the_second_can_retry(
    as_alice: Program, as_bob: Program, flow: Flow, refused: Refused
) -> None:
    first = as_alice.put(f"/flows/{flow.pk}/graph", {"version": 1, **LONELY})
    assert (first.status_code, first.json()) == (200, {"version": 2})  # type: ignore[attr-defined]

    mine = {"nodes": [*GRAPH["nodes"], {"id": "n3", "kind": "note", "x": 9, "y": 9}], "edges": GRAPH["edges"]}
    now = refused(as_bob.put(f"/flows/{flow.pk}/graph", {"version": 1, **mine}), 409, "version_conflict")
    assert now["version"] == 2
    assert [node["id"] for node in now["nodes"]] == ["n1"]
    assert now["edges"] == []

    retry = as_bob.put(f"/flows/{flow.pk}/graph", {"version": now["version"], **mine})
    assert (retry.status_code, retry.json()) == (200, {"version": 3})  # type: ignore[attr-defined]
    after = as_alice.get(f"/flows/{flow.pk}").json()  # type: ignore[attr-defined]
    assert [node["id"] for node in after["nodes"]] == ["n1", "n2", "n3"]
    assert verify_flow(flow.pk) == []


def test_what_was_just_read_can_be_written_back_and_makes_no_version(as_bob: Program, flow: Flow) -> None:
    read = as_bob.get(f"/flows/{flow.pk}").json()  # type: ignore[attr-defined]
    same = {key: read[key] for key in ("version", "nodes", "edges")}

    assert as_bob.put(f"/flows/{flow.pk}/graph", same).json() == {"version": 1}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": "1"}, "invalid"),
        ({"version": -1}, "invalid"),
        ({"version": 1.5}, "invalid"),
        ({"version": True}, "invalid"),
        ({"version": None}, "invalid"),
        ({"version": 10**30}, "invalid"),
        ({"title": "x"}, "invalid"),
        ({"nodes": "n1"}, "invalid"),
        ({"nodes": []}, "unknown_node"),
        ({"edges": [{"id": "e1", "source": "n1", "target": "n1"}]}, "self_loop"),
        ({"nodes": [*GRAPH["nodes"], GRAPH["nodes"][0]]}, "duplicate_id"),
        ({"nodes": [{**GRAPH["nodes"][0], "settings": {"fields": "x" * 70_000}}, GRAPH["nodes"][1]]}, "too_large"),
    ],
)
def test_a_graph_that_is_not_sound_is_refused(
    as_bob: Program, flow: Flow, refused: Refused, change: dict[str, object], code: str
) -> None:
    refused(as_bob.put(f"/flows/{flow.pk}/graph", {"version": 1, **GRAPH, **change}), 422, code)
    assert Flow.objects.get().version == 1


@pytest.mark.parametrize("missing", ["version", "nodes", "edges"])
def test_a_graph_is_complete(as_bob: Program, flow: Flow, refused: Refused, missing: str) -> None:
    body = {"version": 1, **GRAPH}
    del body[missing]

    refused(as_bob.put(f"/flows/{flow.pk}/graph", body), 422, "invalid")


# Operations


def test_each_operation_stands_by_itself(as_bob: Program, flow: Flow) -> None:
    operations = [
        move("n1"),
        move("n9"),
        "nonsense",
        None,
        {"kind": "explode"},
        {"kind": "create_flow", "title": "x", "description": "", "nodes": [], "edges": []},
        {"kind": "replace_graph", "nodes": [], "edges": []},
        {**move("n1"), "z": 0},
        {"kind": "add_node", "node": GRAPH["nodes"][0]},
        {"kind": "add_edge", "edge": {"id": "e2", "source": "n2", "target": "n2"}},
        move("n1"),
        move("n2"),
    ]
    response = as_bob.post(f"/flows/{flow.pk}/operations", {"operations": operations})

    assert results(response) == [
        2,
        "unknown_node",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "invalid",
        "duplicate_id",
        "self_loop",
        2,
        3,
    ]
    assert response.json()["version"] == 3  # type: ignore[attr-defined]
    assert all(set(result) in ({"version"}, {"code", "message"}) for result in response.json()["results"])  # type: ignore[attr-defined]


def test_no_operations_are_nothing(as_bob: Program, flow: Flow) -> None:
    response = as_bob.post(f"/flows/{flow.pk}/operations", {"operations": []})

    assert response.json() == {"version": 1, "results": []}  # type: ignore[attr-defined]


def test_a_resend_gets_the_answers_that_were_given(as_bob: Program, flow: Flow) -> None:
    body = {"client": "program-1", "seq": 5, "operations": [move("n1"), move("n9"), move("n1"), move("n2")]}
    first = as_bob.post(f"/flows/{flow.pk}/operations", body)
    as_bob.post(
        f"/flows/{flow.pk}/operations", {"operations": [{"kind": "add_node", "node": GRAPH["nodes"][0] | {"id": "n9"}}]}
    )
    again = as_bob.post(f"/flows/{flow.pk}/operations", body)

    assert results(first) == results(again) == [2, "unknown_node", 2, 3]
    assert Flow.objects.get().version == 4


def test_operation_i_is_seq_plus_i(as_bob: Program, flow: Flow) -> None:
    as_bob.post(
        f"/flows/{flow.pk}/operations", {"client": "program-1", "seq": 5, "operations": [move("n1"), move("n2")]}
    )
    second = {"client": "program-1", "seq": 6, "operations": [move("n1", 77), move("n2", 77)]}

    assert results(as_bob.post(f"/flows/{flow.pk}/operations", second)) == [3, 4], "6 was used, 7 is new"


def test_a_name_is_its_persons_own(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    body = {"client": "program-1", "seq": 1, "operations": [move("n1", 3)]}
    other = {"client": "program-1", "seq": 1, "operations": [move("n1", 4)]}

    assert results(as_alice.post(f"/flows/{flow.pk}/operations", body)) == [2]
    assert results(as_bob.post(f"/flows/{flow.pk}/operations", other)) == [3]


@pytest.mark.parametrize(
    "envelope",
    [
        {},
        {"operations": None},
        {"operations": {}},
        {"operations": "x"},
        {"operations": [], "extra": 1},
        {"operations": [], "seq": 1},
        {"operations": [], "client": "a b"},
        {"operations": [], "client": "program-1\n"},
        {"operations": [], "client": "", "seq": 1},
        {"operations": [], "client": "a b", "seq": 1},
        {"operations": [], "client": "x" * 65, "seq": 1},
        {"operations": [], "client": 7, "seq": 1},
        {"operations": [], "client": "program-1", "seq": 0},
        {"operations": [], "client": "program-1", "seq": "1"},
        {"operations": [], "client": "program-1", "seq": 2**53},
        [],
    ],
)
def test_a_bad_envelope_is_refused(as_bob: Program, flow: Flow, refused: Refused, envelope: object) -> None:
    refused(as_bob.post(f"/flows/{flow.pk}/operations", envelope), 422, "invalid")


def test_a_call_holds_five_hundred_operations_and_no_more(as_bob: Program, flow: Flow, refused: Refused) -> None:
    full = {"operations": [move("n1", index) for index in range(500)]}
    refused(
        as_bob.post(f"/flows/{flow.pk}/operations", {"operations": [*full["operations"], move("n1")]}),
        422,
        "limit_reached",
    )
    assert Flow.objects.get().version == 1

    assert results(as_bob.post(f"/flows/{flow.pk}/operations", full))[-1] == 500


def test_the_number_of_nodes_has_a_limit(as_bob: Program, flow: Flow, settings: Settings) -> None:
    settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, nodes=3)
    operations = [{"kind": "add_node", "node": {"id": f"m{i}", "kind": "note", "x": 0, "y": 0}} for i in range(2)]

    assert results(as_bob.post(f"/flows/{flow.pk}/operations", {"operations": operations})) == [2, "limit_reached"]


def test_a_role_lost_meanwhile_refuses_the_whole_call(
    as_bob: Program, flow: Flow, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import commands

    def revoked_first(*arguments: Any, **options: Any) -> Any:
        Membership.objects.filter(user=as_bob.user).update(role="viewer")
        return submit(*arguments, **options)

    submit = commands.submit
    monkeypatch.setattr(commands, "submit", revoked_first)

    refused(as_bob.post(f"/flows/{flow.pk}/operations", {"operations": [move("n1")]}), 403, "forbidden")
    assert Flow.objects.get().version == 1


# Changes


def test_changes_are_read_in_order_from_anywhere(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    as_bob.post(
        f"/flows/{flow.pk}/operations",
        {"operations": [move("n1"), move("n2"), {"kind": "edit_node", "id": "n2", "set": {"label": "Plan"}}]},
    )

    everything = as_alice.get(f"/flows/{flow.pk}/changes").json()  # type: ignore[attr-defined]
    assert ([item["version"] for item in everything["items"]], everything["version"]) == ([1, 2, 3, 4], 4)
    some = as_alice.get(f"/flows/{flow.pk}/changes?since=1&limit=2").json()  # type: ignore[attr-defined]
    assert ([item["version"] for item in some["items"]], some["version"]) == ([2, 3], 4)
    none = as_alice.get(f"/flows/{flow.pk}/changes?since=4").json()  # type: ignore[attr-defined]
    assert none == {"items": [], "version": 4}

    last = everything["items"][3]
    assert last.pop("created_at").endswith("Z")
    assert last == {
        "version": 4,
        "actor": {"id": as_bob.user.pk, "name": "Bob"},  # type: ignore[union-attr]
        "via": "api",
        "operation": {"kind": "edit_node", "id": "n2", "set": {"label": "Plan"}},
    }


@pytest.mark.parametrize("query", ["since=-1", "since=x", f"since={2**63}", "limit=0", "limit=1001"])
def test_a_query_of_changes_has_bounds(as_vera: Program, flow: Flow, refused: Refused, query: str) -> None:
    refused(as_vera.get(f"/flows/{flow.pk}/changes?{query}"), 422, "invalid")
    assert as_vera.get(f"/flows/{flow.pk}/changes?limit=1000").status_code == 200


def test_the_batches_of_one_call_hold_only_so_much(as_bob: Program, flow: Flow, refused: Refused) -> None:
    full = {"kind": "batch", "operations": [move("n1", 5)] * 500}
    asked = [*[full] * 10, {"kind": "batch", "operations": [move("n1", 6)]}]

    refused(as_bob.post(f"/flows/{flow.pk}/operations", {"operations": asked}), 422, "limit_reached")

    assert Flow.objects.get(pk=flow.pk).version == 1
    assert results(as_bob.post(f"/flows/{flow.pk}/operations", {"operations": asked[:10]})) == [2] * 10


def test_names_and_conflicts_beyond_the_end(as_bob: Program, flow: Flow, refused: Refused) -> None:
    asked = {"client": "program-1", "seq": 2**53 - 1, "operations": [move("n1", 5)] * 2}
    beyond = as_bob.post(f"/flows/{flow.pk}/operations", asked)
    refused(beyond, 422, "invalid")
    assert beyond.json()["message"] == "body: the last seq must not exceed 2^53 - 1"  # type: ignore[attr-defined]
    ahead = as_bob.put(f"/flows/{flow.pk}/graph", {"version": 7, **LONELY})
    refused(ahead, 409, "version_conflict")
    assert ahead.json()["message"] == "The flow is only at version 1."  # type: ignore[attr-defined]
