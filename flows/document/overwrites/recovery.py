"""The one operation that puts back a lost property, or a lost element with all that went with it.

Every operation is tried on the graph as it is now, and not offered if it is refused or would remove something else. A
branch comes back with the edges that went with it. An edge whose branch was not lost work itself comes back with a
branch of that name.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from flows.document.draft import Draft
from flows.document.elements import Edge, Held, Node
from flows.document.errors import Rejected
from flows.document.graph import Effect, Graph, Pair
from flows.document.kinds.ports import ports_for, ports_of
from flows.document.limits import NO_LIMITS, DocumentLimits
from flows.document.operations import Batch, Operation, SingleOperation, apply
from flows.document.overwrites.scan import BRANCHES, Overwritten, Removal, Side, held_by
from flows.document.undo.compensation import Compensation
from flows.document.undo.property_edits import property_edit
from flows.document.undo.write_set import WriteSet

T = TypeVar("T")


class Recovery:
    """What puts back the losses that a search has found, on the graph that it began with."""

    def __init__(self, graph: Graph, removals: Iterable[Removal], limits: DocumentLimits) -> None:
        self._graph, self._limits = graph, limits
        self._edges = [one for one in removals if isinstance(one.state, Edge)]

    def property(self, now: Held, one: Overwritten, edges: Sequence[Removal] = ()) -> Operation | None:
        """Return what gives a property its lost value, and brings back the edges that hung on it."""
        return self._tried(self._with_edges([property_edit(now, one.name, one.lost)], edges))

    def hanging_on(self, one: Overwritten) -> list[Removal]:
        """Return the lost edges that come back with a property: those of a decision's lost branches."""
        now = held_by(self._graph, one.element)
        if one.name != BRANCHES or not isinstance(now, Node):
            return []
        ports = _outputs_with(now, one.lost)
        edges = [edge for edge in self._without_port(now, one.stands) if _begin(edge)[1] in ports]
        return edges if edges and self.property(now, one, edges) else []

    def element(self, one: Removal) -> Operation | None:
        """Return what brings an element back, with its edges and members, as far as the graph allows."""
        operations = self._edge(one) if isinstance(one.state, Edge) else self._node(one, one.state)
        return self._tried(operations[: self._limits.batch])

    def edges_of(self, one: Removal) -> list[Removal]:
        """Return the edges of a node that are gone too."""
        return [edge for edge in self._edges if isinstance(one.state, Node) and one.state.id in _ends(edge)]

    def _node(self, one: Removal, node: Node) -> Sequence[SingleOperation]:
        members = {id: pair for id, pair in one.back.nodes.items() if _joins(pair, node.id)}
        wish = Effect({node.id: Pair(None, node), **members}, _coming(self.edges_of(one)))
        restored = Compensation(self._graph, wish, WriteSet())
        return restored.operations if restored.draft.node(node.id) is not None else ()

    def _edge(self, one: Removal) -> Sequence[SingleOperation]:
        first = self._branches_for(one)
        operations = self._with_edges(first, [one])
        return operations if len(operations) > len(first) else ()

    def _branches_for(self, one: Removal) -> list[SingleOperation]:
        """Return what gives a decision the branches that its lost edges began at: all, so that none is taken again."""
        source = self._graph.node(_begin(one)[0])
        if source is None or source.kind != "decision" or one not in self._without_port(source, one.stands):
            return []
        lost = [_begin(edge)[1] for edge in self._without_port(source, one.stands)]
        return [property_edit(source, BRANCHES, _branches(source, lost))]

    def _without_port(self, node: Node, stands: Side) -> list[Removal]:
        """Return the lost edges that a node has no port for."""
        ports = ports_of(node).outputs
        edges = [edge for edge in self._edges if edge.is_loss and edge.stands == stands]
        return [edge for edge in edges if _begin(edge)[0] == node.id and _begin(edge)[1] not in ports]

    def _with_edges(self, first: list[SingleOperation], edges: Sequence[Removal]) -> list[SingleOperation]:
        """Return these operations, and what brings edges back after them."""
        draft = Draft(self._graph)
        try:
            for operation in first:
                draft.advance(apply(draft, operation, NO_LIMITS).effect)
        except Rejected:
            return []
        return [*first, *Compensation(draft, Effect({}, _coming(edges)), WriteSet()).operations]

    def _tried(self, operations: Sequence[SingleOperation]) -> Operation | None:
        """Return these as one operation, if the rules allow them and nothing else is lost by them."""
        if not operations:
            return None
        operation = operations[0] if len(operations) == 1 else Batch(tuple(operations))
        try:
            effect = apply(self._graph, operation, self._limits).effect
        except Rejected:
            return None
        taken = [*_gone(effect.nodes), *_gone(effect.edges)]
        return None if taken or effect.is_empty else operation


def _branches(node: Node, more: Iterable[str]) -> list[str]:
    now = node.settings.get("branches")
    return list(dict.fromkeys([*(now if isinstance(now, (list, tuple)) else ()), *more]))


def _outputs_with(node: Node, branches: object) -> tuple[str, ...]:
    return ports_for(node.kind, {**node.settings, "branches": branches}).outputs


def _begin(edge: Removal) -> tuple[str, str]:
    return (edge.state.source, edge.state.source_port) if isinstance(edge.state, Edge) else ("", "")


def _ends(edge: Removal) -> tuple[str, ...]:
    return (edge.state.source, edge.state.target) if isinstance(edge.state, Edge) else ()


def _coming(edges: Iterable[Removal]) -> dict[str, Pair[Edge]]:
    return {edge.state.id: Pair(None, edge.state) for edge in edges if isinstance(edge.state, Edge)}


def _gone(pairs: Mapping[str, Pair[T]]) -> list[str]:
    return [id for id, pair in pairs.items() if pair.after is None]


def _joins(pair: Pair[Node], group: str) -> bool:
    """Tell whether a step back puts a node into a group."""
    before, after = pair.before, pair.after
    return before is not None and after is not None and after.parent == group != before.parent
