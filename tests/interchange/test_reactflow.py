"""React Flow's JSON as people and tools write it."""

import json
from typing import Any

import pytest

from flows.document import DEFAULT_LIMITS, Edge, Node
from flows.interchange.budget import TooMuchError, UnreadableError
from flows.interchange.exporting import write_file
from flows.interchange.formats import FORMATS
from flows.interchange.importing import Imported, read_file
from flows.interchange.neutral import ExportedFlow


def read(file: object) -> Imported:
    return read_file(json.dumps(file).encode(), "reactflow", DEFAULT_LIMITS)


def box(id: Any, x: float = 0, y: float = 0, /, **more: Any) -> dict[str, Any]:
    return {"id": id, "position": {"x": x, "y": y}, "data": {"label": str(id).upper()}, **more}


def labels(imported: Imported) -> dict[str, Node]:
    return {node.label: node for node in imported.nodes}


def dropped(imported: Imported) -> list[str]:
    return sorted(told.what for told in imported.report.dropped)


@pytest.mark.parametrize("file", [None, 3, "x", {}, {"nodes": 3}, {"edges": []}, [1, 2], {"flowData": "no"}])
def test_what_is_refused(file: object) -> None:
    with pytest.raises(UnreadableError):
        read(file)


def test_a_syntax_error_has_its_line() -> None:
    with pytest.raises(UnreadableError) as error:
        read_file(b'{"nodes": [\n{"id": NaN}]}', "reactflow", DEFAULT_LIMITS)

    assert error.value.line == 2


def test_elements_of_version_9() -> None:
    a, b = box("a"), box("b", 200)
    file = {"elements": [a, b, {"id": "e", "source": "a", "target": "b", "label": "go", "animated": True}]}
    for imported in (read(file), read(file["elements"])):
        (edge,) = imported.edges
        assert (edge.label, edge.animated) == ("go", True)


@pytest.mark.parametrize("wrap", ["flow", "data", "graph"])
def test_a_file_that_wraps_the_graph(wrap: str) -> None:
    assert len(read({"name": "T", wrap: {"nodes": [box("a")], "edges": []}}).nodes) == 1


def test_a_graph_kept_as_text() -> None:
    imported = read({"name": "Chat", "flowData": json.dumps({"nodes": [box("a")], "edges": []})})

    assert (imported.title, len(imported.nodes)) == ("Chat", 1)


def test_places_are_relative_two_deep() -> None:
    nodes = [
        box("g", 100, 100, type="group", style={"width": 500, "height": "400px"}),
        box("h", 50, 60, parentId="g", width=300, height=200),
        box("a", 10, 20, parentNode="h", extent="parent"),
    ]
    for order in (nodes, nodes[::-1]):
        found = labels(read({"nodes": order, "edges": []}))
        assert (found["A"].x, found["A"].y) == (160, 180)
        assert (found["A"].parent, found["H"].parent) == (found["H"].id, found["G"].id)
        assert (found["G"].kind, found["G"].width, found["G"].height) == ("group", 500, 400)


def test_an_origin_moves_the_corner() -> None:
    node = labels(read({"nodes": [box("a", 100, 100, origin=[0.5, 0.5], measured={"width": 80, "height": 40})]}))["A"]

    assert (node.x, node.y, node.width, node.height) == (60, 80, 80, 40)


def test_parents_in_a_circle() -> None:
    imported = read({"nodes": [box("a", 1, 1, parentId="b"), box("b", 1, 1, parentId="a"), box("c", parentId="c")]})

    assert len(imported.nodes) == 3


def test_a_chain_of_parents_is_no_deep_recursion() -> None:
    nodes = [box(number, 1, 1, parentId=str(number + 1)) for number in range(3_000)] + [box("3000")]

    assert len(read({"nodes": nodes, "edges": []}).nodes) == 3_001


@pytest.mark.parametrize(
    ("data", "label"),
    [
        ({"label": "Plain"}, "Plain"),
        ({"label": 7}, "7"),
        ({"title": "Title"}, "Title"),
        ({"label": "", "name": "Name"}, "Name"),
        ({"label": "<b>Bold</b><br>line"}, "Bold\nline"),
        ({"label": "a < b > c"}, "a < b > c"),
        ({"label": "List<String>"}, "List<String>"),
        ({"label": {"type": "div", "props": {"children": ["Hello", {"props": {"children": "you"}}]}}}, "Hello you"),
        ({"node": {"display_name": "Prompt"}}, "Prompt"),
        ({"label": None}, ""),
        ({}, ""),
    ],
)
def test_labels(data: dict[str, Any], label: str) -> None:
    (node,) = read({"nodes": [{"id": "1", "position": {"x": 0, "y": 0}, "data": data}], "edges": []}).nodes

    assert node.label == label


@pytest.mark.parametrize(
    ("type", "data", "kind"),
    [
        ("input", {}, "input"),
        ("output", {}, "output"),
        ("default", {}, "transform"),
        ("stickyNote", {"text": "x"}, "note"),
        ("annotation", {}, "note"),
        ("conditionNode", {}, "decision"),
        ("httpRequest", {}, "api"),
        ("llmNode", {}, "agent"),
        ("customFunction", {}, "skill"),
        ("vectorStore", {}, "memory"),
        ("loop", {}, "loop"),
        ("customNode", {"name": "chatOpenAI", "baseClasses": [], "category": "Chat Models"}, "agent"),
        ("agentFlow", {"name": "startAgentflow", "baseClasses": []}, "input"),
        ("agentFlow", {"name": "conditionAgentflow", "baseClasses": []}, "decision"),
        ("genericNode", {"type": "ChatInput", "node": {}}, "input"),
        ("genericNode", {"type": "ChatOutput", "node": {}}, "output"),
        ("noteNode", {"node": {"description": "# Read me"}}, "note"),
        ("whatever", {"kind": "memory"}, "memory"),
    ],
)
def test_kinds(type: str, data: dict[str, Any], kind: str) -> None:
    (node,) = read({"nodes": [{"id": "1", "type": type, "position": {"x": 0, "y": 0}, "data": data}]}).nodes

    assert node.kind == kind


def test_a_note_says_what_it_said() -> None:
    file = {"nodes": [{"id": "1", "type": "noteNode", "data": {"node": {"description": "# Read me"}}}]}
    (node,) = read(file).nodes

    assert (node.settings["text"], node.description) == ("# Read me", "")


def test_handles_become_branches() -> None:
    nodes = [box("if", type="condition"), box("a", 200), box("b", 200, 100)]
    edges = [
        {"id": "1", "source": "if", "sourceHandle": "yes", "target": "a"},
        {"id": "2", "source": "if", "sourceHandle": "no", "target": "b", "targetHandle": "left"},
        {"id": "3", "source": "if", "sourceHandle": "no", "target": "a"},
    ]
    imported = read({"nodes": nodes, "edges": edges})

    assert labels(imported)["IF"].settings["branches"] == ["yes", "no"]
    assert sorted(edge.source_port for edge in imported.edges) == ["no", "no", "yes"]
    (back,) = [edge for edge in exported(imported)["edges"] if edge["id"] == "2"]
    assert (back["sourceHandle"], back["targetHandle"]) == ("no", "left")


def test_ids_that_collide_when_cleaned() -> None:
    nodes = [box("a b"), box("a_b", 1), box(1, 2), box("1", 3)]
    imported = read({"nodes": nodes, "edges": [{"id": "e", "source": "a b", "target": "a_b"}]})

    assert len({node.id for node in imported.nodes}) == 4
    (edge,) = imported.edges
    assert edge.source != edge.target


def test_loose_ends_are_told_each() -> None:
    edges = [{"id": "1", "source": "a", "target": "gone"}, {"id": "2", "source": None, "target": "a"}, {}, None]

    assert dropped(read({"nodes": [box("a")], "edges": edges})) == ["edge"] * 4


def test_what_is_no_node_is_told() -> None:
    imported = read({"nodes": [None, 5, [], {}, box("a")], "edges": None})

    assert (len(imported.nodes), dropped(imported)) == (1, ["node"] * 4)


def test_hidden_and_looks_are_told() -> None:
    imported = read({"nodes": [box("a", hidden=True, className="x", style={"background": "url(http://x/)"})]})

    assert {told.what for told in imported.report.approximated} == {"style"}
    assert "http://x/" not in repr(imported)


@pytest.mark.parametrize(
    ("colour", "read_as"),
    [("#fff", "#ffffff"), ("#0EA5E9", "#0ea5e9"), ("rgb(1, 2, 3)", "#010203"), ("red", None), ("url(x)", None)],
)
def test_colours(colour: str, read_as: str | None) -> None:
    (node,) = read({"nodes": [box("a", style={"backgroundColor": colour})]}).nodes

    assert node.colour == (read_as or "#14b8a6")


def test_too_many_nodes() -> None:
    with pytest.raises(TooMuchError):
        read({"nodes": [{"id": number, "data": {}} for number in range(10_001)]})


def exported(imported: Imported) -> Any:
    flow = ExportedFlow("1", 1, imported.title, imported.description, imported.nodes, imported.edges)
    return json.loads(write_file(flow, FORMATS["reactflow"]).body)


def test_a_node_of_another_tool_keeps_its_own() -> None:
    data = {"label": "Ask", "inputs": {"a": {"b": [1, {"c": {"d": {"e": {"f": 1}}}}]}}, "version": 2}
    node = {"id": "n", "type": "customNode", "position": {"x": 5, "y": 6}, "data": data, "draggable": False}
    (back,) = exported(read({"nodes": [node], "edges": []}))["nodes"]

    assert {**back["data"], "label": "Ask"} == data
    assert (back["type"], back["draggable"], back["position"]) == ("customNode", False, {"x": 5, "y": 6})


def test_what_was_changed_here_is_written() -> None:
    (node,) = read({"nodes": [box("a", type="llm")], "edges": []}).nodes
    edited = node.edited({"label": "New", "settings": {"model": "test"}})
    written = exported(Imported("", "", "", [edited], [], read({"nodes": []}).report))
    (back,) = read(written).nodes

    assert (back.label, back.settings["model"], written["nodes"][0]["type"]) == ("New", "test", "llm")


def test_our_nodes_are_drawn_without_types_of_ones_own() -> None:
    nodes = [
        Node("g", "group", 0, 0, 400, 300, "G", "", "#94a3b8", None, True, {}),
        Node("a", "sensor", 10, 50, 136, 60, "A", "", "#22c55e", "g", True, {"source": "webhook"}),
        Node("d", "decision", 200, 50, 120, 80, "D", "", "#ef4444", None, True, {"branches": ["yes"]}),
    ]
    flow = ExportedFlow("1", 1, "T", "", nodes, [Edge("e", "a", "d", "out", "in"), Edge("f", "d", "d", "yes", "in")])
    written = json.loads(write_file(flow, FORMATS["reactflow"]).body)

    assert [node["type"] for node in written["nodes"]] == ["group", "default", "input"] or [
        node["type"] for node in written["nodes"]
    ] == ["group", "input", "default"]
    assert written["edges"][1]["data"] == {"sourcePort": "yes"}
    assert written["viewport"] == {"x": 0, "y": 0, "zoom": 1}


@pytest.mark.parametrize(
    ("type", "unknown"), [("acme", True), ("default", False), ("transform", False), ("llm", False)]
)
def test_a_type_that_means_no_kind_is_told(type: str, unknown: bool) -> None:
    imported = read({"nodes": [box("a", type=type)], "edges": []})

    assert [(one.what, one.where) for one in imported.report.approximated] == [("node", "A")] * unknown
