"""A graph of ours from a neutral one: the last step of every import, whatever the format.

What the document cannot hold is dropped, what it holds otherwise is approximated, and each is told. Every edge, node,
group and note of the file is afterwards in `kept` or in `dropped`. Linear in the size of the file, by the reader's
budget; places are another step (`placing`).
"""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from flows.document import KINDS, DocumentLimits, Edge, Node, default_size
from flows.interchange.budget import Budget, TooMuchError
from flows.interchange.connecting import connected, portless_kinds
from flows.interchange.ids import node_ids
from flows.interchange.nesting import parents_of
from flows.interchange.neutral import NeutralFlow, NeutralNode
from flows.interchange.report import Report, counts
from flows.interchange.values import (
    DESCRIPTION,
    LABEL,
    clean_settings,
    clean_text,
    clean_title,
    colour,
    coordinate,
    size,
)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A graph that holds together. `unplaced` are the nodes that have no place yet, by id; theirs is 0, 0."""

    id: str
    title: str
    description: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    unplaced: frozenset[str]
    unsized: frozenset[str]
    direction: str


def assemble(flow: NeutralFlow, limits: DocumentLimits, budget: Budget, report: Report) -> Assembled:
    """Make a graph of ours; fill in `report.kept`. Raises `TooMuchError`."""
    if len(flow.nodes) > limits.nodes:
        raise TooMuchError("nodes", limits.nodes)
    if len(flow.edges) > limits.edges:
        raise TooMuchError("edges", limits.edges)
    neutral = portless_kinds(_each_key_once(flow, report), flow.edges, report)
    ids = node_ids((node.key for node in neutral), budget)
    parents = parents_of(neutral, limits.nesting, report)
    nodes: dict[str, Node] = {}
    for node in neutral:
        budget.step(4)
        parent = parents[node.key]
        nodes[node.key] = _node(node, ids[node.key], parent and ids[parent], limits, report)
    edges = connected(flow.edges, nodes, limits, budget, report)
    report.kept = counts(nodes.values(), len(edges))
    return Assembled(
        flow.id,
        clean_title(flow.title, limits.title),
        clean_text(flow.description, limits.description, "", report, DESCRIPTION),
        tuple(nodes.values()),
        tuple(edges),
        frozenset(ids[node.key] for node in neutral if coordinate(node.x) is None or coordinate(node.y) is None),
        frozenset(ids[node.key] for node in neutral if size(node.width) is None or size(node.height) is None),
        flow.direction,
    )


def _each_key_once(flow: NeutralFlow, report: Report) -> list[NeutralNode]:
    """Give a node whose key another has already one of its own: what points to the key means the first."""
    taken = {node.key for node in flow.nodes}
    if len(taken) == len(flow.nodes):
        return flow.nodes
    seen: set[str] = set()
    nodes = []
    for number, node in enumerate(flow.nodes, 1):
        one = node
        if node.key in seen:
            key = f"{node.key} ({number})"
            while key in taken:
                key += "'"
            taken.add(key)
            report.approximate("node", node.key, _("Several have this id, so it gets another."))
            one = replace(node, key=key)
        seen.add(one.key)
        nodes.append(one)
    return nodes


def _node(node: NeutralNode, id: str, parent: str | None, limits: DocumentLimits, report: Report) -> Node:
    kind = node.kind if node.kind in KINDS else "transform"
    settings = clean_settings(node, kind, limits, report)
    x, y = coordinate(node.x), coordinate(node.y)
    if (node.x is not None and x != round(node.x, 2)) or (node.y is not None and y != round(node.y, 2)):
        report.approximate("property", node.key, _("Its place is not on the canvas."))
    width, height = default_size(kind, settings)
    return Node(
        id,
        kind,
        0 if x is None or y is None else x,
        0 if x is None or y is None else y,
        size(node.width) or width,
        size(node.height) or height,
        clean_text(node.label, limits.label, node.key, report, LABEL),
        clean_text(node.description, limits.description, node.key, report, DESCRIPTION),
        colour(node.colour, KINDS[kind].colour),
        parent,
        node.enabled,
        settings,
    )
