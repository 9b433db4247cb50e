"""What the rules may ask of a flow, the flow in memory, and how it differs before and after.

`Graph` is all the rules know, so the same rules run over a document in memory, over lazily read rows, and over a
draft of either. Only an operation on the whole graph asks for `nodes()` or `edges()`: one move reads one row however
large the flow is.

An `Effect` is the net difference that one or more changes made, element by element. Rows are written from it, fragments
and frames are made from it, and documents advance by it, so no reader needs to know which operation it came from.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeAlias, TypeVar

from flows.document.elements import Edge, Ends, FlowProperties, Node

HUB = 32
"""A node where more edges begin has them found by their ends, once one is asked for."""
FEW = 8
"""So many ids are a tuple, a third of a dictionary's size; most nodes have two edges."""

Ids: TypeAlias = tuple[str, ...] | dict[str, None]

T = TypeVar("T")


class Graph(Protocol):
    """What the rules may ask of a flow."""

    @property
    def properties(self) -> FlowProperties:
        """The flow's own properties."""
        ...

    @property
    def node_count(self) -> int:
        """How many nodes there are; asked only before one is added."""
        ...

    @property
    def edge_count(self) -> int:
        """How many edges there are; asked only before one is added."""
        ...

    def node(self, id: str, /) -> Node | None:
        """Return a node, or None."""
        ...

    def edge(self, id: str, /) -> Edge | None:
        """Return an edge, or None."""
        ...

    def edges_of(self, node_id: str, /) -> Iterable[Edge]:
        """Return the edges that begin or end at a node."""
        ...

    def edge_between(self, ends: Ends, /) -> Edge | None:
        """Return the edge with these ends, or None."""
        ...

    def members_of(self, group_id: str, /) -> Iterable[Node]:
        """Return the nodes whose parent is the group, not the members of those."""
        ...

    def nodes(self) -> Iterable[Node]:
        """Return every node."""
        ...

    def edges(self) -> Iterable[Edge]:
        """Return every edge."""
        ...


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """An element before and after; None where it did not exist."""

    before: T | None
    after: T | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What is different, by id. A pair's two sides are never equal."""

    nodes: Mapping[str, Pair[Node]] = field(default_factory=dict)
    edges: Mapping[str, Pair[Edge]] = field(default_factory=dict)
    flow: Pair[FlowProperties] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is different."""
        return not self.nodes and not self.edges and self.flow is None


class Index:
    """Which edges touch a node, and which nodes a group holds, in the order in which they came.

    It keeps one edit independent of the flow's size.
    """

    __slots__ = ("_hubs", "edges", "members")

    def __init__(self) -> None:
        self.edges: dict[str, Ids] = {}
        self.members: dict[str, Ids] = {}
        self._hubs: dict[str, dict[Ends, str]] = {}

    def place(self, pair: Pair[Node]) -> None:
        """Follow a node into its group, or out of it."""
        before, after = pair.before, pair.after
        if before is not None and after is not None and before.parent == after.parent:
            return
        if before is not None and before.parent is not None:
            _drop(self.members, before.parent, before.id)
        if after is not None and after.parent is not None:
            _add(self.members, after.parent, after.id)

    def attach(self, pair: Pair[Edge]) -> None:
        """Follow an edge to the nodes at its ends."""
        before, after = pair.before, pair.after
        if self._hubs:
            self._follow_at_hubs(before, after)
        if before is not None and after is not None and before.source == after.source and before.target == after.target:
            return
        if before is not None:
            _drop(self.edges, before.source, before.id)
            _drop(self.edges, before.target, before.id)
        if after is not None:
            _add(self.edges, after.source, after.id)
            _add(self.edges, after.target, after.id)

    def find(self, ends: Ends, edge: Callable[[str], Edge]) -> Edge | None:
        """Return the edge with these ends, however many begin at the same node; `edge` returns one by its id."""
        source = ends[0]
        ids = self.edges.get(source, ())
        if len(ids) <= HUB:
            return next((one for id in ids if (one := edge(id)).ends == ends), None)
        if source not in self._hubs:
            self._hubs[source] = {one.ends: id for id in ids if (one := edge(id)).source == source}
        found = self._hubs[source].get(ends)
        return None if found is None else edge(found)

    def _follow_at_hubs(self, before: Edge | None, after: Edge | None) -> None:
        if before is not None and (hub := self._hubs.get(before.source)) and hub.get(before.ends) == before.id:
            del hub[before.ends]
        if after is not None and after.source in self._hubs:
            self._hubs[after.source][after.ends] = after.id


class Document:
    """A whole flow in memory, indexed. `advance` is its only mutation."""

    __slots__ = ("_edges", "_index", "_nodes", "_properties")
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        properties: FlowProperties = FlowProperties(),  # noqa: B008  (a frozen value)
        nodes: Iterable[Node] = (),
        edges: Iterable[Edge] = (),
    ) -> None:
        self._properties = properties
        self._nodes = {node.id: node for node in nodes}
        self._edges = {edge.id: edge for edge in edges}
        self._index = Index()
        for node in self._nodes.values():
            self._index.place(Pair(None, node))
        for edge in self._edges.values():
            self._index.attach(Pair(None, edge))

    @property
    def properties(self) -> FlowProperties:
        """The flow's own properties."""
        return self._properties

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self._nodes)

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self._edges)

    def node(self, id: str, /) -> Node | None:
        """Return a node, or None."""
        return self._nodes.get(id)

    def edge(self, id: str, /) -> Edge | None:
        """Return an edge, or None."""
        return self._edges.get(id)

    def edges_of(self, node_id: str, /) -> list[Edge]:
        """Return the edges that begin or end at a node."""
        return [self._edges[id] for id in self._index.edges.get(node_id, ())]

    def edge_between(self, ends: Ends, /) -> Edge | None:
        """Return the edge with these ends, or None."""
        return self._index.find(ends, self._edges.__getitem__)

    def members_of(self, group_id: str, /) -> list[Node]:
        """Return the nodes whose parent is the group."""
        return [self._nodes[id] for id in self._index.members.get(group_id, ())]

    def nodes(self) -> list[Node]:
        """Return every node."""
        return list(self._nodes.values())

    def edges(self) -> list[Edge]:
        """Return every edge."""
        return list(self._edges.values())

    def advance(self, effect: Effect) -> None:
        """Take on an effect.

        Raises ValueError, and stays as it was, if the effect does not start from this document.
        """
        self._expect(effect)
        if effect.flow is not None and effect.flow.after is not None:
            self._properties = effect.flow.after
        for id, node in effect.nodes.items():
            self._index.place(node)
            _write(self._nodes, id, node.after)
        for id, edge in effect.edges.items():
            self._index.attach(edge)
            _write(self._edges, id, edge.after)

    def copy(self) -> "Document":
        """Return another document with the same elements."""
        return Document(self._properties, self._nodes.values(), self._edges.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Document):
            return NotImplemented
        mine = (self._properties, self._nodes, self._edges)
        return mine == (other._properties, other._nodes, other._edges)

    def _expect(self, effect: Effect) -> None:
        fits = (
            (effect.flow is None or effect.flow.before == self._properties)
            and all(pair.before == self._nodes.get(id) for id, pair in effect.nodes.items())
            and all(pair.before == self._edges.get(id) for id, pair in effect.edges.items())
        )
        if not fits:
            raise ValueError("the effect does not start from this document")


def compose(effects: Iterable[Effect]) -> Effect:
    """Return the net effect of effects that follow each other; what ends as it began drops out."""
    nodes: dict[str, Pair[Node]] = {}
    edges: dict[str, Pair[Edge]] = {}
    flow: Pair[FlowProperties] | None = None
    for effect in effects:
        _lay_over(nodes, effect.nodes)
        _lay_over(edges, effect.edges)
        flow = composed(flow, effect.flow)
    return Effect(nodes, edges, flow)


def composed(first: Pair[T] | None, second: Pair[T] | None) -> Pair[T] | None:
    """Join two differences of one element that follow each other."""
    if first is None:
        return second
    if second is None:
        return first
    return pair_of(first.before, second.after)


def pair_of(before: T | None, after: T | None) -> Pair[T] | None:
    """Pair two states, or None if they are equal."""
    return None if before == after else Pair(before, after)


def moved_only(pair: Pair[Node]) -> bool:
    """Tell whether a node kept everything but its place and size."""
    before, after = pair.before, pair.after
    if before is None or after is None:
        return False
    return before is after or before.is_elsewhere(after)


def _lay_over(pairs: dict[str, Pair[T]], later: Mapping[str, Pair[T]]) -> None:
    for id, pair in later.items():
        net = composed(pairs.get(id), pair)
        if net is None:
            pairs.pop(id, None)
        else:
            pairs[id] = net


def _write(elements: dict[str, T], id: str, element: T | None) -> None:
    if element is None:
        del elements[id]
    else:
        elements[id] = element


def _add(ids: dict[str, Ids], key: str, id: str) -> None:
    held = ids.get(key, ())
    if isinstance(held, tuple):
        if len(held) < FEW:
            ids[key] = held if id in held else (*held, id)
            return
        held = ids[key] = dict.fromkeys(held)
    held[id] = None


def _drop(ids: dict[str, Ids], key: str, id: str) -> None:
    held = ids[key]
    if isinstance(held, tuple):
        ids[key] = held = tuple(one for one in held if one != id)
    else:
        held.pop(id, None)
    if not held:
        del ids[key]
