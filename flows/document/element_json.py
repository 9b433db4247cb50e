"""Nodes, edges and the flow's properties, to and from JSON values. The operations build on these."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from flows.document.elements import Edge, EdgeChanges, FlowChanges, FlowProperties, Node, NodeChanges
from flows.document.errors import Reason, Rejected, invalid
from flows.document.json import (
    PORT_NAME,
    Json,
    check_keys,
    quoted,
    read_boolean,
    read_colour,
    read_coordinate,
    read_id,
    read_object,
    read_size,
    read_text,
)
from flows.document.kinds.kinds import KINDS
from flows.document.kinds.ports import default_size
from flows.document.kinds.settings import check_settings, read_settings
from flows.document.limits import NO_LIMITS, DocumentLimits
from web.text import hides_something, shows_something

_Reader: TypeAlias = Callable[[object, DocumentLimits], object]

_NODE_REQUIRED = frozenset({"id", "kind", "x", "y"})
_EDGE_REQUIRED = frozenset({"id", "source", "target"})
_NOTHING: frozenset[str] = frozenset()


def decode_node(value: object, limits: DocumentLimits) -> Node:
    """Decode a node; the catalogue fills in what is not given."""
    fields = read_object(value, "node")
    check_keys(fields, "node", _NODE_REQUIRED, _NODE_OPTIONAL)
    kind = KINDS.get(fields["kind"]) if isinstance(fields["kind"], str) else None
    if kind is None:
        raise invalid(Reason.UNKNOWN_KIND, kind=quoted(fields["kind"]))
    given = cast(NodeChanges, _read_given(fields, _NODE_READERS, limits))
    settings = {name: item for name, item in given.get("settings", {}).items() if item is not None}
    check_settings(kind.name, settings, limits)
    width, height = default_size(kind.name, settings)
    return Node(
        read_id(fields["id"], "id"),
        kind.name,
        read_coordinate(fields["x"], "x"),
        read_coordinate(fields["y"], "y"),
        read_size(fields.get("width", width), "width"),
        read_size(fields.get("height", height), "height"),
        given.get("label", kind.title),
        given.get("description", ""),
        given.get("colour", kind.colour),
        given.get("parent"),
        given.get("enabled", True),
        settings,
    )


def decode_edge(value: object, limits: DocumentLimits) -> Edge:
    """Decode an edge.

    A port that is not given stays `""`: its default depends on the source's kind, so `apply` fills it in.
    """
    fields = read_object(value, "edge")
    check_keys(fields, "edge", _EDGE_REQUIRED, _EDGE_OPTIONAL)
    return Edge(read_id(fields["id"], "id"), **cast(EdgeChanges, _read_given(fields, _EDGE_READERS, limits)))


def decode_graph(nodes: object, edges: object, limits: DocumentLimits) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Decode lists of nodes and edges; whether they hold together is for `apply` to say."""
    node_values = _read_list(nodes, "nodes", limits.nodes, Reason.TOO_MANY_NODES)
    edge_values = _read_list(edges, "edges", limits.edges, Reason.TOO_MANY_EDGES)
    return (
        tuple(decode_node(value, limits) for value in node_values),
        tuple(decode_edge(value, limits) for value in edge_values),
    )


def decode_properties(title: object, description: object, limits: DocumentLimits) -> FlowProperties:
    """Decode the flow's own properties. A title is a line of which all can be seen."""
    return FlowProperties(_read_title(title, limits), read_text(description, "description", limits.description))


def decode_node_changes(value: object, limits: DocumentLimits) -> NodeChanges:
    """Decode what an edit sets on a node. Its settings are checked when the node's kind is known."""
    return cast(NodeChanges, _decode_changes(value, _NODE_READERS, limits))


def decode_edge_changes(value: object, limits: DocumentLimits) -> EdgeChanges:
    """Decode what an edit sets on an edge. Whether it can end there is for `apply` to say."""
    return cast(EdgeChanges, _decode_changes(value, _EDGE_READERS, limits))


def decode_flow_changes(value: object, limits: DocumentLimits) -> FlowChanges:
    """Decode what an edit sets on the flow itself."""
    return cast(FlowChanges, _decode_changes(value, _FLOW_READERS, limits))


def encode_node(node: Node) -> Json:
    """Encode a node, complete."""
    return {
        "id": node.id,
        "kind": node.kind,
        "x": node.x,
        "y": node.y,
        "width": node.width,
        "height": node.height,
        "label": node.label,
        "description": node.description,
        "colour": node.colour,
        "parent": node.parent,
        "enabled": node.enabled,
        "settings": dict(node.settings),
    }


def encode_edge(edge: Edge) -> Json:
    """Encode an edge, complete."""
    return {
        "id": edge.id,
        "source": edge.source,
        "target": edge.target,
        "source_port": edge.source_port,
        "target_port": edge.target_port,
        "label": edge.label,
        "animated": edge.animated,
    }


def _read_list(value: object, name: str, most: int, too_many: Reason) -> list[object]:
    if not isinstance(value, list):
        raise invalid(Reason.NOT_A_LIST, name=name)
    if len(value) > most:
        raise Rejected("limit_reached", too_many, most=most)
    return value


def _decode_changes(value: object, readers: Mapping[str, _Reader], limits: DocumentLimits) -> Json:
    fields = read_object(value, "set")
    check_keys(fields, "set", _NOTHING, readers.keys())
    return _read_given(fields, readers, limits)


def _read_given(fields: Json, readers: Mapping[str, _Reader], limits: DocumentLimits) -> Json:
    return {name: readers[name](value, limits) for name, value in fields.items() if name in readers}


def _read_port(value: object, name: str) -> str:
    port = read_text(value, name, PORT_NAME)
    if not port:
        raise invalid(Reason.EMPTY, name=name)
    return port


def _read_title(value: object, limits: DocumentLimits) -> str:
    title = read_text(value, "title", limits.title)
    if limits is not NO_LIMITS and not shows_something(title):
        raise invalid(Reason.EMPTY, name="title")
    if limits is not NO_LIMITS and hides_something(title):
        raise invalid(Reason.HIDDEN, name="title")
    return title


_NODE_READERS: Mapping[str, _Reader] = {
    "label": lambda value, limits: read_text(value, "label", limits.label),
    "description": lambda value, limits: read_text(value, "description", limits.description),
    "colour": lambda value, _: read_colour(value, "colour"),
    "parent": lambda value, _: None if value is None else read_id(value, "parent"),
    "enabled": lambda value, _: read_boolean(value, "enabled"),
    "settings": lambda value, _: read_settings(value),
}
_EDGE_READERS: Mapping[str, _Reader] = {
    "label": lambda value, limits: read_text(value, "label", limits.label),
    "animated": lambda value, _: read_boolean(value, "animated"),
    "source": lambda value, _: read_id(value, "source"),
    "target": lambda value, _: read_id(value, "target"),
    "source_port": lambda value, _: _read_port(value, "source_port"),
    "target_port": lambda value, _: _read_port(value, "target_port"),
}
_FLOW_READERS: Mapping[str, _Reader] = {
    "title": _read_title,
    "description": lambda value, limits: read_text(value, "description", limits.description),
}
"""Every property that an edit can name, with what reads its value."""
_NODE_OPTIONAL = frozenset({"width", "height", *_NODE_READERS})
_EDGE_OPTIONAL = frozenset(_EDGE_READERS)
