"""A decision's branches are its outputs, and edges hang on them by name: one that is renamed takes its edges along.

What became of which name is seen from the two lists. `static/js/lib/branches.js` has the same rule;
`tests/vectors/branches.json` holds both to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from flows.document import Edge, Node

MAX_BRANCHES = 100


def renamed(before: Sequence[str], after: Sequence[str]) -> dict[str, str]:
    """Tell which names became which: those between the same two that stayed, in order, unless there are fewer now."""
    gone, come = _between(before, after), _between(after, before)
    return {
        old: new
        for at, names in gone.items()
        if len(names) <= len(come.get(at, ()))
        for old, new in zip(names, come[at], strict=False)
    }


def edit_branches(node: Node, changes: dict[str, Any], edges: Iterable[Edge]) -> list[dict[str, Any]]:
    """Return the operations that change a decision's branches: edges of a renamed one move while both names exist."""
    before, after = _names(node.settings.get("branches")), _names(changes["settings"]["branches"])
    names = renamed(before, after)
    own = [edge for edge in edges if edge.source == node.id]
    taken = {edge.ends for edge in own}
    moved = {edge.id: names[edge.source_port] for edge in own if edge.source_port in names}
    moved = {
        edge.id: moved[edge.id]
        for edge in own
        if edge.id in moved and replace(edge, source_port=moved[edge.id]).ends not in taken
    }
    fallback = str(node.settings.get("default_branch", ""))
    if fallback in names:
        changes = {**changes, "settings": {"default_branch": names[fallback], **changes["settings"]}}
    last = _edit(node, changes)
    if not moved:
        return [last]
    needed = [*(edge.source_port for edge in own if edge.source_port in before), *names.values()]
    both = list(dict.fromkeys([*after, *needed]))
    both = list(dict.fromkeys(needed)) if len(both) > MAX_BRANCHES else both
    moves = [{"kind": "edit_edge", "id": id, "set": {"source_port": port}} for id, port in moved.items()]
    return [_edit(node, {"settings": {"branches": both}}), *moves, last]


def _between(names: Sequence[str], kept: Sequence[str]) -> dict[str, list[str]]:
    """Return the names that are not among those kept, by the kept one before them."""
    found: dict[str, list[str]] = {}
    at = ""
    for name in names:
        if name in kept:
            at = name
        else:
            found.setdefault(at, []).append(name)
    return found


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, (list, tuple)) else []


def _edit(node: Node, changes: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "edit_node", "id": node.id, "set": changes}
