"""How far a run is, and how little an end of a task touches."""

from itertools import pairwise

import pytest

from runs.plan import SKIPPED, Moves
from tests.runs.leading import Run
from tests.runs.test_plan_compile import looped, plan_of
from tests.validation.graphs import Wire, chain, edge, node


def progress(*moves: Moves) -> float:
    return round(sum(one.progress for one in moves), 6)


def test_progress_is_shared_by_the_steps() -> None:
    run = Run(plan_of(*chain(node("1"), node("2") | {"enabled": False}, node("3"))))
    assert progress(run.moves) == 0.5
    run.end("0")
    assert progress(run.moves) == 0.25
    run.end("1")
    assert progress(run.moves) == 0.25


def test_progress_of_a_loop_is_that_of_its_iterations() -> None:
    run = Run(looped())
    found = [run.moves]
    for id, path in (("0", ""), *((id, path) for path in "01" for id in "23"), ("1", "")):
        run.end(id, path)
        found.append(run.moves)
        if id == "0":
            run.open("1", total=2)
    assert [progress(one) for one in found] == [0, *[round(1 / 3, 6)], *4 * [round(1 / 12, 6)], 0]


def test_progress_of_a_loop_that_asks_comes_nearer_and_nearer() -> None:
    run = Run(looped(type="until", break_condition="prev"))
    run.end("0")
    run.open("1", total=None)
    halves = []
    for index in range(2):
        run.end("2", str(index))
        run.end("3", str(index))
        halves.append(progress(run.moves))
        run.turn("1", goes_on=not index)
    run.end("1")
    assert halves == [round(1 / 12, 6), round(1 / 24, 6)]
    assert progress(run.moves) == round(1 / 12, 6)


# What it costs.


def wide(count: int) -> tuple[list[Wire], list[Wire]]:
    nodes = [node("0", "input"), node("1", "loop"), node("2"), node("3"), node("z", "output")]
    rest = [node(f"b{number}") | {"y": 100 * number} for number in range(count)]
    edges = [edge("0", "1"), edge("1", "2", "each"), edge("2", "3"), edge("1", "z", "out")]
    return [*nodes, *rest], [*edges, *(edge("0", one["id"]) for one in rest)]


@pytest.mark.parametrize("count", [1, 400])
def test_an_end_touches_what_follows_it_and_no_more(count: int) -> None:
    """However large the flow and the run, a task in a loop reads itself, the next one and its loop."""
    run = Run(plan_of(*wide(count)))
    run.end("0")
    run.open("1", total=100 * count)

    run.board.queries.clear()
    run.end("2", "0")
    assert set(run.moves.slots) == {("2", "0"), ("3", "0"), ("1", "")}
    assert run.board.queries == [(("2", "0"), ("3", "0"), ("1", ""))]

    run.board.queries.clear()
    run.end("3", "0")
    assert set(run.moves.slots) <= {("3", "0"), ("1", ""), ("2", "200"), ("3", "200")}
    assert run.board.queries == [(("3", "0"), ("1", ""))]


def test_what_comes_from_before_a_loop_is_read_at_once_for_all_its_iterations() -> None:
    nodes = [node("0", "input"), node("1", "loop"), node("2"), node("3"), node("z", "output")]
    edges = [edge("0", "1"), edge("0", "3"), edge("1", "2", "each"), edge("3", "2"), edge("1", "z", "out")]
    run = Run(plan_of(nodes, edges))
    run.end("0")
    run.open("1", total=50)
    run.board.queries.clear()
    run.end("3")
    assert [len(keys) for keys in run.board.queries] == [1, 1, 50]


def test_a_wide_step_reads_all_that_follows_it_at_once() -> None:
    run = Run(plan_of(*wide(400)))
    run.board.queries.clear()
    run.end("0")
    assert len(run.moves.ready) == 401
    assert len(run.board.queries) == 1


def test_a_long_chain_of_skipped_steps_needs_no_deep_stack() -> None:
    steps = [node(f"b{number:04}") | {"y": 100 * number} for number in range(1_500)]
    edges = [edge(one["id"], other["id"]) for one, other in pairwise(steps)]
    run = Run(plan_of([node("0", "input"), *steps], [edge("0", "b0000"), *edges]))
    run.end("0", end=SKIPPED)
    assert len(run.moves.skipped) == 1_501
