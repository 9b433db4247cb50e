"""The closed vocabulary of edits.

Every edit, from a socket, a form, a program or an undo, is one value of `Operation`. The log holds `Record`s:
operations, and the two that write a whole graph and cannot be submitted. Each class stands in one module with all that
there is to know of it; `SINGLE` is the list of them. What the contract names `set` is `changes` here.

Decoding is strict: what the contract does not name is refused, never dropped, so an author learns of a typing error at
once. It checks all that can be known from the value alone; `apply` checks what depends on the flow.
"""

from collections.abc import Mapping
from typing import TypeAlias

from flows.document.errors import Reason, Rejected, invalid
from flows.document.graph import Graph
from flows.document.json import Json, quoted, read_id, read_object
from flows.document.limits import NO_LIMITS, DocumentLimits
from flows.document.operations.addition import Addition
from flows.document.operations.batch import Batch
from flows.document.operations.edges import AddEdge, EditEdge, RemoveEdge
from flows.document.operations.flow import EditFlow
from flows.document.operations.graph import CreateFlow, GraphDifference, ReplaceGraph
from flows.document.operations.nodes import AddNode, EditNode, MoveNode, RemoveNode, ResizeNode
from flows.document.operations.operation import Outcome, Record, References, SingleOperation

__all__ = [
    "SINGLE",
    "AddEdge",
    "AddNode",
    "Addition",
    "Batch",
    "CreateFlow",
    "EditEdge",
    "EditFlow",
    "EditNode",
    "GraphDifference",
    "MoveNode",
    "Operation",
    "Outcome",
    "Record",
    "RemoveEdge",
    "RemoveNode",
    "ReplaceGraph",
    "ResizeNode",
    "SingleOperation",
    "apply",
    "decode_operation",
    "decode_record",
    "references_in",
]

Operation: TypeAlias = SingleOperation | Batch

_CLASSES: tuple[type[SingleOperation], ...] = (
    AddNode,
    MoveNode,
    ResizeNode,
    EditNode,
    RemoveNode,
    AddEdge,
    EditEdge,
    RemoveEdge,
    EditFlow,
)
SINGLE: Mapping[str, type[SingleOperation]] = {operation.kind: operation for operation in _CLASSES}


def decode_operation(value: object, limits: DocumentLimits) -> Operation:
    """Decode what is submitted. Raises `Rejected` and nothing else, for any value."""
    fields = read_object(value, "operation")
    if fields.get("kind") == Batch.kind:
        return Batch.decode(fields, limits, _decode_single)
    return _decode_single(fields, limits)


def decode_record(value: object) -> Record:
    """Decode what stands in the log, where limits no longer apply."""
    fields = read_object(value, "operation")
    match fields.get("kind"):
        case CreateFlow.kind:
            return CreateFlow.decode(fields, NO_LIMITS)
        case ReplaceGraph.kind:
            return ReplaceGraph.decode(fields, NO_LIMITS)
        case GraphDifference.kind:
            return GraphDifference.decode(fields, NO_LIMITS)
        case _:
            return decode_operation(fields, NO_LIMITS)


def apply(graph: Graph, record: Record, limits: DocumentLimits) -> Outcome:
    """Apply a record to a graph. Raises `Rejected`; the graph is as it was in any case."""
    match record:
        case SingleOperation():
            applied = record.apply(graph, limits)
            inverse = applied.inverse[0] if len(applied.inverse) == 1 else Batch(applied.inverse)
            return Outcome(applied.effect, applied.record, inverse)
        case Batch() | CreateFlow() | ReplaceGraph() | GraphDifference() | Addition():
            return record.apply(graph, limits)
        case _:
            raise TypeError(f"{record!r} is no record")


def references_in(value: object) -> References:
    """Return the ids that an undecodable operation names, as far as they can be made out."""
    nodes: set[str] = set()
    edges: set[str] = set()
    fields = value if isinstance(value, dict) else {}
    inner = fields.get("operations")
    for operation in inner if isinstance(inner, list) else [fields]:
        if isinstance(operation, dict):
            _collect(operation, nodes, edges)
    return frozenset(nodes), frozenset(edges)


def _decode_single(fields: Json, limits: DocumentLimits) -> SingleOperation:
    kind = fields.get("kind")
    operation = SINGLE.get(kind) if isinstance(kind, str) else None
    if operation is None:
        raise invalid(Reason.UNKNOWN_OPERATION, kind=quoted(kind))
    return operation.decode(fields, limits)


def _collect(fields: dict[object, object], nodes: set[str], edges: set[str]) -> None:
    is_edge = str(fields.get("kind")).endswith("_edge")
    _add(edges if is_edge else nodes, fields.get("id"))
    for key, ids in (("node", nodes), ("edge", edges)):
        if isinstance(element := fields.get(key), dict):
            _add(ids, element.get("id"))
    for key in ("node", "edge", "set"):
        if isinstance(element := fields.get(key), dict):
            for name in ("parent", "source", "target"):
                _add(nodes, element.get(name))


def _add(ids: set[str], value: object) -> None:
    try:
        ids.add(read_id(value, "id"))
    except Rejected:
        return
