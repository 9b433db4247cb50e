"""Nodes, edges and the flow's properties, to and from JSON values. `wire` builds the operations on these."""

from collections.abc import Set
from typing import TypeAlias, cast

from flows.document.elements import Edge, FlowProperties, Node
from flows.document.errors import Reason, Rejected, invalid
from flows.document.kinds import KINDS
from flows.document.limits import NO_LIMITS, DocumentLimits
from flows.document.operations import EdgeChanges, FlowChanges, NodeChanges
from flows.document.ports import default_size
from flows.document.settings import check_settings, read_settings
from flows.document.values import (
    PORT_NAME,
    quoted,
    read_boolean,
    read_colour,
    read_coordinate,
    read_id,
    read_size,
    read_text,
)

Json: TypeAlias = dict[str, object]

_NODE_REQUIRED = frozenset({"id", "kind", "x", "y"})
_NODE_OPTIONAL = frozenset({"width", "height", "label", "description", "colour", "parent", "enabled", "settings"})
_EDGE_REQUIRED = frozenset({"id", "source", "target"})
_EDGE_OPTIONAL = frozenset({"source_port", "target_port", "label", "animated"})
_NODE_CHANGES = frozenset({"label", "description", "colour", "parent", "enabled", "settings"})
_EDGE_CHANGES = frozenset({"label", "animated"})
_FLOW_CHANGES = frozenset({"title", "description"})
_NOTHING: frozenset[str] = frozenset()


def decode_node(value: object, limits: DocumentLimits) -> Node:
    """Decode a node; the catalogue fills in what is not given."""
    fields = read_object(value, "node")
    check_keys(fields, "node", _NODE_REQUIRED, _NODE_OPTIONAL)
    kind = KINDS.get(fields["kind"]) if isinstance(fields["kind"], str) else None
    if kind is None:
        raise invalid(Reason.UNKNOWN_KIND, kind=quoted(fields["kind"]))
    settings = {name: item for name, item in read_settings(fields.get("settings", {})).items() if item is not None}
    check_settings(kind.name, settings, limits)
    width, height = default_size(kind.name, settings)
    parent = fields.get("parent")
    return Node(
        read_id(fields["id"], "id"),
        kind.name,
        read_coordinate(fields["x"], "x"),
        read_coordinate(fields["y"], "y"),
        read_size(fields.get("width", width), "width"),
        read_size(fields.get("height", height), "height"),
        read_text(fields.get("label", kind.title), "label", limits.label),
        read_text(fields.get("description", ""), "description", limits.description),
        read_colour(fields.get("colour", kind.colour), "colour"),
        None if parent is None else read_id(parent, "parent"),
        read_boolean(fields.get("enabled", True), "enabled"),
        settings,
    )


def decode_edge(value: object, limits: DocumentLimits) -> Edge:
    """Decode an edge.

    A port that is not given stays `""`: its default depends on the source's kind, so `apply` fills it in.
    """
    fields = read_object(value, "edge")
    check_keys(fields, "edge", _EDGE_REQUIRED, _EDGE_OPTIONAL)
    return Edge(
        read_id(fields["id"], "id"),
        read_id(fields["source"], "source"),
        read_id(fields["target"], "target"),
        _read_port(fields, "source_port"),
        _read_port(fields, "target_port"),
        read_text(fields.get("label", ""), "label", limits.label),
        read_boolean(fields.get("animated", False), "animated"),
    )


def decode_graph(nodes: object, edges: object, limits: DocumentLimits) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Decode lists of nodes and edges; whether they hold together is for `apply` to say."""
    node_values = _read_list(nodes, "nodes", limits.nodes, Reason.TOO_MANY_NODES)
    edge_values = _read_list(edges, "edges", limits.edges, Reason.TOO_MANY_EDGES)
    return (
        tuple(decode_node(value, limits) for value in node_values),
        tuple(decode_edge(value, limits) for value in edge_values),
    )


def decode_properties(title: object, description: object, limits: DocumentLimits) -> FlowProperties:
    """Decode the flow's own properties. A title has at least one character that can be seen."""
    return FlowProperties(_read_title(title, limits), read_text(description, "description", limits.description))


def decode_node_changes(value: object, limits: DocumentLimits) -> NodeChanges:
    """Decode what an edit sets on a node. Its settings are checked when the node's kind is known."""
    fields = read_object(value, "set")
    check_keys(fields, "set", _NOTHING, _NODE_CHANGES)
    changes: NodeChanges = {}
    for name, item in fields.items():
        match name:
            case "label":
                changes["label"] = read_text(item, "label", limits.label)
            case "description":
                changes["description"] = read_text(item, "description", limits.description)
            case "colour":
                changes["colour"] = read_colour(item, "colour")
            case "parent":
                changes["parent"] = None if item is None else read_id(item, "parent")
            case "enabled":
                changes["enabled"] = read_boolean(item, "enabled")
            case "settings":
                changes["settings"] = read_settings(item)
    return changes


def decode_edge_changes(value: object, limits: DocumentLimits) -> EdgeChanges:
    """Decode what an edit sets on an edge."""
    fields = read_object(value, "set")
    check_keys(fields, "set", _NOTHING, _EDGE_CHANGES)
    changes: EdgeChanges = {}
    if "label" in fields:
        changes["label"] = read_text(fields["label"], "label", limits.label)
    if "animated" in fields:
        changes["animated"] = read_boolean(fields["animated"], "animated")
    return changes


def decode_flow_changes(value: object, limits: DocumentLimits) -> FlowChanges:
    """Decode what an edit sets on the flow itself."""
    fields = read_object(value, "set")
    check_keys(fields, "set", _NOTHING, _FLOW_CHANGES)
    changes: FlowChanges = {}
    if "title" in fields:
        changes["title"] = _read_title(fields["title"], limits)
    if "description" in fields:
        changes["description"] = read_text(fields["description"], "description", limits.description)
    return changes


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


def read_object(value: object, name: str) -> Json:
    """Read a JSON object."""
    if isinstance(value, dict):
        return cast(Json, value)
    raise invalid(Reason.NOT_AN_OBJECT, name=name)


def check_keys(fields: Json, name: str, required: Set[str], optional: Set[str] = _NOTHING) -> None:
    """Refuse an object that lacks a required key or has one that the contract does not name."""
    for key in required:
        if key not in fields:
            raise invalid(Reason.MISSING_KEY, name=name, key=key)
    if len(fields) > len(required):
        for key in fields:
            if key not in required and key not in optional:
                raise invalid(Reason.UNKNOWN_KEY, name=name, key=quoted(key))


def _read_list(value: object, name: str, most: int, too_many: Reason) -> list[object]:
    if not isinstance(value, list):
        raise invalid(Reason.NOT_A_LIST, name=name)
    if len(value) > most:
        raise Rejected("limit_reached", too_many, most=most)
    return value


def _read_port(fields: Json, name: str) -> str:
    if name not in fields:
        return ""
    port = read_text(fields[name], name, PORT_NAME)
    if not port:
        raise invalid(Reason.EMPTY, name=name)
    return port


def _read_title(value: object, limits: DocumentLimits) -> str:
    title = read_text(value, "title", limits.title)
    if not title.strip() and limits is not NO_LIMITS:
        raise invalid(Reason.EMPTY, name="title")
    return title
