"""JSON Schemas of what stands inside a flow, written from the catalogue and the limits.

They are for readers of the OpenAPI page and for tools that generate clients or tests. Nothing is validated by them:
what comes in is judged by `flows.document` alone, so that REST and sockets cannot come to differ.
"""

from collections.abc import Iterable
from typing import TypeAlias

from flows.document import IMPORTED, KINDS, Kind, Setting
from flows.limits import Limits

Json: TypeAlias = dict[str, object]

COMPONENT = "x-component"
BOUND = 1_000_000
LARGEST_SIZE = 100_000
ID: Json = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
COORDINATE: Json = {"type": "number", "minimum": -BOUND, "maximum": BOUND, "description": "World pixels."}
SIZE: Json = {"type": "number", "minimum": 1, "maximum": LARGEST_SIZE}
COLOUR: Json = {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"}
PORT: Json = {"type": "string", "minLength": 1, "maxLength": 64}


def text(longest: int, shortest: int = 0) -> Json:
    """Describe a string."""
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def listed(name: str, most: int) -> Json:
    """Describe a list of one of the components."""
    return {"type": "array", "items": ref(name), "maxItems": most}


def ref(name: str) -> Json:
    """Point to one of the components, in a way that pydantic passes on; `resolved` makes it a real reference."""
    return {COMPONENT: name}


def resolved(schema: object) -> object:
    """Return a schema with every pointer to a component as the `$ref` it stands for."""
    match schema:
        case {"x-component": name}:
            return {"$ref": f"#/components/schemas/{name}"}
        case dict():
            return {key: resolved(value) for key, value in schema.items()}
        case list():
            return [resolved(item) for item in schema]
        case _:
            return schema


def components(limits: Limits) -> dict[str, Json]:
    """Return the schemas by name: Node, Edge, Operation, Record and each kind's settings."""
    return {
        **{f"{kind.name.title()}Settings": _settings(kind) for kind in KINDS.values()},
        "Node": _object(_node(limits), required=("id", "kind", "x", "y"), description=_ports()),
        "Edge": _object(_edge(limits), required=("id", "source", "target")),
        "Operation": _one_of(_operations(limits) | {"batch": _batch(limits)}),
        "Record": _one_of(_operations(limits) | {"batch": _batch(limits)} | _whole(limits)),
    }


def _object(properties: Json, *, required: Iterable[str] = (), description: str = "") -> Json:
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    if wanted := list(required):
        schema["required"] = wanted
    if description:
        schema["description"] = description
    return schema


def _one_of(operations: dict[str, Json]) -> Json:
    return {"oneOf": list(operations.values())}


def _node(limits: Limits) -> Json:
    names = ", ".join(f"{kind.name.title()}Settings" for kind in KINDS.values())
    return {
        "id": ID,
        "kind": {"type": "string", "enum": list(KINDS)},
        "x": COORDINATE,
        "y": COORDINATE,
        "width": SIZE,
        "height": SIZE,
        **_node_changes(limits),
        "settings": {"type": "object", "description": f"What was set, by the kind: {names}."},
    }


def _node_changes(limits: Limits) -> Json:
    return {
        "label": text(limits.label),
        "description": text(limits.description),
        "colour": COLOUR,
        "parent": {"anyOf": [ID, {"type": "null"}], "description": "A group's id."},
        "enabled": {"type": "boolean"},
        "settings": {"type": "object", "description": "Merged key by key; null removes a key."},
    }


def _edge(limits: Limits) -> Json:
    return {"id": ID, **_edge_changes(limits)}


def _edge_changes(limits: Limits) -> Json:
    ends: Json = {"source": ID, "target": ID, "source_port": PORT, "target_port": PORT}
    return {**ends, "label": text(limits.label), "animated": {"type": "boolean"}}


def _flow_changes(limits: Limits) -> Json:
    return {"title": text(limits.title, 1), "description": text(limits.description)}


def _operations(limits: Limits) -> dict[str, Json]:
    place: Json = {"x": COORDINATE, "y": COORDINATE}
    size: Json = {"width": SIZE, "height": SIZE}
    return {
        "add_node": _operation("add_node", {"node": ref("Node")}),
        "move_node": _operation("move_node", {"id": ID, **place}),
        "resize_node": _operation("resize_node", {"id": ID, **size}, optional=place),
        "edit_node": _operation("edit_node", {"id": ID, "set": _object(_node_changes(limits))}),
        "remove_node": _operation("remove_node", {"id": ID}),
        "add_edge": _operation("add_edge", {"edge": ref("Edge")}),
        "edit_edge": _operation("edit_edge", {"id": ID, "set": _object(_edge_changes(limits))}),
        "remove_edge": _operation("remove_edge", {"id": ID}),
        "edit_flow": _operation("edit_flow", {"set": _object(_flow_changes(limits))}),
    }


def _batch(limits: Limits) -> Json:
    inside: Json = {"type": "array", "items": _one_of(_operations(limits)), "maxItems": limits.batch}
    return _operation("batch", {"operations": inside}, optional={"whole": {"type": "boolean", "default": True}})


def _whole(limits: Limits) -> dict[str, Json]:
    graph: Json = {"nodes": listed("Node", limits.nodes), "edges": listed("Edge", limits.edges)}
    return {
        "create_flow": _operation("create_flow", {**_flow_changes(limits), **graph}),
        "replace_graph": _operation("replace_graph", graph),
    }


def _operation(kind: str, fields: Json, *, optional: Json | None = None) -> Json:
    properties: Json = {"kind": {"const": kind}, **fields, **(optional or {})}
    return {"title": kind, **_object(properties, required=("kind", *fields))}


def _settings(kind: Kind) -> Json:
    properties: Json = {setting.name: _setting(setting) for setting in kind.settings}
    kept: Json = {"type": "object", "description": "What an import could not say in other settings."}
    return _object(properties | {IMPORTED.name: kept})


def _setting(setting: Setting) -> Json:
    schema: Json = {"title": setting.title}
    if setting.help:
        schema["description"] = setting.help
    bounds = {"minimum": setting.minimum, "maximum": setting.maximum}
    match setting.type:
        case "text" | "long_text":
            schema |= {"type": "string"}
        case "choice":
            choice: Json = {"type": "string", "enum": [value for value, _title in setting.choices]}
            number: Json = {"type": "integer", "minimum": setting.minimum, "maximum": setting.maximum}
            schema |= choice if setting.minimum is None else {"anyOf": [choice, number]}
        case "integer" | "number":
            schema |= {"type": setting.type, **{name: bound for name, bound in bounds.items() if bound is not None}}
        case "boolean":
            schema |= {"type": "boolean"}
        case "names":
            schema |= {"type": "array", "items": PORT, "uniqueItems": True, "maxItems": setting.maximum}
        case "json":
            pass
    return schema


def _ports() -> str:
    said = (
        f"{kind.name}: {', '.join(kind.inputs) or 'nothing'} to {', '.join(kind.outputs) or 'nothing'}"
        for kind in KINDS.values()
    )
    return f"Ports by kind: {'; '.join(said)}. A decision has one more output for each of its branches."
