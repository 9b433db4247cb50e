"""What n8n cannot say of a flow of ours: it stands in the workflow's `meta`, which n8n ignores, by the nodes' names."""

from collections import defaultdict
from dataclasses import dataclass, field

from flows.document.kinds.ports import ports_for
from flows.interchange.budget import Budget
from flows.interchange.foreign_json import as_list, as_object, as_text
from flows.interchange.neutral import NeutralEdge
from flows.interchange.report import Report
from flows.interchange.secrets import without_secrets


@dataclass(slots=True)
class Marks:
    """Of each node what `marks_of` wrote, with its label and parent; of edges their label and whether animated."""

    nodes: dict[str, dict[str, object]] = field(default_factory=dict)
    edges: dict[tuple[str, str, str], list[list[object]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, held: dict[str, object], report: Report, budget: Budget) -> "Marks":
        """Read what an export of ours wrote, without secrets."""
        marks = cls()
        for name, node in as_object(held.get("nodes")).items():
            budget.step()
            marks.nodes[name] = as_object(without_secrets(node, name, report, budget))
        for item in map(as_list, as_list(held.get("edges"))):
            budget.step()
            if len(item) == 5:
                source, port, target = map(as_text, item[:3])
                marks.edges[source, port, target].append(item[3:])
        return marks

    def of(self, name: str) -> dict[str, object]:
        """Return what is said of a node."""
        return self.nodes.get(name, {})

    def ports(self, name: str) -> list[str]:
        """Return the ports of a decision whose branches n8n's own words did not say, or nothing for any other node."""
        own = self.of(name)
        settings = as_object(own.get("settings"))
        is_told = own.get("blank") is True and own.get("kind") == "decision" and "branches" in settings
        if not is_told:
            return []
        return [*(port for port in ports_for("decision", settings).outputs if port != "default"), "default"]

    def marked(self, edge: NeutralEdge) -> NeutralEdge:
        """Return an edge with its label."""
        left = self.edges.get((edge.source, edge.source_port, edge.target))
        if left:
            label, is_animated = left.pop(0)
            edge.label, edge.animated = as_text(label), is_animated is True
        return edge
