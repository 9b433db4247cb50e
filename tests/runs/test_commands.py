"""A run from its start to its end: what is started when, what is written, and who may."""

import json

import pytest

from accounts.models import User
from runs.models import Attempt, RunEvent
from tests.runs.hands import Hands, go, kinds, make_flow, node, states, task_of

pytestmark = pytest.mark.django_db


def test_a_straight_flow_runs_from_end_to_end(alice: User) -> None:
    flow = make_flow(
        alice,
        [
            node("ask", "input", type="form", fields=[{"name": "city", "type": "text"}]),
            node("look"),
            node("say", "transform", type="template", transformation="{{ prev.sky }} in {{ input.city }}"),
            node("end", "output"),
        ],
        "ask>look",
        "look>say",
        "say>end",
    )
    run = go(alice, flow, input={"city": "Rome"})

    assert states(run) == {"ask": "done", "look": "queued", "say": "waiting", "end": "waiting"}
    run = Hands({"look": {"sky": "blue"}}).work(run)
    assert (run.state, json.loads(run.output or "")) == ("done", "blue in Rome")
    assert (run.progress, run.unfinished, run.made) == (1.0, 0, 4)
    assert kinds(run) == [
        "run_created",
        "run_started",
        "task_done",
        "task_queued",
        "task_started",
        "task_done",
        "task_done",
        "task_done",
        "run_ended",
    ]
    assert [one.seq for one in RunEvent.objects.filter(run=run).order_by("seq")] == list(range(1, run.seq + 1))
    assert Attempt.objects.filter(task__run=run, state="done").count() == 4
    assert json.loads(run.counts) == {"done": 4}


def test_a_loop_gives_its_results_in_input_order(alice: User) -> None:
    flow = make_flow(
        alice,
        [node("each", "loop", type="for_each", iterate_over="input.items"), node("work"), node("end", "output")],
        "each.each>work",
        "each.out>end",
    )
    run = go(alice, flow, input={"items": [1, 2, 3]})
    hands = Hands({"work": lambda claimed: claimed.prev * 10})

    assert states(run) == {
        "each": "running",
        "work:0": "queued",
        "work:1": "queued",
        "work:2": "queued",
        "end": "waiting",
    }
    run = hands.work(run)
    assert (run.state, json.loads(run.output or "")) == ("done", [10, 20, 30])
    assert hands.did == ["work:0", "work:1", "work:2"]
    assert (task_of(run, "each").done, task_of(run, "each").total) == (3, 3)
    ended = [json.loads(one.data) for one in RunEvent.objects.filter(run=run, node="each")]
    assert (ended[0]["state"], ended[0]["total"]) == ("running", 3)
    assert (ended[-1]["state"], ended[-1]["done"]) == ("done", 3)


def test_a_loop_of_inline_nodes_needs_no_worker(alice: User) -> None:
    flow = make_flow(
        alice,
        [
            node("each", "loop", type="for_each", iterate_over="input.items"),
            node("twice", "transform", type="expression", transformation="item * 2 + index"),
            node("end", "output"),
        ],
        "each.each>twice",
        "each.out>end",
    )
    run = go(alice, flow, input={"items": [1, 2, 3]})

    assert (run.state, json.loads(run.output or "")) == ("done", [2, 5, 8])


def test_an_until_loop_asks_after_each_iteration(alice: User) -> None:
    flow = make_flow(
        alice,
        [node("again", "loop", type="until", break_condition="prev >= 3"), node("count"), node("end", "output")],
        "again.each>count",
        "again.out>end",
    )
    run = Hands({"count": lambda claimed: (claimed.names["item"] or 0) + 1}).work(go(alice, flow))

    assert (run.state, json.loads(run.output or "")) == ("done", [1, 2, 3])


def test_a_decision_leaves_the_other_branch_out(alice: User) -> None:
    flow = make_flow(
        alice,
        [
            node("which", "decision", expression="input.big", branches=["true", "false"]),
            node("large"),
            node("small"),
            node("end", "output"),
        ],
        "which.true>large",
        "which.false>small",
        "large>end",
        "small>end",
    )
    hands = Hands({"large": "L", "small": "S"})
    run = hands.work(go(alice, flow, input={"big": True}))

    assert (run.state, json.loads(run.output or ""), hands.did) == ("done", "L", ["large"])
    assert states(run)["small"] == "skipped"
    assert "task_skipped" in kinds(run)
