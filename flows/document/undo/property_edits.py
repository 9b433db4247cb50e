"""The operations that give an element what it was, one for each group of properties that can only go together.

A group that goes back to its place by itself is resized, not moved: a move would take its members along.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from flows.document.elements import (
    EDGE_PROPERTIES,
    NODE_PROPERTIES,
    SETTINGS,
    Edge,
    EdgeChanges,
    FlowChanges,
    Held,
    Node,
    NodeChanges,
)
from flows.document.operations import EditEdge, EditFlow, EditNode, MoveNode, ResizeNode, SingleOperation

_TOGETHER = [name for name in NODE_PROPERTIES if name not in ("position", "size", "parent")]
"""Properties of a node that any one edit can hold together."""


def node_edits(now: Node, before: Node, names: Iterable[str]) -> list[tuple[SingleOperation, list[str]]]:
    """Return what gives these properties their earlier values: each operation with the properties it is for."""
    edits: list[tuple[SingleOperation, list[str]]] = []
    wanted = set(names)
    geometry: list[str] = [name for name in ("position", "size") if name in wanted]
    if "size" in wanted or (geometry and now.kind == "group"):
        size = before if "size" in wanted else now
        x, y = (before.x, before.y) if "position" in wanted else (None, None)
        edits.append((ResizeNode(now.id, size.width, size.height, x, y), geometry))
    elif geometry:
        edits.append((MoveNode(now.id, before.x, before.y), geometry))
    changes = cast(NodeChanges, {name: getattr(before, name) for name in _TOGETHER if name in wanted})
    if changes:
        edits.append((EditNode(now.id, changes), list(changes)))
    keys = [name.removeprefix(SETTINGS) for name in sorted(wanted) if name.startswith(SETTINGS)]
    plain = {key: before.settings.get(key) for key in keys if key != "branches"}
    if plain:
        edits.append((EditNode(now.id, {"settings": plain}), [f"{SETTINGS}{key}" for key in plain]))
    if "branches" in keys:
        branches = {"branches": before.settings.get("branches")}
        edits.append((EditNode(now.id, {"settings": branches}), ["settings.branches"]))
    if "parent" in wanted:
        edits.append((EditNode(now.id, {"parent": before.parent}), ["parent"]))
    return edits


def edge_edits(before: Edge, names: Iterable[str]) -> list[tuple[SingleOperation, list[str]]]:
    """Return what gives an edge these properties again: its ends by themselves, for they may be taken."""
    wanted = set(names)
    parts = [[name for name in EDGE_PROPERTIES if name != "ends"], ["ends"]]
    found = ([name for name in part if name in wanted] for part in parts)
    return [(EditEdge(before.id, _edge_changes(before, part)), part) for part in found if part]


def property_edit(now: Held, name: str, value: object) -> SingleOperation:
    """Return the operation that gives a property a value that it has had."""
    match now:
        case Node():
            return node_edits(now, _with(now, name, value), [name])[0][0]
        case Edge():
            fields = EDGE_PROPERTIES[name]
            values = cast("tuple[object, ...]", value) if len(fields) > 1 else (value,)
            return EditEdge(now.id, cast(EdgeChanges, dict(zip(fields, values, strict=True))))
        case _:
            return EditFlow(cast(FlowChanges, {name: value}))


def _edge_changes(edge: Edge, names: Iterable[str]) -> EdgeChanges:
    fields = [field for name in names for field in EDGE_PROPERTIES[name]]
    return cast(EdgeChanges, {field: getattr(edge, field) for field in fields})


def _with(node: Node, name: str, value: object) -> Node:
    if name.startswith(SETTINGS):
        return replace(node, settings={**node.settings, name.removeprefix(SETTINGS): value})
    fields = NODE_PROPERTIES[name]
    values = cast("tuple[object, ...]", value) if len(fields) > 1 else (value,)
    return replace(node, **dict(zip(fields, values, strict=True)))  # type: ignore[arg-type]
