"""The flow as a value: its elements, the closed vocabulary of edits, and what each edit does.

Pure Python: no Django, no input or output. Everything another part may use is exported here; the modules inside are
free to move. A value enters through `decode_operation` or `decode_graph`, `apply` says what it does or refuses it,
and the `Effect` that comes back is all that rows, frames and pages need.
"""

from flows.document.apply import apply
from flows.document.canonical import canonical_bytes, canonical_json, same_json
from flows.document.captions import footer, footer_settings, second_line, second_line_settings
from flows.document.catalogue import Kind, Setting, SettingType
from flows.document.digest import chain
from flows.document.draft import Draft
from flows.document.effect import Effect, Pair, moved_only, pair_of
from flows.document.elements import Edge, FlowProperties, Node
from flows.document.errors import Code, Reason, Rejected
from flows.document.geometry import Curve, Point, curve_between, edge_path, port_offset, port_point
from flows.document.graph import Document, Graph
from flows.document.kinds import KINDS
from flows.document.left import Left, decode_left, encode_left
from flows.document.limits import DEFAULT_LIMITS, NO_LIMITS, DocumentLimits
from flows.document.mentioned import mentioned, mentioned_on_wire
from flows.document.operations import (
    AddEdge,
    AddNode,
    Batch,
    CreateFlow,
    EdgeChanges,
    EditEdge,
    EditFlow,
    EditNode,
    FlowChanges,
    MoveNode,
    NodeChanges,
    Operation,
    Record,
    RemoveEdge,
    RemoveNode,
    ReplaceGraph,
    ResizeNode,
    SingleOperation,
)
from flows.document.outcome import Outcome
from flows.document.own_steps import OwnChange, Step, redo_steps, undo_steps
from flows.document.parsing import parse_json
from flows.document.ports import Ports, default_size, ports_for, ports_of
from flows.document.replaced import Replaced, replaced
from flows.document.settings import check_settings
from flows.document.undo import Past, TakenBack, take_back
from flows.document.wire import decode_operation, decode_record, encode_operation
from flows.document.wire_elements import (
    decode_edge,
    decode_graph,
    decode_node,
    decode_properties,
    encode_edge,
    encode_node,
)
from flows.document.written import Element

__all__ = [
    "DEFAULT_LIMITS",
    "KINDS",
    "NO_LIMITS",
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
    "FlowChanges",
    "FlowProperties",
    "Graph",
    "Kind",
    "Left",
    "MoveNode",
    "Node",
    "NodeChanges",
    "Operation",
    "Outcome",
    "OwnChange",
    "Pair",
    "Past",
    "Point",
    "Ports",
    "Reason",
    "Record",
    "Rejected",
    "RemoveEdge",
    "RemoveNode",
    "ReplaceGraph",
    "Replaced",
    "ResizeNode",
    "Setting",
    "SettingType",
    "SingleOperation",
    "Step",
    "TakenBack",
    "apply",
    "canonical_bytes",
    "canonical_json",
    "chain",
    "check_settings",
    "curve_between",
    "decode_edge",
    "decode_graph",
    "decode_left",
    "decode_node",
    "decode_operation",
    "decode_properties",
    "decode_record",
    "default_size",
    "edge_path",
    "encode_edge",
    "encode_left",
    "encode_node",
    "encode_operation",
    "footer",
    "footer_settings",
    "mentioned",
    "mentioned_on_wire",
    "moved_only",
    "pair_of",
    "parse_json",
    "port_offset",
    "port_point",
    "ports_for",
    "ports_of",
    "redo_steps",
    "replaced",
    "same_json",
    "second_line",
    "second_line_settings",
    "take_back",
    "undo_steps",
]
