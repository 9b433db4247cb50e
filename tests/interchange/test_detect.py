"""What a file is, by what it says: a clear sign of one format, or none."""

import pytest

from flows.interchange.detect import detect


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ('{"title": "x"}', "json"),
        ('{"nodes": [{"id": "a", "kind": "agent"}], "edges": []}', "json"),
        ('\ufeff {"title": "x", "nodes": []}', "json"),
        ('{"title": broken', "json"),
        ("helix: 1\ntitle: x\n", "yaml"),
        ("# a flow\ntitle: x\nnodes: []\n", "yaml"),
        ("---\nnodes: {}\n", "yaml"),
        ("workflow:\n  steps: []\n", "yaml"),
        ("flowchart LR\nA --> B", "mermaid"),
        ("graph TD;A-->B", "mermaid"),
        ("graph\nA-->B", "mermaid"),
        ("%%{init: {}}%%\n%% note\nflowchart TB\n", "mermaid"),
        ("---\ntitle: nodes\n---\nflowchart LR\n", "mermaid"),
        ("sequenceDiagram\nA->>B: hi", "mermaid"),
        ("stateDiagram-v2\n[*] --> A", "mermaid"),
        ("# Notes\n\n```mermaid\nflowchart LR\nA-->B\n```\n", "mermaid"),
        ("helix: 1\ndescription: |\n  ```mermaid\n", "yaml"),
        ("digraph { a -> b }", "dot"),
        ('strict digraph "a b" {', "dot"),
        ("// c\n/* d */ # e\ngraph G { a -- b }", "dot"),
        ("graph LR {a -- b}", "dot"),
        ("graph {a -- b}", "dot"),
        ("graph\n{a -- b}", "dot"),
        ('<mxfile host="x"><diagram/></mxfile>', "drawio"),
        ('<?xml version="1.0"?>\n<!-- c --><mxGraphModel/>', "drawio"),
        ('{"nodes": [{"id": "1", "position": {"x": 0, "y": 0}, "data": {}}], "edges": []}', "reactflow"),
        ('{"elements": [{"id": "1", "position": {"x": 0, "y": 0}}]}', "reactflow"),
        ('[{"id": "1", "position": {"x": 0, "y": 0}}, {"source": "1", "target": "2"}]', "reactflow"),
        ('{"name": "x", "nodes": [], "connections": {}}', "n8n"),
        ('[{"id": "t", "type": "tab", "label": "x"}]', "nodered"),
        ('[{"id": "a", "type": "inject", "wires": [[]]}]', "nodered"),
    ],
)
def test_a_format_shows_itself(text: str, format: str) -> None:
    assert detect(text.encode()) == format


@pytest.mark.parametrize(
    "data",
    [
        b"", b" \n", b"hello", b"42", b'"text"', b"null", b"[]", b"[1, 2]", b"{}", b'{"a": 1}',
        b"title: a song\nby: me",
        b"graph paper is blue", b"graphs: many", b"pie: apple", b"block: 5", b"A --> B",
        b"<!doctype html><html></html>",
        b"<svg></svg>", b"\x7fELF\x02\x01", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x1f\x8b\x08", b"%PDF-1.7",
        b"nodes\0: []",
        b"\xff\xfe\x00",
    ],
)  # fmt: skip
def test_what_shows_no_format_has_none(data: bytes) -> None:
    assert detect(data) == ""


@pytest.mark.parametrize("start", ["graph", "graph ", "flowchart", "/*", "---\n", "%%", "digraph " + '"' * 3, "strict"])
def test_a_long_nothing_costs_little(start: str) -> None:
    for filler in (" ", "\n", "a", '"', "%", "/", "\\"):
        assert detect((start + filler * 2_000_000).encode()) == detect((start + filler * 100_000).encode())
