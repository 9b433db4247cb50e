"""YAML made for diffs: stable, one property on a line, read alike by every reader; and what is refused in others'."""

from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from flows.document import DEFAULT_LIMITS, Edge, Node
from flows.interchange.budget import Budget, TooMuchError, UnreadableError
from flows.interchange.importing import Imported, read_file
from flows.interchange.neutral import ExportedFlow
from flows.interchange.report import Report
from flows.interchange.yaml_format import write
from flows.interchange.yaml_format.events import read_events
from flows.interchange.yaml_format.lines import read_lines
from tests.interchange.random_flows import random_flow
from tests.nightly import seeds

SEEDS = seeds(60, nightly=2_000)
FLOW = ExportedFlow(
    "6f1c0000-0000-4000-8000-000000000000",
    3,
    "Support triage",
    "",
    [
        Node("classify", "agent", 100, 40, 144, 80, "Classify ticket", "", "#0ea5e9", None, True, {"model": "test"}),
        Node("route", "decision", 300, 40.5, 120, 80, "Decision", "", "#ef4444", None, True, {"branches": ["urgent"]}),
    ],
    [Edge("e1", "classify", "route", "out", "in")],
)
TEXT = """\
helix: 1
id: "6f1c0000-0000-4000-8000-000000000000"
title: Support triage
description: ''
nodes:
  classify:
    kind: agent
    label: Classify ticket
    settings:
      model: test
  route:
    kind: decision
    settings:
      branches: [urgent]
edges:
  e1: {from: classify.out, to: route.in, label: ''}
layout:
  classify: {x: 100, "y": 40, width: 144, height: 80}
  route: {x: 300, "y": 40.5, width: 120, height: 80}
"""


def budget() -> Budget:
    return Budget(10_000, 20_000)


def read(text: str) -> Imported:
    return read_file(text.encode(), "yaml", DEFAULT_LIMITS)


def loaded(text: str, version: tuple[int, int]) -> Any:
    """Load a text as another program would, by the rules of one version of YAML."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = version
    return yaml.load(text)


class TestWriting:
    def test_the_contracts_example(self) -> None:
        assert write(FLOW, Report("yaml")).decode() == TEXT

    def test_an_empty_flow(self) -> None:
        empty = replace(FLOW, nodes=[], edges=[], id="")
        text = write(empty, Report("yaml")).decode()
        assert text == "helix: 1\ntitle: Support triage\ndescription: ''\nnodes: {}\nedges: {}\nlayout: {}\n"

    def test_every_version_of_yaml_reads_the_same(self) -> None:
        for seed in SEEDS:
            text = write(random_flow(seed), Report("yaml")).decode()
            assert repr(loaded(text, (1, 1))) == repr(loaded(text, (1, 2))), seed

    def test_other_readers_read_what_was_written(self) -> None:
        for seed in SEEDS:
            flow = random_flow(seed)
            body = loaded(write(flow, Report("yaml")).decode(), (1, 1))

            assert (body["title"], body["description"]) == (flow.title, flow.description), seed
            assert list(body["nodes"]) == list(body["layout"]) == [node.id for node in flow.nodes], seed
            for node in flow.nodes:
                held = body["nodes"][node.id]
                assert held.get("label", node.label) == node.label, seed
                assert held.get("settings", {}) == node.settings, seed
            assert [edge["from"] for edge in body["edges"].values()] == [
                f"{edge.source}.{edge.source_port}" for edge in flow.edges
            ], seed

    @pytest.mark.parametrize(
        "changed",
        [{"label": "a\nb: 'c'"}, {"description": "x"}, {"colour": "#ffffff"}, {"enabled": False}, {"x": 1, "y": 2}],
        ids=str,
    )
    def test_a_changed_property_is_a_changed_line(self, changed: dict[str, Any]) -> None:
        base = replace(FLOW.nodes[0], description="d", colour="#000000", enabled=True)
        first, other = ([one, FLOW.nodes[1]] for one in (base, replace(base, **changed)))
        lines = [write(replace(FLOW, nodes=nodes), Report("yaml")).decode().splitlines() for nodes in (first, other)]

        assert len(set(lines[1]) - set(lines[0])) == 1
        assert len(set(lines[0]) - set(lines[1])) <= 1

    def test_a_changed_setting_is_a_changed_line(self) -> None:
        texts = []
        for prompt in ("One\nTwo\nThree", "One\nTwo\nFour\n"):
            node = replace(FLOW.nodes[0], settings={"system_prompt": prompt, "model": "m"})
            texts.append(write(replace(FLOW, nodes=[node, FLOW.nodes[1]]), Report("yaml")).decode().splitlines())

        assert len(texts[0]) == len(texts[1])
        assert sum(one != other for one, other in zip(*texts, strict=True)) == 1


class TestReading:
    def test_the_quick_way_reads_what_the_parser_reads(self) -> None:
        for seed in SEEDS:
            text = write(random_flow(seed), Report("yaml")).decode()
            quick = read_lines(text, budget())
            assert quick is not None, seed
            assert repr(quick) == repr(read_events(text, budget())), seed

    @pytest.mark.parametrize(
        "text",
        [
            "a:\n", "a: 1\n  b: 2\n", "a: b # c\n", "a: |\n  b\n", "- a\n", "a: 1\na: 2\n", "a: &x b\n", "a: *x\n",
            "a: !!str b\n", "a: 'b'\n", "a: [b,c]\n", "a: {b: }\n", "a: 012\n", "a: 2024-01-01\n", "? a\n: b\n",
            "a:  b\n",
            "a: b: c\n", "a: b\n\nc: d\n", "---\na: b\n", "a: [b, ]\n", "a: {? b : c}\n", "a: \"\\x41\"\n", "a:\n- b\n",
            "a:\n    b: c\n", "a:\n  b: c\n   d: e\n", "\ta: b\n", "a: \"b\n", "a: {b: c\n", "a:\n  b:\nc: d\n", "",
        ],
    )  # fmt: skip
    def test_the_quick_way_leaves_all_else_to_the_parser(self, text: str) -> None:
        assert read_lines(text, budget()) is None

    def test_what_a_scalar_means_follows_from_where_it_stands(self) -> None:
        read_in = read(
            "title: no\nnodes:\n  on: {kind: agent, label: 012, settings: {model: 1.0, max_tokens: 5}}\n"
            "  y: {kind: api, label: 12:30:45, settings: {url: yes, body: {a: no, b: 012, c: 1e3, d: ~}}}\n"
        )

        assert read_in.title == "no"
        assert [(node.id, node.label) for node in read_in.nodes] == [("on", "012"), ("y", "12:30:45")]
        assert read_in.nodes[0].settings == {"model": "1.0", "max_tokens": 5}
        assert read_in.nodes[1].settings == {"url": "yes", "body": {"a": "no", "b": 12, "c": 1000, "d": None}}

    def test_the_body_of_the_api_in_yaml(self) -> None:
        read_in = read("title: T\nnodes:\n- {id: a, kind: input, x: 0, y: 5}\n- id: b\n  kind: agent\n  x: 9\n  y: 5\n"
                       "edges: [{id: e, source: a, target: b}]\n")  # fmt: skip

        assert [(node.id, node.x) for node in read_in.nodes] == [("a", 0), ("b", 9)]
        assert [edge.ends for edge in read_in.edges] == [("a", "b", "out", "in")]

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("title: t\nnodes: &a []\n", 2),
            ("title: t\nnodes: []\nedges: *a\n", 3),
            ("title: !!str t\n", 1),
            ("title: !x t\n", 1),
            ("%TAG ! tag:evil,2000:\n---\ntitle: t\n", 2),
            ("title: t\n<<: {a: b}\n", 2),
            ("title: t\ntitle: u\n", 2),
            ("title: t\n? [a]\n: b\n", 2),
            ("title: t\n---\ntitle: u\n", 2),
            ("title: t\nnodes:\n\t- a\n", 3),
            ("title: 'open\n", 2),
            ("helix: 2\ntitle: t\n", None),
            ("title: t\nnodes: 5\n", None),
            ("title: t\nnodes: {a: b}\n", None),
            ("title: t\nlayout: {a: {x: 1, z: 2}}\nnodes: {a: {kind: agent}}\n", None),
            ("workflow: {name: x, steps: []}\n", None),
            ("hello\n", None),
            ("", None),
            ("# nothing\n", None),
        ],
    )
    def test_what_is_refused(self, text: str, line: int | None) -> None:
        with pytest.raises(UnreadableError) as refused:
            read(text)
        assert refused.value.line == line
        assert refused.value.message

    @pytest.mark.parametrize(
        "text",
        [
            "a: " + "[" * 200_000,
            "".join(f"{' ' * depth}a:\n" for depth in range(1_000)),
            "title: " + "x" * 3_000_000 + "\n? b\n",
            "title: '" + "x '' " * 600_000,
            "title: t\n# c\n" + "nodes:\n" + "- {id: a}\n" * 200_000,
            "title: t # c\nnodes: [" + "a, " * 500_000,
        ],
        ids=["brackets", "levels", "plain", "quoted", "nodes", "items"],
    )
    def test_what_takes_too_long_or_lies_too_deep_ends_soon(self, text: str) -> None:
        with pytest.raises((UnreadableError, TooMuchError)):
            read_file(text.encode(), "yaml", DEFAULT_LIMITS, seconds=0.2)

    def test_ten_thousand_nodes_are_within_the_budget(self) -> None:
        count = 10_000
        nodes = [replace(FLOW.nodes[0], id=f"n{number:05}", x=number) for number in range(count)]
        edges = [Edge(f"e{number:05}", f"n{number % count:05}", f"n{(number * 7 + 1) % count:05}", "out", "in")
                 for number in range(2 * count) if number % count != (number * 7 + 1) % count]  # fmt: skip
        steps = budget()

        assert read_lines(write(replace(FLOW, nodes=nodes, edges=edges), Report("yaml")).decode(), steps) is not None
