"""Read React Flow's JSON: `{nodes, edges}` of versions 10 to 12, and the `elements` array of version 9.

Places are relative to the parent's corner and shifted by the node's origin; a node that is somebody's parent is a
group here, whatever its type. Handles become ports where the kind has named ones; otherwise they stay in `imported`
of the source, under `wires`, for the way back.
"""

from collections import Counter
from collections.abc import Mapping
from typing import cast

import orjson
from django.utils.translation import gettext

from flows.document.kinds.kinds import KINDS
from flows.document.kinds.ports import ports_for
from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.foreign_json import (
    as_list,
    as_object,
    as_text,
    branch_names,
    first_text,
    label_text,
)
from flows.interchange.ids import fresh_key
from flows.interchange.json_text import MOST_VALUES, parse_json_file
from flows.interchange.neutral import NeutralEdge, NeutralFlow, NeutralNode
from flows.interchange.reactflow.nodes import LOOKS, Given, Wire, node_of, place, shown_text
from flows.interchange.report import Report
from flows.interchange.secrets import without_secrets


def read(data: bytes, budget: Budget, report: Report) -> NeutralFlow:
    """Read a file. Raises `UnreadableError` if it is no React Flow JSON, `TooMuchError` beyond the budget."""
    root = parse_json_file(data, most_values=MOST_VALUES)
    about, nodes, edges = _parts(root)
    about = as_object(without_secrets({k: about.get(k) for k in ("name", "title", "label", "description")}, "", report))
    flow = NeutralFlow(
        title=first_text(about.get("name"), about.get("title"), about.get("label")),
        description=as_text(about.get("description")),
    )
    given = _nodes(nodes, budget, report)
    wires = _wires(edges, given, budget, report)
    _tell_parents(given, report)
    shown, looks = Counter[str](), Counter[str]()
    for node in given.values():
        place(node, given, budget)
    for node in given.values():
        budget.step()
        flow.nodes.append(node_of(node, shown, report))
    kinds = {node.key: node for node in flow.nodes}
    ports = {key: _ports(kinds[key], node) for key, node in given.items()}
    for wire in wires:
        flow.edges.append(_edge(wire, ports, kinds, looks))
    for name, count in sorted(shown.items()):
        report.approximate("style", name, gettext("Not shown here; an export to React Flow has it."), count)
    for name, count in sorted(looks.items()):
        report.drop("style", name, gettext("Looks of the other tool are not kept here."), count)
    return flow


def _parts(root: object) -> tuple[dict[str, object], list[object], list[object]]:
    """Find the nodes and edges: at the top, under `flow`, `data`, `flowData` (as text), or in `elements`."""
    elements = root if isinstance(root, list) else as_object(root).get("elements")
    if isinstance(elements, list) and (elements or isinstance(root, dict)):
        nodes: list[object] = []
        edges: list[object] = []
        for item in elements:
            (edges if isinstance(item, dict) and {"source", "target"} <= item.keys() else nodes).append(item)
        if elements and not any(isinstance(item, dict) and "id" in item for item in elements):
            raise UnreadableError(gettext("This is not a React Flow file: it has no nodes."))
        return as_object(root), nodes, edges
    top = as_object(root)
    for name in ("", "flow", "data", "graph", "flowData", "reactflow"):
        held = top.get(name) if name else top
        if isinstance(held, str):
            try:
                held = orjson.loads(held)
            except orjson.JSONDecodeError:
                continue
        if isinstance(held, dict) and isinstance(held.get("nodes"), list):
            return top, as_list(held["nodes"]), as_list(held.get("edges"))
    raise UnreadableError(gettext("This is not a React Flow file: it has no nodes."))


def _nodes(items: list[object], budget: Budget, report: Report) -> dict[str, Given]:
    given: dict[str, Given] = {}
    taken: dict[str, int] = {}
    for number, item in enumerate(items, start=1):
        budget.add_node()
        raw = as_object(item)
        wanted = as_text(raw.get("id"))
        if not raw or not (wanted or "position" in raw or "data" in raw):
            report.drop("node", wanted or f"nodes[{number - 1}]", gettext("It has no id and no place."))
            continue
        key = fresh_key(wanted or f"nodes[{number - 1}]", taken)
        if wanted and key != wanted:
            report.approximate("node", wanted, gettext("Its id is used twice; edges go to the first."))
        clean = as_object(without_secrets(raw, wanted, report, budget))
        parent = first_text(clean.get("parentId"), clean.get("parentNode"))
        given[key] = Given(key, clean, as_object(clean.get("data")), parent or None)
    return given


def _tell_parents(given: dict[str, Given], report: Report) -> None:
    for node in given.values():
        if node.parent is None:
            continue
        if node.parent in given and node.parent != node.key:
            given[node.parent].is_parent = True
        else:
            report.approximate("node", node.key, gettext("Its parent is not in the file."))
            node.parent = None


def _wires(items: list[object], given: dict[str, Given], budget: Budget, report: Report) -> list[Wire]:
    wires: list[Wire] = []
    for number, item in enumerate(items):
        budget.add_edge()
        raw = as_object(item)
        source, target = as_text(raw.get("source")), as_text(raw.get("target"))
        if not source and not target:
            report.drop("edge", as_text(raw.get("id")) or f"edges[{number}]", gettext("It has no ends."))
            continue
        raw = as_object(without_secrets(raw, as_text(raw.get("id")), report, budget))
        wire = Wire(raw, source, target, as_text(raw.get("sourceHandle")), as_text(raw.get("targetHandle")))
        wires.append(wire)
        if source in given:
            given[source].wires.append(wire)
        if target in given and target != source:
            given[target].has_incoming = True
    return wires


def _ports(node: NeutralNode, given: Given) -> dict[str, str]:
    """Map a node's source handles to its ports."""
    outputs = ports_for(node.kind, node.settings).outputs
    ports = {name: name for name in outputs}
    if node.kind == "decision" and "branches" in node.settings:
        handles = dict.fromkeys(wire.output for wire in given.wires if wire.output not in ("", "default"))
        named = cast(list[str], node.settings["branches"])
        ports = {**ports, **{h: n for h, n in zip(handles, branch_names(handles), strict=True) if n in named}}
    return ports


def _edge_label(label: object, data: Mapping[str, object]) -> str:
    if isinstance(label, str) and data.get("label") == label:
        return label
    return label_text(label if isinstance(label, str) else first_text(shown_text(label), data.get("label")))


def _edge(
    wire: Wire, ports: Mapping[str, Mapping[str, str]], nodes: Mapping[str, NeutralNode], looks: Counter[str]
) -> NeutralEdge:
    data = as_object(wire.raw.get("data"))
    output = wire.output or as_text(data.get("sourcePort"))
    inputs = KINDS[nodes[wire.target].kind].inputs if wire.target in nodes else ()
    wanted = wire.input or as_text(data.get("targetPort"))
    looks.update(LOOKS & wire.raw.keys())
    return NeutralEdge(
        wire.source,
        wire.target,
        ports.get(wire.source, {}).get(output, ""),
        wanted if wanted in inputs else "",
        _edge_label(wire.raw.get("label"), data),
        wire.raw.get("animated") is True,
        as_text(wire.raw.get("id")),
    )
