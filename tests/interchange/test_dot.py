"""What DOT means beyond its graph: kinds, places, groups, and what is told."""

import pytest

from flows.interchange.budget import UnreadableError
from flows.interchange.report import Report
from tests.interchange.reading import nodes_of, read, write
from tests.interchange.samples import all_kinds


def told(report: Report) -> dict[str, int]:
    """Return what is told, with how often."""
    return {one.why: one.count for one in (*report.approximated, *report.dropped)}


def test_shapes_say_kinds_and_our_own_mark_says_it_before_them() -> None:
    flow, _report = read(
        "dot",
        "digraph { d [shape=diamond]; m [shape=cylinder]; s [shape=component]; p [shape=folder]; n [shape=note];"
        " a [shape=diamond, helix_kind=agent]; g [helix_kind=group]; x [helix_kind=nonsense] }",
    )

    assert {key: node.kind for key, node in nodes_of(flow).items()} == {
        **{"d": "decision", "m": "memory", "s": "skill", "p": "transform", "n": "note", "a": "agent"},
        **{"g": "transform", "x": "transform"},
    }


def test_a_shape_for_both_ends_is_an_input_or_an_output_by_its_edges() -> None:
    flow, _report = read("dot", "digraph { node [shape=Msquare]; a -> b -> c; d }")

    assert [node.kind for node in flow.nodes] == ["input", "transform", "output", "transform"]


def test_a_note_with_edges_is_a_node_and_told() -> None:
    flow, report = read("dot", "digraph { n [shape=note]; n -> a }")

    assert nodes_of(flow)["n"].kind == "transform"
    assert [(one.what, one.where) for one in report.approximated][:1] == [("note", "n")]


def test_labels_of_edges_from_a_decision_are_its_branches() -> None:
    flow, _report = read("dot", 'digraph { d [shape=diamond]; d -> a [label="Yes"]; d -> b [label=default]; d -> c }')

    assert nodes_of(flow)["d"].settings == {"branches": ["Yes"]}
    assert [(edge.source_port, edge.label) for edge in flow.edges] == [("Yes", "Yes"), ("default", "default"), ("", "")]


def test_places_are_middles_in_points_that_count_upwards() -> None:
    flow, _report = read("dot", 'digraph { a [pos="100,200!", width=2, height=1]; b [pos="0,0"]; c [pos="x,y"]; d }')
    found = nodes_of(flow)

    assert (found["a"].x, found["a"].y, found["a"].width, found["a"].height) == (28, -236, 144, 72)
    assert (found["b"].x, found["b"].y, found["b"].width) == (-68, -30, None)
    assert found["c"].x is found["d"].x is None


@pytest.mark.parametrize("pos", ["nan,nan", "inf,0", "1e400,0", "1", "", "1,,2", "0x10,3"])
def test_a_place_that_is_none_is_left_out(pos: str) -> None:
    flow, _report = read("dot", f'digraph {{ a [pos="{pos}"] }}')

    assert flow.nodes[0].x is None


def test_a_cluster_stands_where_it_was_laid_out() -> None:
    flow, _report = read("dot", 'digraph { subgraph cluster_a { bb="8,8,78,83"; a } }')
    group = flow.nodes[0]

    assert (group.x, group.y, group.width, group.height) == (8, -83, 70, 75)


def test_the_innermost_cluster_holds_a_node_and_the_first_of_several() -> None:
    flow, report = read(
        "dot",
        "digraph { subgraph cluster_a { x; subgraph { y }; subgraph cluster_b { x } };"
        " subgraph cluster_c { x; y; z } }",
    )
    parents = {key: node.parent for key, node in nodes_of(flow).items()}

    assert parents == {
        **{"cluster_a": None, "cluster_b": "cluster_a", "cluster_c": None},
        **{"x": "cluster_b", "y": "cluster_a", "z": "cluster_c"},
    }
    assert [one.where for one in report.approximated] == ["x", "y"]


def test_edges_at_braces_and_clusters_go_to_all_nodes_in_them() -> None:
    flow, _report = read("dot", "digraph { subgraph cluster_a { a; subgraph cluster_b { b } } -> {c d} }")

    ends = [(edge.source, edge.target) for edge in flow.edges]
    assert sorted(ends) == [("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")]


def test_loops_and_parallel_edges_are_passed_on() -> None:
    flow, _report = read("dot", "digraph { a -> a; a -> b; a -> b }")

    assert [(edge.source, edge.target) for edge in flow.edges] == [("a", "a"), ("a", "b"), ("a", "b")]


def test_the_second_graph_of_a_file_is_told_with_all_that_is_in_it() -> None:
    flow, report = read("dot", "digraph one { a } graph two { b -- c; subgraph cluster_x { d } }")

    assert list(nodes_of(flow)) == ["a"]
    assert [(one.what, one.where, one.count) for one in report.dropped] == [
        *(("page", "two", 1), ("node", "two", 3), ("edge", "two", 1), ("group", "two", 1)),
    ]


def test_what_a_flow_cannot_hold_is_told_once_with_a_count() -> None:
    nodes = 'a [URL="x", image="/etc/passwd"]; b [href="y"];'
    flow, report = read("dot", f"graph {{ {nodes} a:p -- b [color=red, dir=both]; b -- c [style=dotted] }}")

    assert told(report) == {
        "It had no direction: it goes as written.": 2,
        "It ended at a certain side or field of a node.": 1,
        "Edges have no styles.": 2,
        "Nodes and edges have no links.": 2,
        "Pictures of files are not read.": 1,
    }
    assert "/etc/passwd" not in repr(flow)


def test_a_tooltip_is_the_description_unless_it_only_says_the_label_again() -> None:
    flow, _report = read("dot", 'digraph { a [tooltip="Why"]; b [label=B, tooltip=B]; c [tooltip=c] }')

    assert [node.description for node in flow.nodes] == ["Why", "", ""]


def test_colours_are_those_that_a_flow_can_have() -> None:
    flow, _report = read(
        "dot",
        'digraph { a [color=red]; b [fillcolor="#00FF00", color=black]; c [color="0.1 0.2 0.3"]; d [color="#ABC"] }',
    )

    assert [node.colour for node in flow.nodes] == ["#ff0000", "#00ff00", "", "#aabbcc"]


@pytest.mark.parametrize(
    ("data", "label"),
    [
        ('digraph { charset="latin1"; a [label="größer"] }'.encode("latin-1"), "größer"),
        ('digraph { a [label="größer"] }'.encode("utf-16"), "größer"),
        ('digraph { a [label="größer"] }'.encode("utf-8-sig"), "größer"),
        ('digraph { charset="latin1"; a [label="größer"] }'.encode(), "größer"),
    ],
)
def test_the_encoding_is_found(data: bytes, label: str) -> None:
    assert read("dot", data)[0].nodes[0].label == label


def test_bytes_of_no_encoding_are_refused_with_their_line() -> None:
    with pytest.raises(UnreadableError) as refused:
        read("dot", b'digraph {\n a [label="gr\xf6\xdfer"] }')

    assert refused.value.line == 2


def test_title_description_and_direction_come_along() -> None:
    flow, _report = read("dot", 'digraph G { rankdir=BT; label="The title"; tooltip="About"; a }')

    assert (flow.title, flow.description, flow.direction) == ("The title", "About", "BT")
    assert read("dot", 'digraph "My graph" { a }')[0].title == "My graph"


def test_a_long_name_does_not_grow_a_label_beyond_what_is_read() -> None:
    flow, _report = read("dot", 'digraph { "' + "x" * 100_000 + '" [label="' + "\\N" * 5_000 + '"] }')

    assert len(flow.nodes[0].label) <= 5_000 * 200


def test_an_export_tells_what_is_not_in_it() -> None:
    _text, report = write("dot", all_kinds())

    assert [(one.what, one.where, one.count) for one in report.dropped] == [("property", "settings", 1)]
