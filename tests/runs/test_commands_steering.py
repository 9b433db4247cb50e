"""People and runs: pausing, cancelling, answering, running again; time, workers, and what is forgotten."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from accounts.models import User
from accounts.principals import Person
from flows import rates
from flows.commands import Submission as FlowSubmission
from flows.commands import delete_flow, submit
from flows.errors import Forbidden, NotFound
from flows.models import Flow
from flows.submission import parse_operation
from runs.commands import (
    Again,
    answer,
    cancel_run,
    due,
    forget_old_runs,
    match_workers,
    not_wanted,
    pause_run,
    resume_run,
    retry_dead_letters,
    retry_run,
    roll_back,
    save_checkpoint,
    settle,
    start_run,
    unhanded,
)
from runs.commands.storage import EVENT_BYTES
from runs.errors import Answered, TaskFailure, WrongState
from runs.kinds.executor import Done
from runs.models import Attempt, Blob, FlowRunStorage, Plan, Question, Run, RunEvent, Task
from runs.values import load
from tests.runs.hands import NOW, Hands, claim, go, kinds, make_flow, node, states, task_of
from web.deferred_translation import said
from web.errors import Problem

pytestmark = pytest.mark.django_db

GATE = {"question": "Send it?", "who": "editors"}


def go_back(who: Person, run: UUID) -> object:
    return roll_back(who, run, Task.objects.get(run=run).key, 1)


def retry_letter(who: Person, run: UUID) -> object:
    return retry_dead_letters(who, [Task.objects.get(run=run).key])


def answer_yes(who: Person, run: UUID) -> object:
    return answer(who, run, Task.objects.get(run=run).key, True)


def start_same(who: Person, run: UUID) -> object:
    return start_run(who, Run.objects.get(pk=run).flow_id)


def test_a_pause_lets_what_runs_end_and_starts_nothing(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a"), node("b"), node("c")], "a>c"))
    held = claim(run, "a")
    pause_run(Person(alice.pk), run.pk, now=NOW)

    assert states(run) == {"a": "running", "b": "ready", "c": "waiting"}
    assert settle(held, Done(1), now=NOW)
    assert states(run) == {"a": "done", "b": "ready", "c": "ready"}
    assert not unhanded(NOW + timedelta(hours=1))
    resume_run(Person(alice.pk), run.pk, now=NOW)
    run = Hands().work(run)
    assert run.state == "done"
    told = list(
        RunEvent.objects.filter(run=run, kind__startswith="run_").order_by("seq").values_list("kind", flat=True)
    )
    assert told == ["run_created", "run_started", "run_paused", "run_resumed", "run_ended"]


def test_a_cancelled_run_ends_at_once_and_tells_who_is_at_it(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a"), node("b"), node("c")], "a>c"))
    held = claim(run, "a")
    cancel_run(Person(alice.pk), run.pk, now=NOW)

    run.refresh_from_db()
    assert (run.state, run.unfinished, set(states(run).values())) == ("cancelled", 0, {"cancelled"})
    assert not_wanted([held.id]) == {held.id}
    assert not settle(held, Done(1), now=NOW)
    assert Attempt.objects.get(task=held.task).state == "cancelled"
    assert kinds(run)[-1] == "run_ended"


@pytest.mark.parametrize(
    "command", [cancel_run, pause_run, resume_run, retry_run, go_back, retry_letter, answer_yes, start_same]
)
def test_each_is_an_operation_of_which_a_person_has_so_many(
    alice: User, settings: Settings, command: Callable[[Person, UUID], object]
) -> None:
    run = go(alice, make_flow(alice, [node("a", ask_first=GATE)]))
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, rest_operations_per_second=0.001, batch=3)
    rates.operations.forget()
    before = RunEvent.objects.count()
    for _ in range(3):
        rates.count_operations(alice.pk)

    with pytest.raises(Problem) as refused:
        command(Person(alice.pk), run.pk)

    assert refused.value.code == "rate_limited"
    assert RunEvent.objects.count() == before


@pytest.mark.parametrize("limit", ["run_storage_per_flow", "run_storage_per_person"])
@pytest.mark.parametrize("carry_on", [retry_run, resume_run, go_back, retry_letter])
def test_nothing_is_carried_on_where_no_more_may_be_kept(
    alice: User, settings: Settings, limit: str, carry_on: Callable[[Person, UUID], object]
) -> None:
    flow, who = make_flow(alice, [node("a", criticality="critical")]), Person(alice.pk)
    settle(claim(go(alice, flow), "a"), Done(1), now=NOW)  # of a run that has ended all is counted
    kept = FlowRunStorage.objects.get().storage
    run = go(alice, flow)
    claimed = claim(run, "a")
    save_checkpoint(claimed, "one", 1, now=NOW)
    settle(claimed, TaskFailure("failed", "No."), now=NOW)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **{limit: kept + EVENT_BYTES - 1})
    before = RunEvent.objects.count()

    with pytest.raises(Problem) as refused:
        carry_on(who, run.pk)

    assert (refused.value.code, RunEvent.objects.count()) == ("limit_reached", before)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **{limit: kept + EVENT_BYTES})
    carry_on(who, run.pk)
    assert Run.objects.get(pk=run.pk).state == "running"


def test_one_full_flow_keeps_dead_letters_of_all_from_being_tried_again(alice: User, settings: Settings) -> None:
    runs = [go(alice, make_flow(alice, [node("a")])) for _ in range(2)]
    for run, text in zip(runs, ("", "long " * 1_000), strict=True):
        settle(claim(run, "a"), TaskFailure("failed", text), now=NOW)
    large = Run.objects.get(pk=runs[1].pk).storage
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, run_storage_per_flow=large)

    with pytest.raises(Problem) as refused:
        retry_dead_letters(Person(alice.pk), [Task.objects.get(run=run).key for run in runs])

    assert refused.value.code == "limit_reached"
    assert not Run.objects.filter(state="running").exists()


@pytest.mark.parametrize("limit", ["open_runs", "open_runs_per_person"])
@pytest.mark.parametrize("carry_on", [retry_run, go_back, retry_letter])
def test_a_run_that_ended_goes_on_only_where_one_more_may_be_open(
    alice: User, settings: Settings, limit: str, carry_on: Callable[[Person, UUID], object]
) -> None:
    flow, who = make_flow(alice, [node("a")]), Person(alice.pk)
    run = go(alice, flow)
    claimed = claim(run, "a")
    save_checkpoint(claimed, "one", 1, now=NOW)
    settle(claimed, TaskFailure("failed", "No."), now=NOW)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **{limit: 1})
    other = go(alice, flow)

    with pytest.raises(Problem) as refused:
        carry_on(who, run.pk)

    assert (refused.value.code, Run.objects.get(pk=run.pk).state) == ("rate_limited", "failed")
    cancel_run(who, other.pk)
    carry_on(who, run.pk)
    assert Run.objects.get(pk=run.pk).state == "running"


def test_dead_letters_of_more_runs_than_may_be_open_are_tried_again_in_none(alice: User, settings: Settings) -> None:
    flow = make_flow(alice, [node("a")])
    for run in [go(alice, flow) for _ in range(2)]:
        settle(claim(run, "a"), TaskFailure("failed", "No."), now=NOW)
    letters = list(Task.objects.values_list("key", flat=True))
    for limit in ("open_runs", "open_runs_per_person"):
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, open_runs=2, open_runs_per_person=2)
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **{limit: 1})
        with pytest.raises(Problem) as refused:
            retry_dead_letters(Person(alice.pk), letters)
        assert refused.value.code == "rate_limited"
    assert not Run.objects.exclude(state="failed").exists()


def test_an_event_starts_a_run_whatever_its_person_has_done(alice: User, settings: Settings) -> None:
    flow = make_flow(alice, [node("a", "sensor", source="webhook")])
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, rest_operations_per_second=0.001, batch=1)
    rates.operations.forget()
    rates.count_operations(alice.pk)

    assert start_run(Person(alice.pk), flow.pk, sensor="a", trigger="webhook", input={}).is_new


def test_a_question_is_asked_before_the_task_runs_and_answered_once(alice: User, bob: User, vera: User) -> None:
    flow = make_flow(alice, [node("a", ask_first=GATE), node("b")], "a>b", editor=bob, viewer=vera)
    run = go(alice, flow)

    assert (run.state, states(run)) == ("waiting", {"a": "asking", "b": "waiting"})
    key = task_of(run, "a").key
    with pytest.raises(Forbidden):
        answer(Person(vera.pk), run.pk, key, True, now=NOW)
    with pytest.raises(Problem):
        answer(Person(bob.pk), run.pk, key, {"x": 1}, now=NOW)
    answer(Person(bob.pk), run.pk, key, True, now=NOW)
    with pytest.raises(Answered):
        answer(Person(alice.pk), run.pk, key, False, now=NOW)
    run = Hands().work(run)
    assert (run.state, states(run)) == ("done", {"a": "done", "b": "done"})
    assert Question.objects.get(run=run).answered_by == bob
    with pytest.raises(Answered):
        answer(Person(bob.pk), run.pk, key, True, now=NOW)


def test_a_refusal_leaves_the_task_and_what_follows_out(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a", ask_first=GATE), node("b"), node("c")], "a>b"))
    answer(Person(alice.pk), run.pk, task_of(run, "a").key, False, now=NOW)
    run = Hands().work(run)

    assert (run.state, states(run)) == ("done", {"a": "skipped", "b": "skipped", "c": "done"})


def test_a_form_is_filled_in_by_whom_it_names(alice: User, bob: User, vera: User, charlie: User) -> None:
    form = [{"name": "sum", "type": "number", "required": True}]
    asked = {"question": "How much?", "who": ["VERA@example.com"], "form": form}
    flow = make_flow(alice, [node("a", ask_first=asked)], editor=bob, viewer=vera)
    run = go(alice, flow)
    key = task_of(run, "a").key

    with pytest.raises(Forbidden):
        answer(Person(bob.pk), run.pk, key, {"sum": 1}, now=NOW)
    with pytest.raises(NotFound):
        answer(Person(charlie.pk), run.pk, key, {"sum": 1}, now=NOW)
    for wrong in ({}, {"sum": "x"}, True, [], None):
        with pytest.raises(Problem):
            answer(Person(vera.pk), run.pk, key, wrong, now=NOW)
    answer(Person(vera.pk), run.pk, key, {"sum": 7}, now=NOW)
    held = claim(run, "a")
    assert held.names["run"]["answer"] == {"sum": 7}  # type: ignore[index,call-overload]


def test_nobody_answers_in_time(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a", ask_first={**GATE, "timeout_ms": 60_000})]))

    assert due(NOW + timedelta(seconds=59)) == 0
    assert due(NOW + timedelta(seconds=60)) == 1
    run.refresh_from_db()
    assert (run.state, task_of(run, "a").error_code) == ("failed", "answer_timeout")
    assert not Question.objects.filter(run=run).exists()


def test_a_run_does_not_outlast_its_time(alice: User, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, run_seconds=60)
    run = go(alice, make_flow(alice, [node("a", timeout_ms=600_000)]))
    held = claim(run, "a")

    assert held.seconds == 60
    assert due(NOW + timedelta(seconds=59)) == 0
    assert due(NOW + timedelta(seconds=60)) == 1
    run.refresh_from_db()
    assert (run.state, states(run)) == ("failed", {"a": "cancelled"})
    assert due(NOW + timedelta(seconds=99)) == 0


def test_a_try_takes_no_longer_than_the_operator_allows(alice: User, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, task_seconds=60)
    steps = [node("day", timeout_ms=86_400_000), node("within", timeout_ms=60_000)]
    run = go(alice, make_flow(alice, [*steps, node("short", timeout_ms=59_000)]))

    for name, seconds in (("day", 60), ("within", 60), ("short", 59)):
        assert claim(run, name).seconds == seconds, name


@pytest.mark.parametrize("waits", ["paused", "asking", "both"])
def test_time_that_a_run_stands_still_is_not_its_own(alice: User, settings: Any, waits: str) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, run_seconds=60, runs_kept_days=1)
    later = lambda seconds: NOW + timedelta(seconds=seconds)  # noqa: E731
    steps = [node("a", ask_first=GATE) if waits != "paused" else node("a")]
    run, alice_ = go(alice, make_flow(alice, steps)), Person(alice.pk)
    if waits != "asking":
        pause_run(alice_, run.pk, now=later(0 if waits == "paused" else 100))
    assert due(later(1_000)) == 0
    if waits != "asking":
        resume_run(alice_, run.pk, now=later(1_000))
    if waits != "paused":
        assert due(later(2_000)) == 0
        answer(alice_, run.pk, task_of(run, "a").key, True, now=later(2_000))
    went_on = 1_000 if waits == "paused" else 2_000

    claim(run, "a", now=later(went_on + 10))
    assert due(later(went_on + 59)) == 0
    pause_run(alice_, run.pk, now=later(went_on + 30))
    resume_run(alice_, run.pk, now=later(went_on + 40))
    assert due(later(went_on + 69)) == 0
    assert due(later(went_on + 70)) == 1
    run.refresh_from_db()
    assert run.state == "failed"


def test_a_run_does_not_stand_still_for_ever(alice: User, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, run_seconds=60, runs_kept_days=1)
    run = go(alice, make_flow(alice, [node("a", ask_first=GATE)]))

    assert due(NOW + timedelta(days=1, seconds=59)) == 0
    assert due(NOW + timedelta(days=1, seconds=60)) == 1
    run.refresh_from_db()
    assert run.state == "failed"


def test_runs_of_a_deleted_flow_are_cancelled(alice: User) -> None:
    flow = make_flow(alice, [node("a")])
    run = go(alice, flow)
    delete_flow(Person(alice.pk), flow.pk)

    with pytest.raises(NotFound):
        cancel_run(Person(alice.pk), run.pk, now=NOW)
    assert due(NOW) == 1
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_a_task_without_a_worker_says_so_until_one_comes(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a", runs_on=["gpu", "big"]), node("b")]))
    match_workers([frozenset(), frozenset({"big"})], now=NOW)

    assert (said(task_of(run, "a").reason), task_of(run, "b").reason) == ("no worker with gpu", "")
    assert Run.objects.get(pk=run.pk).state == "running"
    seq = Run.objects.get(pk=run.pk).seq
    match_workers([frozenset({"big"})], now=NOW)
    assert Run.objects.get(pk=run.pk).seq == seq
    match_workers([frozenset({"gpu", "big"})], now=NOW)
    assert task_of(run, "a").reason == ""


def test_a_critical_task_without_a_worker_pauses_the_run_until_one_comes(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a", runs_on=["gpu"], criticality="critical"), node("b")]))
    match_workers([frozenset()], now=NOW)

    run.refresh_from_db()
    assert (run.state, said(run.reason), states(run)) == (
        "paused",
        "A: no worker with gpu",
        {"a": "queued", "b": "ready"},
    )
    match_workers([frozenset({"gpu"})], now=NOW)
    run.refresh_from_db()
    assert (run.state, run.reason, states(run)) == ("running", "", {"a": "queued", "b": "queued"})


def edit(person: User, flow: Flow, id: str, **settings: object) -> None:
    operation = parse_operation({"kind": "edit_node", "id": id, "set": {"settings": settings}})
    submit(flow.pk, [FlowSubmission(operation=operation, principal=Person(person.pk), via="api")])


def test_after_a_mended_step_the_ones_before_are_taken_not_made(alice: User) -> None:
    nodes = [node(f"s{index}", code=f"# {index}\ndef run(**given):\n    return 1") for index in range(10)]
    flow = make_flow(alice, nodes, *(f"s{index}>s{index + 1}" for index in range(9)))

    def broken(_claimed: object) -> None:
        raise TaskFailure("skill_error", "It broke.")

    acts: dict[str, Any] = {f"s{index}": index for index in range(10)}
    first = Hands({**acts, "s6": broken}).work(go(alice, flow))
    assert first.state == "failed"
    edit(alice, flow, "s6", code="def run(**given):\n    return 6")

    hands = Hands(acts)
    second = hands.work(go(alice, flow, again=Again(first.pk, "s6")))
    assert (second.state, second.version, hands.did) == ("done", 2, ["s6", "s7", "s8", "s9"])
    assert [task.reused for task in Task.objects.filter(run=second).order_by("node")] == [True] * 6 + [False] * 4
    reused = RunEvent.objects.filter(run=second, node="s0", kind="task_done").get()
    assert json.loads(reused.data)["reused"] is True
    third = Hands(acts)
    assert third.work(go(alice, flow, version=1, again=Again(first.pk, "s6", reuse=False))).state == "done"
    assert len(third.did) == 10
    plain = Hands(acts)
    assert plain.work(go(alice, flow)).state == "done"
    assert len(plain.did) == 10


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_result_that_is_just_being_forgotten_is_made_anew(is_gone: bool, alice: User) -> None:
    flow = make_flow(alice, [node("long"), node("short")], "long>short")
    acts: dict[str, Any] = {"long": "x" * 20_000, "short": 1}
    first = Hands(acts).work(go(alice, flow))
    if is_gone:
        Blob.objects.filter(run=first).delete()

    hands = Hands(acts)
    second = hands.work(go(alice, flow, again=Again(first.pk, "short")))
    assert (second.state, hands.did) == ("done", ["long", "short"] if is_gone else ["short"])
    assert load(second.pk, task_of(second, "long").output) == "x" * 20_000


def test_another_input_reuses_nothing_that_depends_on_it(alice: User) -> None:
    flow = make_flow(
        alice, [node("a", "api", url="https://x.example/{{ input.city }}"), node("b", "api", url="https://x.example/")]
    )
    first = Hands({"a": 1, "b": 2}).work(go(alice, flow, input={"city": "Rome"}))
    hands = Hands()
    second = hands.work(go(alice, flow, input={"city": "Oslo"}, again=Again(first.pk)))

    assert (second.state, hands.did) == ("done", ["a"])
    assert task_of(second, "b").output == "2"


def test_an_agent_without_a_prompt_depends_on_the_input_too(alice: User) -> None:
    flow = make_flow(
        alice,
        [node("a"), node("told", "agent", system_prompt="Sum up."), node("asked", "agent", prompt="{{ prev }}")],
        "a>told",
        "a>asked",
    )
    acts: dict[str, Any] = {"a": 1, "told": "x", "asked": "y"}
    first = Hands(acts).work(go(alice, flow, input={"city": "Rome"}))
    hands = Hands(acts)
    second = hands.work(go(alice, flow, input={"city": "Oslo"}, again=Again(first.pk)))

    assert (second.state, hands.did) == ("done", ["told"])


def test_long_values_are_copied_into_the_run_that_reuses_them(alice: User) -> None:
    flow = make_flow(alice, [node("a"), node("b")], "a>b")
    first = Hands({"a": "x" * 50_000, "b": lambda claimed: len(claimed.prev)}).work(go(alice, flow))
    second = go(alice, flow, again=Again(first.pk, "b"))
    Run.objects.filter(pk=first.pk).update(ended_at=NOW - timedelta(days=99))
    forget_old_runs(NOW)

    assert not Run.objects.filter(pk=first.pk).exists()
    second = Hands({"b": lambda claimed: len(claimed.prev)}).work(second)
    assert (second.state, task_of(second, "b").output) == ("done", "50000")


def test_a_run_is_forgotten_with_all_that_belongs_to_it_and_no_sooner(alice: User) -> None:
    flow = make_flow(alice, [node("a")])
    run, other = (Hands({"a": "x" * 50_000}).work(go(alice, flow)) for _ in range(2))
    Run.objects.filter(pk=run.pk).update(ended_at=NOW - timedelta(days=30, seconds=1))
    Run.objects.filter(pk=other.pk).update(ended_at=NOW - timedelta(days=30))

    assert forget_old_runs(NOW) == 1
    for model in (RunEvent, Task, Blob):
        assert not model.objects.filter(run=run).exists()  # type: ignore[attr-defined]
        assert model.objects.filter(run=other).exists()  # type: ignore[attr-defined]
    assert not any(key.startswith(run.pk.hex) for key in Attempt.objects.values_list("task_id", flat=True))
    assert forget_old_runs(NOW) == 0


def test_nobody_changes_or_deletes_an_event(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a")]))
    for change in (
        lambda: RunEvent.objects.filter(run=run).update(kind="other"),
        lambda: RunEvent.objects.filter(run=run).delete(),
        run.delete,
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert connection.vendor in ("sqlite", "postgresql")
    assert RunEvent.objects.filter(run=run).count() == run.seq


def test_a_version_is_compiled_and_kept_once(alice: User) -> None:
    flow = make_flow(alice, [node("a")])
    runs = [go(alice, flow) for _ in range(3)]

    assert len({run.plan_id for run in runs}) == 1
    assert Plan.objects.filter(flow=flow).count() == 1


def test_a_loop_makes_no_more_tasks_than_a_run_may_have(alice: User, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, tasks_per_run=11)
    flow = make_flow(alice, [node("each", "loop", iterate_over="range(input.count)"), node("a")], "each.each>a")

    fits = Hands().work(go(alice, flow, input={"count": 10}))
    over = go(alice, flow, input={"count": 11})
    assert (fits.state, fits.made) == ("done", 11)
    assert (over.state, task_of(over, "each").error_code, over.made) == ("failed", "limit_reached", 1)


def test_what_was_not_handed_is_found(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a", runs_on=["gpu", "big"])]))

    assert unhanded(NOW) == []
    (work,) = unhanded(NOW + timedelta(seconds=2))
    assert (work.id, work.queue, work.priority) == (f"{task_of(run, 'a').key}#1", "big,gpu", 1)


def test_a_paused_run_is_not_resumed_twice(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a")]))
    pause_run(Person(alice.pk), run.pk, now=NOW)
    resume_run(Person(alice.pk), run.pk, now=NOW)

    with pytest.raises(WrongState):
        resume_run(Person(alice.pk), run.pk, now=NOW)
