"""What a collapsed group hides: all that is inside it, and the edges among that. Other edges end at the group.

The group itself is drawn as large as its header; the document keeps the size that it has when it is open. The page's
scripts draw the same (`standIn` in `static/js/canvas/graph.js`, `folded` in `static/js/lib/geometry.js`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flows.document import Edge, Node, folded


def is_collapsed(node: Node) -> bool:
    """Tell whether a node is a group that hides its members."""
    return node.kind == "group" and node.settings.get("collapsed") is True


def drawn(node: Node) -> Node:
    """Return a node as large as it is drawn."""
    if not is_collapsed(node):
        return node
    width, height = folded(node.width, node.height)
    return replace(node, width=width, height=height)


def stand_ins(nodes: Iterable[Node]) -> dict[str, Node]:
    """Return what is drawn in the place of each hidden node: the outermost collapsed group around it."""
    by_id = {node.id: node for node in nodes}
    groups = {id: drawn(node) for id, node in by_id.items() if is_collapsed(node)}
    if not groups:
        return {}
    return {id: groups[group.id] for id, node in by_id.items() if (group := _outermost(node, by_id))}


def is_hidden(edge: Edge, hidden: Mapping[str, Node]) -> bool:
    """Tell whether both ends of an edge are drawn as the same group."""
    source, target = hidden.get(edge.source), hidden.get(edge.target)
    return source is not None and target is not None and source.id == target.id


def _outermost(node: Node, by_id: Mapping[str, Node]) -> Node | None:
    found, parent = None, node.parent
    while parent and (group := by_id.get(parent)):
        found = group if is_collapsed(group) else found
        parent = group.parent
    return found
