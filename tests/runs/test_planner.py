"""What follows from each end of a task, rule by rule; `test_planner_laws.py` holds them for any flow."""

import pytest

from runs.plan import FAILED, SKIPPED, Moves, begin
from tests.runs.leading import Run, chosen, decided, fan, top
from tests.runs.test_plan_compile import looped, plan_of
from tests.validation.graphs import chain, edge, node

# What may not be asked.


def test_a_task_that_is_not_ready_does_not_end() -> None:
    run = Run(plan_of(*chain(node("1"))))
    with pytest.raises(ValueError, match="waiting"):
        run.end("1")
    run.end("0")
    with pytest.raises(ValueError, match="done"):
        run.end("0")


def test_a_loop_is_opened_once_and_turned_only_when_it_asked() -> None:
    run = Run(looped(type="while", iterate_over="true", break_condition="false"))
    run.end("0")
    with pytest.raises(ValueError, match="has not asked"):
        run.turn("1", goes_on=True)
    run.open("1", total=None)
    with pytest.raises(ValueError, match="ready"):
        run.open("1", total=None)
    with pytest.raises(ValueError, match="has not asked"):
        run.turn("1", goes_on=True)


def test_only_what_failed_is_taken_up() -> None:
    run = Run(plan_of(*chain(node("1"))))
    with pytest.raises(ValueError, match="ready"):
        run.retry("0")


# One after another.


def test_a_chain_goes_on_step_by_step() -> None:
    run = Run(plan_of(*chain(node("1"), node("2"))))

    assert run.moves.ready == top("0")
    assert (run.end("0"), run.end("1"), run.end("2"), run.end("z")) == (top("1"), top("2"), top("z"), ())


def test_a_flow_without_steps_has_nothing_to_do() -> None:
    assert begin(plan_of([node("1", "note")], [])) == Moves()


def test_of_several_sensors_the_one_that_noticed_starts_the_run() -> None:
    nodes = [node("1", "sensor"), node("2", "sensor"), node("3"), node("4"), node("z", "output")]
    plan = plan_of(nodes, [edge("1", "3"), edge("2", "4"), edge("3", "z"), edge("4", "z")])

    by_hand, noticed = Run(plan), Run(plan, sensor="2")
    assert by_hand.moves.ready == top("1", "2")
    assert noticed.moves.ready == top("2")
    assert noticed.moves.skipped == top("1", "3")


def test_a_disabled_step_is_skipped_with_all_that_follows_it_alone() -> None:
    nodes, edges = chain(node("1") | {"enabled": False}, node("2"))
    run = Run(plan_of([*nodes, node("3")], [*edges, edge("0", "3"), edge("3", "z")]))

    assert set(run.moves.skipped) == set(top("1", "2"))
    assert run.end("0") == top("3")
    assert run.end("3") == top("z")


# Joins.


def test_arrived_waits_for_all_and_needs_one_that_carries() -> None:
    run = fan()
    assert run.end("1", end=SKIPPED) == ()
    assert run.end("2", end=SKIPPED) == ()
    assert run.end("3") == top("4")

    run = fan()
    for side in "123":
        run.end(side, end=SKIPPED)
    assert run.moves.skipped == top("3", "4", "z")


def test_every_needs_all_and_is_skipped_as_soon_as_one_carries_nothing() -> None:
    run = fan("every")
    assert (run.end("1"), run.end("2"), run.end("3")) == ((), (), top("4"))

    run = fan("every")
    run.end("1", end=SKIPPED)
    assert run.moves.skipped == top("1", "4", "z")
    assert (run.end("2"), run.end("3")) == ((), ())


def test_any_starts_with_the_first_and_once() -> None:
    run = fan("any")
    assert run.end("2", end=SKIPPED) == ()
    assert (run.end("1"), run.end("3")) == (top("4"), ())


def test_two_of_three() -> None:
    run = fan(2)
    assert (run.end("3"), run.end("1"), run.end("2")) == ((), top("4"), ())

    run = fan(2)
    run.end("1", end=SKIPPED)
    run.end("2", end=SKIPPED)
    assert run.moves.skipped == top("2", "4", "z")


def test_a_decision_goes_on_by_its_branch_and_a_join_behind_it_is_not_skipped() -> None:
    run = decided()
    assert chosen(run, "a") == top("2")
    assert run.moves.skipped == top("3")
    assert run.end("2") == top("4")

    run = decided("every")
    assert chosen(run, "a") == top("2")
    assert run.moves.skipped == top("3", "4", "z")


def test_a_branch_that_no_edge_hangs_on_leads_nowhere() -> None:
    run = decided()
    assert chosen(run, "default") == ()
    assert run.moves.skipped == top("2", "3", "4", "z")


# Failures.


def test_a_failure_fails_the_run_and_what_follows_waits() -> None:
    run = fan()
    assert run.end("1", end=FAILED) == ()
    assert (run.moves.halt, run.moves.ended, run.moves.skipped) == ("fail", top("1"), ())
    assert (run.end("2"), run.end("3"), run.state("4")) == ((), (), "waiting")


def test_a_critical_failure_pauses_the_run() -> None:
    run = fan(criticality="critical")
    run.end("1", end=FAILED)
    assert run.moves.halt == "pause"


def test_what_stopped_the_run_is_taken_up_where_it_was() -> None:
    run = fan()
    run.end("1", end=FAILED)
    run.end("2")
    run.end("3")
    assert run.retry("1") == top("1")
    assert run.moves.reopened == top("1")
    assert run.end("1") == top("4")


def test_an_optional_failure_carries_nothing_on_and_stops_nothing() -> None:
    run = fan(criticality="optional")
    run.end("1", end=FAILED)
    assert (run.moves.halt, run.moves.has_failures, run.state("1")) == ("", True, "failed")
    run.end("2", end=FAILED)
    assert run.end("3") == top("4")


@pytest.mark.parametrize(("on_error", "state", "has_failures"), [("null", "done", False), ("go_on", "failed", True)])
def test_a_failure_that_goes_on_carries_null(on_error: str, state: str, has_failures: bool) -> None:
    run = fan("every", on_error=on_error, criticality="critical")
    run.end("1")
    run.end("2")
    assert run.end("3", end=FAILED) == top("4")
    assert (run.state("3"), run.moves.has_failures, run.moves.halt) == (state, has_failures, "")


def test_a_decision_that_fails_and_goes_on_takes_its_default_branch() -> None:
    decision = node("1", "decision", branches=["a"], on_error="go_on", default_branch="a")
    nodes = [node("0", "input"), decision, node("2"), node("3"), node("z", "output")]
    edges = [edge("0", "1"), edge("1", "2", "a"), edge("1", "3", "default"), edge("2", "z"), edge("3", "z")]
    run = Run(plan_of(nodes, edges))
    run.end("0")
    assert run.end("1", end=FAILED) == top("2")


def test_what_was_skipped_for_a_failure_waits_again_and_what_ran_without_it_stays() -> None:
    nodes = [node("0", "input"), node("1", "skill", criticality="optional"), node("2"), node("3"), node("z", "output")]
    edges = [edge("0", "1"), edge("1", "2"), edge("0", "3"), edge("2", "z"), edge("3", "z")]
    run = Run(plan_of(nodes, edges))
    run.end("0")
    run.end("3")
    assert run.end("1", end=FAILED) == top("z")
    run.end("z")

    assert run.retry("1") == top("1")
    assert set(run.moves.reopened) == set(top("1", "2"))
    assert run.end("1") == top("2")
    assert run.end("2") == ()
    assert run.state("z") == "done"
