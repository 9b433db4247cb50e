"""What somebody comes back to: which of their work others have replaced or removed, and which of others' they have.

`Search` finds it in the log; here it is said in such a way that a person can decide: how the element is called, what
either wanted, and the operation that puts the lost value back, tried on the graph as it is now. Where nothing does, or
only by taking something else along, there is no such operation. Edges that went with a node are told, and come back,
with the node, if that was somebody's loss; else by themselves.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from flows.document.apply import apply
from flows.document.draft import Draft
from flows.document.effect import Effect, Pair
from flows.document.elements import Edge, Node
from flows.document.errors import Rejected
from flows.document.graph import Graph
from flows.document.kinds import KINDS
from flows.document.limits import NO_LIMITS, DocumentLimits
from flows.document.operations import Batch, Operation, SingleOperation
from flows.document.properties import Held, giving, is_same, properties_of
from flows.document.restoring import Restoration
from flows.document.traces import Absence, Replacement, Search, Side, held_by
from flows.document.undo import Past
from flows.document.written import Element, Written

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Replaced:
    """A property whose value is another's by now, or without `name` an element that is gone.

    `stands` says whose doing stands, `version` and `other` which and with whom; `put` puts back what is lost.
    """

    element: Element
    name: str | None
    stands: Side
    label: str
    mine: object
    theirs: object
    version: int
    other: int | None
    put: Operation | None
    edges: tuple[str, ...] = ()


def replaced(graph: Graph, past: Iterable[Past], since: int, person: int, limits: DocumentLimits) -> Iterator[Replaced]:
    """Say what became of a person's work since a version, and of others' by them, the newest first.

    `past` are the versions from the graph's own downwards; no more of them are asked for than matter.
    """
    search, draft = Search(graph, since, person), Draft(graph)
    for entry in past:
        if not search.may_need(entry.version):
            break
        if entry.inverse is None:
            search.see_beginning(entry.version, entry.actor, draft)
            break
        back = apply(draft, entry.inverse, NO_LIMITS).effect
        search.see(entry.version, entry.actor, back)
        draft.advance(back)
    return _Report(graph, search, limits).items()


class _Report:
    def __init__(self, graph: Graph, search: Search, limits: DocumentLimits) -> None:
        self._graph, self._limits = graph, limits
        self._absences = search.absences
        self._found = search.found
        self._nodes = {id for (what, id), one in self._absences.items() if what == "node" and one.is_loss}

    def items(self) -> Iterator[Replaced]:
        """Say each, when it is asked for: what puts it back takes a while to find."""
        losses = [one for one in self._absences.values() if one.is_loss and not self._goes_with_a_node(one)]
        every: list[Absence | Replacement] = [*self._found, *losses]
        for one in sorted(every, key=lambda one: (-one.version, one.element)):
            item = self._gone(one) if isinstance(one, Absence) else self._property(one)
            if item is not None:
                yield item

    def _property(self, one: Replacement) -> Replaced | None:
        now = held_by(self._graph, one.element)
        value = properties_of(now).get(one.name)
        if now is None or is_same(value, one.lost):
            return None
        mine, theirs = (one.lost, value) if one.stands == "theirs" else (value, one.lost)
        put = self._tried([giving(now, one.name, one.lost)])
        return Replaced(one.element, one.name, one.stands, self._label(now), mine, theirs, one.version, one.other, put)

    def _gone(self, one: Absence) -> Replaced:
        edges = [edge for edge in self._edges_of(one) if edge.is_loss and edge.stands == one.stands]
        labels = tuple(self._label(edge.state) for edge in edges)
        put = self._tried(self._bringing_back(one)[: self._limits.batch])
        label = self._label(one.state)
        return Replaced(one.element, None, one.stands, label, None, None, one.version, one.other, put, labels)

    def _goes_with_a_node(self, one: Absence) -> bool:
        state = one.state
        return isinstance(state, Edge) and any(
            end in self._nodes and self._absences["node", end].stands == one.stands
            for end in (state.source, state.target)
        )

    def _edges_of(self, one: Absence) -> list[Absence]:
        """Return the edges of a node that are gone too."""
        gone = (other for other in self._absences.values() if isinstance(other.state, Edge))
        return [other for other in gone if one.state.id in _ends(other.state) and isinstance(one.state, Node)]

    def _bringing_back(self, one: Absence) -> Sequence[SingleOperation]:
        """Return what brings an element back, with its edges and members, as far as the graph allows."""
        if isinstance(one.state, Edge):
            wish = Effect({}, {one.state.id: Pair(None, one.state)})
        else:
            members = {id: pair for id, pair in one.back.nodes.items() if _joins(pair, one.state.id)}
            edges = {edge.state.id: Pair(None, edge.state) for edge in self._edges_of(one)}
            wish = Effect({one.state.id: Pair(None, one.state), **members}, edges)  # type: ignore[arg-type]
        restored = Restoration(self._graph, wish, Written())
        return restored.operations if held_by(restored.draft, one.element) is not None else ()

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

    def _label(self, held: Held) -> str:
        match held:
            case Node():
                return held.label or KINDS[held.kind].title
            case Edge():
                return f"{self._node_label(held.source)} → {self._node_label(held.target)}"
            case _:
                return held.title

    def _node_label(self, id: str) -> str:
        absence = self._absences.get(("node", id))
        node = self._graph.node(id) or (absence and absence.state)
        return self._label(node) if node else id


def _gone(pairs: Mapping[str, Pair[T]]) -> list[str]:
    return [id for id, pair in pairs.items() if pair.after is None]


def _ends(edge: Node | Edge) -> tuple[str, ...]:
    return (edge.source, edge.target) if isinstance(edge, Edge) else ()


def _joins(pair: Pair[Node], group: str) -> bool:
    """Tell whether a step back puts a node into a group."""
    before, after = pair.before, pair.after
    return before is not None and after is not None and after.parent == group != before.parent
