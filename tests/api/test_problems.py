"""Problems by REST: of a flow that is stored, and of a graph that could not be."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from flows import rates
from flows.document import DEFAULT_LIMITS, Document, decode_operation
from flows.limits import Limits
from flows.models import Flow
from tests.api.conftest import GRAPH, Program

pytestmark = pytest.mark.django_db

CALL = {"id": "call", "kind": "api", "x": 400, "y": 0, "label": "Call"}
BAD = {
    "nodes": [*GRAPH["nodes"], CALL, {"id": "q", "kind": "robot", "x": 0, "y": 0}],
    "edges": [{"id": "e", "source": "call", "target": "gone"}],
}


def read(response: HttpResponse) -> dict[str, Any]:
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()  # type: ignore[attr-defined]
    return answer


def test_a_flow_is_judged(as_alice: Program, as_vera: Program, flow: Flow) -> None:
    as_alice.post(f"/flows/{flow.pk}/operations", {"operations": [{"kind": "add_node", "node": CALL}]})

    found = read(as_vera.get(f"/flows/{flow.pk}/problems"))

    assert found["items"][0] == {
        "severity": "error",
        "stops_runs": True,
        "code": "missing_setting",
        "message": "URL is missing.",
        "path": "/nodes/call/settings/url",
        "node": "call",
    }
    assert found["counts"] == {"error": 1, "warning": 1, "hint": 1}
    retry = found["items"][2]
    assert (retry["fix_title"], retry["severity"], retry["stops_runs"]) == ("Try 3 times", "hint", False)
    decode_operation(retry["fix"], DEFAULT_LIMITS)


def test_a_fix_can_be_submitted(as_alice: Program, flow: Flow) -> None:
    as_alice.post(f"/flows/{flow.pk}/operations", {"operations": [{"kind": "add_node", "node": CALL}]})
    fix = read(as_alice.get(f"/flows/{flow.pk}/problems"))["items"][2]["fix"]

    as_alice.post(f"/flows/{flow.pk}/operations", {"operations": [fix]})

    assert read(as_alice.get(f"/flows/{flow.pk}/problems"))["counts"]["hint"] == 0


def test_a_graph_that_could_not_be_stored_is_judged_and_not_stored(as_charlie: Program) -> None:
    found = read(as_charlie.post("/validate", BAD))

    codes = [item["code"] for item in found["items"] if item["severity"] == "error"]
    assert codes == ["dangling_edge", "missing_setting", "unknown_kind"]
    assert found["items"][0]["message"] == "This connection ends at gone, which does not exist."
    assert found["items"][0]["edge"] == "e"
    assert not Flow.objects.exists()


def test_what_is_no_graph_at_all(as_charlie: Program, nobody: Program, refused: Callable[..., Any]) -> None:
    refused(as_charlie.post("/validate", {"nodes": {}, "edges": []}), 422, "invalid")
    refused(as_charlie.post("/validate", {"nodes": []}), 422, "invalid")
    refused(nobody.post("/validate", GRAPH), 401, "not_authenticated")


def test_sentences_are_in_the_readers_language_or_in_english(as_charlie: Program) -> None:
    nodes = [{"id": "a", "kind": "agent", "x": 0, "y": 0, "settings": {"max_tokens": 0}}]

    found = read(as_charlie.post("/validate", {"nodes": nodes, "edges": []}))["items"]

    assert found[0]["message"] == "Max tokens does not fit. settings.max_tokens: a whole number from 1 to 10,000,000"


def test_the_limit_of_what_is_told(as_charlie: Program, settings: Any) -> None:
    settings.HELIX_LIMITS = Limits(problems=2)
    nodes = [{**CALL, "id": f"n{number}", "y": 100 * number, "label": f"n{number}"} for number in range(2)]

    found = read(as_charlie.post("/validate", {"nodes": nodes, "edges": []}))
    assert len(found["items"]) == 2
    assert found["counts"]["error"] == 2
    settings.HELIX_LIMITS = Limits(problems=6)
    assert len(read(as_charlie.post("/validate", {"nodes": nodes, "edges": []}))["items"]) == 4


def test_judging_much_again_and_again_is_refused(
    as_charlie: Program, settings: Any, refused: Callable[..., Any]
) -> None:
    settings.HELIX_LIMITS = Limits(rest_operations_per_second=1, batch=1)
    rates.operations.forget()
    body = {"nodes": [CALL] * 2_500, "edges": []}

    assert as_charlie.post("/validate", body).status_code == 200
    refused(as_charlie.post("/validate", body), 429, "rate_limited")


def test_an_empty_flow_has_no_problems(as_charlie: Program) -> None:
    assert Document().node_count == 0
    assert read(as_charlie.post("/validate", {"nodes": [], "edges": []})) == {
        "items": [],
        "counts": {"error": 0, "warning": 0, "hint": 0},
    }
