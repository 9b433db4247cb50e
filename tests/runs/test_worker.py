"""A worker from start to end: what it says of itself, what it does with a task, and how it lets go."""

import json
import secrets
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest
from prometheus_client import REGISTRY
from pytest_django import Settings

from accounts.models import User
from accounts.principals import Person
from runs.commands import cancel_run, claim_all
from runs.errors import TaskFailure
from runs.kinds import Work
from runs.models import Attempt, Run, Task, Worker, WorkerEvent
from runs.secrets import put_secret
from runs.work import registry
from runs.work.locks import FOLDER
from tests.runs.hands import go, make_flow, node, task_of
from tests.runs.working import Bench, bench, data_dir, ended, fails_once, until, worker

__all__ = ["bench", "data_dir"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_dir")]


def started_now(person: User, flow: object) -> Run:
    return go(person, flow, now=None)  # type: ignore[arg-type]


def test_a_worker_performs_what_a_run_queues(alice: User, bench: Bench) -> None:
    bench.acts = {"look": lambda work: {"sky": "blue"}}
    flow = make_flow(alice, [node("look"), node("tell")], "look>tell")

    with worker() as made:
        run = ended(started_now(alice, flow))

        assert (run.state, bench.begun) == ("done", ["look", "tell"])
        assert Attempt.objects.get(task__run=run, task__node="look").worker == made.id
        assert json.loads(task_of(run, "tell").output or "") == {"sky": "blue"}


def test_what_was_queued_before_any_worker_is_performed_too(alice: User, bench: Bench) -> None:
    run = started_now(alice, make_flow(alice, [node("look")]))

    with worker():
        assert ended(run).state == "done"


@pytest.mark.parametrize("labels", [["any"], [secrets.token_hex(32) for _ in range(100)]], ids=["any", "long"])
def test_whatever_labels_a_step_has_it_waits_for_them_and_holds_up_nobody(
    alice: User, bob: User, bench: Bench, labels: list[str]
) -> None:
    picky = started_now(alice, make_flow(alice, [node("picky", runs_on=labels)]))
    plain = started_now(bob, make_flow(bob, [node("plain")]))

    with worker():
        assert ended(plain).state == "done"
        assert until(lambda: "no worker with" in task_of(picky, "picky").reason)
        assert bench.begun == ["plain"]

    with worker(*labels):
        assert ended(picky).state == "done"


@pytest.mark.sqlite
def test_a_worker_that_cannot_make_its_lock_is_told_and_tries_again(
    alice: User, bench: Bench, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = data_dir / FOLDER
    in_the_way.write_text("no folder")

    with worker() as made:
        assert until(lambda: "worker_not_started" in caplog.text)
        assert made.id is None
        in_the_way.unlink()

        assert ended(started_now(alice, make_flow(alice, [node("look")]))).state == "done"


def test_a_worker_whose_start_failed_starts_and_leaves_no_row(alice: User, bench: Bench) -> None:
    with fails_once("application_versions SET") as failed, worker() as made:
        assert ended(started_now(alice, make_flow(alice, [node("look")]))).state == "done"

        assert failed
        assert list(Worker.objects.values_list("pk", flat=True)) == [made.id]


def test_a_failure_is_the_tasks_and_not_the_workers(alice: User, bench: Bench) -> None:
    def fail(work: Work) -> None:
        raise TaskFailure("skill_error", "it is broken")

    def break_down(work: Work) -> None:
        raise RuntimeError("a defect with a story")

    bench.acts = {"fail": fail, "break": break_down}
    flow = make_flow(alice, [node("fail", on_error="go_on"), node("break", on_error="go_on"), node("look")])

    with worker():
        run = ended(started_now(alice, flow))

    assert run.state == "done_with_failures"
    assert (task_of(run, "fail").error_code, task_of(run, "fail").error_message) == ("skill_error", "it is broken")
    assert task_of(run, "break").error_code == "internal"
    assert "story" not in task_of(run, "break").error_message


def test_what_is_cancelled_ends_soon_and_is_no_error_of_the_engine(
    alice: User, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    ends: list[str] = []

    def wait(work: Work) -> object:
        work.on_cancel(lambda: ends.append("closed"))
        return bench.held_up(work)

    bench.acts = {"wait": wait}  # type: ignore[dict-item]
    with worker():
        run = started_now(alice, make_flow(alice, [node("wait"), node("after")], "wait>after"))
        assert bench.wait_for(lambda: bench.begun == ["wait"])

        cancel_run(Person(alice.pk), run.pk)

        assert until(lambda: ends == ["closed"], 1.5)
        assert ended(run).state == "cancelled"
        assert until(lambda: not Attempt.objects.filter(state="running").exists())
    assert bench.begun == ["wait"]
    assert [one.getMessage() for one in caplog.records if one.name == "dbos"] == []


def test_what_takes_too_long_has_timed_out(alice: User, bench: Bench) -> None:
    bench.acts = {"wait": bench.held_up}
    with worker():
        run = ended(started_now(alice, make_flow(alice, [node("wait", timeout_ms=600)])))

    assert (run.state, task_of(run, "wait").error_code) == ("failed", "timeout")


def test_checkpoints_and_progress_are_kept(alice: User, bench: Bench) -> None:
    def steps(work: Work) -> object:
        found, _value = work.checkpoints.get("half")
        assert not found
        work.progress(0.5)
        work.checkpoints.save("half", {"n": 1})
        assert work.checkpoints.get("half") == (True, {"n": 1})
        return bench.held_up(work)

    bench.acts = {"steps": steps}  # type: ignore[dict-item]
    with worker():
        run = started_now(alice, make_flow(alice, [node("steps")]))

        assert until(lambda: task_of(run, "steps").checkpoints.count() == 1)
        assert task_of(run, "steps").progress == 0.5
        bench.gate.set()
        ended(run)


def test_a_worker_is_on_the_roll_with_what_it_offers_and_holds(alice: User, bench: Bench) -> None:
    bench.acts = {"wait": bench.held_up}
    with worker("gpu", capacity=3) as made:
        run = started_now(alice, make_flow(alice, [node("wait", runs_on=["gpu"])]))
        assert bench.wait_for(lambda: bench.begun == ["wait"])

        row = Worker.objects.get()
        assert (row.pk, row.state, row.labels, row.capacity) == (made.id, "ready", '["gpu"]', 3)
        held = f"{task_of(run, 'wait').key}#{task_of(run, 'wait').claim}"
        assert until(lambda: Worker.objects.get().holds == json.dumps([held]))
        bench.gate.set()
        ended(run)

    assert Worker.objects.get().state == "gone"
    assert list(WorkerEvent.objects.order_by("id").values_list("kind", flat=True)) == [
        "started",
        "ready",
        "draining",
        "gone",
    ]


def test_a_worker_that_drains_waits_for_what_it_is_just_claiming(
    alice: User, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    claiming, go_on = Event(), Event()

    def claim_slowly(*given: object, **named: object) -> object:
        claiming.set()
        go_on.wait(20)
        return claim_all(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("runs.work.perform.claim_all", claim_slowly)
    with worker() as made:
        run = started_now(alice, make_flow(alice, [node("look")]))
        assert claiming.wait(20)
        registry.move(str(made.id), Worker.State.DRAINING, run.created_at)
        assert until(lambda: not made._current.may_begin(), 17)  # type: ignore[union-attr]

        assert not made.drained.wait(0.5)

        go_on.set()
        assert made.drained.wait(10)
    assert Worker.objects.get().state == "gone"
    assert (task_of(run, "look").state, bench.begun) == ("done", ["look"])


def test_a_worker_that_drains_lets_what_runs_end_and_begins_nothing(alice: User, bench: Bench) -> None:
    bench.acts = {"wait": bench.held_up}
    flow = make_flow(alice, [node("wait"), node("after")], "wait>after")
    with worker() as made:
        run = started_now(alice, flow)
        assert bench.wait_for(lambda: bench.begun == ["wait"])

        registry.move(str(made.id), Worker.State.DRAINING, run.created_at)
        assert until(lambda: not made._current.may_begin(), 17)  # type: ignore[union-attr]
        bench.gate.set()

        assert made.drained.wait(10)
    assert Worker.objects.get().state == "gone"
    assert (task_of(run, "wait").state, task_of(run, "after").state) == ("done", "queued")

    with worker():
        assert ended(run).state == "done"
    assert bench.begun == ["wait", "after"]


def test_what_does_not_end_in_time_is_put_back_and_no_try_counts(alice: User, bench: Bench) -> None:
    bench.acts = {"wait": bench.held_up}
    with worker() as made:
        run = started_now(alice, make_flow(alice, [node("wait")]))
        assert bench.wait_for(lambda: bench.begun == ["wait"])
        claim = task_of(run, "wait").claim
        made.stop(patience=0.2)

    task = task_of(run, "wait")
    assert (task.state, task.claim > claim, task.losses) == ("queued", True, 0)

    bench.gate.set()
    with worker():
        assert ended(run).state == "done"
    assert bench.begun == ["wait", "wait"]


def test_lock_files_are_not_left_behind(alice: User, bench: Bench, data_dir: Path) -> None:
    with worker():
        assert until(lambda: Worker.objects.filter(state="ready").exists())

    assert not list(data_dir.glob("workers/*"))


def test_no_more_tasks_than_a_worker_has_places(alice: User, bench: Bench, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, places_per_person=100)
    bench.acts = {f"n{number}": bench.held_up for number in range(6)}
    flow = make_flow(alice, [node(f"n{number}") for number in range(6)])
    with worker(capacity=2):
        run = started_now(alice, flow)
        assert bench.wait_for(lambda: len(bench.begun) == 2)
        assert not bench.wait_for(lambda: len(bench.begun) > 2, 0.5)
        assert Task.objects.filter(state="running").count() == 2

        bench.gate.set()

        assert ended(run).state == "done"


@pytest.mark.parametrize(("percent", "places"), [(50, 2), (75, 3), (99, 3)])
def test_one_persons_long_tasks_leave_a_place_for_another(
    alice: User, bob: User, bench: Bench, settings: Settings, percent: int, places: int
) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, places_per_person=percent)
    bench.acts = {f"n{number}": bench.held_up for number in range(6)}
    with worker(capacity=4):
        long = [started_now(alice, make_flow(alice, [node(f"n{number}")])) for number in range(6)]
        assert bench.wait_for(lambda: len(bench.begun) == places)
        assert not bench.wait_for(lambda: len(bench.begun) > places, 0.5)

        assert ended(started_now(bob, make_flow(bob, [node("look")]))).state == "done"

        assert len(bench.begun) == places + 1
        bench.gate.set()
        assert [ended(run).state for run in long] == ["done"] * 6


def test_secrets_are_masked_in_what_is_kept(alice: User, bench: Bench) -> None:
    def tell(work: Work) -> object:
        return {"header": f"Bearer {work.secret('KEY')}"}

    def fail(work: Work) -> object:
        raise TaskFailure("skill_error", work.mask(f"refused: {work.secret('KEY')}")[:14])

    bench.acts = {"tell": tell, "fail": fail}  # type: ignore[dict-item]
    flow = make_flow(alice, [node("tell"), node("fail", on_error="go_on")])
    put_secret(Person(alice.pk), flow.pk, "KEY", "swordfish")
    with worker():
        run = ended(started_now(alice, flow))

    assert json.loads(task_of(run, "tell").output or "") == {"header": "Bearer •••"}
    assert task_of(run, "fail").error_message == "refused: •••"


def test_what_a_worker_does_is_counted(alice: User, bench: Bench) -> None:
    before = REGISTRY.get_sample_value("helix_tasks_total", {"kind": "skill", "result": "done"}) or 0
    with worker():
        ended(started_now(alice, make_flow(alice, [node("look"), node("tell")], "look>tell")))

        assert until(lambda: REGISTRY.get_sample_value("helix_workers", {"state": "ready"}) == 1)
    assert REGISTRY.get_sample_value("helix_tasks_total", {"kind": "skill", "result": "done"}) == before + 2


def test_a_worker_whose_sandbox_failed_tries_one_task_after_a_while(
    alice: User, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.work.health.PROBE_SECONDS", 1.0)
    nodes = [node(f"s{number}", criticality="optional") for number in range(12)]
    begun: list[float] = []

    def broken(_work: Work) -> int:
        begun.append(time.monotonic())
        if len(begun) <= 10:
            raise TaskFailure("sandbox", "No sandbox.")
        return 1

    bench.acts = {f"s{number}": broken for number in range(12)}
    with worker(capacity=4):
        run = ended(started_now(alice, make_flow(alice, nodes)))

    assert (run.state, len(begun)) == ("done_with_failures", 12)
    pauses = [later - earlier >= 1.0 for earlier, later in pairwise(begun)]
    assert pauses[7:10] == [True] * 3  # of the first eight some were begun together; then one at a time


def test_one_persons_failing_sandbox_leaves_the_worker_to_others(alice: User, bob: User, bench: Bench) -> None:
    def broken(_work: Work) -> int:
        raise TaskFailure("sandbox", "No sandbox.")

    bench.acts = {f"s{number}": broken for number in range(40)}
    with worker(capacity=4):
        failing = started_now(bob, make_flow(bob, [node(f"s{number}", criticality="optional") for number in range(40)]))
        assert bench.wait_for(lambda: len(bench.begun) >= 5)

        for _ in range(3):
            assert ended(started_now(alice, make_flow(alice, [node("a"), node("b")], "a>b"))).state == "done"

        failing.refresh_from_db()
        assert failing.state == "running"
        assert len(bench.begun) <= 5 + 4 - 1 + 6  # bob's five in a row, those begun beside them, and alice's
