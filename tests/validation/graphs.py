"""Small graphs for the rules, in the wire's form, and their report."""

from itertools import pairwise
from typing import Any

from flows.document import DEFAULT_LIMITS, Document, decode_graph
from flows.document.operations.edges import connect
from flows.validation import UNKNOWN, Installation, Problem, judge

Wire = dict[str, Any]
WORKING: dict[str, Wire] = {
    "api": {"url": "https://example.com", "retry_attempts": 1},
    "decision": {"expression": "input.x > 1"},
    "skill": {"code": "def run():\n    return 1\n"},
    "transform": {"transformation": "x"},
}


def node(id: str, kind: str = "transform", **settings: object) -> Wire:
    """A node that is in order, in a place of its own by its id's last letter."""
    place = 400 * (ord(id[-1]) - ord("0"))
    return {"id": id, "kind": kind, "x": place, "y": 0, "label": id, "settings": WORKING.get(kind, {}) | settings}


def edge(source: str, target: str, port: str | None = None) -> Wire:
    return {"id": f"{source}-{target}", "source": source, "target": target} | ({"source_port": port} if port else {})


def chain(*nodes: Wire) -> tuple[list[Wire], list[Wire]]:
    """Nodes one after the other, from an input to an output."""
    every = [node("0", "input"), *nodes, node("z", "output")]
    return every, [edge(one["id"], other["id"]) for one, other in pairwise(every)]


def document_of(nodes: list[Wire], edges: list[Wire]) -> Document:
    read = decode_graph(nodes, edges, DEFAULT_LIMITS)
    by_id = {one.id: one for one in read[0]}
    return Document(nodes=read[0], edges=[connect(one, by_id[one.source], by_id[one.target]) for one in read[1]])


def problems(nodes: list[Wire], edges: list[Wire], installation: Installation = UNKNOWN) -> list[Problem]:
    return list(judge(document_of(nodes, edges), 500, installation).items)


def codes(nodes: list[Wire], edges: list[Wire], installation: Installation = UNKNOWN) -> list[str]:
    return [str(problem.code) for problem in problems(nodes, edges, installation)]
