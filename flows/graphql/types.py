"""The types of the GraphQL schema, and how they come from the document's values and back to JSON.

Their names are the contract's. Inputs become the JSON that REST takes, so there is one reading and one set of limits.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from flows.document import Edge as DocumentEdge
from flows.document import Node as DocumentNode


@strawberry.type
class Node:
    """A node. Coordinates are absolute, in pixels; settings hold only what was set."""

    node_id: strawberry.ID
    kind: str
    position_x: float
    position_y: float
    width: float
    height: float
    label: str
    description: str
    colour: str
    parent: strawberry.ID | None
    enabled: bool
    settings: JSON


@strawberry.type
class Edge:
    """A connection between two ports."""

    edge_id: strawberry.ID
    source: strawberry.ID
    target: strawberry.ID
    source_port: str
    target_port: str
    label: str
    animated: bool


@strawberry.type(description="Where the caller last looked, kept for each person; it makes no version.")
class Viewport:
    """See the description."""

    x: float
    y: float
    zoom: float


@strawberry.type
class PageInfo:
    """Whether there is more, and where to go on."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Actor:
    """Who made a change; a guest of a link has no id."""

    id: strawberry.ID | None
    name: str
    guest: bool = False


@strawberry.type
class Change:
    """One version. The operation is as REST tells it."""

    version: int
    actor: Actor | None
    via: str
    operation: JSON
    created_at: datetime


@strawberry.input
class NodeInput:
    """A node as it is to be; what is left out comes from its kind."""

    node_id: strawberry.ID
    kind: str
    position_x: float
    position_y: float
    width: float | None = strawberry.UNSET
    height: float | None = strawberry.UNSET
    label: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    colour: str | None = strawberry.UNSET
    parent: strawberry.ID | None = strawberry.UNSET
    enabled: bool | None = strawberry.UNSET
    settings: JSON | None = strawberry.UNSET


@strawberry.input
class EdgeInput:
    """An edge as it is to be; without ports it takes the usual ones."""

    edge_id: strawberry.ID
    source: strawberry.ID
    target: strawberry.ID
    source_port: str | None = strawberry.UNSET
    target_port: str | None = strawberry.UNSET
    label: str | None = strawberry.UNSET
    animated: bool | None = strawberry.UNSET


@strawberry.input
class ViewportInput:
    """Where to look."""

    x: float
    y: float
    zoom: float


NODE_NAMES = {"node_id": "id", "position_x": "x", "position_y": "y"}
EDGE_NAMES = {"edge_id": "id"}
_NODE = tuple(NodeInput.__annotations__)
_EDGE = tuple(EdgeInput.__annotations__)


def node_type(node: DocumentNode) -> Node:
    """Return a node under the schema's names."""
    return Node(
        node_id=strawberry.ID(node.id),
        kind=node.kind,
        position_x=node.x,
        position_y=node.y,
        width=node.width,
        height=node.height,
        label=node.label,
        description=node.description,
        colour=node.colour,
        parent=None if node.parent is None else strawberry.ID(node.parent),
        enabled=node.enabled,
        settings=dict(node.settings),  # type: ignore[arg-type]
    )


def edge_type(edge: DocumentEdge) -> Edge:
    """Return an edge under the schema's names."""
    return Edge(
        edge_id=strawberry.ID(edge.id),
        source=strawberry.ID(edge.source),
        target=strawberry.ID(edge.target),
        source_port=edge.source_port,
        target_port=edge.target_port,
        label=edge.label,
        animated=edge.animated,
    )


def node_json(node: NodeInput) -> dict[str, object]:
    """Return a node as REST takes it."""
    return dict(_given(node, _NODE, NODE_NAMES))


def edge_json(edge: EdgeInput) -> dict[str, object]:
    """Return an edge as REST takes it."""
    return dict(_given(edge, _EDGE, EDGE_NAMES))


def names_of(nodes: Iterable[DocumentNode], edges: Iterable[DocumentEdge]) -> dict[str, object]:
    """Return elements as JSON under the schema's names, for the detail of a conflict."""
    return {
        "nodes": [
            {
                "nodeId": node.id,
                "kind": node.kind,
                "positionX": node.x,
                "positionY": node.y,
                "width": node.width,
                "height": node.height,
                "label": node.label,
                "description": node.description,
                "colour": node.colour,
                "parent": node.parent,
                "enabled": node.enabled,
                "settings": dict(node.settings),
            }
            for node in nodes
        ],
        "edges": [
            {
                "edgeId": edge.id,
                "source": edge.source,
                "target": edge.target,
                "sourcePort": edge.source_port,
                "targetPort": edge.target_port,
                "label": edge.label,
                "animated": edge.animated,
            }
            for edge in edges
        ],
    }


def _given(value: object, fields: Iterable[str], names: dict[str, str]) -> Iterator[tuple[str, object]]:
    """Yield what is given of an input; null is as if it were left out."""
    for field in fields:
        if (given := getattr(value, field)) is not None and given is not strawberry.UNSET:
            yield names.get(field, field), given
