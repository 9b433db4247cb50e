"""What is done for many runs: one that cannot be done keeps none behind it waiting."""

import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from runs.commands import Again, claim_all, due, forget_old_runs, match_workers, work_id
from runs.models import Run, Task, Worker
from runs.work.incarnation import Incarnation
from runs.work.reconcile import Reconciler
from tests.runs.hands import NOW, Hands, claim, go, make_flow, node, states, task_of
from web.deferred_translation import said

pytestmark = pytest.mark.django_db


def spoil(run: Run) -> None:
    """Let a run be one that nothing can be done with: a defect."""
    Run.objects.filter(pk=run.pk).update(counts="7")


def test_a_run_that_cannot_be_ended_stops_no_other(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    flow = make_flow(alice, [node("a")])
    spoilt, run = go(alice, flow), go(alice, flow)
    spoil(spoilt)
    Run.objects.filter(pk=spoilt.pk).update(deadline=NOW)
    Run.objects.filter(pk=run.pk).update(deadline=NOW)
    with caplog.at_level(logging.ERROR):
        assert due(NOW) == 1

    run.refresh_from_db()
    assert run.state == "failed"
    assert "due_failed" in caplog.text


def test_a_run_that_cannot_be_told_of_workers_stops_no_other(alice: User) -> None:
    flow = make_flow(alice, [node("a", runs_on=["gpu"])])
    runs = [go(alice, flow) for _ in range(4)]
    for run in runs[:3]:
        spoil(run)
    match_workers([frozenset()], now=NOW)

    assert said(task_of(runs[3], "a").reason) == "no worker with gpu"


def test_a_run_that_cannot_be_forgotten_stops_no_other(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from runs.commands import forgetting

    flow = make_flow(alice, [node("a")])
    kept, run = (Hands().work(go(alice, flow)) for _ in range(2))
    Run.objects.filter(pk=kept.pk).update(ended_at=NOW - timedelta(days=99))
    Run.objects.filter(pk=run.pk).update(ended_at=NOW - timedelta(days=98))
    forget = forgetting._forget

    def fail_once(pk: object, before: Any) -> bool:
        if pk == kept.pk:
            raise RuntimeError("a defect")
        return forget(cast("Any", pk), before)

    monkeypatch.setattr(forgetting, "_forget", fail_once)
    assert forget_old_runs(NOW) == 1
    assert set(Run.objects.values_list("pk", flat=True)) == {kept.pk}


def test_a_task_that_cannot_be_taken_from_a_dead_worker_stops_no_other(alice: User) -> None:
    flow = make_flow(alice, [node("a")])
    runs = [go(alice, flow) for _ in range(4)]
    for run in runs:
        claim(run, "a", worker="dead")
    for run in runs[:3]:
        spoil(run)
    engine = SimpleNamespace(held_by=lambda _worker: [], reassign=lambda _ids: None, forget=lambda _ids: None)
    Reconciler(cast("Any", engine), cast("Incarnation", None)).take_over("dead")

    assert states(runs[3]) == {"a": "queued"}


@pytest.mark.django_db(transaction=True)
def test_where_no_run_is_open_nothing_of_a_run_is_looked_for(alice: User) -> None:
    def looked() -> bool:
        engine = SimpleNamespace(holders=set, hand=lambda *_given: None, tidy=int, waiting=dict, states=lambda _ids: {})
        reconciler = Reconciler(cast("Any", engine), cast("Incarnation", None))
        with CaptureQueriesContext(connection) as queries:
            reconciler.do_for_all([], NOW)
        return any("due_at" in query["sql"] and "runs_task" in query["sql"] for query in queries)

    run = go(alice, make_flow(alice, [node("a")]))
    assert looked()
    Run.objects.filter(pk=run.pk).update(state="done")
    assert not looked()


@pytest.mark.sqlite
@pytest.mark.parametrize("is_steady", [True, False])
def test_what_is_due_is_found_without_reading_all_tasks(is_steady: bool) -> None:
    with CaptureQueriesContext(connection) as queries:
        due(NOW, is_steady=is_steady)
    (asked,) = (query["sql"] for query in queries if "runs_task" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked}")
        plan = [row[-1] for row in cursor.fetchall()]

    assert any("INDEX tasks_due" in step for step in plan), plan


def test_nothing_is_taken_from_a_worker_that_enrols_while_one_looks(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a")]))

    def enrol() -> set[str]:
        Worker.objects.create(id="new", state="ready", labels="[]", capacity=1, lock="x", beat_at=NOW, started_at=NOW)
        claim(run, "a", worker="new")
        return {"new"}

    engine = SimpleNamespace(holders=enrol)
    Reconciler(cast("Any", engine), cast("Incarnation", None)).take_over_from_others()

    assert states(run) == {"a": "running"}


def test_a_loop_that_a_worker_opened_is_held_by_none(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.commands.following.INLINE_SECONDS", -1.0)
    run = go(alice, make_flow(alice, [node("each", "loop", iterate_over="[1]"), node("a")], "each.each>a"))
    task = task_of(run, "each")
    assert task.state == "queued"
    claim_all([work_id(task.key, task.claim)], "w1", now=NOW)

    task.refresh_from_db()
    assert (task.state, task.worker) == ("running", "")


def test_what_is_too_long_to_be_read_is_the_tasks_failure(alice: User, settings: Any) -> None:
    from dataclasses import replace

    flow = make_flow(alice, [node("a"), node("each", "loop", iterate_over="prev"), node("b")], "a>each", "each.each>b")
    run = go(alice, flow)
    from runs.commands import settle
    from runs.kinds.executor import Done

    settle(claim(run, "a"), Done(["x" * 500, "y"]), now=NOW)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, value_bytes=100)
    ids = [work_id(task.key, task.claim) for task in Task.objects.filter(run=run, node="b").order_by("path")]
    begun = claim_all(ids, "w1", now=NOW)

    assert begun[0] is None
    assert task_of(run, "b", "0").error_code == "too_large"


def test_earlier_results_are_taken_over_a_part_at_a_time(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [node("each", "loop", iterate_over="range(30)"), node("a"), node("end", "output")]
    flow = make_flow(alice, nodes, "each.each>a", "each.out>end")
    first = Hands({"a": 1}).work(go(alice, flow))
    monkeypatch.setattr("runs.commands.following.INLINE_TASKS", 10)
    run = go(alice, flow, again=Again(first.pk))

    assert 0 < Task.objects.filter(run=run, reused=True).count() <= 10
    assert Task.objects.filter(run=run, node="a", state="queued").count() >= 20
    hands = Hands()
    run = hands.work(run)
    assert (run.state, hands.did, run.output) == ("done", [], first.output)
