"""What a task sees of others, and which rows are read for it."""

import pytest

from runs.plan import (
    Json,
    Key,
    Plan,
    Reads,
    Result,
    iteration_keys,
    nodes_of,
    prev_of,
    reads_of,
    result_of_iteration,
    result_steps,
    spoiling_steps,
)
from tests.runs.test_plan_compile import looped, plan_of
from tests.validation.graphs import Wire, chain, edge, node

OUT = ("out",)


def done(value: Json, ports: tuple[str, ...] = OUT) -> Result:
    return Result("done", ports, value)


def says(text: str) -> Plan:
    """Three steps in a chain; the last one's template is given."""
    return plan_of(*chain(node("1"), node("2"), node("3", transformation=text)))


def two_before(**settings: object) -> Plan:
    nodes = [node("0", "input"), node("1", **settings), node("2"), node("3")]
    return plan_of(nodes, [edge("0", "1"), edge("0", "2"), edge("1", "3"), edge("2", "3")])


# Which rows.


def test_a_step_that_mentions_nothing_reads_what_is_before_it() -> None:
    assert reads_of(says("x"), "3", "") == Reads(before=(("2", ""),))
    assert reads_of(says("x"), "0", "") == Reads()


def test_a_step_reads_only_what_it_mentions() -> None:
    assert reads_of(says("{{ nodes['1'].output }} {{ input.x }}"), "3", "").nodes == (("1", ""),)


def test_a_step_that_works_out_whom_it_means_reads_all_that_leads_to_it() -> None:
    text = "{{ nodes[input.which].output }}"
    assert reads_of(says(text), "3", "").nodes == (("0", ""), ("1", ""), ("2", ""))

    nodes = [node("0", "input"), node("1", "loop"), node("2"), node("3", transformation=text), node("z", "output")]
    plan = plan_of(nodes, [edge("0", "1"), edge("1", "2", "each"), edge("2", "3"), edge("1", "z", "out")])
    assert reads_of(plan, "3", "4").nodes == (("0", ""), ("2", "4"))


def test_what_a_disabled_step_gives_is_never_read() -> None:
    nodes, edges = chain(node("1") | {"enabled": False}, node("2"))
    assert reads_of(plan_of(nodes, edges), "2", "") == Reads()


def nested() -> Plan:
    """A loop (1) around a step (2) and a loop (3) around a step (4) that mentions what is around it."""
    nodes = [node("0", "input"), node("1", "loop"), node("2"), node("3", "loop"), node("z", "output")]
    text = "{{ nodes['0'].output }} {{ nodes['2'].output }} {{ item }}"
    edges = [edge("0", "1"), edge("1", "2", "each"), edge("2", "3"), edge("3", "4", "each"), edge("1", "z", "out")]
    return plan_of([*nodes, node("4", transformation=text)], edges)


def test_a_step_in_a_loop_sees_its_own_iteration_and_what_is_outside() -> None:
    reads = reads_of(nested(), "4", "5.6")

    assert reads.nodes == (("0", ""), ("2", "5"))
    assert reads.before == ()
    assert reads.takes_item
    assert reads.loops == ((("1", ""), 5), (("3", "5"), 6))
    assert reads.keys == (("0", ""), ("2", "5"))


def test_the_first_step_of_a_body_takes_the_item_and_others_do_not() -> None:
    assert reads_of(looped(), "2", "4").takes_item
    assert reads_of(looped(), "3", "4") == Reads(before=(("2", "4"),), loops=((("1", ""), 4),))


# prev.


def test_prev_is_what_the_only_step_before_gave() -> None:
    assert prev_of(says("x"), "3", "", {("2", ""): done({"a": 1})}) == {"a": 1}
    assert prev_of(says("x"), "0", "", {}) is None


def test_prev_of_several_is_the_list_of_those_that_gave_something() -> None:
    plan, results = two_before(), {("1", ""): done("a"), ("2", ""): done("b")}

    assert prev_of(plan, "3", "", results) == ["a", "b"]
    assert prev_of(plan, "3", "", results | {("1", ""): Result("skipped", (), None)}) == "b"
    assert prev_of(plan, "3", "", {("2", ""): done("b")}) == "b"


def test_prev_behind_a_decision_is_what_went_by_the_edges_port() -> None:
    decision = node("1", "decision", branches=["a"])
    nodes = [node("0", "input"), decision, node("2"), node("3")]
    plan = plan_of(nodes, [edge("0", "1"), edge("0", "2"), edge("1", "3", "a"), edge("2", "3")])

    assert prev_of(plan, "3", "", {("1", ""): done("x", ("a",)), ("2", ""): done("y")}) == ["x", "y"]
    assert prev_of(plan, "3", "", {("1", ""): done("x", ("default",)), ("2", ""): done("y")}) == "y"


def test_prev_of_a_failure_that_goes_on_is_null() -> None:
    plan = two_before(on_error="go_on")
    failed = {("1", ""): Result("failed", OUT, None), ("2", ""): done("b")}
    assert prev_of(plan, "3", "", failed) == [None, "b"]


def test_prev_of_a_bodys_first_step_is_the_item() -> None:
    assert prev_of(looped(), "2", "0", {}, item=7) == 7


def test_prev_may_hold_the_item_and_what_is_before_the_loop() -> None:
    nodes = [node("0", "input"), node("1", "loop"), node("2"), node("3"), node("z", "output")]
    edges = [edge("0", "1"), edge("0", "3"), edge("1", "2", "each"), edge("3", "2"), edge("1", "z", "out")]
    plan = plan_of(nodes, edges)

    assert reads_of(plan, "2", "4").before == (("3", ""),)
    assert prev_of(plan, "2", "4", {("3", ""): done("before")}, item="item") == ["item", "before"]


# nodes.


def test_nodes_holds_what_was_given_and_leaves_out_what_was_not() -> None:
    keys: list[Key] = [("1", ""), ("2", ""), ("3", ""), ("4", "")]
    results = {
        keys[0]: done(1),
        keys[1]: Result("skipped", (), None),
        keys[2]: Result("failed", OUT, None),
    }
    assert nodes_of(Reads(nodes=tuple(keys)), results) == {"1": {"output": 1}, "3": {"output": None}}


# Results of a loop.


def test_the_result_of_an_iteration_is_that_of_the_last_step() -> None:
    plan = looped()

    assert result_steps(plan, "1") == ("3",)
    assert iteration_keys(plan, "1", "7", 2) == (("3", "7.2"),)
    assert result_of_iteration(plan, "1", {"3": done("x")}) == "x"
    assert result_of_iteration(plan, "1", {"3": Result("skipped", (), None)}) is None


def test_or_of_what_leads_back_to_the_loop() -> None:
    plan = looped(edge("2", "1"))

    assert result_steps(plan, "1") == ("2",)
    assert result_of_iteration(plan, "1", {"2": done("y")}) == "y"


def ways_back() -> tuple[list[Wire], list[Wire]]:
    """A decision in a body leads back to the loop by one branch, and on to a step by the other."""
    decision = node("2", "decision", branches=["a"])
    nodes = [node("0", "input"), node("1", "loop"), decision, node("3"), node("z", "output")]
    edges = [edge("0", "1"), edge("1", "2", "each"), edge("2", "1", "a"), edge("2", "3", "default"), edge("3", "1")]
    return nodes, [*edges, edge("1", "z", "out")]


def test_of_several_ways_back_the_one_that_was_gone_counts() -> None:
    plan = plan_of(*ways_back())

    assert result_of_iteration(plan, "1", {"2": done("x", ("a",)), "3": Result("skipped", (), None)}) == "x"
    assert result_of_iteration(plan, "1", {"2": done("x", ("default",)), "3": done("y")}) == "y"


def test_the_results_of_several_last_steps_are_a_list() -> None:
    nodes = [node("0", "input"), node("1", "loop"), node("2"), node("3"), node("z", "output")]
    edges = [edge("0", "1"), edge("1", "2", "each"), edge("1", "3", "each"), edge("1", "z", "out")]
    assert result_of_iteration(plan_of(nodes, edges), "1", {"2": done("x"), "3": done("y")}) == ["x", "y"]


@pytest.mark.parametrize(
    ("settings", "spoils"),
    [({}, True), ({"on_error": "go_on"}, False), ({"on_error": "null"}, False), ({"criticality": "optional"}, False)],
)
def test_which_failures_make_an_iteration_fail(settings: Wire, spoils: bool) -> None:
    nodes = [node("1", "loop"), node("2", "skill", **settings), node("z", "output")]
    plan = plan_of(nodes, [edge("1", "2", "each"), edge("1", "z", "out")])
    assert spoiling_steps(plan, "1") == (("2",) if spoils else ())
