"""Write n8n's workflow JSON, as its editor imports it by file or by paste.

Names are the keys of connections, so each is made unique. A node that came from n8n is written as it was, but for what
changed here; any other becomes the nearest node of n8n. n8n has no groups: one becomes a sticky note behind its
members. What n8n cannot say stands in `meta`, which it ignores.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

import orjson
from django.utils.translation import gettext

from flows.document import KINDS, Edge, Node, ports_of
from flows.interchange.foreign_json import as_list, as_number, as_object, as_text, marks_of, tell_foreign, unpack
from flows.interchange.n8n.blank import (
    STICKY,
    agent_parameters,
    blank,
    request_parameters,
    sticky_parameters,
    switch_rule,
)
from flows.interchange.n8n.kinds import ai_output, kind_of, ports_by_output, short_type
from flows.interchange.n8n.settings import settings_of, sticky_colour
from flows.interchange.neutral import ExportedFlow
from flows.interchange.report import Report

NAME = "n8n"
_SPACE = uuid.UUID("6f6bb4c2-5f0c-4f0e-8a39-0d7e1b5f6a11")
_REQUEST_KEYS = {
    "url": ("url",),
    "method": ("method", "requestMethod"),
    "params": ("sendQuery", "queryParameters"),
    "headers": ("sendHeaders", "headerParameters"),
    "body": ("sendBody", "specifyBody", "jsonBody", "bodyParameters"),
}


def write(flow: ExportedFlow, report: Report) -> bytes:
    """Write a flow. Groups are approximated by sticky notes, and told; edges' labels are kept where n8n shows none."""
    tell_foreign(flow.nodes, NAME, report)
    imported = {
        node.id: unpack(node.settings.get("imported"), NAME) if node.kind != "group" else {} for node in flow.nodes
    }
    names = _names(flow.nodes, imported)
    answers = any(node.kind == "sensor" and node.settings.get("source", "webhook") == "webhook" for node in flow.nodes)
    defaults = {edge.source for edge in flow.edges if edge.source_port == "default"}
    written: dict[str, dict[str, object]] = {}
    marks: dict[str, dict[str, object]] = {}
    for node in sorted(flow.nodes, key=lambda node: node.kind != "group"):
        one = _node(node, names[node.id], imported[node.id], answers=answers, uses_default=node.id in defaults)
        written[node.id] = {**one, "id": str(uuid.uuid5(_SPACE, f"{flow.id}/{node.id}"))}
        if said := _marks(node, one, names, bool(imported[node.id])):
            marks[names[node.id]] = said
        if node.kind == "group":
            report.approximate("group", node.label or node.id, gettext("n8n has no groups: it is a sticky note."))
    plugs = {node.id: _Plugs(node, written[node.id], imported[node.id]) for node in flow.nodes}
    document = {
        "name": flow.title or "Untitled",
        "nodes": list(written.values()),
        "connections": _connections(flow.edges, plugs, imported, names),
        "settings": {"executionOrder": "v1"},
    }
    if flow.description:
        document["description"] = flow.description
    labelled = [
        [names[edge.source], plugs[edge.source].spelled(edge.source_port), *said]
        for edge in flow.edges
        for said in [(names[edge.target], edge.label, edge.animated)]
        if edge.animated or (edge.label and not _is_error(edge, imported))
    ]
    if count := sum(1 for item in labelled if item[3]):
        report.approximate("label", "edges", gettext("n8n shows no labels of connections."), count)
    helix = {name: value for name, value in (("nodes", marks), ("edges", labelled)) if value}
    if helix:
        document["meta"] = {"helix": helix}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _names(nodes: Sequence[Node], imported: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Give each node a name of its own: its label, the name it came with if it has none, or its kind's title."""
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    taken: set[str] = set()
    for node in nodes:
        base = " ".join(node.label.split()) or as_text(imported[node.id].get("name")) or KINDS[node.kind].title
        name = base
        while name in taken:
            counts[base] = counts.get(base, 0) + 1
            name = f"{base}{counts[base]}"
        taken.add(name)
        names[node.id] = name
    return names


def _node(
    node: Node, name: str, imported: Mapping[str, object], *, answers: bool, uses_default: bool
) -> dict[str, object]:
    type = as_text(imported.get("type"))
    if type.strip():
        version: float = max(as_number(imported.get("typeVersion")) or 1, 1)
        parameters = _changed(node, type, version, as_object(imported.get("parameters")), uses_default)
    else:
        type, version, parameters = blank(node, answers_webhook=answers)
    written: dict[str, object] = {
        **as_object(imported.get("more")),
        "id": "",
        "name": name,
        "type": type,
        "typeVersion": int(version) if version == int(version) else version,
        "position": [node.x, node.y],
        "parameters": parameters,
    }
    if not node.enabled:
        written["disabled"] = True
    if node.description:
        written["notes"] = node.description
    return written


def _changed(
    node: Node, type: str, version: float, before: Mapping[str, object], uses_default: bool
) -> dict[str, object]:
    """Return the parameters that a node came with, with what was changed here."""
    parameters = dict(before)
    settings = node.settings
    said = settings_of(node.kind, type, version, before)
    match node.kind:
        case "note":
            return {**parameters, **sticky_parameters(node, as_text(settings.get("text")))}
        case "skill" if (code := as_text(settings.get("code"))) and code != said.get("code"):
            is_python = parameters.get("language") in ("python", "pythonNative")
            short = short_type(type)
            name = "functionCode" if short.startswith("function") else "pythonCode" if is_python else "jsCode"
            parameters["command" if short in ("executecommand", "ssh") else name] = code
        case "api" if short_type(type) == "httprequest" and version >= 3:
            fresh = request_parameters(settings)
            for name, keys in _REQUEST_KEYS.items():
                if name in settings and settings[name] != said.get(name):
                    parameters = {key: value for key, value in parameters.items() if key not in keys}
                    parameters |= {key: fresh[key] for key in keys if key in fresh}
        case "agent" if settings.get("system_prompt") and settings["system_prompt"] != said.get("system_prompt"):
            options = as_object(parameters.get("options"))
            parameters["options"] = {**options, **as_object(agent_parameters(settings)["options"])}
        case "decision" if short_type(type) == "switch":
            _set_rules(parameters, ports_of(node).outputs, version, uses_default)
    return parameters


def _set_rules(parameters: dict[str, object], ports: tuple[str, ...], version: float, uses_default: bool) -> None:
    """Give a switch of version 3 a rule for each branch that it lacks, and an output for everything else if used."""
    before = ports_by_output("switch", version, parameters)
    if version < 3 or parameters.get("mode") == "expression":
        return
    if uses_default and "default" not in before:
        parameters["options"] = {**as_object(parameters.get("options")), "fallbackOutput": "extra"}
    wanted = [port for port in ports if port != "default"]
    if wanted != [port for port in before if port != "default"]:
        held = as_object(parameters.get("rules"))
        kept = dict(zip(before, as_list(held.get("values")) or as_list(held.get("rules")), strict=False))
        parameters["rules"] = {"values": [kept.get(port, switch_rule(port)) for port in wanted]}


def _marks(
    node: Node, written: Mapping[str, object], names: Mapping[str, str], was_imported: bool
) -> dict[str, object]:
    type, version = as_text(written["type"]), as_number(written["typeVersion"]) or 1
    parameters = as_object(written["parameters"])
    settings = settings_of(node.kind, type, version, parameters)
    has_size = type == STICKY and (round(node.width), round(node.height)) == (node.width, node.height)
    marks = marks_of(node, kind=kind_of(type), settings=settings, has_size=has_size)
    if not was_imported:
        marks |= {"kind": node.kind, "blank": True}
    if type == STICKY and sticky_colour(parameters.get("color")) == node.colour:
        marks.pop("colour", None)
    if node.label != written["name"] and not (node.kind == "note" and was_imported and not node.label):
        marks["label"] = node.label
    if node.parent:
        marks["parent"] = names[node.parent]
    return marks


def _is_error(edge: Edge, imported: Mapping[str, Mapping[str, object]]) -> bool:
    more = as_object(imported[edge.source].get("more"))
    return edge.label == "error" and more.get("onError") == "continueErrorOutput"


def _connections(
    edges: Sequence[Edge],
    plugs: "Mapping[str, _Plugs]",
    imported: Mapping[str, Mapping[str, object]],
    names: Mapping[str, str],
) -> dict[str, dict[str, list[list[dict[str, object]]]]]:
    """List each node's connections by type and output."""
    found: dict[str, dict[str, list[list[dict[str, object]]]]] = defaultdict(dict)
    for edge in edges:
        came_to = as_text(imported[edge.target].get("name")) or names[edge.target]
        type, output, input_type, input = plugs[edge.source].take(edge, came_to)
        outputs = found[names[edge.source]].setdefault(type, [])
        outputs.extend([] for _ in range(len(outputs), output + 1))
        outputs[output].append({"node": names[edge.target], "type": input_type, "index": input})
    return found


class _Plugs:
    """By which type and output the edges of a written node leave."""

    def __init__(self, node: Node, written: Mapping[str, object], imported: Mapping[str, object]) -> None:
        type, version = as_text(written["type"]), as_number(written["typeVersion"]) or 1
        self._main = ai_output(type) if imported else "main"
        ports = ports_by_output(type, version, as_object(written["parameters"]))
        self._outputs = {port: output for output, port in enumerate(ports)}
        own = [port for port in ports_of(node).outputs if port != "default"]
        theirs = [port for port in ports if port != "default"]
        if short_type(type) == "switch" and set(own) != set(theirs):  # spelled otherwise, in the same order
            self._outputs |= {port: ports.index(their) for port, their in zip(own, theirs, strict=False)}
        self._wires: dict[str, list[list[object]]] = defaultdict(list)
        for wire in map(as_list, as_list(imported.get("wires"))):
            if len(wire) == 5 and isinstance(wire[2], int) and isinstance(wire[4], int) and 0 <= wire[2] < 1000:
                self._wires[as_text(wire[0])].append(wire)

    def spelled(self, port: str) -> str:
        """Return a port as the reader will name it: "" where the node has no named outputs."""
        return port if port in self._outputs else ""

    def take(self, edge: Edge, target: str) -> tuple[str, int, str, int]:
        """Return type and output, and type and number of the input, of an edge to the node of this name."""
        output = self._outputs.get(edge.source_port, 0)
        for number, (_, type, held, input_type, input) in enumerate(self._wires.get(target, ())):
            if not self._outputs or held == output:
                del self._wires[target][number]
                return as_text(type), int(str(held)), as_text(input_type), int(str(input))
        return self._main, output, self._main, 0
