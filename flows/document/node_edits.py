"""The operations that give a node back what it was, one for each group of properties that can only go together.

A group that goes back to its place by itself is resized, not moved: a move would take its members along.
"""

from collections.abc import Iterable, Mapping
from typing import cast

from flows.document.elements import Node
from flows.document.operations import EditNode, MoveNode, NodeChanges, ResizeNode, SingleOperation

_PLAIN = ("label", "description", "colour", "enabled")
"""Properties that stand in any one edit."""


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
    changes = cast(NodeChanges, {name: getattr(before, name) for name in _PLAIN if name in wanted})
    if changes:
        edits.append((EditNode(now.id, changes), list(changes)))
    keys = [name.partition(".")[2] for name in sorted(wanted) if name.startswith("settings.")]
    plain = {key: before.settings.get(key) for key in keys if key != "branches"}
    if plain:
        edits.append((EditNode(now.id, {"settings": plain}), [f"settings.{key}" for key in plain]))
    if "branches" in keys:
        branches = {"branches": before.settings.get("branches")}
        edits.append((EditNode(now.id, {"settings": branches}), ["settings.branches"]))
    if "parent" in wanted:
        edits.append((EditNode(now.id, {"parent": before.parent}), ["parent"]))
    return edits


def with_settings(node: Node, changes: NodeChanges) -> Node:
    """Return the node with the settings that an edit leads to."""
    merged = {**node.settings, **changes.get("settings", {})}
    kept = {name: value for name, value in merged.items() if value is not None}
    return _copied(node, node.parent, kept)


def in_group(node: Node, parent: str | None) -> Node:
    """Return the node in another group, or in none."""
    return _copied(node, parent, node.settings)


def _copied(node: Node, parent: str | None, settings: Mapping[str, object]) -> Node:
    return Node(
        node.id, node.kind, node.x, node.y, node.width, node.height,
        node.label, node.description, node.colour, parent, node.enabled, settings,
    )  # fmt: skip
