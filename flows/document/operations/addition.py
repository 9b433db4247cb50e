"""Many new elements at once, that hang on nothing a flow already has: what an import brings.

It is one batch of additions in the log, of any size. To check and encode ten thousand nodes is long, and others wait
for the lock meanwhile; so that is done beforehand, and what is left to ask of the flow is whether there is room.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from flows.document.elements import Edge, Node
from flows.document.errors import Reason, Rejected
from flows.document.graph import Document, Effect, Graph, Pair
from flows.document.json import Json
from flows.document.limits import DocumentLimits
from flows.document.operations.batch import Batch
from flows.document.operations.edges import AddEdge, RemoveEdge
from flows.document.operations.graph import CreateFlow
from flows.document.operations.nodes import AddNode, RemoveNode
from flows.document.operations.operation import NOTHING, Outcome, Record, References


@dataclass(frozen=True, slots=True)
class Addition(Record):
    """Nodes and edges under ids that no flow has, checked and encoded. Never in the log: its outcome's record is."""

    kind: ClassVar[str] = "addition"
    outcome: Outcome

    @classmethod
    def of(cls, nodes: Iterable[Node], edges: Iterable[Edge], limits: DocumentLimits) -> Self:
        """Check and encode elements. Raises `Rejected` if they do not hold together, as a new flow would."""
        whole = CreateFlow("", "", tuple(nodes), tuple(edges)).apply(Document(), limits)
        added = list(_groups_first({id: pair.after for id, pair in whole.effect.nodes.items() if pair.after}))
        edges = [pair.after for pair in whole.effect.edges.values() if pair.after]
        adding = Batch((*(AddNode(node) for node in added), *(AddEdge(edge) for edge in edges)))
        taking = Batch((*(RemoveEdge(edge.id) for edge in edges), *(RemoveNode(node.id) for node in reversed(added))))
        effect = Effect({node.id: Pair(None, node) for node in added}, whole.effect.edges)
        return cls(Outcome(effect, adding.with_text(), taking.with_text()))

    def encode(self) -> Json:
        return self.outcome.record.encode()

    def references(self) -> References:
        return NOTHING, NOTHING

    def apply(self, graph: Graph, limits: DocumentLimits) -> Outcome:
        """Say what it brings, if the flow has room."""
        effect = self.outcome.effect
        if graph.node_count + len(effect.nodes) > limits.nodes:
            raise Rejected("limit_reached", Reason.TOO_MANY_NODES, most=limits.nodes)
        if graph.edge_count + len(effect.edges) > limits.edges:
            raise Rejected("limit_reached", Reason.TOO_MANY_EDGES, most=limits.edges)
        return self.outcome


def _groups_first(nodes: Mapping[str, Node]) -> Iterable[Node]:
    """Yield the nodes in their order, but each after the group that it lies in."""
    done: set[str] = set()
    for node in nodes.values():
        path: list[Node] = []
        step: Node | None = node
        while step is not None and step.id not in done:
            path.append(step)
            done.add(step.id)
            step = nodes[step.parent] if step.parent is not None else None
        yield from reversed(path)
