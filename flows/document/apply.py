"""Apply one record to a graph: pure, total, and the only place where an operation's meaning is decided.

The graph is never changed. The effect says what differs, the record is complete for the log, the inverse restores
exactly what was, cascades included. Anything the rules do not allow raises `Rejected`, and nothing else is raised.
"""

from typing import assert_never, cast

from flows.document.draft import Draft
from flows.document.edge_rules import add_edge, edit_edge, remove_edge
from flows.document.effect import Effect, pair_of
from flows.document.elements import FlowProperties
from flows.document.errors import Reason, Rejected
from flows.document.graph import Graph
from flows.document.left import Left
from flows.document.limits import DocumentLimits
from flows.document.node_edits import in_group
from flows.document.node_rules import add_node, edit_node, move_node, remove_node, resize_node
from flows.document.operations import (
    AddEdge,
    AddNode,
    Batch,
    CreateFlow,
    EditEdge,
    EditFlow,
    EditNode,
    FlowChanges,
    MoveNode,
    NodeChanges,
    Record,
    RemoveEdge,
    RemoveNode,
    ReplaceGraph,
    ResizeNode,
    SingleOperation,
)
from flows.document.outcome import Outcome, Step
from flows.document.whole_graph import create_flow, replace_graph
from flows.document.written import Element


def apply(graph: Graph, record: Record, limits: DocumentLimits) -> Outcome:
    """Apply a record to a graph. Raises `Rejected`; the graph is as it was in any case."""
    match record:
        case Batch():
            return _apply_batch(graph, record, limits)
        case CreateFlow():
            return create_flow(graph, record, limits)
        case ReplaceGraph():
            return replace_graph(graph, record, limits)
        case _:
            step = _apply_single(graph, record, limits)
            inverse = step.inverse[0] if len(step.inverse) == 1 else Batch(step.inverse)
            return Outcome(step.effect, step.record, inverse)


def _apply_batch(graph: Graph, batch: Batch, limits: DocumentLimits) -> Outcome:
    draft = Draft(graph)
    records: list[SingleOperation] = []
    inverses: list[tuple[SingleOperation, ...]] = []
    gone: list[Rejected] = []
    left: list[Left] = []
    for index, operation in enumerate(batch.operations):
        try:
            step = _apply_single(draft, operation, limits)
        except Rejected as refusal:
            if refusal.missing is None or batch.whole:
                raise _inside(refusal, index) from None
            gone.append(_inside(refusal, index))
            free = _into_no_group(operation, refusal.missing)
            left.append(Left(*refusal.missing) if free is None else Left("node", _node_of(free), ("parent",)))
            if free is None:
                continue
            step = _apply_inside(draft, free, limits, index)
        draft.advance(step.effect)
        records.append(step.record)
        inverses.append(step.inverse)
    if gone and draft.effect.is_empty:
        raise gone[0]
    inverse = tuple(operation for steps in reversed(inverses) for operation in steps)
    return Outcome(draft.effect, Batch(tuple(records)), Batch(inverse), tuple(left))


def _into_no_group(operation: SingleOperation, missing: Element) -> AddNode | EditNode | None:
    """Return an operation without the group that is gone, as its members are set free; None if it is about another."""
    match operation:
        case AddNode(node) if ("node", node.parent) == missing:
            return AddNode(in_group(node, None))
        case EditNode(id, changes) if ("node", changes.get("parent")) == missing != ("node", id):
            return EditNode(id, cast(NodeChanges, {**changes, "parent": None}))
        case _:
            return None


def _node_of(operation: AddNode | EditNode) -> str:
    return operation.node.id if isinstance(operation, AddNode) else operation.id


def _apply_inside(graph: Graph, operation: SingleOperation, limits: DocumentLimits, index: int) -> Step:
    try:
        return _apply_single(graph, operation, limits)
    except Rejected as refusal:
        raise _inside(refusal, index) from None


def _inside(refusal: Rejected, index: int) -> Rejected:
    return Rejected(
        refusal.code,
        Reason.BATCH_ITEM,
        missing=refusal.missing,
        number=index + 1,
        inner=refusal.with_traceback(None),
    )


def _apply_single(graph: Graph, operation: SingleOperation, limits: DocumentLimits) -> Step:  # noqa: PLR0911
    match operation:
        case MoveNode():
            return move_node(graph, operation)
        case AddNode():
            return add_node(graph, operation, limits)
        case EditNode():
            return edit_node(graph, operation, limits)
        case ResizeNode():
            return resize_node(graph, operation)
        case RemoveNode():
            return remove_node(graph, operation)
        case AddEdge():
            return add_edge(graph, operation, limits)
        case EditEdge():
            return edit_edge(graph, operation)
        case RemoveEdge():
            return remove_edge(graph, operation)
        case EditFlow():
            return _edit_flow(graph, operation)
        case _:
            assert_never(operation)


def _edit_flow(graph: Graph, operation: EditFlow) -> Step:
    before, changes = graph.properties, operation.changes
    after = FlowProperties(changes.get("title", before.title), changes.get("description", before.description))
    inverse: FlowChanges = {}
    if "title" in changes:
        inverse["title"] = before.title
    if "description" in changes:
        inverse["description"] = before.description
    return Step(Effect({}, {}, pair_of(before, after)), operation, (EditFlow(inverse),))
