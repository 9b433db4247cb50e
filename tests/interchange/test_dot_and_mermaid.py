"""What both text formats promise: the corpus, inputs that hurt, the tools' own reading, and there and back."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from flows.document import KINDS
from flows.interchange.budget import TooMuchError, UnreadableError
from flows.interchange.drawing import drawn_label
from flows.interchange.neutral import ExportedFlow
from tests.interchange.flows import exported_flows
from tests.interchange.reading import bare, nodes_of, read, same, seen, write
from tests.interchange.reference.inputs import CORPUS, MARKUP_SHOWN, REFUSED, VECTORS, exports
from tests.interchange.samples import all_kinds, odd_labels
from tests.interchange.traps import traps
from tests.nightly import IS_NIGHTLY, amount

FORMATS = ("dot", "mermaid")
EXPECTED = {one["file"]: one for one in json.loads((CORPUS / "expected.json").read_text())}
RECORDED = json.loads(VECTORS.read_text())
TRAPS = [(format, name) for format in FORMATS for name in traps(format)]
HOSTILE = [
    line.split("\t")
    for line in (CORPUS / "hostile/expectations.tsv").read_text().splitlines()[1:]
    if line.split("\t")[1] in FORMATS
]
LENGTHY = settings(
    max_examples=amount(60, nightly=1_000), derandomize=not IS_NIGHTLY, suppress_health_check=[HealthCheck.too_slow]
)


def corpus() -> list[str]:
    return [f"{format}/{path.name}" for format in FORMATS for path in sorted((CORPUS / format).iterdir())]


@pytest.mark.parametrize("file", corpus())
def test_a_file_of_the_corpus_is_read_as_an_independent_reader_counts_it(file: str) -> None:
    expected = EXPECTED[file]
    data = (CORPUS / file).read_bytes()
    if expected["expect"] == "either":
        try:
            read(expected["format"], data)
        except UnreadableError as error:
            assert error.line
        return

    flow, report = read(expected["format"], data)

    assert not [told for told in report.dropped if told.what in ("node", "edge", "group", "note")]
    kinds = [node.kind for node in flow.nodes]
    groups, notes = kinds.count("group"), kinds.count("note")
    assert (len(kinds) - groups - notes, groups, notes) == tuple(expected[it] for it in ("nodes", "groups", "notes"))
    assert len(flow.edges) == expected["edges"]
    assert sum(edge.source == edge.target for edge in flow.edges) == expected["loops"]
    drop_marks = str.maketrans("", "", "_*")
    expected_seen = {name: [bare(one) for one in expected[name]] for name in ("labels", "group_labels", "edge_labels")}
    ours = seen(flow)
    nodes = [bare(one.translate(drop_marks)) for one in ours["nodes"]]
    if file != "dot/pydot_html_labels.gv":  # there, quoted angle brackets are text, which the corpus' counter takes off
        assert sorted(nodes) == sorted(expected_seen["labels"])
    assert sorted(bare(one.translate(drop_marks)) for one in ours["groups"]) == sorted(expected_seen["group_labels"])
    labels = {bare(edge[2].translate(drop_marks)) for edge in ours["edges"]}
    assert labels >= set(expected_seen["edge_labels"])


@pytest.mark.parametrize(("file", "format", "size", "expect", "more"), HOSTILE)
def test_an_input_that_hurts_does_not(file: str, format: str, size: str, expect: str, more: str) -> None:
    try:
        flow, report = read(format, (CORPUS / "hostile" / file).read_bytes())
    except (UnreadableError, TooMuchError) as error:
        assert expect in ("refuse", "either")
        assert not json.loads(more).get("line") or getattr(error, "line", None)
        return

    assert expect in ("import", "either")
    wanted = json.loads(more)
    everything = repr(flow) + repr(report)
    assert not any(leak in everything for leak in wanted.get("leaks", ()))
    assert set(wanted.get("labels", ())) <= {node.label for node in flow.nodes}
    dropped = sum(told.count for told in report.dropped if told.what == "edge")
    if "nodes" in wanted:
        assert len(flow.nodes) == wanted["nodes"]
    if "edges" in wanted:
        assert len(flow.edges) == wanted["edges"]
    assert len(flow.edges) + dropped >= wanted.get("dropped_or", {}).get("edges", 0)


@pytest.mark.parametrize(("format", "name"), TRAPS)
def test_a_trap_is_read_as_the_tool_itself_reads_it(format: str, name: str) -> None:
    text, tools = traps(format)[name], RECORDED[format][name]
    assert tools["text"] == text, "record again: python -m tests.interchange.reference"

    if name.startswith("refused"):
        with pytest.raises(UnreadableError) as refused:
            read(format, text)
        assert refused.value.line
        assert refused.value.column
        assert "error" in tools["seen"]
        return
    flow, _report = read(format, text)

    if name.startswith("tolerated"):
        assert "error" in tools["seen"]
        assert flow.nodes
    else:
        assert same(seen(flow)) == same(tools["seen"])


@pytest.mark.parametrize("file", corpus())
def test_a_file_of_the_corpus_is_read_as_the_tool_itself_reads_it(file: str) -> None:
    format, _slash, name = file.partition("/")
    tools = RECORDED[format][f"corpus: {name}"]
    assert tools["text"] == (CORPUS / file).read_text(encoding="utf-8"), "record again"

    if f"corpus: {name}".startswith(REFUSED):
        assert "error" in tools["seen"]
    elif f"corpus: {name}" not in MARKUP_SHOWN:
        assert same(seen(read(format, tools["text"])[0])) == same(tools["seen"])


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("flow", [all_kinds(), odd_labels()], ids=["all kinds", "odd labels"])
def test_a_tool_reads_in_an_export_what_the_flow_has(format: str, flow: ExportedFlow) -> None:
    name = "export: all_kinds" if flow.title == all_kinds().title else "export: odd_labels"
    recorded = RECORDED[format][name]
    assert recorded["text"] == exports(format)[name], "record again: python -m tests.interchange.reference"

    tools = recorded["seen"]

    assert "error" not in tools
    assert len(tools["edges"]) == len(flow.edges)
    assert sorted(map(bare, tools["groups"])) == sorted(bare(node.label) for node in flow.nodes if node.kind == "group")
    labels = sorted(bare(drawn_label(node)) for node in flow.nodes if node.kind != "group")
    texts = {"Fillin": "Fillinthe*key*"} if format == "dot" else {}  # Graphviz draws a note's text beside it
    assert sorted(map(bare, tools["nodes"])) == sorted(texts.get(label, label) for label in labels)


def meaning(flow: ExportedFlow, format: str) -> tuple[list[object], list[object]]:
    """Return what there and back must keep; Mermaid has neither blank labels of edges nor ports beside labels."""
    says_all = format == "dot"
    kinds = {node.id: node.kind for node in flow.nodes}
    labels = {node.id: drawn_label(node) for node in flow.nodes}
    nodes: list[object] = [
        (node.kind, drawn_label(node), node.enabled, node.colour, bool(node.parent)) for node in flow.nodes
    ]
    edges: list[object] = []
    for edge in flow.edges:
        label = edge.label if says_all or edge.label.strip() else ""
        port = edge.source_port
        if not says_all and label and port != KINDS[kinds[edge.source]].default_output:
            port = {"decision": " ".join(label.split())[:64]}.get(
                kinds[edge.source], "each" if label == "each" else "out"
            )
            port = "default" if port.lower() == "default" else port
        edges.append((labels[edge.source], labels[edge.target], label, port, edge.animated))
    return nodes, edges


@pytest.mark.parametrize("format", FORMATS)
@LENGTHY
@given(flow=exported_flows())
def test_there_and_back_keeps_what_the_format_can_say(format: str, flow: ExportedFlow) -> None:
    text, _report = write(format, flow)
    back, report = read(format, text)

    found = nodes_of(back)
    nodes = [
        (node.kind, node.label, node.enabled, node.colour or KINDS[node.kind].colour, bool(node.parent))
        for node in back.nodes
    ]
    edges = [
        (
            found[edge.source].label,
            found[edge.target].label,
            edge.label,
            edge.source_port or KINDS[found[edge.source].kind].default_output,
            edge.animated,
        )
        for edge in back.edges
    ]
    wanted_nodes, wanted_edges = meaning(flow, format)
    assert sorted(nodes) == sorted(wanted_nodes)
    assert sorted(edges) == sorted(wanted_edges)
    assert (back.title, back.description) == (flow.title, flow.description)
    assert not report.dropped
    if format == "dot":
        placed = [(node.x, node.y, node.width, node.height, node.description) for node in back.nodes]
        wanted = [(node.x, node.y, node.width, node.height, node.description) for node in flow.nodes]
        for one, other in zip(sorted(placed), sorted(wanted), strict=True):
            assert one[:4] == pytest.approx(other[:4], abs=0.011)
        assert sorted(one[4] for one in placed) == sorted(one[4] for one in wanted)


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_flow_gives_the_same_bytes(format: str) -> None:
    assert write(format, all_kinds()) == write(format, all_kinds())


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_imported_comes_back_in_an_export(format: str) -> None:
    source = {
        "dot": 'digraph { a [shape=hexagon, style="rounded,filled", penwidth=3] }',
        "mermaid": "flowchart LR\na@{ shape: hourglass, label: x }",
    }[format]
    [imported] = read(format, source)[0].nodes
    flow = all_kinds()
    node = replace_node(flow, "transform", dict(imported.imported or {}))

    again, _report = read(format, write(format, node)[0])

    assert imported.imported in [one.imported for one in again.nodes]


def replace_node(flow: ExportedFlow, id: str, imported: dict[str, object]) -> ExportedFlow:
    """Return the flow with what a node was imported with."""
    nodes = [node.edited({"settings": {"imported": imported}}) if node.id == id else node for node in flow.nodes]
    return replace(flow, nodes=nodes)


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_flow_is_written_and_read(format: str) -> None:
    text, report = write(format, ExportedFlow("f", 1, "", "", [], []))
    flow, _report = read(format, text)

    assert (flow.nodes, flow.edges, flow.title, report.dropped) == ([], [], "", [])


def test_the_corpus_is_there() -> None:
    assert len(corpus()) == 21
    assert len(HOSTILE) > 15
    assert all(sum(one == format for one, _name in TRAPS) >= 40 for format in FORMATS)
    assert Path(VECTORS).exists()
