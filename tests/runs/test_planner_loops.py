"""How loops repeat: iterations, their ends, and what a failure in one does."""

import pytest

from runs.plan import FAILED, SKIPPED, Closing, Turn
from runs.plan.draft import OPEN_ITERATIONS
from tests.runs.leading import Run, top
from tests.runs.test_plan_compile import looped, plan_of
from tests.validation.graphs import chain, edge, node


def test_a_loop_makes_an_iteration_for_each_item_and_asks_for_its_results() -> None:
    run = Run(looped())
    assert run.end("0") == top("1")
    assert run.open("1", total=2) == (("2", "0"), ("2", "1"))
    assert run.end("2", "1") == (("3", "1"),)
    assert (run.end("3", "1"), run.moves.closings) == ((), ())
    assert run.end("2", "0") == (("3", "0"),)
    run.end("3", "0")
    assert run.moves.closings == (Closing("1", "", 2),)
    assert run.end("1") == top("z")


@pytest.mark.parametrize("kind", ["for_each", "times", "while"])
def test_a_loop_over_nothing_closes_at_once(kind: str) -> None:
    run = Run(looped(type=kind, iterate_over="prev", break_condition="true"))
    run.end("0")
    assert run.open("1", total=0) == ()
    assert run.moves.closings == (Closing("1", "", 0),)


@pytest.mark.parametrize("kind", ["for_each", "until"])
def test_a_loop_without_a_body_has_no_iterations(kind: str) -> None:
    run = Run(plan_of(*chain(node("1", "loop", type=kind, break_condition="true"))))
    run.end("0")
    assert run.open("1", total=None if kind == "until" else 3) == ()
    assert run.moves.closings == (Closing("1", "", 0),)


def test_only_so_many_iterations_are_open_at_once() -> None:
    run = Run(looped())
    run.end("0")
    assert len(run.open("1", total=OPEN_ITERATIONS + 2)) == OPEN_ITERATIONS
    run.end("2", "7")
    assert run.end("3", "7") == (("2", str(OPEN_ITERATIONS)),)


def test_times_goes_one_after_another() -> None:
    run = Run(looped(type="times", iterate_over="2"))
    run.end("0")
    assert run.open("1", total=2) == (("2", "0"),)
    run.end("2", "0")
    assert run.end("3", "0") == (("2", "1"),)


@pytest.mark.parametrize("kind", ["while", "until"])
def test_while_and_until_ask_after_each_iteration(kind: str) -> None:
    run = Run(looped(type=kind, iterate_over="true", break_condition="false"))
    run.end("0")
    assert run.open("1", total=None) == (("2", "0"),)
    run.end("2", "0")
    run.end("3", "0")
    assert run.moves.turns == (Turn("1", "", 1),)
    assert run.turn("1", goes_on=True) == (("2", "1"),)
    run.end("2", "1")
    run.end("3", "1")
    assert run.moves.turns == (Turn("1", "", 2),)
    assert run.turn("1", goes_on=False) == ()
    assert run.moves.closings == (Closing("1", "", 2),)


def test_an_iteration_ends_when_all_in_it_have_ended() -> None:
    """The way back leads from the first step: the last one still belongs to the iteration."""
    run = Run(looped(edge("2", "1"), type="times", iterate_over="2"))
    run.end("0")
    run.open("1", total=2)
    assert run.end("2", "0") == (("3", "0"),)
    assert run.end("3", "0") == (("2", "1"),)


def test_loops_in_loops_have_longer_paths() -> None:
    nodes = [node("1", "loop"), node("2", "loop"), node("3"), node("z", "output")]
    run = Run(plan_of(nodes, [edge("1", "2", "each"), edge("2", "3", "each"), edge("1", "z", "out")]))

    assert run.open("1", total=2) == (("2", "0"), ("2", "1"))
    assert run.open("2", "1", total=2) == (("3", "1.0"), ("3", "1.1"))
    run.end("3", "1.1")
    run.end("3", "1.0")
    assert run.moves.closings == (Closing("2", "1", 2),)
    assert (run.end("2", "1"), run.moves.closings) == ((), ())
    run.open("2", "0", total=0)
    run.end("2", "0")
    assert run.moves.closings == (Closing("1", "", 2),)


def outer(first: bool) -> Run:
    """A step in a body (2) also follows one beside the loop (3), which ends before or after the loop is opened."""
    nodes = [node("0", "input"), node("1", "loop"), node("2", join="every"), node("3"), node("z", "output")]
    edges = [edge("0", "1"), edge("0", "3"), edge("1", "2", "each"), edge("3", "2"), edge("1", "z", "out")]
    run = Run(plan_of(nodes, edges))
    run.end("0")
    if first:
        run.end("3")
    return run


def test_what_comes_from_before_a_loop_counts_in_every_iteration() -> None:
    run = outer(first=True)
    assert run.open("1", total=2) == (("2", "0"), ("2", "1"))

    run = outer(first=False)
    assert run.open("1", total=2) == ()
    assert run.end("3") == (("2", "0"), ("2", "1"))

    run = outer(first=False)
    run.open("1", total=2)
    run.end("3", end=SKIPPED)
    assert run.moves.skipped == (("3", ""), ("2", "0"), ("2", "1"))
    assert run.moves.closings == (Closing("1", "", 2),)


def failing(on_error: str, **settings: object) -> Run:
    """A loop of three iterations, of which the second fails in its first step, when all are open."""
    run = Run(looped(on_error=on_error, **settings))
    run.end("0")
    run.open("1", total=3)
    run.end("2", "1", FAILED)
    return run


def finished(run: Run) -> Closing:
    for path in "02":
        run.end("2", path)
        run.end("3", path)
    return run.moves.closings[0]


def test_a_failed_iteration_stops_the_run_unless_the_loop_says_otherwise() -> None:
    run = failing("throw")
    assert (run.moves.halt, run.moves.skipped, run.state("3", "1")) == ("fail", (), "waiting")
    run.retry("2", "1")
    run.end("2", "1")
    run.end("3", "1")
    assert finished(run) == Closing("1", "", 3)


def test_a_loop_that_goes_on_has_all_its_iterations() -> None:
    run = failing("continue")
    assert (run.moves.halt, run.moves.has_failures, run.moves.skipped) == ("", True, (("3", "1"),))
    assert finished(run) == Closing("1", "", 3)


def test_a_loop_that_is_left_ends_with_the_results_before_the_failure() -> None:
    assert finished(failing("break")) == Closing("1", "", 1)


def test_an_optional_loop_fails_alone_and_begins_no_further_iteration() -> None:
    run = Run(looped(criticality="optional"))
    run.end("0")
    run.open("1", total=OPEN_ITERATIONS + 1)
    run.end("2", "0", FAILED)
    assert run.moves.halt == ""
    for index in range(1, OPEN_ITERATIONS):
        assert run.end("2", str(index)) == (("3", str(index)),)
        assert run.end("3", str(index)) == ()
    assert run.moves.closings == (Closing("1", "", OPEN_ITERATIONS, has_failed=True),)
    run.end("1", end=FAILED)
    assert run.moves.skipped == top("z")

    assert run.retry("2", "0") == (("2", "0"),)
    assert set(run.moves.reopened) == {("2", "0"), ("3", "0"), ("1", ""), ("z", "")}
    run.end("2", "0")
    assert run.end("3", "0") == (("2", str(OPEN_ITERATIONS)),)
    run.end("2", str(OPEN_ITERATIONS))
    run.end("3", str(OPEN_ITERATIONS))
    assert run.moves.closings == (Closing("1", "", OPEN_ITERATIONS + 1),)
    assert run.end("1") == top("z")


def test_a_loop_is_taken_up_by_what_failed_in_it() -> None:
    run = failing("throw", criticality="optional")
    assert finished(run) == Closing("1", "", 3, has_failed=True)
    run.end("1", end=FAILED)
    with pytest.raises(ValueError, match="failed"):
        run.retry("1")


def test_a_loop_that_cannot_be_counted_fails_as_any_step() -> None:
    run = Run(looped(on_error="continue"))
    run.end("0")
    assert run.end("1", end=FAILED) == top("z")

    run = Run(looped(on_error="throw"))
    run.end("0")
    run.end("1", end=FAILED)
    assert run.moves.halt == "fail"
    assert run.retry("1") == top("1")
