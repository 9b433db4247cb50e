"""Each problem has a graph that has it and nothing else, and says where it is."""

import pytest

from flows.validation import Code, Installation, severity_of, stops_runs
from tests.validation.graphs import Wire, chain, codes, edge, node, problems

SIMPLE: list[tuple[Wire, str, str]] = [
    # one node between an input and an output: its problem, and where
    (node("1", "api", url=""), "missing_setting", "settings/url"),
    (node("1", "api", url=" "), "missing_setting", "settings/url"),
    (node("1", "api", auth="bearer"), "missing_setting", "settings/secret"),
    (node("1", "skill", code=""), "missing_setting", "settings/code"),
    (node("1", "api", url="{{ input."), "bad_expression", "settings/url"),
    (node("1", "api", method="POST", body={"a": ["{{ x("]}), "bad_expression", "settings/body/a/0"),
    (node("1", "transform", transformation="1 +", type="expression"), "bad_expression", "settings/transformation"),
    (node("1", "transform", transformation="$.a[?", type="jsonpath"), "bad_expression", "settings/transformation"),
    (node("1", "agent", system_prompt="{% set a = 1 %}"), "bad_expression", "settings/system_prompt"),
    (node("1", "skill", input_schema={"type": "objekt"}), "bad_schema", "settings/input_schema"),
    (node("1", "transform", validation_schema=5), "bad_schema", "settings/validation_schema"),
    (node("1", "skill", output_schema={"$schema": "http://127.0.0.1:9/x"}), "bad_schema", "settings/output_schema"),
    (node("1", "transform", transformation="{{ topic }}"), "unknown_name", "settings/transformation"),
    (node("1", "transform", transformation="{{ nodes.nobody.output }}"), "unknown_node", "settings/transformation"),
    (node("1", "transform", transformation='{{ nodes["z"].output }}'), "not_upstream", "settings/transformation"),
    (node("1", "transform", transformation='{{ nodes["1"].output }}'), "not_upstream", "settings/transformation"),
    (node("1", "transform", transformation="{{ item.x }}"), "outside_loop", "settings/transformation"),
    (node("1", "transform", transformation=""), "passes_on", "settings/transformation"),
    (node("1", "api", retry_attempts=0), "no_retry", "settings/retry_attempts"),
    (node("1") | {"label": " "}, "unnamed", "label"),
    (node("1") | {"label": "Z "}, "twin_labels", "label"),
    (node("1", "skill", input_schema={"type": "array"}), "incompatible", "settings/input_schema"),
]


@pytest.mark.parametrize(("middle", "code", "place"), SIMPLE)
def test_one_node_has_one_problem(middle: Wire, code: str, place: str) -> None:
    found = problems(*chain(middle))

    assert [problem.code for problem in found] == [code]
    at = "z" if code == "twin_labels" else "1"
    assert (found[0].node, found[0].path) == (at, f"/nodes/{at}/{place}")


def test_a_flow_in_order_has_none_and_neither_has_an_empty_one() -> None:
    middle = [node("1", "agent"), node("2", "memory"), node("3", "transform", transformation='{{ nodes["1"].output }}')]

    assert codes(*chain(*middle)) == codes([], []) == []


@pytest.mark.parametrize(
    ("kind", "settings", "missing"),
    [
        ("sensor", {"source": "polling"}, "endpoint"),
        ("sensor", {"source": "webhook"}, None),
        ("decision", {"expression": ""}, "expression"),
        ("loop", {"type": "while"}, "break_condition"),
        ("loop", {"type": "times"}, None),
        ("output", {"type": "file"}, "file_path"),
        ("agent", {}, None),
    ],
)
def test_what_a_kind_needs(kind: str, settings: Wire, missing: str | None) -> None:
    found = [one for one in problems([node("1", kind, **settings)], []) if one.code is Code.MISSING_SETTING]

    assert [one.values["setting"] for one in found] == ([missing] if missing else [])


def test_a_disabled_node_needs_nothing_and_leads_nowhere() -> None:
    nodes = [node("0", "input"), node("1", "api", url="") | {"enabled": False}, node("z", "output")]

    assert codes(nodes, [edge("0", "1"), edge("1", "z")]) == ["dead_end"]


def decision(*branches: str, **settings: object) -> Wire:
    return node("1", "decision", branches=list(branches), **settings)


def test_branches() -> None:
    nodes = [node("0", "input"), decision("a", "b"), node("z", "output")]
    start = [edge("0", "1")]

    assert codes(nodes, [*start, edge("1", "z", "a")]) == ["branch_nowhere", "no_default_branch"]
    whole = [*start, edge("1", "z", "a"), edge("1", "z", "b") | {"id": "b"}, edge("1", "z", "default") | {"id": "d"}]
    assert codes(nodes, whole) == []
    nodes[1] = decision("a", "b", default_branch="b")
    assert codes(nodes, whole[:-1]) == []
    nodes[1] = decision("a", "b", default_branch="c")
    assert codes(nodes, whole) == ["unknown_default_branch"]


def test_a_cycle_is_told_once_by_its_first_node_and_names_all() -> None:
    nodes = [node(str(number)) for number in range(4)]
    edges = [edge("0", "1"), edge("1", "2"), edge("2", "3"), edge("3", "1")]

    (cycle,) = [one for one in problems(nodes, edges) if one.code is Code.CYCLE]

    assert (cycle.path, cycle.values["names"]) == ("/nodes/1", ("1", "2", "3"))
    assert cycle.fix is not None
    assert cycle.fix.encode() == {"kind": "remove_edge", "id": "3-1"}


def loop_with(*edges: Wire) -> tuple[list[Wire], list[Wire]]:
    nodes = [node("0", "input"), node("1", "loop"), node("2"), node("3"), node("z", "output")]
    return nodes, [edge("0", "1"), *edges]


def test_a_loops_way_back_is_no_cycle() -> None:
    body = [edge("1", "2", "each"), edge("2", "3")]

    assert codes(*loop_with(*body, edge("3", "1"), edge("1", "z", "out"))) == []
    assert codes(*loop_with(*body, edge("1", "z", "out"))) == []


def test_a_way_back_from_after_the_loop_is_a_cycle() -> None:
    edges = [edge("1", "2", "each"), edge("1", "3", "out"), edge("3", "1"), edge("3", "z")]

    assert "cycle" in codes(*loop_with(*edges))


def test_what_is_in_a_loop_follows_nothing_that_comes_after_it() -> None:
    edges = [edge("1", "2", "each"), edge("2", "3"), edge("1", "3", "out"), edge("3", "z")]

    assert codes(*loop_with(*edges)) == ["leaking_loop_body"]
    after = [edge("1", "2", "each"), edge("1", "3", "out"), edge("3", "2"), edge("2", "z")]
    assert codes(*loop_with(*after)) == ["leaking_loop_body"]


def test_what_is_in_a_loop_may_follow_what_is_done_before_it() -> None:
    edges = [edge("1", "2", "each"), edge("0", "2"), edge("3", "2"), edge("0", "3"), edge("1", "z", "out")]

    assert codes(*loop_with(*edges)) == []


def two_loops(*edges: Wire) -> tuple[list[Wire], list[Wire]]:
    nodes = [node("0", "input"), *(node(id, "loop" if id in "13" else "transform") for id in "12345")]
    return [*nodes, node("z", "output")], [edge("0", "1"), *edges]


def test_what_is_in_a_loop_follows_nothing_that_is_in_another() -> None:
    edges = [edge("1", "2", "each"), edge("0", "3"), edge("3", "4", "each"), edge("4", "2"), edge("1", "z", "out")]

    assert "leaking_loop_body" in codes(*two_loops(*edges))
    both = [edge("1", "2", "each"), edge("0", "3"), edge("3", "2", "each"), edge("1", "z", "out")]
    assert "leaking_loop_body" in codes(*two_loops(*both))


def test_two_loops_do_not_wait_for_each_other() -> None:
    """What is in each follows what comes after the other: neither could ever end."""
    bodies = [edge("1", "2", "each"), edge("0", "3"), edge("3", "4", "each"), edge("1", "z", "out")]
    crossed = [edge("3", "5", "out"), edge("5", "2"), edge("1", "6", "out"), edge("6", "4")]
    nodes, edges = two_loops(*bodies, *crossed)

    assert codes([*nodes, node("6")], edges) == ["leaking_loop_body", "leaking_loop_body"]


def test_loops_do_not_cross() -> None:
    """The inner one's body leads back to the outer one, past the inner."""
    edges = [edge("1", "3", "each"), edge("3", "4", "each"), edge("4", "1")]
    nodes = [node("1", "loop"), node("3", "loop"), node("4"), node("z", "output")]
    found = [one for one in problems(nodes, [*edges, edge("1", "z", "out")]) if one.code is Code.LOOPS_CROSS]

    (crossing,) = found
    assert (crossing.values["label"], crossing.values["other"]) == ("1", "3")
    assert crossing.fix is not None
    assert crossing.fix.encode() == {"kind": "remove_edge", "id": "4-1"}


def test_only_so_many_loops_are_inside_each_other() -> None:
    loops = [node(f"{number}", "loop") for number in range(1, 10)]
    edges = [edge(f"{number}", f"{number + 1}", "each") for number in range(1, 9)]

    assert "loops_too_deep" not in codes([*loops[:8], node("9")], edges)
    assert codes([*loops, node("a")], [*edges, edge("9", "a", "each")]) == ["loops_too_deep"]


def test_a_loop_without_a_body() -> None:
    assert codes([node("0", "input"), node("1", "loop"), node("z", "output")], [edge("0", "1"), edge("1", "z")]) == [
        "loop_without_body"
    ]


def test_items_are_known_in_a_loop() -> None:
    nodes, edges = loop_with(edge("1", "2", "each"), edge("2", "3"), edge("1", "z", "out"))
    nodes[3] = node("3", transformation="{{ item }} {{ index }}")

    assert codes(nodes, edges) == []


def test_what_is_in_a_loop_is_mentioned_only_inside_it() -> None:
    nodes, edges = loop_with(edge("1", "2", "each"), edge("1", "3", "out"), edge("3", "z"))
    nodes[3] = node("3", transformation="{{ nodes['2'].output }}")
    assert codes(nodes, edges) == ["inside_loop"]

    nodes[3] = node("3", transformation="{{ nodes['1'].output }}")
    assert codes(nodes, edges) == []
    nodes[2] = node("2", transformation="{{ nodes['1'].output }}")
    assert codes(nodes, edges) == ["not_upstream"]


def test_an_iteration_does_not_see_what_comes_later_in_it() -> None:
    nodes, edges = loop_with(edge("1", "2", "each"), edge("2", "3"), edge("3", "1"), edge("1", "z", "out"))
    nodes[2] = node("2", transformation="{{ nodes['3'].output }}")

    assert codes(nodes, edges) == ["not_upstream"]


def test_what_nothing_starts() -> None:
    circle = [node("1"), node("2")], [edge("1", "2"), edge("2", "1")]

    assert set(codes(*circle)) == {"cycle", "nothing_starts", "unreachable"}
    with_start = [*circle[0], node("3", "input"), node("z", "output")], [*circle[1], edge("3", "z")]
    assert codes(*with_start) == ["cycle", "unreachable", "unreachable"]


def test_only_sensors() -> None:
    assert codes([node("1", "sensor"), node("z", "output")], [edge("1", "z")]) == ["only_sensors"]


def test_what_leads_nowhere() -> None:
    assert codes([node("0", "input"), node("1", "agent")], [edge("0", "1")]) == ["dead_end"]


def test_a_memory_that_nothing_uses() -> None:
    nodes, edges = chain()

    assert codes([*nodes, node("m", "memory")], edges) == ["unused_memory"]


def test_nodes_that_cover_each_other() -> None:
    nodes, edges = chain(node("1"))
    nodes[1] |= {"x": nodes[0]["x"] + 10, "y": 10}
    (found,) = problems(nodes, edges)

    assert (found.code, found.node, found.values["other"]) == ("overlapping", "1", "0")


INSTALLED = Installation(
    providers=frozenset({"ollama"}),
    models=frozenset({"small", "tiny"}),
    models_of={"ollama": frozenset({"small"}), "test": frozenset({"tiny"})},
    secrets=frozenset({"key"}),
    databases=frozenset({"shop"}),
    has_files_folder=False,
)


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (node("1", "agent", provider="openai"), "unknown_provider"),
        (node("1", "agent", model="large"), "unknown_model"),
        (node("1", "api", auth="bearer", secret="lock"), "unknown_secret"),
        (node("1", "api", headers={"X-Key": {"$secret": "lock"}}), "unknown_secret"),
        (node("1", "api", body={"in": [{"$secret": "lock"}]}), "unknown_secret"),
        (node("1", "transform", transformation="{{ secrets.lock }}"), "unknown_secret"),
        (node("1", "decision", language="cel"), "language_not_offered"),
        (node("1", "sensor", source="pubsub", endpoint="x"), "source_not_offered"),
        (node("1", "sensor", source="database", endpoint="mill"), "unknown_database"),
        (node("1", "agent", provider="ollama", model="tiny"), "unknown_model"),
        (node("1", "output", type="file", file_path="x"), "no_files_folder"),
        (node("1", "output", destinations=["me@example.com", {"file": "x.txt"}]), "no_files_folder"),
        (node("1", "output", destinations={"channel": "file", "target": "x.txt"}), "no_files_folder"),
    ],
)
def test_what_is_not_set_up_warns_and_stops_runs(one: Wire, code: str) -> None:
    found = [problem for problem in problems([one], [], INSTALLED) if problem.code == code]

    assert len(found) == 1
    assert found[0].severity == "warning"
    assert stops_runs(found[0].code)


@pytest.mark.parametrize(
    "one",
    [
        node("1", "agent", provider="ollama", model="small"),
        node("1", "agent", model="tiny"),
        node("1", "output", destinations=["x.txt", {"url": "https://example.org"}, {"channel": "mail", "target": "x"}]),
    ],
)
def test_what_is_set_up_is_not_told(one: Wire) -> None:
    assert {"unknown_model", "no_files_folder"}.isdisjoint(problem.code for problem in problems([one], [], INSTALLED))


def test_what_is_not_known_of_the_installation_is_not_told() -> None:
    assert (
        codes(*chain(node("1", "agent", provider="custom", model="x"), node("2", "api", auth="basic", secret="s")))
        == []
    )


def test_every_code_has_its_severity() -> None:
    errors = {code for code in Code if severity_of(code) == "error"}
    warnings = {code for code in Code if severity_of(code) == "warning"}

    assert {code for code in Code if stops_runs(code)} - errors == {
        code
        for code in warnings
        if code.startswith("unknown_") or code.endswith("_offered") or code == "no_files_folder"
    }
    assert {Code.CYCLE, Code.DANGLING_EDGE, Code.UNKNOWN_NODE, Code.MISSING_SETTING, Code.BAD_EXPRESSION} <= errors
    assert {Code.DEAD_END, Code.NO_DEFAULT_BRANCH, Code.UNREACHABLE, Code.ONLY_SENSORS} <= warnings


def test_errors_come_first_and_the_order_is_always_the_same() -> None:
    nodes = [node("1", "api", url=""), node("2", "agent"), node("3", "skill", code="")]
    found = problems(nodes, [])

    assert [one.severity for one in found] == sorted(
        [one.severity for one in found], key=["error", "warning", "hint"].index
    )
    assert found == problems(nodes[::-1], [])
