"""Random flows to write and read again: such as random edits make, with texts that formats have trouble with."""

import random
from dataclasses import replace
from uuid import UUID

from flows.document import DEFAULT_LIMITS, Document, Edge, FlowProperties, Node, Rejected, apply, decode_operation
from flows.interchange.exporting import exported_flow
from flows.interchange.neutral import ExportedFlow
from tests.document.random_operations import random_operation

STEPS = 60
TEXTS = [
    *[
        "no",
        "Yes",
        "y",
        "on",
        "null",
        "~",
        "true",
        "012",
        "0x1f",
        "1e3",
        "1_000",
        "12:30:45",
        "2024-01-01",
        ".inf",
        "-",
        "=",
    ],
    *["a: b", "a #b", "- x", "? x", "{a}", "[a]", "&a", "*a", "!x", "|", ">", "%a", "@a", "`a`", "'", '"', "\\", "\\n"],
    *[
        " lead",
        "trail ",
        "a\nb",
        "a\n\nb\n",
        "\n",
        "\t",
        "a\r\nb",
        "a,b",
        "x" * 90 + " " + "y" * 90,
        "Größe",
        "🙂‍↔️",
        "判定",
    ],
    *[
        "\u2028",
        "\u0085",
        "\u00a0",
        "\ufeff",
        "\u200b",
        "</script>",
        "<b>bold</b>",
        "A --> B",
        "a;b",
        "“q”",
        "$x",
        "{{ a }}",
    ],
]
IDS = ["no", "y", "1", "012", "-", "--x", "1e5", "0x1", "null", "e1", "_", "On", "true", "12-30"]


def random_flow(seed: int) -> ExportedFlow:
    """Return a flow of up to about 40 nodes."""
    rng = random.Random(seed)
    document = Document(FlowProperties("Random", ""))
    for _ in range(rng.choice([0, 3, STEPS, STEPS])):
        try:
            operation = decode_operation(random_operation(rng, document), DEFAULT_LIMITS)
            document.advance(apply(document, operation, DEFAULT_LIMITS).effect)
        except Rejected:
            continue
    properties = FlowProperties(rng.choice(["no", "Größe: 1", "  x ", "012", "T"]), rng.choice(TEXTS))
    ids = _other_ids(rng, document)
    nodes = [_node(rng, node, ids) for node in document.nodes()]
    edges = [_edge(rng, edge, ids) for edge in document.edges()]
    return exported_flow(UUID(int=rng.getrandbits(128)), 7, Document(properties, nodes, edges))


def _other_ids(rng: random.Random, document: Document) -> dict[str, str]:
    names = rng.sample(IDS, len(IDS))
    return {node.id: names.pop() if names and rng.random() < 0.5 else node.id for node in document.nodes()}


def _node(rng: random.Random, node: Node, ids: dict[str, str]) -> Node:
    settings = dict(node.settings)
    if rng.random() < 0.2:
        settings["imported"] = {
            "format": "n8n",
            "type": rng.choice(TEXTS),
            "x": [1, 0.5, 1e-7, 1.5e-300, None, {"y": True}],
        }
    return replace(
        node,
        id=ids[node.id],
        parent=node.parent and ids[node.parent],
        label=rng.choice([node.label, rng.choice(TEXTS)]),
        description=rng.choice([node.description, rng.choice(TEXTS)]),
        settings=settings,
    )


def _edge(rng: random.Random, edge: Edge, ids: dict[str, str]) -> Edge:
    label = rng.choice([edge.label, rng.choice(TEXTS)])
    return replace(edge, source=ids[edge.source], target=ids[edge.target], label=label)
