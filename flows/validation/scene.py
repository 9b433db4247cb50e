"""What the rules look at: the flow, the installation, and how the flow hangs together.

`Structure` is worked out once for all rules that need the whole graph, and again only when an edge, a node, or what is
enabled changes. It is linear in the flow, but for bodies of loops in loops, which share one budget of steps; what is
beyond it is not judged. The library for graphs takes 10 MiB, so it is loaded for flows with circles or loops alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from flows.document import Document, Edge, Node
from flows.validation.installation import Installation
from flows.validation.texts import Mention

PASSIVE = frozenset({"note", "group"})
STEPS = 20
"""How many times the flow's size the bodies of its loops may be walked through, all together."""


class Structure:
    """The graph of what can run. Vertices are ids; a loop's `each` begins at a vertex of its own."""

    def __init__(self, document: Document) -> None:
        self.nodes = {node.id: node for node in sorted(document.nodes(), key=_id) if is_active(node)}
        self._edges = sorted(document.edges(), key=_id)
        self.outgoing: dict[str, list[Edge]] = {}
        self.incoming: dict[str, list[Edge]] = {}
        for edge in self._edges:
            if edge.source in self.nodes and edge.target in self.nodes:
                self.outgoing.setdefault(edge.source, []).append(edge)
                self.incoming.setdefault(edge.target, []).append(edge)

    @cached_property
    def bodies(self) -> dict[str, set[str]]:
        """The nodes in the body of each loop: what is reachable from `each` without passing the loop."""
        left = STEPS * (len(self.nodes) + len(self._edges)) + 1000
        found: dict[str, set[str]] = {}
        for id, node in self.nodes.items():
            if node.kind == "loop" and left > 0:
                body = self._reachable((edge.target for edge in self._each(id)), past=id)
                left -= sum(1 + len(self.outgoing.get(inside, ())) for inside in body)
                found[id] = body
        return found

    @cached_property
    def in_bodies(self) -> set[str]:
        """Every node in the body of any loop."""
        return set().union(*self.bodies.values())

    @cached_property
    def around(self) -> dict[str, set[str]]:
        """The loops in whose bodies each node is, of those that are in any."""
        found: dict[str, set[str]] = {}
        for loop, body in self.bodies.items():
            for id in body:
                found.setdefault(id, set()).add(loop)
        return found

    def entering(self, loop: str, id: str) -> Iterator[Edge]:
        """Yield the edges that lead from outside a loop's body to a node in it, but for those of its `each`."""
        for edge in self.incoming.get(id, ()):
            if edge.source not in self.bodies[loop] and not (edge.source == loop and edge.source_port == "each"):
                yield edge

    def is_before(self, edge: Edge, loop: str) -> bool:
        """Whether an edge into a loop's body comes from what can be done before it."""
        if edge.source_port == "each" and self.nodes[edge.source].kind == "loop":
            return False
        is_around = self.around.get(edge.source, set()) <= self.around.get(loop, set())
        return is_around and self._deadlocks[edge.source] != self._deadlocks[edge.target]

    def hiding(self, id: str, node: str) -> str | None:
        """Return a loop that one node is in and another is not, which therefore does not see its result."""
        return min(self.around.get(id, set()) - self.around.get(node, set()), default=None)

    @cached_property
    def starts(self) -> list[str]:
        """The nodes where a run begins: nothing leads to them but the way back of their own loop."""
        return [
            id for id in self.nodes if all(edge.source in self.bodies.get(id, ()) for edge in self.incoming.get(id, ()))
        ]

    @cached_property
    def reached(self) -> set[str]:
        """Every node that a run can come to."""
        return self._reachable(self.starts)

    @cached_property
    def order(self) -> tuple[list[str], set[str]]:
        """The nodes so that each comes after those that lead to it; and the rest: what is on or behind a circle."""
        waiting_for = {id: len(self.incoming.get(id, ())) for id in self.nodes}
        found = [id for id, count in waiting_for.items() if not count]
        for id in found:
            for edge in self.outgoing.get(id, ()):
                waiting_for[edge.target] -= 1
                if not waiting_for[edge.target]:
                    found.append(edge.target)
        return found, self.nodes.keys() - found if len(found) < len(self.nodes) else set()

    @cached_property
    def cycles(self) -> list[list[str]]:
        """The nodes of each cycle that is no loop's way back, by id."""
        rest = self.order[1]
        if not rest:
            return []
        import networkx as nx

        edges = (edge for id in rest for edge in self.outgoing.get(id, ()))
        graph: nx.DiGraph[str] = nx.DiGraph((_start_of(self.nodes, edge), edge.target) for edge in edges)
        return sorted(sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1)

    @cached_property
    def groups(self) -> list[list[str]]:
        """Every node, with those that lead to it before it; those on a circle are one group, without ways back."""
        first, rest = self.order
        if not rest:
            return [[id] for id in first]
        import networkx as nx

        edges = ((edge.source, edge.target) for id in rest for edge in self.onward(id))
        later: nx.DiGraph[str] = nx.DiGraph(edges)
        later.add_nodes_from(rest)
        whole = nx.condensation(later)
        return [[id] for id in first] + [sorted(whole.nodes[group]["members"]) for group in nx.topological_sort(whole)]

    def onward(self, id: str) -> Iterator[Edge]:
        """Yield the edges that begin at a node, without the ways back to a loop from its body."""
        return (edge for edge in self.outgoing.get(id, ()) if id not in self.bodies.get(edge.target, ()))

    @cached_property
    def _deadlocks(self) -> dict[str, int]:
        """The nodes that wait for each other have the same number: a loop's end also waits for all in its body."""
        import networkx as nx

        waits: nx.DiGraph[str] = nx.DiGraph()
        waits.add_nodes_from(self.nodes)
        for id in self.nodes:
            for edge in self.onward(id):
                is_loop = self.nodes[edge.target].kind == "loop"
                waits.add_edge(_start_of(self.nodes, edge), f"{edge.target}\0each" if is_loop else edge.target)
        for loop, body in self.bodies.items():
            waits.add_edges_from((id, loop) for id in (f"{loop}\0each", *body))
        return {id: number for number, ids in enumerate(nx.strongly_connected_components(waits)) for id in ids}

    def upstream_of(self, wanted: Iterable[str]) -> "Upstream":
        """Return which of some nodes lie upstream of which others."""
        return Upstream(self, frozenset(wanted))

    def _each(self, id: str) -> list[Edge]:
        return [edge for edge in self.outgoing.get(id, ()) if edge.source_port == "each"]

    def _reachable(self, start: Iterable[str], past: str | None = None) -> set[str]:
        found = {id for id in start if id != past}
        waiting = list(found)
        while waiting:
            for edge in self.outgoing.get(waiting.pop(), ()):
                if edge.target not in found and edge.target != past:
                    found.add(edge.target)
                    waiting.append(edge.target)
        return found


class Upstream:
    """Which of the `wanted` nodes lead to a node: a bit for each, handed on along the edges once."""

    def __init__(self, structure: Structure, wanted: frozenset[str]) -> None:
        self._bits = {id: 1 << number for number, id in enumerate(sorted(wanted))}
        self._above: dict[str, int] = {}
        for ids in structure.groups:
            above = own = 0
            for id in ids:
                own |= self._bits.get(id, 0)
                body = structure.bodies.get(id, ())
                for edge in structure.incoming.get(id, ()):
                    if edge.source not in body:
                        above |= self._above.get(edge.source, 0) | self._bits.get(edge.source, 0)
            self._above.update(dict.fromkeys(ids, above | own if len(ids) > 1 else above))

    def leads(self, one: str, to: str) -> bool:
        """Whether there is a way from one node to another."""
        return one != to and bool(self._above.get(to, 0) & self._bits.get(one, 0))


@dataclass(frozen=True, slots=True)
class Scene:
    """What a rule may ask."""

    document: Document
    installation: Installation
    structure: Structure
    mentions: Mapping[str, tuple[Mention, ...]]
    """By node, of those that take part in runs."""


def _id(element: Node | Edge) -> str:
    return element.id


def is_active(node: Node) -> bool:
    """Whether a node takes part in runs: not a note, not a group, not disabled."""
    return node.enabled and node.kind not in PASSIVE


def _start_of(nodes: dict[str, Node], edge: Edge) -> str:
    is_each = edge.source_port == "each" and nodes[edge.source].kind == "loop"
    return f"{edge.source}\0each" if is_each else edge.source
