"""Read and write by a format's name, and what came of it in the words that the corpus uses."""

import re
from importlib import import_module
from typing import Any

from flows.interchange.budget import Budget
from flows.interchange.neutral import ExportedFlow, NeutralFlow, NeutralNode
from flows.interchange.report import Report
from tests.interchange.reference.tools import Seen

NODES, EDGES = 10_000, 20_000


def read(format: str, data: bytes | str, *, nodes: int = NODES, edges: int = EDGES) -> tuple[NeutralFlow, Report]:
    """Read a file with the limits of a flow."""
    report = Report(format)
    bytes_ = data.encode() if isinstance(data, str) else data
    return _module(format).read(bytes_, Budget(nodes, edges), report), report


def write(format: str, flow: ExportedFlow) -> tuple[str, Report]:
    """Write a flow."""
    report = Report(format)
    return _module(format).write(flow, report).decode(), report


def nodes_of(flow: NeutralFlow) -> dict[str, NeutralNode]:
    """Return nodes, notes and groups by key."""
    return {node.key: node for node in flow.nodes}


def seen(flow: NeutralFlow) -> Seen:
    """Return what a tool says of a file, as we read it."""
    labels = {node.key: node.label for node in flow.nodes}
    return {
        "nodes": [node.label for node in flow.nodes if node.kind != "group"],
        "edges": [[labels[edge.source], labels[edge.target], edge.label] for edge in flow.edges],
        "groups": [node.label for node in flow.nodes if node.kind == "group"],
    }


def same(one: Seen) -> tuple[list[str], list[str], list[str]]:
    """Return what two readings must have alike: labels without white space and bars between fields, in any order."""
    edges = [bare(edge[2]) for edge in one["edges"]]
    return sorted(map(bare, one["nodes"])), sorted(edges), sorted(map(bare, one["groups"]))


def bare(text: str) -> str:
    return re.sub(r"[\s|]+", "", text)


def _module(format: str) -> Any:
    return import_module(f"flows.interchange.{format}")
