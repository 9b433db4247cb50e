"""Write Node-RED's flows JSON: one tab, with centres for places and a list of targets for each output.

A node that came from Node-RED is written as it was, but for what changed here. Any other becomes the nearest node of
Node-RED; what that cannot say stands beside it under `helix`, which Node-RED hands on and only we read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import orjson
from django.utils.translation import gettext

from flows.document import Node, ports_of
from flows.interchange.colours import own_colour
from flows.interchange.foreign_json import (
    as_list,
    as_number,
    as_object,
    as_text,
    marks_of,
    tell_foreign,
    unpack,
)
from flows.interchange.neutral import ExportedFlow
from flows.interchange.nodered.blank import blank, switch_rules
from flows.interchange.nodered.kinds import kind_of, output_ports, settings_of
from flows.interchange.nodered.subflows import MOST_OUTPUTS
from flows.interchange.report import Report

NAME = "nodered"
_LINKS = {"link out", "link call"}


def write(flow: ExportedFlow, report: Report) -> bytes:
    """Write a flow as one tab. Labels of edges are dropped and told."""
    tell_foreign(flow.nodes, NAME, report)
    if labels := sum(1 for edge in flow.edges if edge.label):
        report.approximate("label", "edges", gettext("Node-RED shows no labels of wires."), labels)
    tab = _tab_id({node.id for node in flow.nodes})
    imported = {node.id: unpack(node.settings.get("imported"), NAME) for node in flow.nodes}
    links = _links(flow, imported)
    members: dict[str, list[str]] = defaultdict(list)
    for node in flow.nodes:
        if node.parent:
            members[node.parent].append(node.id)
    defaults = {edge.source for edge in flow.edges if edge.source_port == "default"}
    written = [_node(node, imported[node.id], tab, members, links, node.id in defaults) for node in flow.nodes]
    _add_wires(flow, written, imported, links)
    entries = [{"id": tab, "type": "tab", "label": flow.title, "disabled": False, "info": flow.description, "env": []}]
    return orjson.dumps([*entries, *written], option=orjson.OPT_INDENT_2)


def _tab_id(taken: set[str]) -> str:
    id = "tab"
    while id in taken:
        id += "_"
    return id


def _links(flow: ExportedFlow, imported: Mapping[str, Mapping[str, object]]) -> dict[str, list[str]]:
    """Return the link nodes that can stay ones, each with its partners: those that are joined to link nodes alone."""
    types = {id: as_text(held.get("type")) for id, held in imported.items()}
    partners: dict[str, list[str]] = {id: [] for id, type in types.items() if type in _LINKS or type == "link in"}
    for edge in flow.edges:
        is_link = types[edge.source] in _LINKS and types[edge.target] == "link in"
        if is_link:
            continue
        if types[edge.source] == "link out":
            partners.pop(edge.source, None)
        if types[edge.target] == "link in":
            partners.pop(edge.target, None)
    for edge in flow.edges:
        if (
            edge.source in partners
            and edge.target in partners
            and types[edge.target] == "link in"
            and types[edge.source] in _LINKS
        ):
            partners[edge.source].append(edge.target)
            partners[edge.target].append(edge.source)
    return partners


def _node(  # noqa: PLR0917
    node: Node,
    imported: Mapping[str, object],
    tab: str,
    members: Mapping[str, list[str]],
    links: Mapping[str, list[str]],
    uses_default: bool,
) -> dict[str, object]:
    written: dict[str, object] = {"id": node.id, "type": "", "z": tab, "name": node.label}
    if node.parent:
        written["g"] = node.parent
    if not node.enabled:
        written["d"] = True
    if node.kind == "group":
        return {**written, **_group(node, imported, members)}
    type, said = _said(node, imported, uses_default)
    if type in _LINKS | {"link in"}:
        if node.id in links:
            said["links"] = links[node.id]
        else:
            type, said = "junction", {}
    text = as_text(node.settings.get("text")) if node.kind == "note" else node.description
    written |= {**said, "type": type, "info": text}
    marks = marks_of(node, kind=kind_of(written), settings=settings_of(node.kind, written))
    if node.kind == "note" and node.description:
        marks["description"] = node.description
    if not imported:
        marks |= {"kind": node.kind, "blank": True}
    if marks:
        written["helix"] = marks
    centre = {"x": round(node.x + node.width / 2, 3), "y": round(node.y + node.height / 2, 3)}
    return {**written, **centre}


def _group(node: Node, imported: Mapping[str, object], members: Mapping[str, list[str]]) -> dict[str, object]:
    style = {**as_object(as_object(imported.get("node")).get("style")), "label": True}
    if colour := own_colour(node):
        style["fill"] = colour
    place = {"x": node.x, "y": node.y, "w": node.width, "h": node.height}
    held: dict[str, object] = {"type": "group", "style": style, "nodes": members.get(node.id, []), **place}
    if node.description:
        held["info"] = node.description
    marks = marks_of(node, kind="group", settings={}, has_size=True)
    marks.pop("colour", None)
    return held | ({"helix": marks} if marks else {})


def _said(node: Node, imported: Mapping[str, object], uses_default: bool) -> tuple[str, dict[str, object]]:
    """Return type and properties: those of the file with what was changed here, or the nearest."""
    if not imported or not as_text(imported.get("type")):
        return blank(node)
    said = dict(as_object(imported.get("node")))
    type = as_text(imported.get("type"))
    settings = node.settings
    match type:
        case "function":
            said["func"] = as_text(settings.get("code")) or as_text(said.get("func"))
        case "template" if settings.get("transformation"):
            said["template"] = settings["transformation"]
        case "http request":
            said["url"] = settings.get("url") or said.get("url", "")
            method = as_text(settings.get("method"))
            if method and as_text(said.get("method")) != "use":
                said["method"] = method
        case "http in":
            said["url"] = settings.get("endpoint") or said.get("url", "")
        case "switch":
            _set_rules(said, ports_of(node).outputs, uses_default)
    return type, said


def _set_rules(said: dict[str, object], ports: tuple[str, ...], uses_default: bool) -> None:
    """Give a switch a rule for each branch, keeping those that it has; one for everything else where it is used."""
    before = output_ports(said)
    rules = dict(zip(before, as_list(said.get("rules")), strict=True))
    wanted = [port for port in ports if port != "default" or "default" in rules or uses_default]
    if wanted != before:
        blanks = dict(zip(ports, switch_rules(ports), strict=True))
        said["rules"] = [rules.get(port, blanks[port]) for port in wanted]
        said["outputs"] = len(wanted)


def _add_wires(
    flow: ExportedFlow,
    written: Sequence[dict[str, object]],
    imported: Mapping[str, Mapping[str, object]],
    links: Mapping[str, list[str]],
) -> None:
    """Give each node a list of targets for each of its outputs."""
    nodes = {node.id: node for node in flow.nodes}
    entries = {as_text(entry["id"]): entry for entry in written if entry["type"] != "group"}
    wires: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    labels: dict[str, list[object]] = defaultdict(list)
    known = {id: _Outputs(nodes[id], entry, imported[id]) for id, entry in entries.items()}
    for edge in flow.edges:
        if edge.source in links and edge.target in links[edge.source]:
            continue
        port = known[edge.source].take(edge.source_port, as_text(imported[edge.target].get("id")))
        wires[edge.source][port].append(edge.target)
        if edge.label or edge.animated:
            said = known[edge.source].spelled(edge.source_port)
            labels[edge.source].append([said, edge.target, edge.label, edge.animated])
    for id, held in labels.items():
        entries[id]["helix"] = {**as_object(entries[id].get("helix")), "edges": held}
    for id, entry in entries.items():
        used = wires.get(id, {})
        count = max(known[id].count, 1 + max(used, default=-1))
        if entry["type"] in ("function", "switch"):
            count = max(count, int(as_number(entry.get("outputs")) or 0))
            entry["outputs"] = count = min(count, MOST_OUTPUTS)
        entry["wires"] = [used.get(port, []) for port in range(count)]


class _Outputs:
    """Which output of a written node an edge leaves by."""

    def __init__(self, node: Node, entry: Mapping[str, object], imported: Mapping[str, object]) -> None:
        self._ports: dict[str, int] = {}
        if node.kind == "decision" and entry["type"] == "switch":
            names = output_ports(entry)
            marks = as_object(as_object(entry.get("helix")).get("settings"))
            if "branches" in marks or not imported:
                names = list(ports_of(node).outputs)
            self._ports = {name: number for number, name in enumerate(names)}
            self._ports.setdefault("default", len(names))
        elif not imported:
            self._ports = {name: number for number, name in enumerate(ports_of(node).outputs)}
        self._further: dict[str, list[int]] = defaultdict(list)
        for wire in map(as_list, as_list(imported.get("wires"))):
            if len(wire) == 2 and (port := as_number(wire[1])) is not None and 0 <= port < MOST_OUTPUTS:
                self._further[as_text(wire[0])].append(int(port))
        held = as_number(imported.get("outputs")) if imported else None
        self.count = max(
            int(min(held, MOST_OUTPUTS)) if held is not None else 0, len(self._ports) if not imported else 0
        )

    def spelled(self, port: str) -> str:
        """Return a port as the reader will name it: "" where the node has no named outputs."""
        return port if port in self._ports else ""

    def take(self, port: str, target: str) -> int:
        """Return the number of the output by which an edge to a target, by its id in the file, leaves."""
        if further := self._further.get(target):
            return further.pop(0)
        return self._ports.get(port, 0)
