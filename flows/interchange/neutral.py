"""The neutral graph between readers and writers: what a file says, before our rules are asked.

Readers keep everything that the file draws, also what Helix cannot hold (edges at groups, self-loops, loose ends);
`assemble` makes a graph of ours of it and tells what had to go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flows.document import Edge, Node


@dataclass(slots=True)
class NeutralNode:
    """A node, note (`kind` note) or group (`kind` group).

    `key` is its id in the file, unique in the flow; `kind` one of ours. `x` and `y` are the absolute corner in pixels,
    None without a place; a size is None for the kind's own. `settings` are ours; `imported` is what the format said
    beyond them, kept so that an export to the same format brings it back.
    """

    key: str
    kind: str = "transform"
    label: str = ""
    description: str = ""
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    colour: str = ""
    parent: str | None = None
    enabled: bool = True
    settings: dict[str, object] = field(default_factory=dict)
    imported: Mapping[str, object] | None = None


@dataclass(slots=True)
class NeutralEdge:
    """An edge between two keys. A port is one of ours, or "" for the kind's default; `key` is its id, if it has one."""

    source: str
    target: str
    source_port: str = ""
    target_port: str = ""
    label: str = ""
    animated: bool = False
    key: str = ""


@dataclass(slots=True)
class NeutralFlow:
    """A whole file. `direction` is how it wants to be laid out where it has no places: LR, TB, RL or BT."""

    title: str = ""
    description: str = ""
    nodes: list[NeutralNode] = field(default_factory=list)
    edges: list[NeutralEdge] = field(default_factory=list)
    direction: str = "LR"
    id: str = ""


@dataclass(frozen=True, slots=True)
class ExportedFlow:
    """A flow to be written: its own elements as they are, nodes and edges sorted by id."""

    id: str
    version: int
    title: str
    description: str
    nodes: Sequence[Node]
    edges: Sequence[Edge]
