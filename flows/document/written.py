"""Who wrote what: the properties that a change wrote, and which of them somebody has written since.

A property is the smallest thing that two people can disagree on: a place (x with y), a size, a label, one setting. That
an element came or went writes all of it. What hangs on an element writes it too, so that nobody's undo pulls the ground
from under somebody else: an edge writes the ports it uses and the connection it makes, a member writes its group.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from flows.document.canonical import same_json
from flows.document.effect import Effect, Pair
from flows.document.elements import Edge, FlowProperties, Node

Element: TypeAlias = tuple[str, str]
"""What is written: ("node", id), ("edge", id), ("flow", "") or ("connection", its two ends)."""

EXISTENCE = "exists"
MEMBERS = "members"
FLOW: Element = ("flow", "")


class Written:
    """Properties, gathered from one effect after another."""

    __slots__ = ("_properties",)

    def __init__(self) -> None:
        self._properties: dict[Element, set[str]] = {}

    def add(self, effect: Effect) -> None:
        """Note everything that an effect wrote, whichever way round it is."""
        for element, name in written(effect):
            self._note(element, (name,))

    def add_left(self, effect: Effect, left: Mapping[Element, Iterable[str]]) -> None:
        """Note what was left alone of an effect, and what hangs on that."""
        for element, names in left.items():
            self._note(element, names)
            if EXISTENCE in names or "parent" in names:
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


def node_differences(one: Node, other: Node) -> list[str]:
    """Name the properties in which two states of a node differ; another kind makes it another node."""
    if one.kind != other.kind:
        return [EXISTENCE]
    names = []
    if (one.x, one.y) != (other.x, other.y):
        names.append("position")
    if (one.width, one.height) != (other.width, other.height):
        names.append("size")
    scalars = ("label", "description", "colour", "parent", "enabled")
    names += [name for name in scalars if getattr(one, name) != getattr(other, name)]
    keys = sorted(one.settings.keys() | other.settings.keys())
    names += [f"settings.{key}" for key in keys if not same_json(one.settings.get(key), other.settings.get(key))]
    return names


def edge_differences(one: Edge, other: Edge) -> list[str]:
    """Name the properties in which two states of an edge differ; other ends make it another edge."""
    if connection(one) != connection(other):
        return [EXISTENCE]
    return [name for name in ("label", "animated") if getattr(one, name) != getattr(other, name)]


def flow_differences(one: FlowProperties, other: FlowProperties) -> list[str]:
    """Name the flow's own properties that differ."""
    return [name for name in ("title", "description") if getattr(one, name) != getattr(other, name)]


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
    names = [EXISTENCE] if before is None or after is None else node_differences(before, after)
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
    if EXISTENCE in names:
        for edge in (before, after):
            if edge is not None:
                yield connection(edge), EXISTENCE
                yield ("node", edge.source), f"out.{edge.source_port}"
                yield ("node", edge.target), f"in.{edge.target_port}"
