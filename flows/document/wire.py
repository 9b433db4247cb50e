"""Operations to and from JSON values, strictly.

What the contract does not name is refused, never dropped: an author learns of a typing error at once. Decoding checks
all that can be known from the value alone; `apply` checks what depends on the flow. `decode_operation` is for
everything that comes from outside, `decode_record` for the log, where limits no longer apply.
"""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from flows.document.errors import Reason, Rejected, invalid
from flows.document.limits import NO_LIMITS, DocumentLimits
from flows.document.operations import (
    AddEdge,
    AddNode,
    Batch,
    CreateFlow,
    EditEdge,
    EditFlow,
    EditNode,
    MoveNode,
    Operation,
    Record,
    RemoveEdge,
    RemoveNode,
    ReplaceGraph,
    ResizeNode,
    SingleOperation,
)
from flows.document.values import quoted, read_boolean, read_coordinate, read_id, read_size
from flows.document.wire_elements import (
    Json,
    check_keys,
    decode_edge,
    decode_edge_changes,
    decode_flow_changes,
    decode_graph,
    decode_node,
    decode_node_changes,
    decode_properties,
    encode_edge,
    encode_node,
    read_object,
)

_Decoder: TypeAlias = Callable[[Json, DocumentLimits], SingleOperation]


def decode_operation(value: object, limits: DocumentLimits) -> Operation:
    """Decode what somebody submits. Raises `Rejected` and nothing else, whatever the value."""
    fields = read_object(value, "operation")
    if fields.get("kind") == "batch":
        return _decode_batch(fields, limits)
    return _decode_single(fields, limits)


def decode_record(value: object) -> Record:
    """Decode what stands in the log, where limits no longer apply."""
    fields = read_object(value, "operation")
    match fields.get("kind"):
        case "create_flow":
            check_keys(fields, "create_flow", _CREATE)
            properties = decode_properties(fields["title"], fields["description"], NO_LIMITS)
            nodes, edges = decode_graph(fields["nodes"], fields["edges"], NO_LIMITS)
            return CreateFlow(properties.title, properties.description, nodes, edges)
        case "replace_graph":
            check_keys(fields, "replace_graph", _REPLACE)
            return ReplaceGraph(*decode_graph(fields["nodes"], fields["edges"], NO_LIMITS))
        case _:
            return decode_operation(fields, NO_LIMITS)


def encode_operation(record: Record) -> Json:  # noqa: PLR0911, PLR0912
    """Encode an operation or a record of the log."""
    match record:
        case AddNode(node):
            return {"kind": "add_node", "node": encode_node(node)}
        case MoveNode(id, x, y):
            return {"kind": "move_node", "id": id, "x": x, "y": y}
        case ResizeNode():
            return _encode_resize(record)
        case EditNode(id, changes):
            return {"kind": "edit_node", "id": id, "set": dict(changes)}
        case RemoveNode(id):
            return {"kind": "remove_node", "id": id}
        case AddEdge(edge):
            return {"kind": "add_edge", "edge": encode_edge(edge)}
        case EditEdge(id, edge_changes):
            return {"kind": "edit_edge", "id": id, "set": dict(edge_changes)}
        case RemoveEdge(id):
            return {"kind": "remove_edge", "id": id}
        case EditFlow(flow_changes):
            return {"kind": "edit_flow", "set": dict(flow_changes)}
        case Batch(operations, whole):
            inside = [encode_operation(operation) for operation in operations]
            return {"kind": "batch", "operations": inside} | ({} if whole else {"whole": False})
        case CreateFlow(title, description):
            return {"kind": "create_flow", "title": title, "description": description} | _encode_graph(record)
        case ReplaceGraph():
            return {"kind": "replace_graph"} | _encode_graph(record)
        case _:
            assert_never(record)


def _decode_single(fields: Json, limits: DocumentLimits) -> SingleOperation:
    kind = fields.get("kind")
    decode = _DECODERS.get(kind) if isinstance(kind, str) else None
    if decode is None:
        raise invalid(Reason.UNKNOWN_OPERATION, kind=quoted(kind))
    return decode(fields, limits)


def _decode_batch(fields: Json, limits: DocumentLimits) -> Batch:
    check_keys(fields, "batch", _BATCH, _BATCH_MORE)
    values, whole = fields["operations"], read_boolean(fields.get("whole", True), "whole")
    if not isinstance(values, list):
        raise invalid(Reason.NOT_A_LIST, name="operations")
    if len(values) > limits.batch:
        raise Rejected("limit_reached", Reason.TOO_MANY_OPERATIONS, most=limits.batch)
    return Batch(tuple(_decode_single(read_object(value, "operation"), limits) for value in values), whole)


def _decode_add_node(fields: Json, limits: DocumentLimits) -> AddNode:
    check_keys(fields, "add_node", _NODE)
    return AddNode(decode_node(fields["node"], limits))


def _decode_move_node(fields: Json, limits: DocumentLimits) -> MoveNode:
    check_keys(fields, "move_node", _MOVE)
    return MoveNode(read_id(fields["id"], "id"), read_coordinate(fields["x"], "x"), read_coordinate(fields["y"], "y"))


def _decode_resize_node(fields: Json, limits: DocumentLimits) -> ResizeNode:
    check_keys(fields, "resize_node", _RESIZE, _PLACE)
    return ResizeNode(
        read_id(fields["id"], "id"),
        read_size(fields["width"], "width"),
        read_size(fields["height"], "height"),
        read_coordinate(fields["x"], "x") if "x" in fields else None,
        read_coordinate(fields["y"], "y") if "y" in fields else None,
    )


def _decode_edit_node(fields: Json, limits: DocumentLimits) -> EditNode:
    check_keys(fields, "edit_node", _EDIT)
    return EditNode(read_id(fields["id"], "id"), decode_node_changes(fields["set"], limits))


def _decode_remove_node(fields: Json, limits: DocumentLimits) -> RemoveNode:
    check_keys(fields, "remove_node", _ID)
    return RemoveNode(read_id(fields["id"], "id"))


def _decode_add_edge(fields: Json, limits: DocumentLimits) -> AddEdge:
    check_keys(fields, "add_edge", _EDGE)
    return AddEdge(decode_edge(fields["edge"], limits))


def _decode_edit_edge(fields: Json, limits: DocumentLimits) -> EditEdge:
    check_keys(fields, "edit_edge", _EDIT)
    return EditEdge(read_id(fields["id"], "id"), decode_edge_changes(fields["set"], limits))


def _decode_remove_edge(fields: Json, limits: DocumentLimits) -> RemoveEdge:
    check_keys(fields, "remove_edge", _ID)
    return RemoveEdge(read_id(fields["id"], "id"))


def _decode_edit_flow(fields: Json, limits: DocumentLimits) -> EditFlow:
    check_keys(fields, "edit_flow", _SET)
    return EditFlow(decode_flow_changes(fields["set"], limits))


def _encode_resize(record: ResizeNode) -> Json:
    wire: Json = {"kind": "resize_node", "id": record.id, "width": record.width, "height": record.height}
    if record.x is not None:
        wire["x"] = record.x
    if record.y is not None:
        wire["y"] = record.y
    return wire


def _encode_graph(record: CreateFlow | ReplaceGraph) -> Json:
    return {
        "nodes": [encode_node(node) for node in record.nodes],
        "edges": [encode_edge(edge) for edge in record.edges],
    }


_ID = frozenset({"kind", "id"})
_NODE = frozenset({"kind", "node"})
_EDGE = frozenset({"kind", "edge"})
_MOVE = frozenset({"kind", "id", "x", "y"})
_RESIZE = frozenset({"kind", "id", "width", "height"})
_PLACE = frozenset({"x", "y"})
_EDIT = frozenset({"kind", "id", "set"})
_SET = frozenset({"kind", "set"})
_BATCH = frozenset({"kind", "operations"})
_BATCH_MORE = frozenset({"whole"})
_REPLACE = frozenset({"kind", "nodes", "edges"})
_CREATE = _REPLACE | {"title", "description"}

_DECODERS: dict[str, _Decoder] = {
    "add_node": _decode_add_node,
    "move_node": _decode_move_node,
    "resize_node": _decode_resize_node,
    "edit_node": _decode_edit_node,
    "remove_node": _decode_remove_node,
    "add_edge": _decode_add_edge,
    "edit_edge": _decode_edit_edge,
    "remove_edge": _decode_remove_edge,
    "edit_flow": _decode_edit_flow,
}
