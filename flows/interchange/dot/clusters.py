"""DOT's clusters as groups, and which of them holds a node.

A node may be named in several. As in Graphviz the first cluster keeps it, unless another lies deeper in that one.
"""

from django.utils.translation import gettext as _

from flows.interchange.budget import Budget
from flows.interchange.colours import colour_of
from flows.interchange.dot.geometry import numbers
from flows.interchange.dot.graph import NOTHING, DotNode, Graph, Subgraph
from flows.interchange.dot.labels import label_text, name_text
from flows.interchange.neutral import NeutralNode
from flows.interchange.report import Report


class Clusters:
    """The clusters of a graph, parents first; their keys differ from those in `taken`."""

    def __init__(self, graph: Graph, taken: set[str], budget: Budget, report: Report) -> None:
        self.found: list[Subgraph] = []
        self._keys: dict[int, str] = {}
        self._holders: dict[int, Subgraph | None] = {}
        self._levels: dict[int, int] = {}
        self._budget = budget
        self._report = report
        numbers: dict[str, int] = {}
        for one in graph.subgraphs():
            outer = self._nearest(one.parent)
            self._holders[id(one)] = one if one.is_cluster else outer
            if one.is_cluster:
                budget.add_node()
                self.found.append(one)
                self._levels[id(one)] = self._levels[id(outer)] + 1 if outer else 1
                self._keys[id(one)] = _key(one, taken, numbers, budget)

    def group(self, cluster: Subgraph, graph_name: str) -> NeutralNode:
        """Return a cluster as a group, where Graphviz laid it out if it did."""
        name = name_text(cluster.name) if cluster.name else ""
        label = cluster.attributes.get("label")
        outer = self._nearest(cluster.parent)
        group = NeutralNode(
            self._keys[id(cluster)],
            kind="group",
            label=label_text(label, {"G": name or graph_name}) if label else "",
            colour=colour_of(*(cluster.attributes.get(one, NOTHING)[0] for one in ("fillcolor", "bgcolor", "color"))),
            parent=self._keys[id(outer)] if outer else None,
        )
        tooltip = cluster.attributes.get("tooltip")
        if tooltip and cluster.parent and tooltip is not cluster.parent.attributes.get("tooltip"):
            group.description = label_text(tooltip, {})
        group.enabled = cluster.attributes.get("helix_enabled", NOTHING)[0].lower() != "false"
        box = numbers(cluster.attributes.get("bb", NOTHING)[0], 4)
        if box and box[2] > box[0] and box[3] > box[1]:
            group.x, group.y = round(box[0], 2), round(-box[3], 2)
            group.width, group.height = round(box[2] - box[0], 2), round(box[3] - box[1], 2)
        return group

    def parent_of(self, node: DotNode) -> str | None:
        """Return the key of the group that holds a node, or None."""
        held: Subgraph | None = None
        for mention in node.mentions:
            self._budget.step()
            cluster = self._nearest(mention)
            if cluster is None or cluster is held:
                continue
            if held is None or self._is_within(cluster, held):
                held = cluster
            elif not self._is_within(held, cluster):
                self._report.approximate("node", node.name[0][:80], _("It is in several clusters; the first holds it."))
        return self._keys[id(held)] if held else None

    def _nearest(self, graph: Subgraph | None) -> Subgraph | None:
        return self._holders.get(id(graph)) if graph else None

    def _is_within(self, inner: Subgraph, outer: Subgraph) -> bool:
        one: Subgraph | None = inner
        while one is not None and self._levels[id(one)] > self._levels[id(outer)]:
            self._budget.step()
            one = self._nearest(one.parent)
        return one is outer


def _key(cluster: Subgraph, taken: set[str], numbers: dict[str, int], budget: Budget) -> str:
    wanted = cluster.name[0] if cluster.name else "cluster"
    key, number = wanted, numbers.get(wanted, 1)
    while key in taken:
        budget.step()
        number += 1
        key = f"{wanted} ({number})"
    numbers[wanted] = number
    taken.add(key)
    return key
