"""Flows as JSON: the body of `POST /flows`, whole elements, one on a line, so that two exports can be compared."""

from collections.abc import Iterable

import orjson

from flows.document import canonical_json, encode_edge, encode_node
from flows.interchange.budget import Budget
from flows.interchange.json_text import parse_json_file
from flows.interchange.native import read_body
from flows.interchange.neutral import ExportedFlow, NeutralFlow
from flows.interchange.report import Report


def read(data: bytes, budget: Budget, report: Report) -> NeutralFlow:
    """Read the body of a flow."""
    return read_body(parse_json_file(data), budget, report)


def write(flow: ExportedFlow, report: Report) -> bytes:
    """Write the body of a flow."""
    lines = (
        "{",
        f' "title": {canonical_json(flow.title)},',
        f' "description": {canonical_json(flow.description)},',
        f' "nodes": {_listed(orjson.dumps(encode_node(node)).decode() for node in flow.nodes)},',
        f' "edges": {_listed(orjson.dumps(encode_edge(edge)).decode() for edge in flow.edges)}',
        "}",
        "",
    )
    return "\n".join(lines).encode()


def _listed(items: Iterable[str]) -> str:
    inside = ",\n  ".join(items)
    return f"[\n  {inside}\n ]" if inside else "[]"
