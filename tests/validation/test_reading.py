"""A graph that could not be stored is judged all the same: every fault is told, and the rest is read."""

import pytest

from flows.document import DEFAULT_LIMITS, DocumentLimits
from flows.validation import Problem, judge_values
from tests.validation.graphs import Wire, chain, edge, node

NODES, EDGES = chain(node("1"))


def told(nodes: list[object], edges: list[object], limits: DocumentLimits = DEFAULT_LIMITS) -> list[Problem]:
    return list(judge_values(nodes, edges, limits, 500).items)


CASES: list[tuple[list[object], list[object], str, str]] = [
    ([7], [], "invalid_node", "/nodes/3"),
    ([{"id": "a b", "kind": "agent", "x": 0, "y": 0}], [], "invalid_node", "/nodes/3"),
    ([{"id": "q", "kind": "agent", "x": "0", "y": 900}], [], "invalid_node", "/nodes/q"),
    ([{"id": "q", "kind": "robot", "x": 0, "y": 900}], [], "unknown_kind", "/nodes/q"),
    ([node("1")], [], "duplicate_id", "/nodes/1"),
    ([node("n", "note", nix=1)], [], "unknown_setting", "/nodes/n/settings/nix"),
    ([node("n", "note", text=1)], [], "bad_setting", "/nodes/n/settings/text"),
    ([node("n", "note") | {"parent": "gone"}], [], "missing_parent", "/nodes/n/parent"),
    ([node("n", "note") | {"parent": "1"}], [], "not_a_group", "/nodes/n/parent"),
    ([node("g", "group") | {"parent": "g"}], [], "group_in_itself", "/nodes/g/parent"),
    ([], [None], "invalid_edge", "/edges/2"),
    ([], [{"id": "q", "source": "0"}], "invalid_edge", "/edges/q"),
    ([], [edge("0", "1")], "duplicate_id", "/edges/0-1"),
    ([], [edge("0", "1") | {"id": "q"}], "duplicate_edge", "/edges/q"),
    ([], [edge("0", "gone")], "dangling_edge", "/edges/0-gone/target"),
    ([], [edge("gone", "z")], "dangling_edge", "/edges/gone-z/source"),
    ([], [edge("1", "z", "side") | {"id": "q"}], "unknown_port", "/edges/q"),
    ([], [edge("1", "1")], "self_loop", "/edges/1-1"),
]


@pytest.mark.parametrize(("nodes", "edges", "code", "path"), CASES)
def test_one_fault_is_told_and_the_rest_is_read(nodes: list[object], edges: list[object], code: str, path: str) -> None:
    (found,) = told([*NODES, *nodes], [*EDGES, *edges])

    assert (found.code, found.path) == (code, path)


@pytest.mark.parametrize("case", [case for case in CASES if case[1] and isinstance(case[1][0], dict)])
def test_the_fix_of_an_edge_removes_the_fault(case: tuple[list[object], list[Wire], str, str]) -> None:
    (found,) = told([*NODES], [*EDGES, *case[1]])
    if found.fix is None:
        assert case[2] in ("invalid_edge", "duplicate_id")
    else:
        assert found.fix.encode() == {"kind": "remove_edge", "id": case[1][0]["id"]}


def test_an_edge_whose_node_could_not_be_read_is_not_told_as_well() -> None:
    found = told([*NODES, {"id": "q", "kind": "robot", "x": 0, "y": 900}], [*EDGES, edge("1", "q")])

    assert [problem.code for problem in found] == ["unknown_kind"]


def test_groups_in_a_circle_and_too_deep() -> None:
    groups = [node(id, "group") | {"parent": parent} for id, parent in (("a", "b"), ("b", "c"), ("c", "a"))]
    assert [one.code for one in told([*NODES, *groups], EDGES)] == ["group_in_itself"]
    deep = [node(f"g{n}", "group") | {"parent": f"g{n - 1}" if n else None} for n in range(5)]
    limits = DocumentLimits(nesting=3)
    assert [one.code for one in told([*NODES, *deep], EDGES, limits)] == ["nested_too_deep"]
    assert told([*NODES, *deep[:3]], EDGES, limits) == []


def test_no_more_is_read_than_a_flow_may_hold() -> None:
    limits = DocumentLimits(nodes=3, edges=2)

    assert told([*NODES], [*EDGES], limits) == []
    found = told([*NODES, *[node("q")] * 50], EDGES, limits)
    assert [(one.code, one.path) for one in found] == [("too_many_elements", "/nodes")]


@pytest.mark.parametrize(
    "value", [None, [], {}, "x", {"id": {}}, {"id": "a", "settings": 5, "kind": []}, {"id": "\ud800"}]
)
def test_odd_values_are_told(value: object) -> None:
    found = told([value], [value])

    assert {"invalid_node", "unknown_kind"} & {str(one.code) for one in found}
    assert "invalid_edge" in {str(one.code) for one in found}
