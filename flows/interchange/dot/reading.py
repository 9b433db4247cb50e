"""DOT into a neutral flow: nodes with their labels, clusters as groups, places, and kinds by mark or shape.

How a node looked is kept for the way back (`imported`): a short list of attributes that open nothing. Images, fonts and
files that an attribute may name are never looked at.
"""

import re
from collections import Counter
from collections.abc import Mapping

from django.utils.translation import gettext as _

from flows.document import KINDS
from flows.document.kinds.ports import default_size
from flows.interchange.budget import Budget
from flows.interchange.colours import colour_of
from flows.interchange.dot.clusters import Clusters
from flows.interchange.dot.geometry import POINTS_PER_INCH, numbers
from flows.interchange.dot.grammar import graphs
from flows.interchange.dot.graph import NOTHING, Attributes, DotEdge, DotNode, Graph, Key
from flows.interchange.dot.labels import label_text, name_text, record_text
from flows.interchange.drawing import ENDPOINT, name_branches, settle_kinds
from flows.interchange.neutral import NeutralEdge, NeutralFlow, NeutralNode
from flows.interchange.report import Report
from flows.interchange.text import decode

KINDS_OF_SHAPES: Mapping[str, str] = {
    "diamond": "decision",
    "mdiamond": "decision",
    "cylinder": "memory",
    "component": "skill",
    "note": "note",
    "parallelogram": ENDPOINT,
    "msquare": ENDPOINT,
    "mcircle": ENDPOINT,
    "doublecircle": ENDPOINT,
}
KEPT = ("shape", "style", "peripheries", "sides", "penwidth", "fontsize", "fontcolor", "color", "fillcolor")
"""What is kept of a node's look, and written again."""

_LINKS = frozenset(("url", "href"))
_PICTURES = frozenset(("image", "shapefile"))
_EDGE_STYLES = frozenset(("style", "color", "arrowhead", "arrowtail", "penwidth"))
_EDGE_LINKS = frozenset(("URL", "href"))
_EDGE_LABELS = ("label", "xlabel", "taillabel")
_ODD_DIRECTIONS = ("back", "both", "none")
_LATIN = re.compile(rb"""charset\s*=\s*["']?(?:latin-?1|l1|iso-?8859-?1)\b""", re.IGNORECASE)
_DIRECTIONS = ("LR", "TB", "RL", "BT")
_LONGEST_LOOK = 200


def read(data: bytes, budget: Budget, report: Report) -> NeutralFlow:
    """Read the first graph of a DOT file. Raises `UnreadableError` and `TooMuchError`."""
    text = decode(data, "latin-1" if _LATIN.search(data) else None)
    first, *others = list(graphs(text, budget))
    for number, other in enumerate(others, 2):
        _tell_other(other, number, report)
    return _Reading(first, budget, report).flow()


def _tell_other(graph: Graph, number: int, report: Report) -> None:
    where = name_text(graph.root.name)[:80] if graph.root.name else str(number)
    why = _("Only the first graph of a file is read.")
    report.drop("page", where, why)
    clusters = sum(one.is_cluster for one in graph.subgraphs())
    for what, count in (("node", len(graph.nodes)), ("edge", len(graph.edges)), ("group", clusters)):
        if count:
            report.drop(what, where, why, count)  # type: ignore[arg-type]  # mypy takes `what` for any string


class _Reading:
    def __init__(self, graph: Graph, budget: Budget, report: Report) -> None:
        self._graph = graph
        self._budget = budget
        self._report = report
        self._styles: Counter[str] = Counter()
        self._name = name_text(graph.root.name) if graph.root.name else ""
        self._keys = _keys(graph, budget)

    def flow(self) -> NeutralFlow:
        """Return what the graph says."""
        root = self._graph.root.attributes
        title = label_text(root["label"], {"G": self._name}) if "label" in root else ""
        direction = root.get("rankdir", ("TB", False))[0].upper()
        clusters = Clusters(self._graph, set(self._keys.values()), self._budget, self._report)
        flow = NeutralFlow(
            title=title or self._name,
            description=label_text(root["tooltip"], {}) if "tooltip" in root else "",
            direction=direction if direction in _DIRECTIONS else "TB",
        )
        flow.nodes = [clusters.group(one, self._name) for one in clusters.found]
        flow.nodes += [self._node(node, clusters.parent_of(node)) for node in self._graph.nodes.values()]
        flow.edges = [self._edge(edge) for edge in self._graph.edges]
        name_branches(flow)
        settle_kinds(flow, self._report)
        self._tell()
        return flow

    def _node(self, node: DotNode, parent: str | None) -> NeutralNode:
        key = self._keys[node.name]
        self._budget.step(4 + len(node.value("label")[0]) // 16)
        kind = self._kind(node)
        label = self._label(node)
        names = {"N": name_text(node.name), "G": self._name, "L": label}
        tooltip = label_text(node.value("tooltip"), names) if node.get("tooltip") else ""
        neutral = NeutralNode(
            key,
            kind=kind,
            label=label,
            description="" if tooltip in (label, node.name[0]) and not node.get("helix_kind") else tooltip,
            colour=colour_of(node.get("fillcolor"), node.get("color")),
            parent=parent,
            enabled=node.get("helix_enabled").lower() != "false",
        )
        if kind == "note" and node.get("xlabel"):
            neutral.settings["text"] = label_text(node.value("xlabel"), {})
        self._place(node, neutral)
        neutral.imported = self._look(node)
        return neutral

    def _kind(self, node: DotNode) -> str:
        marked = node.get("helix_kind")
        if marked in KINDS and marked != "group":
            return marked
        return KINDS_OF_SHAPES.get(node.get("shape").lower(), "transform")

    def _label(self, node: DotNode) -> str:
        value = node.own.get("label") or node.defaults.get("label") or ("\\N", False)
        if value == ("\\N", False):
            return name_text(node.name)
        names = {"N": name_text(node.name), "G": self._name}
        is_record = node.get("shape").lower() in ("record", "mrecord")
        return record_text(value, names) if is_record else label_text(value, names)

    def _place(self, node: DotNode, neutral: NeutralNode) -> None:
        """Put it where `pos` says: the middle, in points, upwards."""
        place = numbers(node.get("pos"), 2)
        if place is None:
            return
        default = default_size(neutral.kind if neutral.kind in KINDS else "transform", {})
        inches = numbers(node.get("width"), 1), numbers(node.get("height"), 1)
        sizes = [inch[0] * POINTS_PER_INCH if inch and inch[0] > 0 else None for inch in inches]
        neutral.width, neutral.height = (size and max(round(size, 2), 1) for size in sizes)
        neutral.x = round(place[0] - (neutral.width or default[0]) / 2, 2)
        neutral.y = round(-place[1] - (neutral.height or default[1]) / 2, 2)

    def _look(self, node: DotNode) -> Mapping[str, object] | None:
        """Return the attributes that are kept; tell those that are not."""
        attributes = {name.lower(): value for name, value in (node.defaults | node.own).items()}
        self._budget.step(len(attributes))
        self._styles["link"] += not _LINKS.isdisjoint(attributes)
        self._styles["picture"] += not _PICTURES.isdisjoint(attributes)
        if node.get("helix_kind") and not node.get("helix_look"):
            return None
        kept = {name: attributes[name][0] for name in KEPT if name in attributes}
        kept = {name: text for name, text in kept.items() if len(text) <= _LONGEST_LOOK}
        self._styles["look"] += bool(kept)
        return {"format": "dot", **kept} if kept else None

    def _edge(self, edge: DotEdge) -> NeutralEdge:
        neutral = NeutralEdge(self._keys[edge.tail.name], self._keys[edge.head.name])
        counts, said = self._styles, edge.defaults | edge.own if edge.defaults else edge.own
        self._budget.step(2 + len(said))
        counts["port"] += edge.ports != ("", "")
        if not said:
            return neutral
        neutral.label = self._edge_label(edge, said)
        if "helix_port" in said:
            neutral.source_port = label_text(said["helix_port"], {})
        neutral.animated = said.get("helix_animated", NOTHING)[0].lower() == "true"
        counts["direction"] += self._graph.is_directed and said.get("dir", NOTHING)[0].lower() in _ODD_DIRECTIONS
        counts["edge"] += not _EDGE_STYLES.isdisjoint(said)
        counts["link"] += not _EDGE_LINKS.isdisjoint(said)
        return neutral

    def _edge_label(self, edge: DotEdge, said: Attributes) -> str:
        value = said.get("helix_label")
        if value is None:
            value = next((said[name] for name in _EDGE_LABELS if said.get(name, NOTHING)[0]), NOTHING)
        self._budget.step(len(value[0]) // 16)
        if "\\" not in value[0]:
            return label_text(value, {})
        tail, head = name_text(edge.tail.name), name_text(edge.head.name)
        arrow = "->" if self._graph.is_directed else "--"
        return label_text(value, {"T": tail, "H": head, "E": f"{tail}{arrow}{head}", "G": self._name})

    def _tell(self) -> None:
        """Tell once each what was left out or changed, with how often."""
        counts, report = self._styles, self._report
        if counts["look"]:
            report.approximate("style", "", _("Shapes, lines and fonts are kept for an export only."), counts["look"])
        if not self._graph.is_directed and self._graph.edges:
            report.approximate("edge", "", _("It had no direction: it goes as written."), len(self._graph.edges))
        if counts["direction"]:
            report.approximate("edge", "", _("Its arrow was not drawn at its end alone."), counts["direction"])
        if counts["port"]:
            report.approximate("edge", "", _("It ended at a certain side or field of a node."), counts["port"])
        if counts["edge"]:
            report.drop("style", "", _("Edges have no styles."), counts["edge"])
        if counts["link"]:
            report.drop("link", "", _("Nodes and edges have no links."), counts["link"])
        if counts["picture"]:
            report.drop("style", "", _("Pictures of files are not read."), counts["picture"])


def _keys(graph: Graph, budget: Budget) -> dict[Key, str]:
    """Return a key for each node: its name; one in angle brackets gets marks if another reads the same."""
    keys = {name: name[0] for name in graph.nodes if not name[1]}
    taken = set(keys.values())
    for name in graph.nodes:
        if name[1]:
            keys[name] = _free(name[0], taken, budget)
    return keys


def _free(wanted: str, taken: set[str], budget: Budget) -> str:
    key = wanted
    while key in taken:
        budget.step(1 + len(key) // 64)
        key += "'"
    taken.add(key)
    return key
