"""Runs by program: started, listed, read and steered; by whom; and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from accounts.principals import Person, System
from flows import commands, rates
from flows.access import Role
from flows.models import Flow
from runs.commands import start_run
from runs.errors import TaskFailure
from runs.models import Run, Task
from tests.api.conftest import Program
from tests.runs.hands import Hands, claim, make_flow, node, task_of
from web.deferred_translation import kept

pytestmark = pytest.mark.django_db

Refused = Callable[..., Any]
FIELDS = {
    "id", "flow", "version", "name", "state", "reason", "trigger", "actor", "input", "output", "progress", "counts",
    "created_at", "started_at", "ended_at", "again_of", "seq",
}  # fmt: skip
TASK_FIELDS = {
    "id", "node", "path", "kind", "label", "state", "reason", "attempt", "worker", "progress", "reused", "input",
    "output", "error", "checkpoints", "usage", "started_at", "ended_at",
}  # fmt: skip


@pytest.fixture
def flow(alice: User, bob: User, vera: User) -> Flow:
    """A form, a skill and an output; bob edits, vera views, charlie is a stranger."""
    nodes = [
        node("ask", "input", type="form", fields=[{"name": "city", "type": "text", "required": True}]),
        node("look"),
        node("end", "output"),
    ]
    return make_flow(alice, nodes, "ask>look", "look>end", editor=bob, viewer=vera)


def start(program: Program, flow: Flow, **body: object) -> Any:
    answer = program.post(f"/flows/{flow.pk}/runs", {"input": {"city": "Rome"}, **body})
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[attr-defined]


def test_a_run_is_started_and_read_to_its_end(flow: Flow, as_bob: Program, as_vera: Program, bob: User) -> None:
    run = start(as_bob, flow, name="Morning")

    assert set(run) == FIELDS
    assert (run["state"], run["version"], run["trigger"], run["name"]) == ("running", 1, "api", "Morning")
    assert (run["input"], run["output"], run["actor"]) == ({"city": "Rome"}, None, {"id": bob.pk, "name": "Bob"})
    assert {state: count for state, count in run["counts"].items() if count} == {"done": 1, "queued": 1, "waiting": 1}
    Hands({"look": {"sky": "blue"}}).work(Run.objects.get(pk=run["id"]))
    after = as_vera.get(f"/runs/{run['id']}").json()  # type: ignore[attr-defined]
    assert (after["state"], after["output"], after["progress"]) == ("done", {"sky": "blue"}, 1)
    tasks = as_vera.get(f"/runs/{run['id']}/tasks").json()  # type: ignore[attr-defined]
    assert tasks["next"] is None
    assert all(set(task) == TASK_FIELDS for task in tasks["items"])
    look = tasks["items"][1]
    assert (look["node"], look["input"], look["output"], look["worker"]) == (
        "look",
        {"city": "Rome"},
        {"sky": "blue"},
        "hands",
    )
    assert as_vera.get(f"/runs/{run['id']}/tasks/{look['id']}").json() == look  # type: ignore[attr-defined]
    attempts = as_vera.get(f"/runs/{run['id']}/tasks/{look['id']}/attempts").json()["items"]  # type: ignore[attr-defined]
    assert [(one["number"], one["state"], one["worker"]) for one in attempts] == [(1, "done", "hands")]
    assert as_vera.get(f"/runs/{run['id']}/tasks/{look['id']}/checkpoints").json() == []  # type: ignore[attr-defined]


def test_events_have_no_gap_and_are_read_from_anywhere(flow: Flow, as_bob: Program) -> None:
    run = start(as_bob, flow)
    Hands().work(Run.objects.get(pk=run["id"]))

    whole = as_bob.get(f"/runs/{run['id']}/events").json()  # type: ignore[attr-defined]
    assert [one["seq"] for one in whole["items"]] == list(range(1, whole["seq"] + 1))
    assert set(whole["items"][0]) == {"seq", "kind", "task", "node", "data", "at"}
    some = as_bob.get(f"/runs/{run['id']}/events?since=2&limit=3").json()  # type: ignore[attr-defined]
    assert some["items"] == whole["items"][2:5]


def test_the_same_key_starts_one_run(flow: Flow, as_bob: Program, as_alice: Program, refused: Refused) -> None:
    path, body = f"/flows/{flow.pk}/runs", {"input": {"city": "Rome"}}
    first = as_bob.post(path, body, HTTP_IDEMPOTENCY_KEY="k1")
    again = as_bob.post(path, {}, HTTP_IDEMPOTENCY_KEY="k1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]  # type: ignore[attr-defined]
    assert first["Location"] == f"/api/v1/runs/{first.json()['id']}"  # type: ignore[attr-defined]
    assert as_alice.post(path, body, HTTP_IDEMPOTENCY_KEY="k2").status_code == 201
    refused(as_bob.post(path, body, HTTP_IDEMPOTENCY_KEY="k" * 201), 422, "invalid")


def test_a_key_is_each_persons_own(flow: Flow, as_bob: Program, as_alice: Program, alice: User) -> None:
    path = f"/flows/{flow.pk}/runs"
    hers = as_alice.post(path, {"input": {"city": "Rome"}}, HTTP_IDEMPOTENCY_KEY="order-1")
    his = as_bob.post(path, {"input": {"city": "Oslo"}}, HTTP_IDEMPOTENCY_KEY="order-1")

    assert (hers.status_code, his.status_code) == (201, 201)
    assert [json.loads(Run.objects.get(pk=one.json()["id"]).input)["city"] for one in (hers, his)] == ["Rome", "Oslo"]  # type: ignore[attr-defined]
    again = as_alice.post(path, {}, HTTP_IDEMPOTENCY_KEY="order-1")
    assert (again.status_code, again.json()["id"]) == (200, hers.json()["id"])  # type: ignore[attr-defined]
    kept = Run.objects.get(pk=hers.json()["id"]).idempotency_key  # type: ignore[attr-defined]
    assert kept is not None
    assert as_bob.post(path, {"input": {"city": "Bonn"}}, HTTP_IDEMPOTENCY_KEY=kept).status_code == 201
    assert as_alice.post(path, {"input": {"city": "Bonn"}}, HTTP_IDEMPOTENCY_KEY="k" * 200).status_code == 201
    system = start_run(System(), flow.pk, input={"city": "Kyiv"}, idempotency_key="order-1")
    assert system.is_new
    assert not start_run(System(), flow.pk, idempotency_key="order-1").is_new


def test_a_key_from_before_keys_were_each_persons_own_is_known_to_its_person(
    flow: Flow, as_bob: Program, as_alice: Program
) -> None:
    path, body = f"/flows/{flow.pk}/runs", {"input": {"city": "Rome"}}
    run = as_bob.post(path, body).json()["id"]  # type: ignore[attr-defined]
    Run.objects.filter(pk=run).update(idempotency_key="order-1")

    assert as_alice.post(path, body, HTTP_IDEMPOTENCY_KEY="order-1").status_code == 201
    again = as_bob.post(path, body, HTTP_IDEMPOTENCY_KEY="order-1")
    assert (again.status_code, again.json()["id"]) == (200, run)  # type: ignore[attr-defined]


def test_an_input_that_does_not_fit_is_refused(flow: Flow, as_bob: Program, refused: Refused) -> None:
    path = f"/flows/{flow.pk}/runs"

    problems = refused(as_bob.post(path, {"input": {}}), 422, "invalid")["input"]
    assert [(one["node"], one["field"]) for one in problems] == [("ask", "city")]
    for wrong in ({"input": []}, {"input": {"city": 5}}, {"version": 7}, {"version": 0}, {"nothing": 1}):
        status = as_bob.post(path, {"input": {"city": "Rome"}, **wrong}).status_code
        assert status in (404, 422), wrong
    assert Run.objects.count() == 0


def test_a_flow_with_problems_does_not_start(alice: User, as_alice: Program, refused: Refused) -> None:
    flow = make_flow(alice, [node("call", "api")])

    (problem,) = refused(as_alice.post(f"/flows/{flow.pk}/runs", {}), 422, "invalid")["problems"]
    assert (problem["code"], problem["node"], problem["stops_runs"]) == ("missing_setting", "call", True)


def test_so_many_runs_are_open_and_no_more(flow: Flow, as_bob: Program, refused: Refused, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, open_runs=2)
    first = start(as_bob, flow)
    start(as_bob, flow)

    refused(as_bob.post(f"/flows/{flow.pk}/runs", {"input": {"city": "Rome"}}), 429, "rate_limited")
    as_bob.post(f"/runs/{first['id']}/cancel")
    start(as_bob, flow)


def test_so_many_runs_of_a_person_are_open_in_all_flows_and_no_more(
    alice: User, bob: User, as_alice: Program, as_bob: Program, refused: Refused, settings: Any
) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, open_runs_per_person=2)
    first, second = (make_flow(alice, [node("a")], editor=bob) for _ in range(2))
    begun = as_alice.post(f"/flows/{first.pk}/runs", {}).json()  # type: ignore[attr-defined]
    assert as_alice.post(f"/flows/{second.pk}/runs", {}).status_code == 201

    for flow in (first, second):
        refused(as_alice.post(f"/flows/{flow.pk}/runs", {}), 429, "rate_limited")
    assert as_bob.post(f"/flows/{second.pk}/runs", {}).status_code == 201
    as_alice.post(f"/runs/{begun['id']}/cancel")
    assert as_alice.post(f"/flows/{second.pk}/runs", {}).status_code == 201


def test_runs_are_listed_in_pages_newest_first(flow: Flow, as_bob: Program, refused: Refused) -> None:
    made = [start(as_bob, flow)["id"] for _ in range(5)]
    as_bob.post(f"/runs/{made[0]}/cancel")
    path = f"/flows/{flow.pk}/runs"

    first = as_bob.get(f"{path}?limit=3").json()  # type: ignore[attr-defined]
    second = as_bob.get(f"{path}?limit=3&cursor={first['next']}").json()  # type: ignore[attr-defined]
    assert [one["id"] for one in [*first["items"], *second["items"]]] == made[::-1]
    assert second["next"] is None
    assert [one["id"] for one in as_bob.get(f"{path}?state=cancelled").json()["items"]] == made[:1]  # type: ignore[attr-defined]
    refused(as_bob.get(f"{path}?state=odd"), 422, "invalid")
    refused(as_bob.get(f"{path}?cursor=odd"), 422, "invalid")


def test_a_long_value_stands_apart(flow: Flow, as_bob: Program, as_charlie: Program, refused: Refused) -> None:
    long = {"city": "Rome", "more": "é" * 20_000}
    run = start(as_bob, flow, input=long)

    reference = run["input"]
    assert set(reference) == {"$blob", "bytes"}
    path = f"/runs/{run['id']}/values/{reference['$blob']}"
    assert as_bob.get(path).json() == long  # type: ignore[attr-defined]
    refused(as_charlie.get(path), 404, "not_found")
    refused(as_bob.get(f"/runs/{run['id']}/values/{'0' * 64}"), 404, "not_found")
    other = start(as_bob, flow)
    refused(as_bob.get(f"/runs/{other['id']}/values/{reference['$blob']}"), 404, "not_found")


def test_a_run_is_paused_resumed_and_cancelled(flow: Flow, as_bob: Program, refused: Refused) -> None:
    run = start(as_bob, flow)
    path = f"/runs/{run['id']}"

    refused(as_bob.post(f"{path}/resume"), 409, "wrong_state")
    paused = as_bob.post(f"{path}/pause").json()  # type: ignore[attr-defined]
    assert (paused["state"], paused["counts"]["ready"], paused["counts"]["queued"]) == ("paused", 1, 0)
    assert not Hands().one(Run.objects.get(pk=run["id"]).pk)
    refused(as_bob.post(f"{path}/pause"), 409, "wrong_state")
    assert as_bob.post(f"{path}/resume").json()["counts"]["queued"] == 1  # type: ignore[attr-defined]
    cancelled = as_bob.post(f"{path}/cancel").json()  # type: ignore[attr-defined]
    assert (cancelled["state"], cancelled["counts"]["cancelled"]) == ("cancelled", 2)
    for action in ("cancel", "pause", "resume", "retry"):
        refused(as_bob.post(f"{path}/{action}"), 409, "wrong_state")
    assert as_bob.post(f"{path}/again").status_code == 201


def test_dead_letters_are_listed_over_flows_and_tried_again(
    flow: Flow, as_bob: Program, as_vera: Program, as_charlie: Program, refused: Refused
) -> None:
    def broken(_claimed: object) -> None:
        raise TaskFailure("skill_error", "It broke.")

    run = start(as_bob, flow)
    Hands({"look": broken}).work(Run.objects.get(pk=run["id"]))
    (letter,) = as_vera.get("/dead-letters").json()["items"]  # type: ignore[attr-defined]

    assert set(letter) == TASK_FIELDS | {"run", "flow"}
    assert (letter["run"], letter["flow"]) == (run["id"], str(flow.pk))
    assert letter["error"] == {"code": "skill_error", "message": "It broke."}
    assert as_charlie.get("/dead-letters").json() == {"items": [], "next": None}  # type: ignore[attr-defined]
    assert len(as_vera.get(f"/dead-letters?flow={flow.pk}").json()["items"]) == 1  # type: ignore[attr-defined]
    refused(as_charlie.get(f"/dead-letters?flow={flow.pk}"), 404, "not_found")
    body = {"tasks": [letter["id"]]}
    refused(as_vera.post("/dead-letters/retry", body), 403, "forbidden")
    refused(as_charlie.post("/dead-letters/retry", body), 404, "not_found")
    refused(as_bob.post("/dead-letters/retry", {"tasks": ["x"]}), 404, "not_found")
    assert as_bob.post("/dead-letters/retry", body).json()["items"][0]["state"] == "running"  # type: ignore[attr-defined]
    assert as_vera.get("/dead-letters").json()["items"] == []  # type: ignore[attr-defined]


def test_dead_letters_of_several_runs_are_tried_again_together_or_not_at_all(
    alice: User, bob: User, flow: Flow, as_bob: Program, refused: Refused, settings: Any
) -> None:
    def broken(_claimed: object) -> None:
        raise TaskFailure("skill_error", "It broke.")

    def letter(flow: Flow, role: Role) -> str:
        commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=role)
        run = start_run(Person(alice.pk), flow.pk, input={"city": "Rome"}).run
        Hands({"look": broken, "a": broken}).work(run)
        return Task.objects.get(run=run, is_dead_letter=True).key

    mine, ended = letter(flow, Role.EDITOR), letter(flow, Role.EDITOR)
    seen = letter(make_flow(alice, [node("a")]), Role.VIEWER)
    Run.objects.filter(tasks__key=ended).update(state="cancelled")
    path, left = "/dead-letters/retry", Task.objects.filter(is_dead_letter=True)

    refused(as_bob.post(path, {"tasks": [mine, seen]}), 403, "forbidden")
    refused(as_bob.post(path, {"tasks": [mine, ended]}), 409, "wrong_state")
    refused(as_bob.post(path, {"tasks": [mine, "x"]}), 404, "not_found")
    assert left.count() == 3
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, rest_operations_per_second=1, batch=1)
    rates.operations.forget()
    assert as_bob.post(path, {"tasks": [mine]}).status_code == 200
    assert left.count() == 2
    refused(as_bob.post(path, {"tasks": [seen] * 10}), 429, "rate_limited")


def test_a_task_of_another_run_is_not_found(flow: Flow, as_bob: Program, refused: Refused) -> None:
    run, other = start(as_bob, flow), start(as_bob, flow)
    task = task_of(Run.objects.get(pk=other["id"]), "look").key

    for path in ("", "/attempts", "/checkpoints"):
        refused(as_bob.get(f"/runs/{run['id']}/tasks/{task}{path}"), 404, "not_found")
    refused(as_bob.post(f"/runs/{run['id']}/tasks/{task}/roll_back", {"checkpoint": 1}), 404, "not_found")
    refused(as_bob.post(f"/runs/{run['id']}/tasks/{task}/answer", {"value": True}), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "/runs/{run}", None),
        ("get", "/runs/{run}/tasks", None),
        ("get", "/runs/{run}/events", None),
        ("get", "/flows/{flow}/runs", None),
        ("post", "/flows/{flow}/runs", {"input": {"city": "Rome"}}),
        ("post", "/runs/{run}/cancel", None),
        ("post", "/runs/{run}/pause", None),
        ("post", "/runs/{run}/again", None),
    ],
)
def test_viewers_see_and_editors_steer(
    method: str,
    path: str,
    body: object,
    flow: Flow,
    as_bob: Program,
    as_vera: Program,
    as_charlie: Program,
    nobody: Program,
    refused: Refused,
) -> None:
    run = start(as_bob, flow)
    whole = path.format(run=run["id"], flow=flow.pk)

    refused(nobody.call(method, whole, body), 401, "not_authenticated")
    refused(as_charlie.call(method, whole, body), 404, "not_found")
    if method == "post":
        refused(as_vera.call(method, whole, body), 403, "forbidden")
    else:
        assert as_vera.call(method, whole, body).status_code == 200
    assert as_bob.call(method, whole, body).status_code in (200, 201)
    refused(as_bob.call(method, path.format(run=uuid4(), flow=uuid4()), body), 404, "not_found")


def test_edits_of_the_flow_do_not_touch_a_run(flow: Flow, as_bob: Program) -> None:
    run = start(as_bob, flow)
    as_bob.post(f"/flows/{flow.pk}/operations", {"operations": [{"kind": "remove_node", "id": "end"}]})

    done = Hands({"look": 5}).work(Run.objects.get(pk=run["id"]))
    assert (done.state, json.loads(done.output or ""), done.version) == ("done", 5, 1)
    fresh = start(as_bob, flow)
    assert (fresh["version"], start(as_bob, flow, version=1)["version"]) == (2, 1)


def test_a_page_of_tasks_leads_on_to_the_next(alice: User, as_alice: Program) -> None:
    flow = make_flow(alice, [node("each", "loop", iterate_over="range(5)"), node("a")], "each.each>a")
    run = as_alice.post(f"/flows/{flow.pk}/runs").json()  # type: ignore[attr-defined]
    path = f"/runs/{run['id']}/tasks"

    first = as_alice.get(f"{path}?limit=4").json()  # type: ignore[attr-defined]
    second = as_alice.get(f"{path}?limit=4&cursor={first['next']}").json()  # type: ignore[attr-defined]
    found = [(task["node"], task["path"], task["input"]) for task in [*first["items"], *second["items"]]]
    assert found == [("each", "", None), *(("a", str(index), index) for index in range(5))]
    assert len(as_alice.get(f"{path}?node=a&state=queued").json()["items"]) == 5  # type: ignore[attr-defined]
    held = claim(Run.objects.get(pk=run["id"]), "a", "2")
    assert held.names["index"] == 2


def test_all_tasks_and_dead_letters_come_at_once_unless_a_limit_is_named(
    alice: User, as_alice: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = make_flow(alice, [node("each", "loop", iterate_over="range(1010)"), node("a")], "each.each>a")
    run = as_alice.post(f"/flows/{flow.pk}/runs").json()  # type: ignore[attr-defined]
    last = Task.objects.order_by("priority").last()
    assert last is not None
    key, priority, opened = last.key.rpartition(".")[0], last.priority, Task.objects.count() - 1
    for index in range(opened, 1010):
        last.key, last.path, last.priority = f"{key}.{index}", str(index), priority + index
        last.save(force_insert=True)
    Task.objects.filter(node="a", priority__lte=priority).update(
        state=Task.State.FAILED, is_dead_letter=True, ended_at=timezone.now()
    )

    tasks = as_alice.get(f"/runs/{run['id']}/tasks").json()  # type: ignore[attr-defined]
    assert (len(tasks["items"]), tasks["next"]) == (1011, None)
    letters = as_alice.get("/dead-letters").json()  # type: ignore[attr-defined]
    count = Task.objects.filter(is_dead_letter=True).count()
    assert count > 100
    assert (len(letters["items"]), letters["next"]) == (count, None)
    monkeypatch.setattr("runs.api.tasks.AT_ONCE", 60)
    monkeypatch.setattr("runs.api.tasks.PAGE_BYTES", 1)
    first = as_alice.get("/dead-letters").json()  # type: ignore[attr-defined]
    rest = as_alice.get(f"/dead-letters?cursor={first['next']}").json()  # type: ignore[attr-defined]
    assert [one["id"] for one in [*first["items"], *rest["items"]]] == [one["id"] for one in letters["items"]][:120]
    assert len(first["items"]) == 60


def test_questions_are_seen_and_answered_by_whom_they_are_for(
    alice: User, bob: User, vera: User, as_alice: Program, as_bob: Program, as_vera: Program, refused: Refused
) -> None:
    form = [{"name": "sum", "type": "number", "required": True}]
    asked = {"question": "How much?", "who": [vera.email], "form": form}
    nodes = [node("a", ask_first=asked), node("b", ask_first={"question": "Go?", "who": "editors"})]
    flow = make_flow(alice, nodes, editor=bob, viewer=vera)
    run = as_bob.post(f"/flows/{flow.pk}/runs").json()  # type: ignore[attr-defined]

    assert (run["state"], run["counts"]["asking"]) == ("waiting", 2)
    (mine,) = as_vera.get("/questions").json()["items"]  # type: ignore[attr-defined]
    assert (mine["question"], mine["form"], mine["flow"], mine["node"]) == ("How much?", form, str(flow.pk), "a")
    assert [one["question"] for one in as_bob.get("/questions?state=open").json()["items"]] == ["Go?"]  # type: ignore[attr-defined]
    path = f"/runs/{run['id']}/tasks/{mine['task']}/answer"
    refused(as_bob.post(path, {"value": {"sum": 1}}), 403, "forbidden")
    detail = refused(as_vera.post(path, {"value": {"sum": "much"}}), 422, "invalid")
    assert [one["field"] for one in detail["fields"]] == ["sum"]
    assert as_vera.post(path, {"value": {"sum": 1}}).json()["state"] == "queued"  # type: ignore[attr-defined]
    refused(as_vera.post(path, {"value": {"sum": 2}}), 409, "answered")
    assert as_vera.get("/questions").json() == {"items": []}  # type: ignore[attr-defined]
    answered = as_vera.get("/questions?state=answered").json()["items"]  # type: ignore[attr-defined]
    assert [one["id"] for one in answered] == [mine["id"]]
    refused(as_vera.get("/questions?state=odd"), 422, "invalid")
    as_bob.post(f"/runs/{run['id']}/cancel")
    assert as_alice.get("/questions").json() == {"items": []}  # type: ignore[attr-defined]


def test_a_question_whose_task_no_longer_asks_is_not_open(alice: User, as_alice: Program) -> None:
    flow = make_flow(alice, [node("a", ask_first={"question": "Go?", "who": "editors"})])
    as_alice.post(f"/flows/{flow.pk}/runs")

    assert len(as_alice.get("/questions").json()["items"]) == 1  # type: ignore[attr-defined]
    Task.objects.update(state=Task.State.CANCELLED)
    assert as_alice.get("/questions").json() == {"items": []}  # type: ignore[attr-defined]
    assert as_alice.get("/questions?state=answered").json() == {"items": []}  # type: ignore[attr-defined]


def test_events_do_not_say_what_is_asked(alice: User, bob: User, vera: User, as_bob: Program, as_vera: Program) -> None:
    nodes = [node("a", ask_first={"question": "Fire charlie?", "who": "editors"})]
    flow = make_flow(alice, nodes, editor=bob, viewer=vera)
    run = as_bob.post(f"/flows/{flow.pk}/runs").json()  # type: ignore[attr-defined]

    answer = as_vera.get(f"/runs/{run['id']}/events")
    asked = [one for one in answer.json()["items"] if one["kind"] == "task_asked"]  # type: ignore[attr-defined]
    assert [one["data"]["state"] for one in asked] == ["asking"]
    assert b"charlie" not in answer.content


def test_a_run_is_started_again_from_a_node_of_an_earlier_one(flow: Flow, as_bob: Program, refused: Refused) -> None:
    first = start(as_bob, flow, name="Morning")
    Hands({"look": 1}).work(Run.objects.get(pk=first["id"]))
    path = f"/flows/{flow.pk}/runs"

    again = as_bob.post(path, {"from": {"run": first["id"], "node": "end"}}).json()  # type: ignore[attr-defined]
    assert (again["state"], again["again_of"], again["input"]) == ("done", first["id"], {"city": "Rome"})
    tasks = as_bob.get(f"/runs/{again['id']}/tasks").json()["items"]  # type: ignore[attr-defined]
    assert [(task["node"], task["reused"]) for task in tasks] == [("ask", True), ("look", True), ("end", False)]
    other = as_bob.post(f"/runs/{first['id']}/again", {"from": "look"})
    assert (other.status_code, other.json()["name"], other.json()["counts"]["queued"]) == (201, "Morning", 1)  # type: ignore[attr-defined]
    keyed = [as_bob.post(f"/runs/{first['id']}/again", HTTP_IDEMPOTENCY_KEY="k").status_code for _ in range(2)]
    assert keyed == [201, 200]
    described = as_bob.get("/openapi.json").json()["paths"]["/api/v1/runs/{run_id}/again"]  # type: ignore[attr-defined]
    assert {"200", "201"} <= set(described["post"]["responses"])
    refused(as_bob.post(path, {"from": {"run": first["id"], "node": "gone"}}), 422, "invalid")
    refused(as_bob.post(path, {"from": {"run": str(uuid4()), "node": "end"}}), 404, "not_found")
    for wrong in ({"from": "end"}, {"from": {"run": 5, "node": "end"}}, {"reuse": 1}):
        refused(as_bob.post(path, wrong), 422, "invalid")


def test_why_something_failed_is_said_in_the_language_of_who_reads(flow: Flow, as_bob: Program, bob: User) -> None:
    with override("es"):  # that of a worker, or of whoever started it
        run = start(as_bob, flow)
        failure = TaskFailure("too_large", kept("The answer is longer than %(most)s bytes.") % {"most": 10})
        Hands({"look": fails_with(failure)}).work(Run.objects.get(pk=run["id"]))
    said = {
        "en": ("“Look” failed.", "The answer is longer than 10 bytes."),
        "de": ("„Look“ ist fehlgeschlagen.", "Die Antwort ist länger als 10 Byte."),
    }

    for language, (reason, message) in said.items():
        read = partial(as_bob.get, HTTP_ACCEPT_LANGUAGE=language)
        events = [one["data"] for one in read(f"/runs/{run['id']}/events").json()["items"]]  # type: ignore[attr-defined]
        (task,) = read(f"/runs/{run['id']}/tasks?node=look").json()["items"]  # type: ignore[attr-defined]
        (attempt,) = read(f"/runs/{run['id']}/tasks/{task['id']}/attempts").json()["items"]  # type: ignore[attr-defined]
        assert read(f"/runs/{run['id']}").json()["reason"] == events[-1]["reason"] == reason  # type: ignore[attr-defined]
        errors = [one["error"]["message"] for one in events if "error" in one]
        assert [task["error"]["message"], attempt["error"]["message"], *errors] == [message] * (2 + len(errors))
        assert errors


def fails_with(failure: TaskFailure) -> Callable[[object], None]:
    def act(_claimed: object) -> None:
        raise failure

    return act
