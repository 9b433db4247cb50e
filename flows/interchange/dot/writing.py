"""A flow as DOT: what Graphviz draws, and beside it what only we read, under names that begin with `helix_`.

Groups are clusters, notes are note-shaped nodes, branches are labels of edges. One pixel is one point. The flow's own
title and description come last: what a graph sets before a cluster, the cluster inherits.
"""

import re
from collections.abc import Iterator, Mapping

from flows.document import Edge, Node
from flows.interchange.colours import colour_of, own_colour
from flows.interchange.dot.geometry import POINTS_PER_INCH
from flows.interchange.dot.reading import KEPT, KINDS_OF_SHAPES
from flows.interchange.drawing import (
    BRANCHING,
    drawn_label,
    imported_of,
    named_port,
    tell_unsaid,
)
from flows.interchange.members import Members
from flows.interchange.neutral import ExportedFlow
from flows.interchange.report import Report

SHAPES: Mapping[str, str] = {
    "agent": "octagon",
    "sensor": "house",
    "skill": "component",
    "memory": "cylinder",
    "decision": "diamond",
    "loop": "hexagon",
    "transform": "box",
    "input": "parallelogram",
    "output": "invhouse",
    "api": "cds",
    "note": "note",
}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "&": "&amp;"})
_UNSAYABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def write(flow: ExportedFlow, report: Report) -> bytes:
    """Return the flow as DOT, in UTF-8."""
    lines = ["digraph {", *_lines(flow), "}", ""]
    tell_unsaid(flow.nodes, report, places=False)
    return "\n".join(lines).encode()


def _lines(flow: ExportedFlow) -> Iterator[str]:
    yield '  graph [charset="UTF-8", rankdir="LR"]'
    yield '  node [shape="box"]'
    for depth, node, is_open in Members(flow.nodes).walk():
        indent = "  " * min(depth + 1, 40)
        if node.kind != "group":
            yield f"{indent}{quoted(node.id)} [{_said(_node(node))}]"
        elif is_open:
            yield f"{indent}subgraph {quoted(f'cluster_{node.id}')} {{"
            yield from (f"{indent}  {name}={quoted(text)}" for name, text in _group(node).items())
        else:
            yield f"{indent}}}"
    kinds = {node.id: node.kind for node in flow.nodes}
    for edge in flow.edges:
        said = _said(_edge(edge, kinds))
        yield f"  {quoted(edge.source)} -> {quoted(edge.target)}" + (f" [{said}]" if said else "")
    for name, text in (("label", flow.title), ("tooltip", flow.description)):
        if text:
            yield f"  {name}={quoted(text)}"


def quoted(text: str) -> str:
    """Return a text as a quoted string that Graphviz, and a label, read as it is."""
    return f'"{_UNSAYABLE.sub("", text).translate(_ESCAPES)}"'


def _said(attributes: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={quoted(text)}" for name, text in attributes.items())


def _node(node: Node) -> dict[str, str]:
    look = {name: text for name, text in imported_of(node, "dot").items() if name in KEPT and isinstance(text, str)}
    shape = look.get("shape", "")
    said = {"label": drawn_label(node), "helix_kind": node.kind, **look}
    if not shape or KINDS_OF_SHAPES.get(shape.lower(), "transform") not in (node.kind, "endpoint"):
        said["shape"] = SHAPES[node.kind]
    if look:
        said["helix_look"] = "true"
    said |= _colour(node, look) | _switched_off(node)
    if node.description:
        said["tooltip"] = node.description
    text = node.settings.get("text")
    if node.kind == "note" and node.label and isinstance(text, str) and text:
        said["xlabel"] = text
    middle = node.x + node.width / 2, -(node.y + node.height / 2)
    said["pos"] = f"{_number(middle[0])},{_number(middle[1])}!"
    said["width"], said["height"] = (_number(size / POINTS_PER_INCH) for size in (node.width, node.height))
    return said


def _group(node: Node) -> dict[str, str]:
    """Return all that a cluster could inherit from the one around it, and its place."""
    box = (node.x, -(node.y + node.height), node.x + node.width, -node.y)
    return {
        "label": node.label,
        "tooltip": node.description,
        "color": node.colour,
        "style": "solid" if node.enabled else "dashed",
        "helix_enabled": str(node.enabled).lower(),
        "bb": ",".join(map(_number, box)),
    }


def _colour(node: Node, look: Mapping[str, str]) -> dict[str, str]:
    own = own_colour(node)
    held = (look.get("fillcolor", ""), look.get("color", ""))
    if not own or own == colour_of(*held):
        return {}
    return {"color": own, "fillcolor": own} if look else {"color": own}


def _switched_off(node: Node) -> dict[str, str]:
    return {} if node.enabled else {"helix_enabled": "false", "style": "dashed"}


def _edge(edge: Edge, kinds: Mapping[str, str]) -> dict[str, str]:
    port = named_port(edge, kinds)
    said = {"label": edge.label or port} if edge.label or port else {}
    if port or (edge.label and kinds.get(edge.source) in BRANCHING):
        said["helix_port"] = edge.source_port
    if port and not edge.label:
        said["helix_label"] = ""
    if edge.animated:
        said["helix_animated"] = "true"
    return said


def _number(value: float) -> str:
    return f"{round(value, 6) + 0.0:.6f}".rstrip("0").rstrip(".")
