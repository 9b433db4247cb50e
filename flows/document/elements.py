"""What a flow consists of: nodes, edges, and its own properties.

Values, never changed in place. Two nodes are equal only if they read the same as JSON: Python holds `1 == True`, but a
setting that changes from 1 to true has changed, and must reach the log, the rows and every screen.

`NODE_PROPERTIES`, `EDGE_PROPERTIES` and `FLOW_PROPERTIES` are the one list of what can be edited: each property with
the fields it is made of. A property is the smallest thing that two people can disagree on, so a place is one, a size is
one, and so are the ends of an edge. Every setting of a node is one more, `settings.<key>`; one that is not set is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeAlias, TypedDict

from flows.document.json import canonical_bytes, same_json


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One node. Coordinates are absolute, in world pixels; `settings` hold only what was set."""

    id: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    label: str
    description: str
    colour: str
    parent: str | None
    enabled: bool
    settings: Mapping[str, object]

    def at(self, x: float, y: float, width: float | None = None, height: float | None = None) -> "Node":
        """Return the node at another place, and in another size if one is given."""
        return Node(
            self.id,
            self.kind,
            x,
            y,
            self.width if width is None else width,
            self.height if height is None else height,
            self.label,
            self.description,
            self.colour,
            self.parent,
            self.enabled,
            self.settings,
        )

    def edited(self, changes: "NodeChanges") -> "Node":
        """Return the node with these changes."""
        settings = self.settings
        if "settings" in changes:
            merged = {**settings, **changes["settings"]}
            settings = {name: value for name, value in merged.items() if value is not None}
        return Node(
            self.id,
            self.kind,
            self.x,
            self.y,
            self.width,
            self.height,
            changes.get("label", self.label),
            changes.get("description", self.description),
            changes.get("colour", self.colour),
            changes.get("parent", self.parent),
            changes.get("enabled", self.enabled),
            settings,
        )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Node):
            return NotImplemented
        return _SCALARS(self) == _SCALARS(other) and same_json(self.settings, other.settings)

    def is_elsewhere(self, other: "Node") -> bool:
        """Tell whether another node is equal but for its place and size, which no new node is made to find out."""
        return _UNMOVED(self) == _UNMOVED(other) and same_json(self.settings, other.settings)

    def __hash__(self) -> int:
        return hash((_SCALARS(self), canonical_bytes(dict(self.settings))))


_SCALARS = attrgetter(*(name for name in Node.__slots__ if name != "settings"))
_UNMOVED = attrgetter(*(name for name in Node.__slots__ if name not in {"x", "y", "width", "height", "settings"}))


Ends: TypeAlias = tuple[str, str, str, str]
"""Source, target, source port, target port: what no two edges may have in common."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One connection, from an output port of `source` to an input port of `target`.

    An edge that comes from outside without ports holds `""` for them until the rules fill in the defaults.
    """

    id: str
    source: str
    target: str
    source_port: str = ""
    target_port: str = ""
    label: str = ""
    animated: bool = False

    @property
    def ends(self) -> Ends:
        """Where it begins and ends."""
        return self.source, self.target, self.source_port, self.target_port


@dataclass(frozen=True, slots=True)
class FlowProperties:
    """What belongs to the flow itself."""

    title: str = ""
    description: str = ""


class NodeChanges(TypedDict, total=False):
    """The properties of a node that an edit names. In `settings`, None removes a key."""

    label: str
    description: str
    colour: str
    parent: str | None
    enabled: bool
    settings: Mapping[str, object]


class EdgeChanges(TypedDict, total=False):
    """The properties of an edge that an edit names."""

    label: str
    animated: bool
    source: str
    target: str
    source_port: str
    target_port: str


class FlowChanges(TypedDict, total=False):
    """The properties of the flow that an edit names."""

    title: str
    description: str


Held: TypeAlias = Node | Edge | FlowProperties
Element: TypeAlias = tuple[str, str]
"""What is read or written: ("node", id), ("edge", id), ("flow", ""), or in a write set a connection."""

FLOW: Element = ("flow", "")

Properties: TypeAlias = Mapping[str, tuple[str, ...]]
NODE_PROPERTIES: Properties = {
    "position": ("x", "y"),
    "size": ("width", "height"),
    **{name: (name,) for name in ("label", "description", "colour", "parent", "enabled")},
}
EDGE_PROPERTIES: Properties = {
    "label": ("label",),
    "animated": ("animated",),
    "ends": ("source", "target", "source_port", "target_port"),
}
FLOW_PROPERTIES: Properties = {"title": ("title",), "description": ("description",)}
SETTINGS = "settings."


def fields_of(name: str) -> tuple[str, ...]:
    """Return the fields that a property is made of; a setting stands for itself."""
    return NODE_PROPERTIES.get(name) or EDGE_PROPERTIES.get(name) or (name,)


def properties_of(held: Held | None) -> dict[str, object]:
    """Return all properties of an element by name; none of one that does not exist."""
    match held:
        case Node():
            settings = {f"{SETTINGS}{key}": value for key, value in held.settings.items()}
            return {name: read(held) for name, read in _NODE_READERS} | settings
        case Edge():
            return {name: read(held) for name, read in _EDGE_READERS}
        case FlowProperties():
            return {name: read(held) for name, read in _FLOW_READERS}
        case None:
            return {}


def node_differences(one: Node, other: Node) -> list[str]:
    """Name the properties in which two states of a node differ."""
    names = [name for name, read in _NODE_READERS if read(one) != read(other)]
    if one.settings is not other.settings:
        keys = sorted(one.settings.keys() | other.settings.keys())
        names += [f"{SETTINGS}{key}" for key in keys if not same_json(one.settings.get(key), other.settings.get(key))]
    return names


def edge_differences(one: Edge, other: Edge) -> list[str]:
    """Name the properties in which two states of an edge differ."""
    return [name for name, read in _EDGE_READERS if read(one) != read(other)]


def flow_differences(one: FlowProperties, other: FlowProperties) -> list[str]:
    """Name the flow's own properties that differ."""
    return [name for name, read in _FLOW_READERS if read(one) != read(other)]


_NODE_READERS = [(name, attrgetter(*fields)) for name, fields in NODE_PROPERTIES.items()]
_EDGE_READERS = [(name, attrgetter(*fields)) for name, fields in EDGE_PROPERTIES.items()]
_FLOW_READERS = [(name, attrgetter(*fields)) for name, fields in FLOW_PROPERTIES.items()]


def text_length(value: object) -> int:
    """Return about how many characters an element holds that a person may have typed; 0 for anything else."""
    if isinstance(value, Node):
        settings = len(canonical_bytes(dict(value.settings))) if value.settings else 0
        return len(value.label) + len(value.description) + settings
    return len(getattr(value, "label", ""))
