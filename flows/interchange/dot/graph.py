"""The graph that DOT's statements build, by cgraph's rules.

A subgraph takes its parent's defaults when it is first named and goes on with its own when it is named again. Which
cluster holds a node is asked at the end, when it is known which subgraphs are clusters.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from flows.interchange.budget import Budget

Key: TypeAlias = tuple[str, bool]
"""A name or a value, and whether it is a string in angle brackets: `<a>` and `a` are different names."""

Attributes: TypeAlias = dict[str, Key]
NOTHING: Key = ("", False)


@dataclass(slots=True, eq=False)
class DotNode:
    """A node: its own attributes and, under them, the defaults where it was first named."""

    name: Key
    defaults: Attributes
    own: Attributes = field(default_factory=dict)
    mentions: "list[Subgraph]" = field(default_factory=list)

    def get(self, name: str) -> str:
        """Return an attribute's text, or ""."""
        return self.value(name)[0]

    def value(self, name: str) -> Key:
        """Return an attribute."""
        return self.own.get(name) or self.defaults.get(name, NOTHING)


@dataclass(slots=True, eq=False)
class DotEdge:
    """An edge, with the ports that were written after its ends."""

    tail: DotNode
    head: DotNode
    ports: tuple[str, str]
    defaults: Attributes
    own: Attributes


@dataclass(slots=True, eq=False)
class Subgraph:
    """A graph or a subgraph. Defaults are shared with the parent until they change: they are never changed in place.

    `own_*` are those that it set itself: when it is opened again, the rest are the parent's of that time.
    """

    name: Key | None
    parent: "Subgraph | None"
    attributes: Attributes
    node_defaults: Attributes
    edge_defaults: Attributes
    nodes: dict[Key, DotNode] = field(default_factory=dict)
    own_node_defaults: Attributes = field(default_factory=dict)
    own_edge_defaults: Attributes = field(default_factory=dict)
    children: "dict[Key | int, Subgraph]" = field(default_factory=dict)

    @property
    def is_cluster(self) -> bool:
        """Whether it is drawn as a box."""
        return self.parent is not None and (
            (self.name is not None and self.name[0].startswith("cluster"))
            or self.attributes.get("cluster", NOTHING)[0].lower() in ("true", "yes", "1")
        )

    def child(self, name: Key | None) -> "Subgraph":
        """Return the subgraph of this name, made if it is not there, to be opened."""
        key = len(self.children) if name is None else name
        known = self.children.get(key)
        if known is None:
            known = self.children[key] = Subgraph(name, self, self.attributes, self.node_defaults, self.edge_defaults)
        else:
            known.node_defaults = self.node_defaults | known.own_node_defaults
            known.edge_defaults = self.edge_defaults | known.own_edge_defaults
        return known

    def set_defaults(self, what: str, given: Attributes) -> None:
        """Set attributes of the graph, or defaults of nodes or edges made from here on."""
        match what:
            case "graph":
                self.attributes = self.attributes | given
            case "node":
                self.own_node_defaults = self.own_node_defaults | given
                self.node_defaults = self.node_defaults | given
            case _:
                self.own_edge_defaults = self.own_edge_defaults | given
                self.edge_defaults = self.edge_defaults | given

    @property
    def breadth(self) -> int:
        """How many attributes it holds, to be counted as work when it is opened or changed."""
        return len(self.attributes) + len(self.node_defaults) + len(self.edge_defaults)

    def all_nodes(self, budget: Budget) -> list[DotNode]:
        """Return its nodes and those of subgraphs in it, each once."""
        found: dict[Key, DotNode] = {}
        waiting = [self]
        while waiting:
            one = waiting.pop()
            budget.step(1 + len(one.nodes))
            found.update(one.nodes)
            waiting.extend(reversed(one.children.values()))
        return list(found.values())


class Graph:
    """A whole graph. `add_*` count against the budget; edges of a strict graph are merged."""

    def __init__(self, name: Key | None, budget: Budget, *, is_directed: bool, is_strict: bool) -> None:
        self.is_directed = is_directed
        self.is_strict = is_strict
        self.root = Subgraph(name, None, {}, {}, {})
        self.nodes: dict[Key, DotNode] = {}
        self.edges: list[DotEdge] = []
        self._budget = budget
        self._named: dict[tuple[Key, Key, str], DotEdge] = {}

    def node(self, name: Key, within: Subgraph) -> DotNode:
        """Return the node of this name, made if it is not there, and put it into the subgraph."""
        node = self.nodes.get(name)
        if node is None:
            self._budget.add_node()
            node = self.nodes[name] = DotNode(name, within.node_defaults)
        if name not in within.nodes:
            within.nodes[name] = node
            node.mentions.append(within)
        return node

    def connect(
        self,
        tails: Iterable[tuple[DotNode, str]],
        heads: list[tuple[DotNode, str]],
        own: Attributes,
        within: Subgraph,
    ) -> None:
        """Connect each of the tails to each of the heads."""
        for tail, tail_port in tails:
            for head, head_port in heads:
                self._connect(tail, head, (tail_port, head_port), own, within)

    def subgraphs(self) -> Iterator[Subgraph]:
        """Yield all subgraphs, parents first, in the order of the file."""
        waiting = [self.root]
        while waiting:
            one = waiting.pop()
            self._budget.step()
            if one is not self.root:
                yield one
            waiting.extend(reversed(one.children.values()))

    def _connect(self, tail: DotNode, head: DotNode, ports: tuple[str, str], own: Attributes, within: Subgraph) -> None:
        key = own.get("key", NOTHING)[0]
        ends = (tail.name, head.name, key)
        if not self.is_directed and ends[1] < ends[0]:
            ends = (head.name, tail.name, key)
        if self.is_strict or key:
            known = self._named.get(ends)
            if known is not None:
                self._budget.step(1 + len(own))
                known.own = {**known.own, **own}
                return
        self._budget.add_edge()
        edge = DotEdge(tail, head, ports, within.edge_defaults, own)
        if self.is_strict or key:
            self._named[ends] = edge
        self.edges.append(edge)
