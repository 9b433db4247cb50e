"""What a flow consists of: nodes, edges, and its own properties.

Values, never changed in place. Two nodes are equal only if they read the same as JSON: Python holds `1 == True`, but a
setting that changes from 1 to true has changed, and must reach the log, the rows and everybody's screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flows.document.canonical import canonical_bytes, same_json


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

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Node):
            return NotImplemented
        return self._scalars() == other._scalars() and same_json(self.settings, other.settings)

    def __hash__(self) -> int:
        return hash((self._scalars(), canonical_bytes(dict(self.settings))))

    def _scalars(self) -> tuple[object, ...]:
        return (
            self.id,
            self.kind,
            self.x,
            self.y,
            self.width,
            self.height,
            self.label,
            self.description,
            self.colour,
            self.parent,
            self.enabled,
        )


@dataclass(frozen=True, slots=True)
class Edge:
    """One connection, from an output port of `source` to an input port of `target`.

    An edge that comes from the wire without ports holds `""` for them until the rules fill in the defaults.
    """

    id: str
    source: str
    target: str
    source_port: str = ""
    target_port: str = ""
    label: str = ""
    animated: bool = False


@dataclass(frozen=True, slots=True)
class FlowProperties:
    """What belongs to the flow itself."""

    title: str = ""
    description: str = ""
