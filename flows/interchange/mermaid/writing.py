"""A flow as a Mermaid flowchart: kinds as classes and shapes, groups as subgraphs, branches as labels of links.

Every label is in quotes, with what Mermaid, Markdown and HTML read as marks written as entities. A link has an id only
where something has to be said of it: that it is animated, or that its label is only the name of an output.
"""

import json
import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from flows.document import Node
from flows.interchange.colours import own_colour
from flows.interchange.drawing import BRANCHING, drawn_label, imported_of, named_port, tell_unsaid
from flows.interchange.members import Members
from flows.interchange.mermaid.reading import BRANCH, DEFAULT_BRANCH, DISABLED
from flows.interchange.mermaid.shapes import BRACKETS, KINDS_OF_SHAPES, OWN
from flows.interchange.neutral import ExportedFlow
from flows.interchange.report import Report

_BRACKETS = {name: (opening, close) for opening, closes in BRACKETS for close, name in closes.items()} | {
    "rect": ("[", "]"),
    "rounded": ("(", ")"),
}
_PLAIN_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_RESERVED = """
    end graph subgraph flowchart style linkstyle classdef class click default href call interpolate direction acctitle
    accdescr _self _blank _parent _top v
"""
_UNSAYABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MARKS = re.compile(r'[#%&<>"`\\:*_~]|[^\S ]|^ | $|(?<= ) |(?<=direction) ')
_YAML_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def write(flow: ExportedFlow, report: Report) -> bytes:
    """Return the flow as Mermaid, in UTF-8."""
    chart = _Chart(flow)
    lines = [*_front_matter(flow), "flowchart LR", *_about(flow), *chart.lines(), ""]
    tell_unsaid(flow.nodes, report, places=True)
    if chart.unnamed_ports:
        why = _("Its label stands for the output where it begins.")
        report.approximate("edge", "", why, chart.unnamed_ports)
    return "\n".join(lines).encode()


def quoted(text: str) -> str:
    """Return a label that Mermaid, and a reader of ours, reads as this text."""
    said = "<br/>".join(_line(line) for line in _UNSAYABLE.sub("", text).split("\n"))
    return f'"{said or " "}"'


def _line(text: str) -> str:
    return _MARKS.sub(lambda mark: f"#{ord(mark[0])};", text)


def _front_matter(flow: ExportedFlow) -> Iterator[str]:
    if flow.title:
        title = json.dumps(flow.title, ensure_ascii=False)
        yield "---"
        yield "title: " + _YAML_ESCAPED.sub(lambda mark: f"\\u{ord(mark[0]):04x}", title)
        yield "---"


def _about(flow: ExportedFlow) -> Iterator[str]:
    if flow.description:
        lines = _UNSAYABLE.sub("", flow.description).split("\n")
        yield "  accDescr {"
        yield "    " + "<br/>".join(_line(line).replace("}", "#125;") for line in lines)
        yield "  }"


class _Chart:
    def __init__(self, flow: ExportedFlow) -> None:
        self._flow = flow
        self._names = _names(flow)
        self.unnamed_ports = 0

    def lines(self) -> Iterator[str]:
        """Yield nodes in their subgraphs, links, and what is said of them."""
        for depth, node, is_open in Members(self._flow.nodes).walk():
            indent = "  " * min(depth + 1, 40)
            name = self._names[node.id]
            if node.kind != "group":
                yield f"{indent}{name}{self._shape(node)}:::{node.kind}"
            else:
                yield f"{indent}subgraph {name} [{quoted(node.label)}]" if is_open else f"{indent}end"
        yield from self._links()
        for node in self._flow.nodes:
            if colour := own_colour(node):
                yield f"  style {self._names[node.id]} stroke:{colour}"
        if disabled := [self._names[node.id] for node in self._flow.nodes if not node.enabled]:
            yield f"  classDef {DISABLED} stroke-dasharray:4"
            yield from (f"  class {name} {DISABLED}" for name in disabled)

    def _shape(self, node: Node) -> str:
        shape = imported_of(node, "mermaid").get("shape")
        label = quoted(drawn_label(node))
        if isinstance(shape, str) and KINDS_OF_SHAPES.get(shape) in (node.kind, "endpoint"):
            return f"@{{ shape: {shape}, label: {label} }}"
        opening, close = _BRACKETS[OWN[node.kind]]
        return f"{opening}{label}{close}"

    def _links(self) -> Iterator[str]:
        kinds = {node.id: node.kind for node in self._flow.nodes}
        said: list[str] = []
        for number, edge in enumerate(self._flow.edges, 1):
            port = named_port(edge, kinds)
            own_label = edge.label.strip()
            label = edge.label if own_label else port
            self.unnamed_ports += bool(port) and label != port
            marks = [f"class {{}} {BRANCH}"] if port and not own_label else []
            if own_label and not port and kinds[edge.source] in BRANCHING:
                marks.append(f"class {{}} {DEFAULT_BRANCH}")
            if edge.animated:
                marks.append("{}@{{ animate: true }}")
            id = f"edge{number}" if marks else ""
            arrow = (f"{id}@" if id else "") + "-->" + (f"|{quoted(label)}|" if label else "")
            yield f"  {self._names[edge.source]} {arrow} {self._names[edge.target]}"
            said += [f"  {mark.format(id)}" for mark in marks]
        yield from said


def _names(flow: ExportedFlow) -> dict[str, str]:
    """Return a name for each node that is safe in Mermaid: its id, or one that reads like it."""
    names = {node.id: node.id for node in flow.nodes if _is_plain(node.id)}
    taken = set(names.values())
    for node in flow.nodes:
        if node.id not in names:
            base = name = "n_" + re.sub(r"[^A-Za-z0-9]", "_", node.id)
            number = 1
            while name in taken:
                number += 1
                name = f"{base}_{number}"
            taken.add(name)
            names[node.id] = name
    return names


def _is_plain(id: str) -> bool:
    return bool(_PLAIN_ID.fullmatch(id)) and id.lower() not in _RESERVED.split() and not id.startswith("edge")
