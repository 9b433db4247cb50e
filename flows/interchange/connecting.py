"""The edges of a file between nodes of ours.

A decision gets a branch for every output that the file draws. What the document cannot hold (loose ends, edges at
groups and notes, loops from a node to itself, a second edge between the same ports) is dropped, and each is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from flows.document import KINDS, DocumentLimits, Edge, Ends, Node, default_output, default_size, ports_of
from flows.interchange.budget import Budget
from flows.interchange.ids import edge_ids
from flows.interchange.neutral import NeutralEdge, NeutralNode
from flows.interchange.report import Report
from flows.interchange.values import LABEL, clean_text

_LONGEST_PORT = 64
_MOST_BRANCHES = 100
_CANVAS = frozenset({"group", "note"})


def portless_kinds(nodes: list[NeutralNode], edges: Iterable[NeutralEdge], report: Report) -> list[NeutralNode]:
    """Make a `transform` of what the file draws edges to, or from, where its kind has no input, or no output."""
    ends = {node.key for node in nodes if node.kind not in _CANVAS}
    held = [edge for edge in edges if edge.source != edge.target and edge.source in ends and edge.target in ends]
    targets, sources = {edge.target for edge in held}, {edge.source for edge in held}
    return [_with_ports(node, node.key in targets, node.key in sources, report) for node in nodes]


def _with_ports(node: NeutralNode, is_target: bool, is_source: bool, report: Report) -> NeutralNode:
    kind = KINDS.get(node.kind)
    if kind is None or node.kind in _CANVAS:
        return node
    if (kind.inputs or not is_target) and (kind.outputs or not is_source):
        return node
    why = _("A node of kind %(kind)s cannot be connected this way, so it is a transform.") % {"kind": node.kind}
    report.approximate("node", node.key, why)
    return replace(node, kind="transform", colour="" if node.colour == kind.colour else node.colour)


def connected(
    edges: Sequence[NeutralEdge], nodes: dict[str, Node], limits: DocumentLimits, budget: Budget, report: Report
) -> list[Edge]:
    """Return the edges that can be held; `nodes` are by key, decisions in it get branches."""
    _add_branches(edges, nodes, report)
    kept: dict[Ends, NeutralEdge] = {}
    for edge in edges:
        budget.step(2)
        source, target = nodes.get(edge.source), nodes.get(edge.target)
        why = _why_not(source, target)
        if why or source is None or target is None:
            report.drop("edge", name_of(edge), why)
            continue
        ends = (source.id, target.id, *_ports(edge, source, target, report))
        if kept.setdefault(ends, edge) is not edge:
            report.drop("edge", name_of(edge), _("Another edge connects the same ports."))
    ids = edge_ids([edge.key for edge in kept.values()], budget)
    return [
        Edge(id, *ends, _label(edge, limits, report), edge.animated)
        for id, (ends, edge) in zip(ids, kept.items(), strict=True)
    ]


def _label(edge: NeutralEdge, limits: DocumentLimits, report: Report) -> str:
    return clean_text(edge.label, limits.label, edge.key, report, LABEL) if edge.label else ""


def name_of(edge: NeutralEdge) -> str:
    """Name an edge in a report."""
    return f"{edge.source[:80]} → {edge.target[:80]}"


def _add_branches(edges: Iterable[NeutralEdge], nodes: dict[str, Node], report: Report) -> None:
    """Give decisions the outputs that edges name."""
    wanted: dict[str, dict[str, None]] = {}
    for edge in edges:
        source = nodes.get(edge.source)
        if (
            edge.source_port
            and source is not None
            and source.kind == "decision"
            and len(edge.source_port) <= _LONGEST_PORT
        ):
            wanted.setdefault(edge.source, {})[edge.source_port] = None
    for key, names in wanted.items():
        node = nodes[key]
        held = ports_of(node).outputs
        new = [name for name in names if name not in held]
        if not new:
            continue
        branches = [name for name in held if name != "default"] if "branches" not in node.settings else None
        old = node.settings["branches"] if branches is None else branches
        merged = [*(old if isinstance(old, list) else []), *new][:_MOST_BRANCHES]
        settings = {**node.settings, "branches": merged}
        nodes[key] = _grown(replace(node, settings=settings), node)
        report.approximate("property", key, _("It gets a branch for each output that edges begin at."), len(new))


def _grown(after: Node, before: Node) -> Node:
    """Let a decision that has its kind's own size be as high as its branches need."""
    if (before.width, before.height) != default_size(before.kind, before.settings):
        return after
    return replace(after, height=default_size(after.kind, after.settings)[1])


def _why_not(source: Node | None, target: Node | None) -> str:
    if source is None or target is None:
        return _("It ends at something that is not in the file.")
    if source.kind in _CANVAS or target.kind in _CANVAS:
        is_group = (source.kind if source.kind in _CANVAS else target.kind) == "group"
        return _("A group cannot be connected.") if is_group else _("A note cannot be connected.")
    return _("A node cannot connect to itself.") if source is target else ""


def _ports(edge: NeutralEdge, source: Node, target: Node, report: Report) -> tuple[str, str]:
    """Return the edge's ports; one that the node does not have is its default."""
    source_port, target_port = edge.source_port or default_output(source), edge.target_port or "in"
    if source_port not in ports_of(source).outputs:
        source_port = default_output(source)
        report.approximate("edge", name_of(edge), _("It begins at another output."))
    if target_port not in ports_of(target).inputs:
        target_port = "in"
        report.approximate("edge", name_of(edge), _("It ends at another input."))
    return source_port, target_port
