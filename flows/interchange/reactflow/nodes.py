"""The nodes of a React Flow file as ours: where they stand, which kind they are, and what is kept for the way back."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext

from flows.interchange.budget import Budget
from flows.interchange.colours import read_colour
from flows.interchange.foreign_json import (
    as_list,
    as_number,
    as_object,
    as_place,
    as_size,
    as_text,
    branch_names,
    fill,
    first_text,
    kind_with_ends,
    label_text,
    own_kind,
    pack,
    tell_unknown,
)
from flows.interchange.neutral import NeutralNode
from flows.interchange.reactflow.kinds import kind_of, note_text, settings_of
from flows.interchange.report import Report

NAME = "reactflow"
LOOKS = {"style", "className", "markerEnd", "markerStart", "labelStyle", "labelBgStyle", "arrowHeadType", "zIndex"}
_SAID = {
    *("id", "type", "data", "position", "positionAbsolute", "parentId", "parentNode", "origin", "width", "height"),
    *("measured", "initialWidth", "initialHeight", "selected", "dragging", "resizing"),
}
_STOCK = ("", "default", "input", "output", "group")
_SAID_OF_DATA = {"label", "description", "selected", "id", "kind", "settings", "unset", "enabled", "colour"}


@dataclass(slots=True)
class Given:
    """A node as it stands in the file, with the edges that begin at it."""

    key: str
    raw: dict[str, object]
    data: dict[str, object]
    parent: str | None = None
    wires: list["Wire"] = field(default_factory=list)
    has_incoming: bool = False
    is_parent: bool = False
    corner: tuple[float, float] | None = None


@dataclass(slots=True)
class Wire:
    """An edge as it stands in the file; `output` and `input` are its handles."""

    raw: dict[str, object]
    source: str
    target: str
    output: str
    input: str


def place(node: Given, given: dict[str, Given], budget: Budget) -> None:
    """Work out the absolute corner, from the outermost parent inwards; a circle of parents ends where it began."""
    chain: list[Given] = []
    seen: set[str] = set()
    step: Given | None = node
    while step is not None and step.corner is None and step.key not in seen:
        budget.step()
        seen.add(step.key)
        chain.append(step)
        step = given[step.parent] if step.parent is not None else None
    for one in reversed(chain):
        above = given[one.parent].corner if one.parent is not None else None
        position = as_object(one.raw.get("position"))
        x, y = as_number(position.get("x")) or 0, as_number(position.get("y")) or 0
        width, height = _size(one)
        origin = [as_number(part) or 0 for part in as_list(one.raw.get("origin"))[:2]]
        if len(origin) == 2:
            x, y = x - origin[0] * (width or 0), y - origin[1] * (height or 0)
        one.corner = (x + above[0], y + above[1]) if above else (x, y)


def _size(node: Given) -> tuple[float | None, float | None]:
    raw, style, measured = node.raw, as_object(node.raw.get("style")), as_object(node.raw.get("measured"))
    return (
        as_size(raw.get("width"), style.get("width"), measured.get("width"), raw.get("initialWidth")),
        as_size(raw.get("height"), style.get("height"), measured.get("height"), raw.get("initialHeight")),
    )


def node_of(given: Given, shown: Counter[str], report: Report) -> NeutralNode:
    """Return a node of ours; `shown` counts the looks that are kept."""
    raw, data = given.raw, given.data
    type, style = as_text(raw.get("type")), as_object(raw.get("style"))
    kind = _kind(given, type)
    is_own = bool(own_kind(data))
    label = as_text(data.get("label")) if is_own else _label(raw, data, kind)
    node = NeutralNode(given.key, kind, label, parent=given.parent)
    node.description = as_text(data.get("description")) or as_text(as_object(data.get("node")).get("description"))
    node.enabled = data.get("enabled") is not False and data.get("disabled") is not True
    position = as_object(raw.get("position"))
    if given.corner and "x" in position and "y" in position:
        node.x, node.y = as_place(given.corner[0]), as_place(given.corner[1])
    node.width, node.height = _size(given)
    fills = (data.get("colour"), data.get("color"), style.get("backgroundColor"), style.get("background"))
    node.colour = next((colour for fill in fills if (colour := read_colour(fill))), "")
    if kind == "transform" and not is_own and type not in (*_STOCK, kind):
        tell_unknown(node, type, report)
    if raw.get("hidden") is True or raw.get("isHidden") is True:
        report.approximate("style", given.key, gettext("It is hidden in the file, and shown here."))
    settings = settings_of(kind, data)
    if kind == "decision" and "branches" not in as_object(data.get("settings")):
        settings["branches"] = _branches(given)
    fill(node, settings, report, data)
    if not is_own and kind == "note" and node.description == node.settings.get("text"):
        node.description = ""
    shown.update(name for name in LOOKS & raw.keys() if name != "style" or style.keys() - {"width", "height"})
    imported = _imported(given, type)
    if not (data.get("kind") and type in _STOCK and imported.keys() <= {"format", "id", "type"}):
        node.imported = pack(imported, node, report)
    return node


def _kind(given: Given, type: str) -> str:
    if given.is_parent:
        return "group"
    kind = kind_of(type, given.data)
    handles = {wire.output for wire in given.wires if wire.output}
    if kind == "transform" and len(handles) > 1:
        return "decision"
    return kind_with_ends(kind, has_incoming=given.has_incoming, has_outgoing=bool(given.wires))


def _label(raw: Mapping[str, object], data: Mapping[str, object], kind: str) -> str:
    node = as_object(data.get("node"))
    held = (data.get("label"), data.get("title"), data.get("displayName"), data.get("name"), raw.get("label"))
    label = first_text(*(shown_text(value) for value in held), node.get("display_name"), data.get("type"))
    if kind == "note" and label == note_text(data):
        return ""
    return label_text(label)


def shown_text(value: object) -> str:
    """Return the text of a label, also of one that was a React element: the strings among its children."""
    if not isinstance(value, (dict, list)):
        return as_text(value)
    pieces: list[str] = []
    stack: list[object] = [value]
    for _ in range(200):
        if not stack:
            break
        match stack.pop():
            case str() as text:
                pieces.append(text)
            case list() as items:
                stack.extend(reversed(items[:50]))
            case dict() as element:
                inner = as_object(element.get("props")).get("children")
                stack.append(inner if inner is not None else first_text(element.get("label"), element.get("text")))
    return " ".join(" ".join(pieces).split())


def _branches(given: Given) -> list[str]:
    handles = dict.fromkeys(wire.output for wire in given.wires if wire.output not in ("", "default"))
    return branch_names(handles)[:100]


def _imported(given: Given, type: str) -> dict[str, object]:
    rest = {name: _harmless(value) for name, value in given.raw.items() if name not in _SAID}
    data = {name: value for name, value in given.data.items() if name not in _SAID_OF_DATA}
    wires = [
        [wire.target, wire.output, wire.input, as_text(wire.raw.get("type"))]
        for wire in given.wires
        if wire.output or wire.input or wire.raw.get("type")
    ]
    label = given.data.get("label")
    name = next((name for name in ("label", "title", "name") if as_text(given.data.get(name))), "label")
    shown = {"label_of": name} if label is None and name != "label" else {}
    if kept := rest.get("style"):
        rest["style"] = {name: value for name, value in as_object(kept).items() if name not in ("width", "height")}
    held = {
        "data": data,
        "wires": wires,
        **shown,
        "more": {name: value for name, value in rest.items() if value not in (None, "", {}, [])},
    }
    return {"format": NAME, "id": given.key, "type": type, **{name: value for name, value in held.items() if value}}


def _harmless(value: object) -> object:
    """Take away what would make a page fetch something."""
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if not (isinstance(part, str) and "url(" in part.lower())}
    return value
