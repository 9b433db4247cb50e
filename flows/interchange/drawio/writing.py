"""Write a flow as one plain page: kinds as shapes, groups as containers with their members inside, ports as exits.

What draw.io has no word for stands in attributes of the `<object>` around a cell, under names that begin with `helix_`;
draw.io keeps them, and an import reads them again. Labels are HTML there, so a label is escaped as HTML and then again
as XML, which cannot hold control characters at all.
"""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from xml.etree.ElementTree import Element, SubElement, tostring

from django.utils.translation import gettext as _

from flows.document import Edge, Node
from flows.document.geometry import port_point
from flows.interchange.colours import own_colour
from flows.interchange.drawing import imported_of
from flows.interchange.drawio.cells import OURS, text_of
from flows.interchange.drawio.nodes import OWN_ATTRIBUTES
from flows.interchange.drawio.styles import KIND_STYLES, Style
from flows.interchange.foreign_json import own_settings
from flows.interchange.members import Members
from flows.interchange.neutral import ExportedFlow
from flows.interchange.report import Report

EDGE_STYLE = "edgeStyle=entityRelationEdgeStyle;curved=1;rounded=1;html=1;"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,100}")
_UNSAYABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(flow: ExportedFlow, report: Report) -> bytes:
    """Return the flow as an `mxfile`, in UTF-8."""
    page = _Page(flow, report)
    file = Element("mxfile", {"host": "Helix"})
    diagram = SubElement(file, "diagram", {"id": flow.id or "flow", "name": page.said(flow.title, "title") or "Page-1"})
    model = SubElement(diagram, "mxGraphModel", {"grid": "1", "gridSize": "8", "page": "0", "math": "0", "shadow": "0"})
    SubElement(model, "root").extend(page.cells())
    text: bytes = tostring(file, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


class _Page:
    """The cells of a flow; every id on a page is one cell's."""

    def __init__(self, flow: ExportedFlow, report: Report) -> None:
        self._flow, self._report = flow, report
        self._nodes = {node.id: node for node in flow.nodes}
        self._taken = set(self._nodes)
        self._told: set[str] = set()

    def cells(self) -> Iterator[Element]:
        """Yield the root, the one layer, the nodes from the outside in, then the edges above them."""
        root, self._layer = self._free("0"), self._free("1")
        own = {f"{OURS}title": self._flow.title, f"{OURS}description": self._flow.description}
        yield self._wrapped("", own, Element("mxCell"), root)
        yield Element("mxCell", {"id": self._layer, "parent": root})
        for _depth, node, is_open in Members(self._flow.nodes).walk():
            if node.kind != "group" or is_open:
                yield self._node(node)
        for edge in self._flow.edges:
            yield self._edge(edge)

    def said(self, text: str, where: str) -> str:
        """Return a text without characters that XML cannot hold; tell if there were any."""
        clean = _UNSAYABLE.sub("", text)
        if clean != text and where not in self._told:
            self._told.add(where)
            self._report.drop("label", where, _("XML cannot hold its control characters."))
        return clean

    def _free(self, id: str) -> str:
        while id in self._taken:
            id = f"{id}_"
        self._taken.add(id)
        return id

    def _node(self, node: Node) -> Element:
        group = self._nodes.get(node.parent or "")
        group = group if group is not None and group.kind == "group" else None
        cell = Element("mxCell", {"style": _style(node), "vertex": "1", "parent": group.id if group else self._layer})
        if node.kind in ("group", "note"):
            cell.set("connectable", "0")
        left, top = (group.x, group.y) if group else (0, 0)
        place = {"x": node.x - left, "y": node.y - top, "width": node.width, "height": node.height}
        SubElement(cell, "mxGeometry", {**{name: _number(value) for name, value in place.items()}, "as": "geometry"})
        return self._wrapped(self._written(node), self._attributes(node), cell, node.id)

    def _written(self, node: Node) -> str:
        """Return what is written on a node: its label, on a note also its text."""
        text = node.settings.get("text") if node.kind == "note" else None
        return "\n".join(part for part in (node.label, text) if isinstance(part, str) and part)

    def _attributes(self, node: Node) -> dict[str, str]:
        attributes = {f"{OURS}kind": node.kind}
        kept = imported_of(node, "drawio")
        properties = kept.get("properties")
        if isinstance(properties, Mapping):
            attributes = {name: str(text) for name, text in properties.items() if _is_free(name)} | attributes
        if "style" in kept:
            attributes[f"{OURS}look"] = "1"
        if settings := own_settings(node):
            attributes[f"{OURS}settings"] = json.dumps(settings, sort_keys=True, separators=(",", ":"))
        if not node.enabled:
            attributes[f"{OURS}enabled"] = "0"
        written = self._written(node)
        if written != node.label or text_of(_html(written)) != node.label:
            attributes |= {f"{OURS}written": written, f"{OURS}label": node.label}
        if node.description:
            attributes["tooltip"] = _html(node.description)
            attributes[f"{OURS}description"] = node.description
        if node.colour:
            attributes[f"{OURS}colour"] = node.colour
        return attributes

    def _edge(self, edge: Edge) -> Element:
        source, target = self._nodes[edge.source], self._nodes[edge.target]
        style = EDGE_STYLE + _exit(source, edge) + ("flowAnimation=1;" if edge.animated else "")
        ends = {"source": source.id, "target": target.id}
        cell = Element("mxCell", {"style": style, "edge": "1", "parent": self._layer, **ends})
        SubElement(cell, "mxGeometry", {"relative": "1", "as": "geometry"})
        written = edge.label or (edge.source_port if source.kind in ("decision", "loop") else "")
        attributes = {f"{OURS}port": edge.source_port, f"{OURS}target_port": edge.target_port}
        if written != edge.label or text_of(_html(written)) != edge.label:
            attributes |= {f"{OURS}written": written, f"{OURS}label": edge.label}
        id = self._free(edge.id)
        if id != edge.id:
            attributes[f"{OURS}id"] = edge.id
        return self._wrapped(written, attributes, cell, id)

    def _wrapped(self, label: str, attributes: Mapping[str, str], cell: Element, id: str) -> Element:
        said = {"label": _html(label), **attributes, "id": id}
        wrapper = Element(
            "object", {name: self.said(text, id) for name, text in said.items() if text or name == "label"}
        )
        wrapper.append(cell)
        return wrapper


def _is_free(name: str) -> bool:
    """Tell whether an attribute may have this name, and nothing else has."""
    return bool(_NAME.fullmatch(name)) and name not in OWN_ATTRIBUTES and not name.startswith((OURS, "xml"))


def _html(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>")


def _style(node: Node) -> str:
    """Return the style it was imported with if it is still of that kind, else that of its kind; with its colour."""
    kept = imported_of(node, "drawio")
    held = kept.get("style")
    style = Style.of(held if isinstance(held, str) and kept.get("kind") == node.kind else KIND_STYLES[node.kind])
    colour = own_colour(node)
    more = f"strokeColor={colour};" if colour and colour != style.colour else ""
    more += "dashed=1;" if not node.enabled and not style.get("dashed") else ""
    return f"{style.text.rstrip(';')};{more}"


def _exit(source: Node, edge: Edge) -> str:
    """Return where the edge leaves and enters: at its port on the right, and in the middle of the left."""
    height = port_point(source, edge.source_port, "out")[1] - source.y
    return f"exitX=1;exitY={_number(height / source.height)};entryX=0;entryY=0.5;"


def _number(value: float) -> str:
    return f"{round(value, 4):.4f}".rstrip("0").rstrip(".")
