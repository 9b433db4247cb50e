"""Two flows that are exported the same each time: one of all kinds, and one of labels that formats trip over."""

from flows.document import KINDS, Edge, Node
from flows.interchange.neutral import ExportedFlow
from tests.interchange.flows import WORDS


def node(id: str, kind: str = "transform", **fields: object) -> Node:
    """Return a node of a kind's own size and colour, with what is given."""
    look = KINDS[kind]
    own = {"x": 0, "y": 0, "width": look.width, "height": look.height, "label": id, "description": ""}
    rest = {"colour": look.colour, "parent": None, "enabled": True, "settings": {}}
    return Node(**{"id": id, "kind": kind, **own, **rest, **fields})  # type: ignore[arg-type]


def all_kinds() -> ExportedFlow:
    """Return a flow of every kind, with groups in each other, branches, a loop and switched-off nodes."""
    nodes = [
        node("agent", "agent", x=10, y=20, parent="inner", description="Thinks.", colour="#123456"),
        node("api", "api", x=200.25, y=-30, enabled=False, settings={"url": "https://example.com"}),
        node("decide", "decision", label="Ok?", settings={"branches": ["yes", "no"]}),
        node("inner", "group", label="Inner", parent="outer", enabled=False),
        node("input", "input"),
        node("loop", "loop"),
        node("memory", "memory", parent="outer"),
        node("note", "note", label="Fill in", settings={"text": "the *key*"}),
        node("outer", "group", label="Outer", colour="#ff0000", description="Around"),
        node("output", "output"),
        node("sensor", "sensor"),
        node("skill", "skill"),
        node("transform", "transform"),
        node("wordless", "note", label="", settings={"text": "Only a text"}),
    ]
    edges = [
        Edge("e1", "input", "agent", "out", "in", "ask", True),
        Edge("e2", "agent", "decide", "out", "in"),
        Edge("e3", "decide", "api", "yes", "in"),
        Edge("e4", "decide", "skill", "no", "in", "no"),
        Edge("e5", "decide", "output", "default", "in", "otherwise"),
        Edge("e6", "sensor", "loop", "out", "in"),
        Edge("e7", "loop", "transform", "each", "in"),
        Edge("e8", "loop", "output", "out", "in", "each"),
        Edge("e9", "agent", "memory", "out", "in"),
    ]
    return ExportedFlow("f", 3, 'All "kinds"', "One of\neach {kind}.", nodes, edges)


def odd_labels() -> ExportedFlow:
    """Return a flow whose nodes, groups and edges have labels that are marks somewhere."""
    nodes = [node(f"n{number}", label=word) for number, word in enumerate(WORDS)]
    nodes += [node(f"g{number}", "group", label=word) for number, word in enumerate(WORDS)]
    nodes += [node(f"m{number}", parent=f"g{number}") for number in range(len(WORDS))]
    ends = [f"n{number}" for number in range(len(WORDS))]
    edges = [Edge(f"e{number}", one, "n0", "out", "in", WORDS[number]) for number, one in enumerate(ends) if number]
    return ExportedFlow("f", 1, "#quot; \\N é", "", sorted(nodes, key=lambda one: one.id), edges)
