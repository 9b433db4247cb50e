"""What a failure does: tried again, gone on from, halting a run; dead letters, and late results."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.principals import Person
from flows.errors import Forbidden, NotFound
from flows.models import Flow
from runs.commands import (
    claim_task,
    due,
    lose,
    not_wanted,
    release,
    report_progress,
    resume_run,
    retry_run,
    roll_back,
    save_checkpoint,
    settle,
)
from runs.errors import Fenced, TaskFailure, WrongState
from runs.kinds.executor import Done
from runs.models import Attempt, Checkpoint, Run, RunEvent, Task
from tests.runs.hands import NOW, Hands, claim, go, kinds, make_flow, node, states, task_of
from web.deferred_translation import said

pytestmark = pytest.mark.django_db

BROKEN = TaskFailure("skill_error", "It broke.")
BUSY = TaskFailure("http_status", "429", is_retryable=True)


def line(alice: User, *nodes: dict[str, object], **members: User) -> Flow:
    """Make a flow of nodes one after another, with an output at the end."""
    every = [*nodes, node("end", "output")]
    ends = [f"{one['id']}>{other['id']}" for one, other in pairwise(every)]
    return make_flow(alice, every, *ends, **members)


def give(failure: TaskFailure) -> object:
    def act(_claimed: object) -> None:
        raise failure

    return act


def test_a_failure_ends_the_run_and_leaves_what_follows_undone(alice: User) -> None:
    run = Hands({"a": give(BROKEN)}).work(go(alice, line(alice, node("a"), node("b"))))

    assert (run.state, said(run.reason)) == ("failed", "“A” failed.")
    assert states(run) == {"a": "failed", "b": "waiting", "end": "waiting"}
    task = task_of(run, "a")
    assert (task.error_code, task.error_message, task.is_dead_letter) == ("skill_error", "It broke.", True)
    failed = RunEvent.objects.get(run=run, kind="task_failed")
    assert json.loads(failed.data) == {
        "state": "failed",
        "attempt": 1,
        "error": {"code": "skill_error", "message": "It broke."},
    }
    assert run.progress < 1


def test_what_a_failed_try_used_is_kept_with_it(alice: User) -> None:
    run = go(alice, line(alice, node("a")))
    settle(claim(run, "a"), TaskFailure("invalid_output", "No.", usage={"input_tokens": 7}), now=NOW)

    assert json.loads(task_of(run, "a").usage) == json.loads(Attempt.objects.get(task__run=run).usage)
    assert json.loads(task_of(run, "a").usage) == {"input_tokens": 7}


def test_what_runs_beside_a_failure_ends_and_nothing_else_starts(alice: User) -> None:
    flow = make_flow(alice, [node("a"), node("b"), node("c"), node("d")], "b>c")
    run = go(alice, flow)
    held, other = claim(run, "b"), claim(run, "a")

    assert settle(other, BROKEN, now=NOW)
    run.refresh_from_db()
    assert (run.state, run.halt) == ("running", "fail")
    assert states(run) == {"a": "failed", "b": "running", "c": "waiting", "d": "ready"}
    assert settle(held, Done(1), now=NOW)
    run.refresh_from_db()
    assert run.state == "failed"
    assert states(run) == {"a": "failed", "b": "done", "c": "ready", "d": "ready"}


def test_a_dead_letter_is_tried_again_in_the_same_run(alice: User) -> None:
    run = Hands({"a": give(BROKEN)}).work(go(alice, line(alice, node("a"), node("b"))))

    with pytest.raises(WrongState):
        retry_run(Person(alice.pk), run.pk, [task_of(run, "b").key], now=NOW)
    with pytest.raises(NotFound):
        retry_run(Person(alice.pk), run.pk, ["nothing"], now=NOW)
    retry_run(Person(alice.pk), run.pk, now=NOW)
    hands = Hands({"a": 1, "b": 2})
    run = hands.work(run)
    assert (run.state, run.output, hands.did) == ("done", "2", ["a", "b"])
    assert task_of(run, "a").attempt == 2
    assert [one.state for one in Attempt.objects.filter(task=task_of(run, "a")).order_by("number")] == [
        "failed",
        "done",
    ]
    assert "task_retried" in kinds(run)
    with pytest.raises(WrongState):
        retry_run(Person(alice.pk), run.pk, now=NOW)


def test_of_two_dead_letters_one_can_be_tried_alone(alice: User) -> None:
    flow = make_flow(alice, [node("a"), node("b"), node("end", "output")], "a>end", "b>end")
    run = go(alice, flow)
    first, second = claim(run, "a"), claim(run, "b")
    settle(first, BROKEN, now=NOW)
    settle(second, BROKEN, now=NOW)

    retry_run(Person(alice.pk), run.pk, [first.task], now=NOW)
    run = Hands().work(run)
    assert (run.state, states(run)) == ("failed", {"a": "done", "b": "failed", "end": "waiting"})
    retry_run(Person(alice.pk), run.pk, now=NOW)
    run = Hands().work(run)
    assert (run.state, states(run)) == ("done", {"a": "done", "b": "done", "end": "done"})


def test_a_retryable_failure_waits_and_is_tried_again(alice: User) -> None:
    run = go(alice, line(alice, node("a", retries=2)))
    hands = Hands({"a": give(BUSY)})

    hands.work(run)
    task = task_of(run, "a")
    assert (task.state, task.tries) == ("backing_off", 1)
    assert task.due_at is not None
    assert timedelta(0) <= task.due_at - NOW <= timedelta(seconds=1)
    hands.later(1)
    assert due(hands.now) == 1
    hands.work(run)
    assert NOW < (task_of(run, "a").due_at or NOW) <= hands.now + timedelta(seconds=2)
    hands.later(2)
    due(hands.now)
    run = hands.work(run)
    assert (run.state, task_of(run, "a").attempt) == ("failed", 3)
    assert kinds(run).count("task_backing_off") == 2


def test_a_pause_that_the_other_side_named_is_kept(alice: User) -> None:
    run = go(alice, line(alice, node("a", retries=1)))

    settle(claim(run, "a"), TaskFailure("rate_limited", "", is_retryable=True, retry_after=40), now=NOW)
    assert task_of(run, "a").due_at == NOW + timedelta(seconds=40)
    assert due(NOW + timedelta(seconds=39)) == 0
    assert due(NOW + timedelta(seconds=40)) == 1


def test_what_is_not_retryable_is_not_tried_again_unless_the_step_says_so(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a", retries=2), node("b", on_error="retry", retries=1)]))
    settle(claim(run, "b"), BROKEN, now=NOW)
    assert states(run)["b"] == "backing_off"
    settle(claim(run, "a"), BROKEN, now=NOW)

    assert states(run) == {"a": "failed", "b": "ready"}


def test_going_on_carries_null_and_ends_with_failures(alice: User) -> None:
    flow = line(alice, node("a", on_error="go_on"), node("b"))
    seen: list[object] = []
    run = Hands({"a": give(BROKEN), "b": lambda claimed: seen.append(claimed.prev)}).work(go(alice, flow))

    assert (run.state, seen) == ("done_with_failures", [None])
    assert (task_of(run, "a").state, task_of(run, "a").is_dead_letter) == ("failed", False)


def test_null_makes_the_task_done_and_keeps_its_error(alice: User) -> None:
    run = Hands({"a": give(BROKEN)}).work(go(alice, line(alice, node("a", on_error="null"))))
    task = task_of(run, "a")

    assert (run.state, run.output, task.state, task.error_code) == ("done", "null", "done", "skill_error")


def test_an_optional_failure_skips_what_follows(alice: User) -> None:
    flow = make_flow(alice, [node("a", criticality="optional"), node("b"), node("c")], "a>b")
    run = Hands({"a": give(BROKEN)}).work(go(alice, flow))

    assert (run.state, states(run)) == ("done_with_failures", {"a": "failed", "b": "skipped", "c": "done"})
    assert run.progress == 1


def test_a_critical_failure_pauses_and_resuming_tries_it_again(alice: User) -> None:
    flow = make_flow(alice, [node("a", criticality="critical"), node("b"), node("c")], "a>b")
    run = Hands({"a": give(BROKEN)}).work(go(alice, flow))

    assert (run.state, said(run.reason)) == ("paused", "“A” failed.")
    assert states(run) == {"a": "failed", "b": "waiting", "c": "ready"}
    resume_run(Person(alice.pk), run.pk, now=NOW)
    run = Hands().work(run)
    assert (run.state, states(run)) == ("done", {"a": "done", "b": "done", "c": "done"})


def test_a_loop_that_goes_on_has_null_for_what_failed(alice: User) -> None:
    flow = make_flow(
        alice,
        [node("each", "loop", iterate_over="[1, 2, 3]", on_error="continue"), node("a"), node("end", "output")],
        "each.each>a",
        "each.out>end",
    )

    def odd(claimed: object) -> int:
        if claimed.prev == 2:  # type: ignore[attr-defined]
            raise BROKEN
        return int(claimed.prev)  # type: ignore[attr-defined]

    run = Hands({"a": odd}).work(go(alice, flow))
    assert (run.state, json.loads(run.output or "")) == ("done_with_failures", [1, None, 3])


def test_a_late_result_is_fenced_and_changes_nothing(alice: User) -> None:
    run = go(alice, line(alice, node("a")))
    zombie = claim(run, "a", worker="w1")
    assert lose(zombie.id, now=NOW)
    assert not lose(zombie.id, now=NOW)
    taker = claim(run, "a", worker="w2")

    assert not_wanted([zombie.id, taker.id]) == {zombie.id}
    with pytest.raises(Fenced):
        save_checkpoint(zombie, "page", 1, now=NOW)
    report_progress(zombie, 0.5, now=NOW)
    assert not settle(zombie, Done("late"), now=NOW)
    assert settle(taker, Done("first"), now=NOW)
    assert not settle(taker, Done("again"), now=NOW)
    run.refresh_from_db()
    assert (run.state, run.output) == ("done", '"first"')
    attempts = Attempt.objects.filter(task=zombie.task).order_by("number").values_list("worker", "state")
    assert list(attempts) == [("w1", "fenced"), ("w2", "done")]
    assert kinds(run).count("task_fenced") == 1
    assert kinds(run).count("task_lost") == 1


def test_a_claim_counts_once_and_the_same_worker_may_ask_again(alice: User) -> None:
    run = go(alice, line(alice, node("a")))
    held = claim(run, "a", worker="w1")

    assert claim_task(held.id, "w2", now=NOW) is None
    again = claim_task(held.id, "w1", now=NOW)
    assert again is not None
    assert again.attempt == 1
    for nothing in ("", "x", f"{held.task}#x", f"{held.task}#99", "0" * 32 + ".a.#1"):
        assert claim_task(nothing, "w1", now=NOW) is None


def test_the_third_loss_makes_a_dead_letter(alice: User) -> None:
    run = go(alice, line(alice, node("a")))
    for _ in range(2):
        assert lose(claim(run, "a").id, now=NOW)
        assert task_of(run, "a").state == "queued"
    assert lose(claim(run, "a").id, now=NOW)

    task = task_of(run, "a")
    assert (task.state, task.error_code, task.is_dead_letter) == ("failed", "lost", True)
    assert Run.objects.get(pk=run.pk).state == "failed"


def test_losses_count_only_in_a_row(alice: User) -> None:
    run = go(alice, line(alice, node("a", retries=2)))
    for _ in range(2):
        assert lose(claim(run, "a").id, now=NOW)
    settle(claim(run, "a"), BUSY, now=NOW)
    assert due(NOW + timedelta(seconds=2)) == 1

    for _ in range(2):
        assert lose(claim(run, "a").id, now=NOW)
        assert task_of(run, "a").state == "queued"


def test_what_a_draining_worker_gives_back_costs_no_try(alice: User) -> None:
    run = go(alice, line(alice, node("a")))
    held = claim(run, "a")

    assert release(held.id, now=NOW)
    assert not release(held.id, now=NOW)
    task = task_of(run, "a")
    assert (task.state, task.tries, task.losses, task.claim) == ("queued", 0, 0, held.claim + 2)
    assert Hands().work(run).state == "done"


def test_checkpoints_are_kept_named_and_rolled_back_to(alice: User, vera: User) -> None:
    run = go(alice, line(alice, node("a"), viewer=vera))
    held = claim(run, "a")
    save_checkpoint(held, "one", {"page": 1}, now=NOW)
    save_checkpoint(held, "two", "x" * 20_000, now=NOW)
    save_checkpoint(held, "one", {"page": 2}, now=NOW)
    saved = Checkpoint.objects.filter(task=held.task).order_by("number")
    assert list(saved.values_list("number", "name")) == [(1, "one"), (2, "two")]
    settle(held, BROKEN, now=NOW)

    with pytest.raises(NotFound):
        roll_back(Person(alice.pk), run.pk, held.task, 7, now=NOW)
    with pytest.raises(Forbidden):
        roll_back(Person(vera.pk), run.pk, held.task, 1, now=NOW)
    roll_back(Person(alice.pk), run.pk, held.task, 1, now=NOW)
    again = claim(run, "a")
    assert again.checkpoints == {"one": {"page": 2}}
    save_checkpoint(again, "two", 5, now=NOW)
    roll_back(Person(alice.pk), run.pk, held.task, 2, now=NOW)
    assert not_wanted([again.id]) == {again.id}
    assert claim(run, "a").checkpoints == {"one": {"page": 2}, "two": 5}
    assert kinds(run).count("checkpoint") == 4


def test_a_finished_task_cannot_be_rolled_back(alice: User) -> None:
    run = go(alice, line(alice, node("a"), node("b")))
    held = claim(run, "a")
    save_checkpoint(held, "one", 1, now=NOW)
    settle(held, Done(1), now=NOW)

    with pytest.raises(WrongState):
        roll_back(Person(alice.pk), run.pk, held.task, 1, now=NOW)


def test_progress_never_falls(alice: User) -> None:
    run = go(alice, line(alice, node("a")))
    held = claim(run, "a")
    for reached in (0.5, 0.2, 7.0, -1.0):
        report_progress(held, reached, now=NOW)

    assert Task.objects.get(pk=held.task).progress == 0.99
    assert kinds(run).count("task_progress") == 2


def test_a_value_that_is_none_or_too_long_is_a_failure(alice: User, settings: object) -> None:
    from dataclasses import replace

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, value_bytes=100)  # type: ignore[attr-defined]
    flow = make_flow(alice, [node("a"), node("b"), node("c"), node("d")])
    run = go(alice, flow)
    held = {id: claim(run, id) for id in "abcd"}
    settle(held["a"], Done("x" * 98), now=NOW)
    settle(held["b"], Done("x" * 99), now=NOW)
    settle(held["c"], Done(float("nan")), now=NOW)
    settle(held["d"], Done(object()), now=NOW)  # type: ignore[arg-type]

    codes = {task.node: task.error_code for task in Task.objects.filter(run=run)}
    assert codes == {"a": "", "b": "too_large", "c": "invalid_output", "d": "invalid_output"}


@pytest.mark.parametrize("value", ["\0", "\ud800", {"\udfff": ["\0"]}, "é" * 20_000, {"$blob": "0" * 64, "bytes": 3}])
def test_any_json_is_kept_and_read_back(alice: User, value: object) -> None:
    run = go(alice, line(alice, node("a"), node("b")))
    settle(claim(run, "a"), Done(value), now=NOW)  # type: ignore[arg-type]

    assert claim(run, "b").prev == value


def test_an_optional_failure_tried_again_takes_up_what_was_skipped_for_it(alice: User) -> None:
    flow = make_flow(alice, [node("a", criticality="optional"), node("b"), node("end", "output")], "a>b", "b>end")
    run = Hands({"a": give(BROKEN)}).work(go(alice, flow))
    assert (run.state, states(run)["end"], run.output) == ("done_with_failures", "skipped", None)

    retry_run(Person(alice.pk), run.pk, now=NOW)
    run = Hands({"a": 1}).work(run)
    assert (run.state, states(run), run.output) == ("done", {"a": "done", "b": "done", "end": "done"}, "1")
    assert (run.unfinished, json.loads(run.counts)) == (0, {"done": 3})
    retried = RunEvent.objects.filter(run=run, kind="task_retried").order_by("seq")
    told = [(one.node, json.loads(one.data)["state"]) for one in retried]
    assert told == [("a", "ready"), ("b", "waiting"), ("end", "waiting")]


def test_a_failed_iteration_is_tried_again_in_its_loop(alice: User) -> None:
    nodes = [node("each", "loop", iterate_over="[1, 2]", criticality="optional"), node("a"), node("end", "output")]
    flow = make_flow(alice, nodes, "each.each>a", "each.out>end")
    run = Hands({"a": give(BROKEN)}).work(go(alice, flow))
    assert (run.state, states(run)["each"], states(run)["end"]) == ("done_with_failures", "failed", "skipped")

    retry_run(Person(alice.pk), run.pk, now=NOW)
    run = Hands({"a": lambda claimed: claimed.prev}).work(run)
    assert (run.state, states(run)["each"], run.output) == ("done", "done", "[1,2]")


def test_a_loop_that_goes_round_too_often_fails_and_can_be_told(alice: User) -> None:
    nodes = [
        node("again", "loop", type="until", break_condition="false", max_iterations=3, criticality="critical"),
        node("a"),
    ]
    run = Hands({"a": 1}).work(go(alice, make_flow(alice, nodes, "again.each>a")))

    assert (run.state, task_of(run, "again").error_code) == ("paused", "too_many_iterations")
    resume_run(Person(alice.pk), run.pk, now=NOW)
    run.refresh_from_db()
    assert (run.state, run.made, task_of(run, "again").attempt) == ("paused", 4, 2)


@pytest.mark.parametrize("criticality", ["critical", "normal", "optional"])
@pytest.mark.parametrize("loop", [{"iterate_over": "[1, 2]"}, {"type": "until", "break_condition": "index >= 1"}])
def test_a_loop_whose_results_had_no_room_is_asked_for_them_again(
    alice: User, settings: Settings, criticality: str, loop: dict[str, object]
) -> None:
    nodes = [node("each", "loop", criticality=criticality, **loop), node("a"), node("end", "output")]
    run = go(alice, make_flow(alice, nodes, "each.each>a", "each.out>end"))
    before = settings.HELIX_LIMITS
    settings.HELIX_LIMITS = replace(before, value_bytes=1_500)
    run = Hands({"a": "x" * 1_000}).work(run)
    each = task_of(run, "each")
    assert (each.state, each.error_code, each.is_dead_letter) == ("failed", "too_large", True)

    settings.HELIX_LIMITS = before
    (resume_run if criticality == "critical" else retry_run)(Person(alice.pk), run.pk, now=NOW)
    run.refresh_from_db()
    each = task_of(run, "each")
    assert (run.state, run.unfinished, json.loads(run.counts)) == ("done", 0, {"done": 4})
    assert (each.state, each.attempt, each.error_code, len(json.loads(run.output or ""))) == ("done", 2, "", 2)
    assert list(Attempt.objects.filter(task=each).order_by("number").values_list("state", flat=True)) == [
        "failed",
        "done",
    ]


def test_whatever_a_failure_says_can_be_kept(alice: User) -> None:
    run = go(alice, line(alice, node("a")))
    held = claim(run, "a")
    with pytest.raises(TaskFailure):
        save_checkpoint(held, "a\0b", 1, now=NOW)
    settle(held, TaskFailure("x" * 50, "a\0b\ud800" + "é" * 5_000), now=NOW)

    task = task_of(run, "a")
    assert (task.error_code, task.error_message[:4], len(task.error_message)) == ("x" * 32, "a�b�", 2_000)
    told = json.loads(RunEvent.objects.get(run=run, kind="task_failed").data)
    assert told["error"]["message"] == task.error_message


def test_a_task_has_so_many_checkpoints_and_no_more(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.commands.claiming.MOST_CHECKPOINTS", 2)
    held = claim(go(alice, line(alice, node("a"))), "a")
    for name in ("one", "two", "one"):
        save_checkpoint(held, name, 1, now=NOW)
    with pytest.raises(TaskFailure):
        save_checkpoint(held, "three", 1, now=NOW)
