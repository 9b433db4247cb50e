"""Elements of a flow to rows and back.

Reading goes through `values_list`, never through model instances: a flow of ten thousand nodes is read in a fraction
of a second. What stands in a row was checked when it was written, so it is not checked again; only numbers are brought
back to the document's spelling (whole ones are integers).
"""

from typing import Any
from uuid import UUID

from flows.document import Edge, Node
from flows.models import FlowEdge, FlowNode

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


def node_row(flow_id: UUID, node: Node, ordinal: int) -> FlowNode:
    """Return the row of a node; `ordinal` counts only if the row is new."""
    return FlowNode(
        key=key_of(flow_id, node.id),
        flow_id=flow_id,
        ordinal=ordinal,
        node_id=node.id,
        kind=node.kind,
        x=node.x,
        y=node.y,
        width=node.width,
        height=node.height,
        label=node.label,
        description=node.description,
        colour=node.colour,
        parent_id=None if node.parent is None else key_of(flow_id, node.parent),
        enabled=node.enabled,
        settings=dict(node.settings),
    )


def edge_row(flow_id: UUID, edge: Edge, ordinal: int) -> FlowEdge:
    """Return the row of an edge; `ordinal` counts only if the row is new."""
    return FlowEdge(
        key=key_of(flow_id, edge.id),
        flow_id=flow_id,
        ordinal=ordinal,
        edge_id=edge.id,
        source_id=key_of(flow_id, edge.source),
        target_id=key_of(flow_id, edge.target),
        source_port=edge.source_port,
        target_port=edge.target_port,
        label=edge.label,
        animated=edge.animated,
    )


def _number(value: float) -> float:
    whole = int(value)
    return whole if whole == value else value
