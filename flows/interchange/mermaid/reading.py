"""A Mermaid flowchart into a neutral flow: nodes with their labels, subgraphs as groups, kinds by class or shape."""

from collections import Counter
from collections.abc import Mapping

from django.utils.translation import gettext as _

from flows.document import KINDS
from flows.interchange.budget import Budget
from flows.interchange.drawing import ENDPOINT, name_branches, settle_kinds
from flows.interchange.mermaid.chart import Chart, Label, Link, Vertex
from flows.interchange.mermaid.grammar import parse
from flows.interchange.mermaid.labels import label_text
from flows.interchange.mermaid.preamble import preamble
from flows.interchange.mermaid.shapes import KINDS_OF_SHAPES, OWN, PLAIN
from flows.interchange.neutral import NeutralEdge, NeutralFlow, NeutralNode
from flows.interchange.report import Report
from flows.interchange.text import decode

DISABLED = "disabled"
"""The class of what is switched off."""

BRANCH = "branch"
"""The class of a link whose label is only the name of the output where it begins."""

DEFAULT_BRANCH = "default_branch"
"""The class of a link that begins at the default output, whatever its label."""

_LONGEST_SHAPE = 40
_OWN_CLASSES = KINDS.keys() - {"group"}


def read(data: bytes, budget: Budget, report: Report) -> NeutralFlow:
    """Read a flowchart. Raises `UnreadableError` and `TooMuchError`."""
    before = preamble(decode(data), budget, report)
    return _Reading(parse(before, budget), budget, report).flow(before.title, before.direction)


class _Reading:
    def __init__(self, chart: Chart, budget: Budget, report: Report) -> None:
        self._chart = chart
        self._budget = budget
        self._report = report
        self._counts: Counter[str] = Counter()
        self._written_branches: list[NeutralEdge] = []
        self._kinds: Mapping[str, str] = {}

    def flow(self, title: str, direction: str) -> NeutralFlow:
        """Return what the chart says."""
        chart = self._chart
        flow = NeutralFlow(
            title=title or label_text(chart.title),
            description=label_text(chart.description),
            direction=chart.direction or direction,
        )
        flow.nodes = [self._group(id) for id in chart.subgraphs]
        flow.nodes += [self._node(one) for one in chart.vertices.values() if one.id not in chart.subgraphs]
        self._kinds = {node.key: node.kind for node in flow.nodes}
        drawn = [link for link in chart.links if link.arrow.line != "invisible"]
        flow.edges = [self._edge(link) for link in drawn]
        if drawn != chart.links:
            why = _("An invisible link only arranges nodes.")
            for link in chart.links:
                if link.arrow.line == "invisible":
                    self._report.drop("edge", f"{link.source} → {link.target}", why)
        name_branches(flow)
        for edge in self._written_branches:
            edge.label = ""
        settle_kinds(flow, self._report)
        self._tell()
        return flow

    def _group(self, id: str) -> NeutralNode:
        chart, subgraph = self._chart, self._chart.subgraphs[id]
        self._budget.step(2)
        vertex = chart.vertices.get(id) or Vertex(id)
        self._counts["direction"] += subgraph.has_direction
        return NeutralNode(
            id,
            kind="group",
            label=self._label(subgraph.label),
            description=label_text(vertex.tooltip),
            colour=self._colour(vertex),
            parent=chart.parents.get(id),
            enabled=DISABLED not in vertex.classes,
        )

    def _node(self, vertex: Vertex) -> NeutralNode:
        self._budget.step(4)
        return NeutralNode(
            vertex.id,
            kind=self._kind(vertex),
            label=vertex.id if vertex.label is None else self._label(vertex.label),
            description=label_text(vertex.tooltip),
            colour=self._colour(vertex),
            parent=self._chart.parents.get(vertex.id),
            enabled=DISABLED not in vertex.classes,
            imported=self._look(vertex),
        )

    def _kind(self, vertex: Vertex) -> str:
        for name in vertex.classes:
            if name.lower() in _OWN_CLASSES:
                return name.lower()
        if vertex.shape.lower() not in KINDS_OF_SHAPES:
            self._counts["picture"] += vertex.shape in ("icon", "img")
            self._counts["unknown"] += vertex.shape not in ("", "icon", "img")
        return KINDS_OF_SHAPES.get(vertex.shape.lower(), "transform")

    def _look(self, vertex: Vertex) -> Mapping[str, object] | None:
        """Return the shape, where the kind does not say it."""
        shape = vertex.shape.lower()
        if shape in PLAIN or shape not in KINDS_OF_SHAPES or len(shape) > _LONGEST_SHAPE:
            return None
        if any(OWN.get(name.lower()) == shape for name in vertex.classes):
            return None
        self._counts["shape"] += KINDS_OF_SHAPES[shape] in ("transform", ENDPOINT)
        return {"format": "mermaid", "shape": shape}

    def _colour(self, vertex: Vertex) -> str:
        for name in reversed(vertex.classes):
            if colours := self._chart.class_colours.get(name):
                vertex.colours = vertex.colours or colours
        self._counts["classes"] += any(name not in _OWN_CLASSES | {DISABLED} for name in vertex.classes)
        return vertex.colours[0] if vertex.colours else ""

    def _label(self, label: Label) -> str:
        self._budget.step(1 + len(label.raw) // 16)
        return label_text(label.raw, is_markdown=label.is_markdown)

    def _edge(self, link: Link) -> NeutralEdge:
        self._budget.step(2)
        arrow = link.arrow
        counts = self._counts
        counts["both"] += bool(arrow.start and arrow.end)
        counts["undirected"] += not arrow.end
        counts["line"] += arrow.line != "plain" or arrow.end in ("x", "o")
        data = self._chart.edge_data.get(arrow.id, {}) if arrow.id else {}
        edge = NeutralEdge(
            link.source,
            link.target,
            label=self._label(arrow.label) if arrow.label else "",
            animated=data.get("animate", "").lower() == "true" or "animation" in data,
        )
        classes = self._chart.edge_classes.get(arrow.id, ()) if arrow.id else ()
        if BRANCH in classes:
            edge.source_port = edge.label
            self._written_branches.append(edge)
        elif DEFAULT_BRANCH in classes and (kind := KINDS.get(self._kinds.get(link.source, ""))):
            edge.source_port = kind.default_output
        return edge

    def _tell(self) -> None:
        """Tell once each what was left out or changed, with how often."""
        chart, counts, report = self._chart, self._counts, self._report
        approximated = (
            ("edge", counts["undirected"], _("It had no direction: it goes as written.")),
            ("edge", counts["both"], _("It had heads at both ends: it goes as written.")),
            ("style", counts["line"], _("Edges are not dotted, thick, or drawn with other heads.")),
            ("style", counts["shape"], _("Shapes are kept for an export only.")),
            ("style", counts["unknown"], _("There is no such shape.")),
            ("style", counts["direction"], _("A group has no direction of its own.")),
            ("label", chart.slips, _("Mermaid reads this only with quotes.")),
            ("group", chart.repeated, _("It is drawn in several parts, which are one group.")),
        )
        dropped = (
            ("style", counts["picture"], _("Icons and pictures are not read.")),
            ("style", counts["classes"], _("Classes are not kept; their colours are.")),
            ("style", chart.link_styles, _("Edges have no styles.")),
            ("link", chart.clicks, _("Nodes have no links and no calls.")),
        )
        for what, count, why in approximated:
            if count:
                report.approximate(what, "", why, count)  # type: ignore[arg-type]  # mypy takes `what` for any string
        for what, count, why in dropped:
            if count:
                report.drop(what, "", why, count)  # type: ignore[arg-type]
