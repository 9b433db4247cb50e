"""Undo and redo by programs; all that a person does is one stack, whatever it came through."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from flows.commands import undo_budget
from flows.models import Flow
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]


def operate(program: Program, flow: Flow, *operations: dict[str, object]) -> None:
    assert program.post(f"/flows/{flow.pk}/operations", {"operations": list(operations)}).status_code == 200


def edit(id: str, **changes: object) -> dict[str, object]:
    return {"kind": "edit_node", "id": id, "set": changes}


@pytest.mark.parametrize("what", ["undo", "redo"])
def test_nothing_left_is_a_conflict(as_bob: Program, flow: Flow, refused: Refused, what: str) -> None:
    refused(as_bob.post(f"/flows/{flow.pk}/{what}"), 409, "nothing_to_undo")


@pytest.mark.parametrize("body", [[], {"steps": 2}, {"seq": 1}, {"client": "a b", "seq": 1}, {"client": "c", "seq": 0}])
def test_a_bad_body_is_refused(as_bob: Program, flow: Flow, refused: Refused, body: object) -> None:
    refused(as_bob.post(f"/flows/{flow.pk}/undo", body), 422, "invalid")


def test_my_last_step_there_and_back(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    operate(as_bob, flow, edit("n1", label="one"))
    operate(as_bob, flow, edit("n1", label="two"))
    operate(as_alice, flow, edit("n2", label="hers"))

    def labels() -> list[str]:
        return [node["label"] for node in as_bob.get(f"/flows/{flow.pk}").json()["nodes"]]  # type: ignore[attr-defined]

    assert as_bob.post(f"/flows/{flow.pk}/undo").json() == {"version": 5, "left": []}  # type: ignore[attr-defined]
    assert labels() == ["one", "hers"]
    assert as_bob.post(f"/flows/{flow.pk}/undo", {}).json()["version"] == 6  # type: ignore[attr-defined]
    assert labels() == ["Input", "hers"]
    assert as_bob.post(f"/flows/{flow.pk}/redo").json() == {"version": 7, "left": []}  # type: ignore[attr-defined]
    assert labels() == ["one", "hers"]
    items = as_bob.get(f"/flows/{flow.pk}/changes?since=4").json()["items"]  # type: ignore[attr-defined]
    assert [item["via"] for item in items] == ["undo", "undo", "redo"]
    assert items[0]["operation"] == edit("n1", label="one")


def test_what_was_left_alone(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    operate(as_bob, flow, edit("n1", label="his", colour="#ff0000"))
    operate(as_alice, flow, edit("n1", label="hers"))

    for _ in range(2):
        answer = as_bob.post(f"/flows/{flow.pk}/undo", {"client": "c", "seq": 1}).json()  # type: ignore[attr-defined]
        assert answer == {"version": 4, "left": [{"node": "n1", "properties": ["label"]}]}


def test_a_call_is_one_step_and_calls_under_one_name_are_one(as_bob: Program, flow: Flow) -> None:
    def labels() -> list[str]:
        return [node["label"] for node in as_bob.get(f"/flows/{flow.pk}").json()["nodes"]]  # type: ignore[attr-defined]

    before = labels()
    for text in ("a", "b"):
        operate(as_bob, flow, edit("n1", label=text), edit("n2", label=text))
    for text in ("c", "d"):
        body = {"step": "import-7", "operations": [edit("n1", label=text), edit("n2", label=text)]}
        as_bob.post(f"/flows/{flow.pk}/operations", body)
    for expected in (["b", "b"], ["a", "a"], before):
        assert as_bob.post(f"/flows/{flow.pk}/undo").status_code == 200
        assert labels() == expected
    assert as_bob.post(f"/flows/{flow.pk}/undo").status_code == 409


@pytest.mark.parametrize("step", ["", "a b", 7, "s" * 65])
def test_a_step_has_a_name(as_bob: Program, flow: Flow, refused: Refused, step: object) -> None:
    refused(as_bob.post(f"/flows/{flow.pk}/operations", {"step": step, "operations": []}), 422, "invalid")


def test_who_searches_too_far_too_often_waits(
    as_alice: Program, as_bob: Program, flow: Flow, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_budget, "CAPACITY", 0.0)
    operate(as_bob, flow, edit("n1", label="his"))

    answer = as_bob.post(f"/flows/{flow.pk}/undo")
    refused(answer, 429, "rate_limited")
    assert answer["Retry-After"] == "1"


def test_a_resend_is_not_done_twice(as_bob: Program, flow: Flow) -> None:
    operate(as_bob, flow, edit("n1", label="one"))
    operate(as_bob, flow, edit("n1", label="two"))
    body = {"client": "program-1", "seq": 1}

    for _ in range(2):
        assert as_bob.post(f"/flows/{flow.pk}/undo", body).json()["version"] == 4  # type: ignore[attr-defined]


def test_a_renamed_flow_and_a_whole_graph_are_steps_too(as_bob: Program, flow: Flow) -> None:
    before = as_bob.get(f"/flows/{flow.pk}").json()  # type: ignore[attr-defined]
    as_bob.put(f"/flows/{flow.pk}/graph", {"version": 1, "nodes": [], "edges": []})
    as_bob.patch(f"/flows/{flow.pk}", {"title": "Renamed"})

    for _ in range(2):
        assert as_bob.post(f"/flows/{flow.pk}/undo").status_code == 200
    after = as_bob.get(f"/flows/{flow.pk}").json()  # type: ignore[attr-defined]
    assert [after[name] for name in ("title", "nodes", "edges")] == [
        before[name] for name in ("title", "nodes", "edges")
    ]
