"""Mermaid and Graphviz themselves read what we write, and read as we do: live, in `make nightly` alone.

`make test` compares with what they saw when it was recorded (`test_dot_and_mermaid.py`).
"""

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from flows.document import Node
from flows.interchange.drawing import drawn_label
from flows.interchange.neutral import ExportedFlow
from tests.interchange.flows import exported_flows
from tests.interchange.reading import bare, read, same, seen, write
from tests.interchange.reference.inputs import MARKUP_SHOWN, REFUSED, inputs
from tests.interchange.reference.tools import MODULES, Tools
from tests.nightly import IS_NIGHTLY

pytestmark = pytest.mark.skipif(not IS_NIGHTLY, reason="nightly: it fetches the tools from npm")
FORMATS = ("dot", "mermaid")


@pytest.fixture(scope="module")
def tools(browser: object) -> Iterator[Tools]:
    if not MODULES.exists():
        subprocess.run([MODULES.parent / "install"], check=True)
    yield Tools(browser)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", FORMATS)
def test_the_tools_read_the_corpus_and_the_traps_as_we_do(format: str, tools: Tools) -> None:
    for name, text in inputs(format).items():
        tools_see = tools.read(format, text)
        if name.startswith(REFUSED):
            assert "error" in tools_see, name
        elif not name.startswith("export") and name not in MARKUP_SHOWN:
            assert same(seen(read(format, text)[0])) == same(tools_see), name


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(flow=exported_flows())
def test_the_tools_read_in_an_export_what_the_flow_has(format: str, tools: Tools, flow: ExportedFlow) -> None:
    nodes = [replace_text(node) for node in flow.nodes]
    tools_see = tools.read(format, write(format, replace(flow, nodes=nodes))[0])

    assert sorted(map(bare, tools_see["nodes"])) == sorted(
        bare(drawn_label(node)) for node in nodes if node.kind != "group"
    )
    assert sorted(map(bare, tools_see["groups"])) == sorted(bare(node.label) for node in nodes if node.kind == "group")
    ports = {"out": "", "default": ""}
    wanted = (edge.label.strip() or ports.get(edge.source_port, edge.source_port) for edge in flow.edges)
    assert sorted(bare(edge[2]) for edge in tools_see["edges"]) == sorted(map(bare, wanted))


def replace_text(node: Node) -> Node:
    """Return a note without text: Graphviz draws that beside the note, and the page cannot tell it from the label."""
    return replace(node, settings={}) if node.kind == "note" and node.label else node
