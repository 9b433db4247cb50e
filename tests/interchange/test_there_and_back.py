"""The law of our own formats: written and read again, a flow is the same, ids, places and settings included."""

import pytest

from flows.document import DEFAULT_LIMITS, canonical_json, encode_edge, encode_node
from flows.interchange.exporting import write_file
from flows.interchange.formats import FORMATS
from flows.interchange.importing import read_file
from flows.interchange.neutral import ExportedFlow
from tests.interchange.random_flows import random_flow
from tests.nightly import seeds

SEEDS = seeds(200, nightly=5_000)


def elements(nodes: object, edges: object) -> list[str]:
    """Spell elements canonically, by id."""
    return sorted(
        [canonical_json(encode_node(node)) for node in nodes] + [canonical_json(encode_edge(edge)) for edge in edges]  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize("name", ["json", "yaml"])
def test_nothing_is_lost(name: str) -> None:
    for seed in SEEDS:
        flow = random_flow(seed)
        written = write_file(flow, FORMATS[name])

        read = read_file(written.body, name, DEFAULT_LIMITS)

        assert (read.title, read.description) == (flow.title, flow.description), seed
        if not _stands_on_one_spot(flow):
            assert elements(read.nodes, read.edges) == elements(flow.nodes, flow.edges), seed
        assert read.report.approximated == read.report.dropped == written.report.dropped == [], seed
        assert write_file(flow, FORMATS[name]).body == written.body, seed


@pytest.mark.parametrize("name", ["json", "yaml"])
def test_the_format_is_found_out(name: str) -> None:
    for seed in SEEDS[:50]:
        written = write_file(random_flow(seed), FORMATS[name]).body
        assert read_file(written, "auto", DEFAULT_LIMITS).report.format == name, seed


def _stands_on_one_spot(flow: ExportedFlow) -> bool:
    return len(flow.nodes) > 1 and len({(node.x, node.y) for node in flow.nodes}) == 1
