"""Runs come to the end that is right, whatever people, failures and workers do in between."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from accounts.principals import Person
from runs.commands import (
    answer,
    due,
    match_workers,
    retry_run,
    roll_back,
    save_checkpoint,
    settle,
)
from runs.errors import TaskFailure
from runs.kinds.executor import Done
from runs.models import Question
from tests.runs.hands import NOW, Hands, claim, go, make_flow, node, states, task_of
from web.deferred_translation import said

pytestmark = pytest.mark.django_db

GATE = {"question": "Send it?", "who": "editors"}
BROKEN = TaskFailure("skill_error", "It broke.")


def test_what_is_asked_and_taken_back_at_once_is_not_asked(alice: User, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, tasks_per_run=5)
    nodes = [node("ask", ask_first=GATE), node("each", "loop", iterate_over="range(99)"), node("in")]
    run = go(alice, make_flow(alice, nodes, "each.each>in"))

    assert (run.state, states(run)["ask"]) == ("failed", "ready")
    assert not Question.objects.filter(run=run).exists()


def test_a_halted_run_ends_when_the_last_task_at_work_is_rolled_back(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a"), node("b")]))
    failing, held = claim(run, "a"), claim(run, "b")
    save_checkpoint(held, "half", 1, now=NOW)
    settle(failing, BROKEN, now=NOW)
    roll_back(Person(alice.pk), run.pk, held.task, 1, now=NOW)

    run.refresh_from_db()
    assert (run.state, states(run)) == ("failed", {"a": "failed", "b": "ready"})


def test_a_run_ends_with_its_last_answer_although_a_failure_is_undecided(alice: User) -> None:
    nodes = [node("a"), node("c"), node("b"), node("q", ask_first=GATE)]
    run = go(alice, make_flow(alice, nodes, "a>c"))
    both = claim(run, "a"), claim(run, "b")
    for held in both:
        settle(held, BROKEN, now=NOW)
    retry_run(Person(alice.pk), run.pk, [both[1].task], now=NOW)
    assert Hands().work(run).state == "waiting"
    answer(Person(alice.pk), run.pk, task_of(run, "q").key, False, now=NOW)

    run.refresh_from_db()
    assert (run.state, states(run)) == ("failed", {"a": "failed", "b": "done", "c": "waiting", "q": "skipped"})


def test_a_run_that_waits_for_a_worker_goes_on_though_its_task_was_taken_back(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a", runs_on=["gpu"], criticality="critical")]))
    match_workers([frozenset()], now=NOW)
    with pytest.raises(AssertionError):  # the run is paused: nothing is begun
        claim(run, "a")
    assert states(run) == {"a": "ready"}

    match_workers([frozenset({"gpu"})], now=NOW)
    run.refresh_from_db()
    assert (run.state, states(run)) == ("running", {"a": "queued"})


def test_who_refused_is_asked_again_when_the_task_is_taken_up_again(alice: User) -> None:
    nodes = [node("x", criticality="optional"), node("y"), node("c", ask_first=GATE)]
    run = go(alice, make_flow(alice, nodes, "x>c", "y>c"))
    settle(claim(run, "x"), BROKEN, now=NOW)
    settle(claim(run, "y"), Done(1), now=NOW)
    answer(Person(alice.pk), run.pk, task_of(run, "c").key, False, now=NOW)
    assert states(run)["c"] == "skipped"
    retry_run(Person(alice.pk), run.pk, now=NOW)
    Hands().work(run)

    assert states(run)["c"] == "asking"


def test_a_run_that_was_cut_off_is_not_done_by_a_retry(alice: User, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, run_seconds=60)
    nodes = [node("a", criticality="optional"), node("b"), node("c")]
    run = go(alice, make_flow(alice, nodes, "b>c"))
    settle(claim(run, "a"), BROKEN, now=NOW)
    assert due(NOW + timedelta(seconds=60)) == 1
    retry_run(Person(alice.pk), run.pk, now=NOW + timedelta(seconds=61))
    run = Hands().work(run)

    assert states(run) == {"a": "done", "b": "cancelled", "c": "cancelled"}
    assert (run.state, said(run.reason)) == ("failed", "The run took longer than it may.")
