"""From a flow to its plan, or to what stops it."""

import json

import pytest

from flows.validation import Installation
from runs.plan import COMPILER, Ask, Plan, Refused, compile_plan, decode_plan, encode_plan
from runs.plan.steps import Step
from tests.validation.graphs import Wire, chain, document_of, edge, node


def plan_of(nodes: list[Wire], edges: list[Wire]) -> Plan:
    plan = compile_plan(document_of(nodes, edges))
    assert isinstance(plan, Plan), plan
    return plan


def step(kind: str, **settings: object) -> Step:
    """The step of one node with these settings."""
    return plan_of(*chain(node("1", kind, **settings))).steps["1"]


def looped(*edges: Wire, **settings: object) -> Plan:
    """A loop (1) with a body of two steps (2 and 3)."""
    nodes = [node("0", "input"), node("1", "loop", **settings), node("2"), node("3"), node("z", "output")]
    return plan_of(nodes, [edge("0", "1"), edge("1", "2", "each"), edge("2", "3"), edge("1", "z", "out"), *edges])


def test_a_flow_that_cannot_run_is_refused_with_its_problems() -> None:
    refused = compile_plan(document_of(*chain(node("1", "decision", expression=""))))

    assert isinstance(refused, Refused)
    assert [problem.code for problem in refused.problems] == ["missing_setting"]


def test_what_is_not_set_up_here_refuses_too_and_what_only_disappoints_does_not() -> None:
    document = document_of(*chain(node("1", "api", auth="bearer", secret="key")))

    refused = compile_plan(document, Installation(secrets=frozenset()))
    assert isinstance(refused, Refused)
    assert [problem.code for problem in refused.problems] == ["unknown_secret"]
    assert isinstance(compile_plan(document, Installation(secrets=frozenset({"key"}))), Plan)
    assert isinstance(compile_plan(document_of([node("0", "input"), node("1")], [edge("0", "1")])), Plan)


def test_no_more_problems_are_named_than_asked_for() -> None:
    nodes = [node(f"a{number}", "api", url="") | {"x": 400 * number} for number in range(9)]

    refused = compile_plan(document_of(nodes, []), most=4)
    assert isinstance(refused, Refused)
    assert len(refused.problems) == 4


def test_notes_groups_and_their_edges_are_not_in_a_plan() -> None:
    nodes, edges = chain(node("1"))
    plan = plan_of([*nodes, node("8", "note"), node("9", "group")], edges)

    assert list(plan.steps) == ["0", "1", "z"]
    assert [(wire.source, wire.target) for wire in plan.wires] == [("0", "1"), ("1", "z")]


def test_each_step_comes_after_those_before_it() -> None:
    nodes = [node(id) for id in ("9", "8", "7", "6")]
    plan = plan_of(nodes, [edge("9", "7"), edge("7", "8"), edge("9", "6"), edge("6", "8")])

    assert list(plan.steps) == ["9", "6", "7", "8"]


def test_a_step_knows_the_innermost_loop_around_it() -> None:
    nodes = [node("1", "loop"), node("2"), node("3", "loop"), node("4"), node("5"), node("z", "output")]
    edges = [edge("1", "2", "each"), edge("2", "3"), edge("3", "4", "each"), edge("4", "3"), edge("3", "5", "out")]
    plan = plan_of(nodes, [*edges, edge("5", "1"), edge("1", "z", "out")])

    assert {id: step.loop for id, step in plan.steps.items()} == {
        "1": None,
        "2": "1",
        "3": "1",
        "4": "3",
        "5": "1",
        "z": None,
    }
    assert plan.layout.bodies == {None: ("1", "z"), "1": ("2", "3", "5"), "3": ("4",)}


def test_a_disabled_step_belongs_to_no_loop_and_its_loop_repeats_nothing() -> None:
    nodes = [node("1", "loop") | {"enabled": False}, node("2"), node("3") | {"enabled": False}]
    plan = plan_of(nodes, [edge("1", "2", "each"), edge("2", "3")])

    assert {step.loop for step in plan.steps.values()} == {None}
    assert [step.enabled for step in plan.steps.values()] == [True, False, False]


def test_how_a_step_is_run_if_nothing_is_said() -> None:
    found = step("transform")

    assert (found.join, found.criticality, found.on_error, found.retries) == ("arrived", "normal", "stop", 0)
    assert (found.timeout_ms, found.runs_on, found.reuse, found.ask_first) == (None, (), True, None)


@pytest.mark.parametrize(
    ("kind", "settings", "retries"),
    [
        ("skill", {}, 0),
        ("skill", {"retry_count": 2}, 2),
        ("skill", {"retry_count": 2, "retries": 5}, 5),
        ("skill", {"on_error": "retry"}, 3),
        ("skill", {"on_error": "retry", "retries": 1}, 1),
        ("api", {"retry_attempts": 4}, 4),
        ("agent", {}, 3),
        ("agent", {"max_retries": 0}, 0),
        ("memory", {"retries": 2}, 2),
    ],
)
def test_further_tries_by_each_of_their_names(kind: str, settings: Wire, retries: int) -> None:
    assert step(kind, **settings).retries == retries


@pytest.mark.parametrize(
    ("kind", "said", "meant"),
    [
        ("skill", "throw", "stop"),
        ("skill", "return_null", "null"),
        ("skill", "continue", "go_on"),
        ("skill", "retry", "retry"),
        ("api", "go_on", "go_on"),
        ("loop", "throw", "stop"),
        ("loop", "continue", "go_on"),
        ("loop", "break", "leave"),
        ("loop", "null", "go_on"),
        ("loop", "retry", "stop"),
    ],
)
def test_what_a_failure_does_by_each_of_its_names(kind: str, said: str, meant: str) -> None:
    assert step(kind, on_error=said).on_error == meant


def test_a_time_of_its_own() -> None:
    assert step("skill").timeout_ms == 30_000
    assert step("skill", timeout_ms=5).timeout_ms == 5
    assert step("agent", timeout_ms=7).timeout_ms == 7


@pytest.mark.parametrize("join", ["arrived", "every", "any", 1])
def test_joins(join: object) -> None:
    assert step("skill", join=join).join == join


def test_where_it_runs_how_much_it_matters_and_who_is_asked_first() -> None:
    asked = {"who": ["bob@example.com"], "question": "Send it?", "form": [{"name": "why"}], "timeout_ms": 60_000}
    found = step("skill", runs_on=["gpu", "big"], criticality="critical", reuse=False, ask_first=asked)

    assert found.runs_on == ("big", "gpu")
    assert (found.criticality, found.reuse) == ("critical", False)
    assert found.ask_first == Ask("Send it?", ("bob@example.com",), ({"name": "why"},), 60_000)
    assert step("skill", ask_first={"question": "Go?"}).ask_first == Ask("Go?")


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        (["why"], ({"name": "why"},)),
        (["why", {"name": "sum", "type": "number"}], ({"name": "why"}, {"name": "sum", "type": "number"})),
        (
            {"sum": "number", "why": {"required": True}},
            ({"name": "sum", "type": "number"}, {"name": "why", "required": True}),
        ),
        (None, ()),
    ],
)
def test_a_form_is_read_in_each_way_that_validation_takes(form: object, fields: object) -> None:
    found = step("skill", ask_first={"question": "Go?", "form": form}).ask_first

    assert found is not None
    assert found.form == fields


def test_a_plan_of_an_earlier_compiler_is_still_read() -> None:
    stored = json.loads(encode_plan(looped()))

    assert decode_plan(json.dumps(stored | {"compiler": 1})) == looped()


def test_a_plan_of_another_compiler_is_not_read() -> None:
    stored = json.loads(encode_plan(looped()))
    with pytest.raises(ValueError, match="compiler 99"):
        decode_plan(json.dumps(stored | {"compiler": 99}))


def test_a_plan_is_what_it_was_after_it_was_stored() -> None:
    asked = {"question": "Go?", "who": ["ann@example.org"], "form": [{"name": "why", "type": "text"}]}
    nodes, edges = chain(node("1", "skill", ask_first=asked, runs_on=["gpu"], join="every", retries=2), node("2"))
    nodes[2]["enabled"] = False

    for plan in (plan_of(nodes, edges), looped(edge("3", "1"))):
        assert decode_plan(encode_plan(plan)) == plan
        assert encode_plan(decode_plan(encode_plan(plan))) == encode_plan(plan)
    assert json.loads(encode_plan(plan))["compiler"] == COMPILER


def test_the_same_flow_gives_the_same_plan_however_its_rows_come() -> None:
    nodes, edges = chain(node("1"), node("2"), node("3"))

    assert encode_plan(plan_of(nodes, edges)) == encode_plan(plan_of(nodes[::-1], edges[::-1]))
