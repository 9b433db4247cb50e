"""Write React Flow's JSON of versions 11 and 12: what `<ReactFlow nodes edges>` draws without node types of one's own.

A node of ours has a type that React Flow brings along (`input`, `output`, `default`, `group`) and its kind and settings
in `data`. Such types have no named handles, and an edge at a handle that is not there is not drawn: so ports are said
in the edge's `data`, and handles only where the node came from a file that had them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import orjson

from flows.document import Node, default_output, ports_of
from flows.interchange.colours import own_colour
from flows.interchange.foreign_json import (
    as_list,
    as_object,
    as_text,
    label_text,
    marks_of,
    tell_foreign,
    unpack,
)
from flows.interchange.neutral import ExportedFlow
from flows.interchange.reactflow.kinds import kind_of, settings_of
from flows.interchange.report import Report

NAME = "reactflow"


def write(flow: ExportedFlow, report: Report) -> bytes:
    """Write a flow; everything of it can be said."""
    nodes = {node.id: node for node in flow.nodes}
    imported = {node.id: unpack(node.settings.get("imported"), NAME) for node in flow.nodes}
    tell_foreign(flow.nodes, NAME, report)
    document = {
        "name": flow.title,
        "description": flow.description,
        "nodes": [_node(node, nodes, imported[node.id]) for node in parents_first(flow.nodes)],
        "edges": list(_edges(flow, nodes, imported)),
        "viewport": {"x": 0, "y": 0, "zoom": 1},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def parents_first(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield nodes so that each comes after its parent, else in the order given."""
    members: dict[str | None, list[Node]] = defaultdict(list)
    known = {node.id for node in nodes}
    for node in reversed(nodes):
        members[node.parent if node.parent in known else None].append(node)
    stack = members[None]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(members.get(node.id, ()))


def _node(node: Node, nodes: Mapping[str, Node], imported: Mapping[str, object]) -> dict[str, object]:
    parent = nodes.get(node.parent) if node.parent else None
    x, y = (node.x - parent.x, node.y - parent.y) if parent else (node.x, node.y)
    written: dict[str, object] = {
        **as_object(imported.get("more")),
        "id": node.id,
        "type": as_text(imported.get("type")) if imported else _type(node),
        "position": {"x": round(x, 2), "y": round(y, 2)},
        "data": _data(node, imported),
        "width": node.width,
        "height": node.height,
    }
    if not written["type"]:
        del written["type"]
    style = as_object(written.get("style"))
    if node.kind == "group" or style:
        written["style"] = {**style, "width": node.width, "height": node.height}
    if parent:
        written["parentId"] = parent.id
    return written


def _type(node: Node) -> str:
    if node.kind == "group":
        return "group"
    ports = ports_of(node)
    if not ports.inputs and ports.outputs:
        return "input"
    return "output" if ports.inputs and not ports.outputs else "default"


def _data(node: Node, imported: Mapping[str, object]) -> dict[str, object]:
    """Say label, kind and settings; of a node that came from such a file only what differs from what it said."""
    data: dict[str, object] = dict(as_object(imported.get("data")))
    data[as_text(imported.get("label_of")) or "label"] = node.label
    if node.description or "description" in data:
        data["description"] = node.description
    type = as_text(imported.get("type"))
    settings = settings_of(node.kind, data) if imported else {}
    if node.kind == "decision" and (handles := [port for port in _handles(imported) if port in ports_of(node).outputs]):
        settings["branches"] = handles
    kind = kind_of(type, data) if imported and node.kind != "group" else "group" if imported else ""
    data |= {k: v for k, v in marks_of(node, kind=kind, settings=settings, has_size=True).items() if k != "colour"}
    if not node.enabled:
        data["enabled"] = False
    if colour := own_colour(node):
        data["colour"] = colour
    return data


def _handles(imported: Mapping[str, object]) -> list[str]:
    """Return the handles by which edges left the node in its file."""
    wires = [[as_text(part) for part in as_list(wire)] for wire in as_list(imported.get("wires"))]
    return list(dict.fromkeys(wire[1] for wire in wires if len(wire) == 4 and wire[1] not in ("", "default")))


def _edges(
    flow: ExportedFlow, nodes: Mapping[str, Node], imported: Mapping[str, Mapping[str, object]]
) -> Iterator[dict[str, object]]:
    wires = {id: _Wires(as_list(held.get("wires"))) for id, held in imported.items() if held}
    for edge in flow.edges:
        written: dict[str, object] = {"id": edge.id, "source": edge.source, "target": edge.target}
        data: dict[str, object] = {}
        source = nodes[edge.source]
        if edge.source in wires:
            came_to = as_text(imported[edge.target].get("id")) or edge.target
            written |= wires[edge.source].take(came_to, edge.source_port, has_branches=source.kind == "decision")
        if "sourceHandle" not in written and edge.source_port != default_output(source):
            data["sourcePort"] = edge.source_port
        if "targetHandle" not in written and edge.target_port != "in":
            data["targetPort"] = edge.target_port
        if edge.label:
            written["label"] = edge.label
            if label_text(edge.label) != edge.label:
                data["label"] = edge.label
        yield {**written, "animated": edge.animated, **({"data": data} if data else {})}


class _Wires:
    """The handles that a node's edges had in the file, each used once."""

    def __init__(self, held: list[object]) -> None:
        self._held: dict[str, list[list[str]]] = defaultdict(list)
        for item in held:
            parts = [as_text(part) for part in as_list(item)]
            if len(parts) == 4:
                self._held[parts[0]].append(parts)

    def take(self, target: str, port: str, *, has_branches: bool) -> dict[str, object]:
        """Return the handles and the type of the edge to a target that left by this port."""
        left = self._held.get(target, [])
        fits = [wire for wire in left if not has_branches or wire[1] == port] or ([] if has_branches else left)
        if not fits:
            return {}
        wire = fits[0]
        left.remove(wire)
        named = {"sourceHandle": wire[1], "targetHandle": wire[2], "type": wire[3]}
        return {name: value for name, value in named.items() if value}
