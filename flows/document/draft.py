"""A graph with changes laid over it.

What a batch or a transaction has done so far is asked here, while the graph below is only read, and only where it is
asked for. The overlay is the net effect itself: an element that is back to what it was is no longer in it.

What is read and written is counted once, where it comes from: by the lowest draft what it reads below, by each what it
adds itself. Drafts over each other share the count. It has a limit, because whoever edits holds a lock for which others
wait: a batch of five hundred moves of a group of ten thousand is five million moves.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

from flows.document.elements import Edge, Ends, FlowProperties, Node
from flows.document.graph import Effect, Graph, Index, Pair, composed

T = TypeVar("T", Node, Edge)


class WorkExceeded(Exception):  # noqa: N818  (a normal answer, not an error)
    """A submission is more work than one may be. No `Rejected`, so that no rule takes it for its own refusal."""


class Work:
    """Steps spent, of `most`: one for each element read or written."""

    __slots__ = ("_looking_back", "most", "spent")

    def __init__(self, most: int = sys.maxsize) -> None:
        self.most = most
        self.spent = self._looking_back = 0

    def spend(self, steps: int) -> None:
        """Count steps. Raises `WorkExceeded` for more than there may be."""
        self.spent += steps
        if self.spent > self.most:
            raise WorkExceeded

    @property
    def total(self) -> int:
        """All that was spent."""
        return self.spent + self._looking_back

    @contextmanager
    def looking_back(self) -> Iterator[None]:
        """Count the block apart, by as much again: to find out what was done is not to do it."""
        self.spent, self._looking_back = self._looking_back, self.spent
        try:
            yield
        finally:
            self.spent, self._looking_back = self._looking_back, self.spent


class Draft:
    """A `Graph` that can be advanced without touching the one below. `effect` is the net difference from it."""

    __slots__ = ("_below", "_edge_growth", "_edges", "_flow", "_index", "_is_lowest", "_node_growth", "_nodes", "work")

    def __init__(self, below: Graph, work: Work | None = None) -> None:
        self._below = below
        self._is_lowest = not isinstance(below, Draft)
        self.work: Work = below.work if isinstance(below, Draft) else work or Work()
        self._flow: Pair[FlowProperties] | None = None
        self._nodes: dict[str, Pair[Node]] = {}
        self._edges: dict[str, Pair[Edge]] = {}
        self._index = Index()
        self._node_growth = 0
        self._edge_growth = 0

    @property
    def effect(self) -> Effect:
        """The net difference from the graph below."""
        return Effect(dict(self._nodes), dict(self._edges), self._flow)

    @property
    def properties(self) -> FlowProperties:
        """The flow's own properties."""
        if self._flow is not None and self._flow.after is not None:
            return self._flow.after
        return self._below.properties

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return self._below.node_count + self._node_growth

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return self._below.edge_count + self._edge_growth

    def node(self, id: str, /) -> Node | None:
        """Return a node, or None."""
        pair = self._nodes.get(id)
        if pair is None and not self._is_lowest:
            return self._below.node(id)
        self.work.spend(1)
        return self._below.node(id) if pair is None else pair.after

    def edge(self, id: str, /) -> Edge | None:
        """Return an edge, or None."""
        pair = self._edges.get(id)
        if pair is None and not self._is_lowest:
            return self._below.edge(id)
        self.work.spend(1)
        return self._below.edge(id) if pair is None else pair.after

    def edges_of(self, node_id: str, /) -> list[Edge]:
        """Return the edges that begin or end at a node."""
        below = [] if self._is_new(node_id) else self._counted(self._below.edges_of(node_id))
        own = [edge for id in self._index.edges.get(node_id, ()) if (edge := self._edges[id].after)]
        return self._joined(below, [edge for edge in below if edge.id not in self._edges], own)

    def edge_between(self, ends: Ends, /) -> Edge | None:
        """Return the edge with these ends, or None."""
        own = self._index.find(ends, self._own_edge)
        if own is None and not self._is_lowest:
            below = self._below.edge_between(ends)
        else:
            self.work.spend(1)
            below = self._below.edge_between(ends) if own is None else None
        return own if below is None or below.id in self._edges else below

    def members_of(self, group_id: str, /) -> list[Node]:
        """Return the nodes whose parent is the group."""
        below = [] if self._is_new(group_id) else self._counted(self._below.members_of(group_id))
        own = [node for id in self._index.members.get(group_id, ()) if (node := self._nodes[id].after)]
        return self._joined(below, [node for node in below if node.id not in self._nodes], own)

    def nodes(self) -> list[Node]:
        """Return every node."""
        below = self._counted(self._below.nodes())
        own = [pair.after for pair in self._nodes.values() if pair.after is not None]
        return self._joined(below, [node for node in below if node.id not in self._nodes], own)

    def edges(self) -> list[Edge]:
        """Return every edge."""
        below = self._counted(self._below.edges())
        own = [pair.after for pair in self._edges.values() if pair.after is not None]
        return self._joined(below, [edge for edge in below if edge.id not in self._edges], own)

    def advance(self, effect: Effect) -> None:
        """Lay an effect over what is here; it must start from here. Raises `WorkExceeded`, and stays as it was."""
        self.work.spend(len(effect.nodes) + len(effect.edges))
        if effect.flow is not None:
            self._flow = composed(self._flow, effect.flow)
        for id, node in effect.nodes.items():
            self._write_node(id, node)
        for id, edge in effect.edges.items():
            self._write_edge(id, edge)

    def _counted(self, elements: Iterable[T]) -> list[T]:
        found = list(elements)
        if self._is_lowest:
            self.work.spend(len(found))
        return found

    def _joined(self, below: list[T], kept: list[T], own: list[T]) -> list[T]:
        """Count what is added to what was counted below; what stands in the place of that counts no second time."""
        self.work.spend(max(0, len(kept) + len(own) - len(below)))
        return kept + own

    def _own_edge(self, id: str) -> Edge:
        return cast(Edge, self._edges[id].after)  # the index holds only what is there

    def _is_new(self, node_id: str) -> bool:
        pair = self._nodes.get(node_id)
        return pair is not None and pair.before is None

    def _write_node(self, id: str, pair: Pair[Node]) -> None:
        held = self._nodes.get(id)
        net = composed(held, pair)
        self._index.place(Pair(held.after if held else None, net.after if net else None))
        self._node_growth += (pair.before is None) - (pair.after is None)
        if net is None:
            del self._nodes[id]
        else:
            self._nodes[id] = net

    def _write_edge(self, id: str, pair: Pair[Edge]) -> None:
        held = self._edges.get(id)
        net = composed(held, pair)
        self._index.attach(Pair(held.after if held else None, net.after if net else None))
        self._edge_growth += (pair.before is None) - (pair.after is None)
        if net is None:
            del self._edges[id]
        else:
            self._edges[id] = net
