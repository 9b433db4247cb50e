"""What a program is told of work that was replaced: whose value stands, and how to put the other one back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from flows import overwrite_report
from flows.commands import undo_budget
from flows.models import Flow, Membership
from tests.api.conftest import Program
from tests.api.test_undo import edit, operate

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]


def ask(program: Program, flow: Flow, since: int = 1) -> dict[str, Any]:
    answer: dict[str, Any] = program.get(f"/flows/{flow.pk}/replaced?since={since}").json()  # type: ignore[attr-defined]
    return answer


@pytest.mark.parametrize("since", ["-1", "x", "1.5", str(2**53)])
def test_since_is_a_version(as_bob: Program, flow: Flow, refused: Refused, since: str) -> None:
    refused(as_bob.get(f"/flows/{flow.pk}/replaced?since={since}"), 422, "invalid")


def test_who_asks_too_much_waits(
    as_bob: Program, flow: Flow, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    operate(as_bob, flow, edit("n1", label="his"))
    monkeypatch.setattr(undo_budget, "CAPACITY", 0.0)
    answer = as_bob.get(f"/flows/{flow.pk}/replaced")
    refused(answer, 429, "rate_limited")
    assert answer["Retry-After"] == "1"


def test_nothing_for_whoever_may_not_edit(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    operate(as_bob, flow, edit("n1", label="his"))
    operate(as_alice, flow, edit("n1", label="hers"))
    assert len(ask(as_bob, flow)["items"]) == 1
    Membership.objects.filter(user=as_bob.user).update(role="commenter")
    assert ask(as_bob, flow) == {"version": 3, "items": [], "more": False}


@pytest.mark.parametrize("since", [3, 4, 10**9])
def test_nothing_from_now_on(as_alice: Program, as_bob: Program, flow: Flow, since: int) -> None:
    operate(as_bob, flow, edit("n1", label="his"))
    operate(as_alice, flow, edit("n1", label="hers"))
    assert ask(as_bob, flow, since) == {"version": 3, "items": [], "more": False}


def test_a_value_of_mine_that_they_replaced(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    operate(as_bob, flow, edit("n1", label="his"), {"kind": "move_node", "id": "n2", "x": 500, "y": 5})
    operate(as_alice, flow, edit("n1", label="hers"), {"kind": "move_node", "id": "n2", "x": 600, "y": 6})
    place, label = ask(as_bob, flow)["items"]
    assert (place["property"], place["mine"], place["theirs"]) == ("place", [500, 5], [600, 6])
    assert label == {
        "stands": "theirs",
        "node": "n1",
        "label": "hers",
        "property": "label",
        "gone": False,
        "mine": "his",
        "theirs": "hers",
        "version": 4,
        "before": 2,
        "actor": {"id": as_alice.user.pk, "name": "Alice", "colour": as_alice.user.colour},  # type: ignore[union-attr]
        "put": edit("n1", label="his"),
        "edges": [],
    }
    operate(as_bob, flow, label["put"])
    assert [item["property"] for item in ask(as_bob, flow)["items"] if item["stands"] == "theirs"] == ["place"]
    mine = [item for item in ask(as_bob, flow)["items"] if item["stands"] == "mine"]
    assert [(item["mine"], item["theirs"]) for item in mine] == [("his", "hers")]
    assert ask(as_alice, flow, 4)["items"][0]["theirs"] == "his"


def by(program: Program, flow: Flow, client: str, seq: int, *operations: dict[str, Any]) -> None:
    body = {"client": client, "seq": seq, "operations": list(operations)}
    assert program.post(f"/flows/{flow.pk}/operations", body).status_code == 200


def ask_about(program: Program, flow: Flow, clients: str, since: int = 1) -> list[dict[str, Any]]:
    answer: Any = program.get(f"/flows/{flow.pk}/replaced?since={since}&clients={clients}").json()  # type: ignore[attr-defined]
    return list(answer["items"])


@pytest.mark.parametrize("clients", [",", "a b", "x" * 65, ",".join("a" * 101)])
def test_clients_are_names(as_bob: Program, flow: Flow, refused: Refused, clients: str) -> None:
    refused(as_bob.get(f"/flows/{flow.pk}/replaced?clients={clients}"), 422, "invalid")


def test_what_i_wrote_over_my_own_by_another_client(as_bob: Program, flow: Flow) -> None:
    by(as_bob, flow, "desk", 1, edit("n1", label="long"))
    operate(as_bob, flow, edit("n2", label="by a program"))
    by(as_bob, flow, "phone", 1, edit("n1", label="short"), edit("n2", label="mine"))
    assert ask(as_bob, flow)["items"] == [], "nobody asks what they did to themself"
    assert ask_about(as_bob, flow, "desk,phone") != [], "a program is another client"
    program, desk = ask_about(as_bob, flow, "phone")
    assert (program["mine"], program["theirs"], program["before"]) == ("mine", "by a program", 3)
    assert (desk["stands"], desk["mine"], desk["theirs"]) == ("mine", "short", "long")
    assert (desk["version"], desk["before"], desk["actor"]["name"]) == (4, 2, "Bob")
    assert desk["put"] == edit("n1", label="long")
    assert ask_about(as_bob, flow, "phone", since=3) == [], "that was there when the phone last looked"
    assert ask_about(as_bob, flow, "desk") == [], "the phone's edits stand"


def test_one_clients_own_edits_are_one_persons(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    by(as_bob, flow, "page", 1, edit("n1", label="one"))
    by(as_bob, flow, "heir", 1, edit("n1", label="two"))
    assert ask_about(as_bob, flow, "page,heir") == []
    operate(as_alice, flow, edit("n1", label="hers"))
    by(as_bob, flow, "heir", 2, edit("n1", label="three"))
    assert ask_about(as_bob, flow, "heir") == [], "it was Alice's, and is told with hers"
    assert [item["theirs"] for item in ask(as_bob, flow)["items"]] == ["hers"]


def test_what_i_deleted_though_i_had_written_to_it_elsewhere(as_bob: Program, flow: Flow) -> None:
    by(as_bob, flow, "desk", 1, edit("n2", label="long"))
    by(as_bob, flow, "phone", 1, {"kind": "remove_node", "id": "n2"})
    item = ask_about(as_bob, flow, "phone")[0]
    assert (item["node"], item["gone"], item["before"], item["label"]) == ("n2", True, 2, "long")


def test_the_flows_own_title(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    as_bob.patch(f"/flows/{flow.pk}", {"title": "His"})
    as_alice.patch(f"/flows/{flow.pk}", {"title": "Hers"})
    (item,) = ask(as_bob, flow)["items"]
    assert (item["property"], item["label"], item.keys() & {"node", "edge"}) == ("title", "Hers", set())


def test_what_is_gone_comes_back_with_its_edges(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    operate(as_bob, flow, {"kind": "add_node", "node": {"id": "new", "kind": "agent", "x": 0, "y": 0, "label": "New"}})
    operate(as_bob, flow, {"kind": "add_edge", "edge": {"id": "x", "source": "n1", "target": "new"}})
    before = as_bob.get(f"/flows/{flow.pk}").json()  # type: ignore[attr-defined]
    operate(as_alice, flow, {"kind": "remove_node", "id": "new"})
    (item,) = ask(as_bob, flow)["items"]
    assert (item["node"], item["label"], item["property"], item["gone"]) == ("new", "New", None, True)
    assert item["edges"] == [f"{before['nodes'][0]['label']} → New"]
    operate(as_bob, flow, item["put"])
    after = as_bob.get(f"/flows/{flow.pk}").json()  # type: ignore[attr-defined]
    assert [after[name] for name in ("nodes", "edges")] == [before[name] for name in ("nodes", "edges")]
    assert ask(as_bob, flow)["items"] == []


def test_what_the_flow_began_with_is_its_makers(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    operate(as_bob, flow, edit("n1", label="his"))
    assert [item["theirs"] for item in ask(as_alice, flow)["items"]] == ["his"]


def test_no_more_than_so_many_or_so_much(
    as_alice: Program, as_bob: Program, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in (as_bob, as_alice):
        who = program.user.pk  # type: ignore[union-attr]
        operate(program, flow, *(edit("n1", **{name: f"{name} {who}"}) for name in ("label", "description")))
    assert len(ask(as_bob, flow)["items"]) == 2
    with monkeypatch.context() as less:
        less.setattr(overwrite_report, "MAX_ITEMS", 1)
        answer = ask(as_bob, flow)
        assert ([item["property"] for item in answer["items"]], answer["more"]) == (["description"], True)
    with monkeypatch.context() as less:
        less.setattr(overwrite_report, "MAX_BYTES", 400)
        answer = ask(as_bob, flow)
        assert (len(answer["items"]), answer["more"]) == (1, True)
    with monkeypatch.context() as less:
        less.setattr(overwrite_report, "READ_BYTES", 1)
        assert ask(as_bob, flow) == {"version": 5, "items": [], "more": True}
    monkeypatch.setattr(overwrite_report, "MAX_VERSIONS_BACK", 2)
    assert ask(as_bob, flow) == {"version": 5, "items": [], "more": False}, "nothing of his within reach"
    assert ask(as_alice, flow)["more"] is True


def test_a_long_log_takes_few_queries(as_alice: Program, as_bob: Program, flow: Flow) -> None:
    operate(as_bob, flow, edit("n1", label="his"))
    for part in range(3):
        moves = [{"kind": "move_node", "id": "n2", "x": 500 * part + x, "y": 5} for x in range(500)]
        operate(as_alice, flow, *moves)
    operate(as_alice, flow, edit("n1", label="hers"))
    with CaptureQueriesContext(connection) as queries:
        assert len(ask(as_bob, flow)["items"]) == 1
    assert len(queries) < 40, [query["sql"][:90] for query in queries]
