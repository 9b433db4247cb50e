"""The flow that every run begins with."""

from flows.document import DEFAULT_LIMITS, CreateFlow, decode_graph

TITLE = "Triage"
NODES = [
    {"id": "start", "kind": "input", "x": 0, "y": 0, "label": "Mail"},
    {"id": "plan", "kind": "agent", "x": 200, "y": 0, "label": "Plan", "settings": {"temperature": 0.2}},
    {"id": "route", "kind": "decision", "x": 400, "y": 0, "settings": {"branches": ["urgent", "refund"]}},
    {"id": "frame", "kind": "group", "x": 580, "y": -60, "label": "Answers"},
    {"id": "write", "kind": "agent", "x": 600, "y": 0, "parent": "frame"},
    {"id": "send", "kind": "output", "x": 800, "y": 0, "parent": "frame"},
    {"id": "note", "kind": "note", "x": 0, "y": 300, "settings": {"text": "**Why** so"}},
]
EDGES = [
    {"id": "e1", "source": "start", "target": "plan"},
    {"id": "e2", "source": "plan", "target": "route", "label": "then"},
    {"id": "e3", "source": "route", "target": "write", "source_port": "urgent"},
    {"id": "e4", "source": "write", "target": "send"},
]


def creation() -> CreateFlow:
    """Return the record of version 1."""
    return CreateFlow(TITLE, "", *decode_graph(NODES, EDGES, DEFAULT_LIMITS))
