"""Elements of a flow to rows and back.

Neither reading nor writing makes model instances: a flow of ten thousand nodes is read in a fraction of a second. What
stands in a row was checked when it was written, so it is not checked again; only numbers are brought back to the
document's spelling (whole ones are integers).
"""

from typing import Any
from uuid import UUID

from flows.document import Edge, Node, canonical_json
from flows.storage.sql import key_value

NODE_COLUMNS = (
    "node_id",
    "kind",
    "x",
    "y",
    "width",
    "height",
    "label",
    "description",
    "colour",
    "parent_id",
    "enabled",
    "settings",
)
EDGE_COLUMNS = ("edge_id", "source_id", "target_id", "source_port", "target_port", "label", "animated")
WRITTEN_NODE = ("key", "flow_id", "ordinal", *NODE_COLUMNS)
WRITTEN_EDGE = ("key", "flow_id", "ordinal", *EDGE_COLUMNS)

_PREFIX = 33  # 32 hexadecimal digits of the flow and a point


def key_of(flow_id: UUID, id: str) -> str:
    """Return the primary key of an element's row."""
    return f"{flow_id.hex}.{id}"


def node_of(row: tuple[Any, ...]) -> Node:
    """Return the node of a row of `NODE_COLUMNS`."""
    id, kind, x, y, width, height, label, description, colour, parent, enabled, settings = row
    return Node(
        id,
        kind,
        _number(x),
        _number(y),
        _number(width),
        _number(height),
        label,
        description,
        colour,
        parent and parent[_PREFIX:],
        enabled,
        settings,
    )


def edge_of(row: tuple[Any, ...]) -> Edge:
    """Return the edge of a row of `EDGE_COLUMNS`."""
    id, source, target, source_port, target_port, label, animated = row
    return Edge(id, source[_PREFIX:], target[_PREFIX:], source_port, target_port, label, animated)


def node_values(flow_id: UUID, node: Node, ordinal: int) -> tuple[Any, ...]:
    """Return the values of `WRITTEN_NODE` for a node; `ordinal` counts only if the row is new."""
    return (
        key_of(flow_id, node.id),
        key_value(flow_id),
        ordinal,
        node.id,
        node.kind,
        node.x,
        node.y,
        node.width,
        node.height,
        node.label,
        node.description,
        node.colour,
        None if node.parent is None else key_of(flow_id, node.parent),
        node.enabled,
        canonical_json(dict(node.settings)),
    )


def edge_values(flow_id: UUID, edge: Edge, ordinal: int) -> tuple[Any, ...]:
    """Return the values of `WRITTEN_EDGE` for an edge; `ordinal` counts only if the row is new."""
    return (
        key_of(flow_id, edge.id),
        key_value(flow_id),
        ordinal,
        edge.id,
        key_of(flow_id, edge.source),
        key_of(flow_id, edge.target),
        edge.source_port,
        edge.target_port,
        edge.label,
        edge.animated,
    )


def _number(value: float) -> float:
    whole = int(value)
    return whole if whole == value else value
