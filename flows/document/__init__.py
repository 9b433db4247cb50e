"""The flow as a value: its elements, the closed vocabulary of edits, and what each edit does.

Pure Python: no Django, no input or output. Everything another part may use is exported here; the modules inside are
free to move. A value enters through `decode_operation` or `decode_graph`, `apply` says what it does or refuses it,
and the `Effect` that comes back is all that rows, frames and pages need.
"""

from flows.document.draft import Draft, Work, WorkExceeded
from flows.document.effect import Effect, Pair, compose, moved_only, pair_of
from flows.document.element_json import (
    decode_edge,
    decode_graph,
    decode_node,
    decode_properties,
    encode_edge,
    encode_node,
)
from flows.document.elements import Edge, EdgeChanges, Element, Ends, FlowProperties, Node, text_length
from flows.document.errors import Code, Reason, Rejected
from flows.document.geometry import Curve, Point, curve_between, edge_path, port_point
from flows.document.graph import Document, Graph
from flows.document.json import canonical_json, chain, parse_json, same_json
from flows.document.kinds.catalogue import Kind, Setting
from flows.document.kinds.kinds import KINDS
from flows.document.kinds.ports import Ports, default_output, ports_of
from flows.document.kinds.settings import check_settings
from flows.document.limits import DEFAULT_LIMITS, NO_LIMITS, DocumentLimits
from flows.document.operations import (
    SINGLE,
    AddEdge,
    AddNode,
    Batch,
    CreateFlow,
    EditEdge,
    EditFlow,
    EditNode,
    GraphDifference,
    MoveNode,
    Operation,
    Outcome,
    Record,
    RemoveEdge,
    RemoveNode,
    ReplaceGraph,
    ResizeNode,
    apply,
    decode_operation,
    decode_record,
    references_in,
)
from flows.document.operations.operation import Skipped, decode_skipped, encode_skipped
from flows.document.overwrites.report import Overwrite, overwrites
from flows.document.undo.selective_undo import PastVersion, Undone, selective_undo
from flows.document.undo.undo_stack import OwnChange, UndoStep, redo_steps, undo_steps

__all__ = [
    "DEFAULT_LIMITS",
    "KINDS",
    "NO_LIMITS",
    "SINGLE",
    "AddEdge",
    "AddNode",
    "Batch",
    "Code",
    "CreateFlow",
    "Curve",
    "Document",
    "DocumentLimits",
    "Draft",
    "Edge",
    "EdgeChanges",
    "EditEdge",
    "EditFlow",
    "EditNode",
    "Effect",
    "Element",
    "Ends",
    "FlowProperties",
    "Graph",
    "GraphDifference",
    "Kind",
    "MoveNode",
    "Node",
    "Operation",
    "Outcome",
    "Overwrite",
    "OwnChange",
    "Pair",
    "PastVersion",
    "Point",
    "Ports",
    "Reason",
    "Record",
    "Rejected",
    "RemoveEdge",
    "RemoveNode",
    "ReplaceGraph",
    "ResizeNode",
    "Setting",
    "Skipped",
    "UndoStep",
    "Undone",
    "Work",
    "WorkExceeded",
    "apply",
    "canonical_json",
    "chain",
    "check_settings",
    "compose",
    "curve_between",
    "decode_edge",
    "decode_graph",
    "decode_node",
    "decode_operation",
    "decode_properties",
    "decode_record",
    "decode_skipped",
    "default_output",
    "edge_path",
    "encode_edge",
    "encode_node",
    "encode_skipped",
    "moved_only",
    "overwrites",
    "pair_of",
    "parse_json",
    "port_point",
    "ports_of",
    "redo_steps",
    "references_in",
    "same_json",
    "selective_undo",
    "text_length",
    "undo_steps",
]
