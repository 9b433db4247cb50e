"""Who wrote what: the properties that a change wrote, and which of them someone has written since.

Adding or removing an element writes all of it. What hangs on an element writes it too, so that no undo removes what
someone else's work rests on: an edge writes the ports it uses and the connection it makes, a member writes its group.
"""

from collections.abc import Iterable, Iterator, Mapping

from flows.document.elements import (
    FLOW,
    Edge,
    Element,
    Node,
    edge_differences,
    flow_differences,
    node_differences,
)
from flows.document.graph import Effect, Pair

ENDS = "ends"
EXISTENCE = "exists"
MEMBERS = "members"


class WriteSet:
    """Properties, gathered from one effect after another."""

    __slots__ = ("_properties",)

    def __init__(self) -> None:
        self._properties: dict[Element, set[str]] = {}

    def add(self, effect: Effect) -> None:
        """Note everything that an effect wrote, whichever way round it is."""
        for element, name in written(effect):
            self._note(element, (name,))

    def add_skipped(self, effect: Effect, skipped: Mapping[Element, Iterable[str]]) -> None:
        """Note what was skipped of an effect, and what hangs on that."""
        for element, names in skipped.items():
            self._note(element, names)
            if not {EXISTENCE, "parent", ENDS}.isdisjoint(names):
                for other, name in _of_element(element, effect):
                    if other != element:
                        self._note(other, (name,))

    def has(self, element: Element, name: str) -> bool:
        """Tell whether a property was written, if only by its element's coming or going."""
        names = self._properties.get(element, ())
        return name in names or EXISTENCE in names

    def touches(self, element: Element) -> bool:
        """Tell whether anything of an element, or on it, was written."""
        return element in self._properties

    def crosses(self, effect: Effect) -> bool:
        """Tell whether anything that an effect writes was written, or written on where an element comes or goes."""
        return any(
            self.touches(element) if name == EXISTENCE else self.has(element, name) for element, name in written(effect)
        )

    def _note(self, element: Element, names: Iterable[str]) -> None:
        self._properties.setdefault(element, set()).update(names)


def written(effect: Effect) -> Iterator[tuple[Element, str]]:
    """List the properties that differ between the two sides of an effect."""
    for id, node in effect.nodes.items():
        yield from _of_node(id, node)
    for id, edge in effect.edges.items():
        yield from _of_edge(id, edge)
    if effect.flow is not None and effect.flow.before is not None and effect.flow.after is not None:
        for name in flow_differences(effect.flow.before, effect.flow.after):
            yield FLOW, name


def differences_of_node(one: Node, other: Node) -> list[str]:
    """Name the properties in which two states of a node differ; another kind makes it another node."""
    return node_differences(one, other) if one.kind == other.kind else [EXISTENCE]


def connection(edge: Edge) -> Element:
    """Return what at most one edge may be."""
    return "connection", f"{edge.source} {edge.target} {edge.source_port}\n{edge.target_port}"


def _of_element(element: Element, effect: Effect) -> Iterator[tuple[Element, str]]:
    what, id = element
    if what == "node" and id in effect.nodes:
        yield from _of_node(id, effect.nodes[id])
    elif what == "edge" and id in effect.edges:
        yield from _of_edge(id, effect.edges[id])


def _of_node(id: str, pair: Pair[Node]) -> Iterator[tuple[Element, str]]:
    before, after = pair.before, pair.after
    names = [EXISTENCE] if before is None or after is None else differences_of_node(before, after)
    for name in names:
        yield ("node", id), name
    if EXISTENCE in names or "parent" in names:
        for node in (before, after):
            if node is not None and node.parent is not None:
                yield ("node", node.parent), MEMBERS


def _of_edge(id: str, pair: Pair[Edge]) -> Iterator[tuple[Element, str]]:
    before, after = pair.before, pair.after
    names = [EXISTENCE] if before is None or after is None else edge_differences(before, after)
    for name in names:
        yield ("edge", id), name
    if EXISTENCE in names or ENDS in names:
        for edge in (before, after):
            if edge is not None:
                yield connection(edge), EXISTENCE
                yield ("node", edge.source), f"out.{edge.source_port}"
                yield ("node", edge.target), f"in.{edge.target_port}"
