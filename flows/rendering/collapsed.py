"""What a collapsed group hides: all that is inside it, and the edges among that. Other edges end at the group.

The page's scripts draw the same (`standIn` in `static/js/canvas/graph.js`).
"""

from collections.abc import Iterable, Mapping

from flows.document import Edge, Node


def is_collapsed(node: Node) -> bool:
    """Tell whether a node is a group that hides its members."""
    return node.kind == "group" and node.settings.get("collapsed") is True


def stand_ins(nodes: Iterable[Node]) -> dict[str, Node]:
    """Return what is drawn in the place of each hidden node: the outermost collapsed group around it."""
    by_id = {node.id: node for node in nodes}
    if not any(map(is_collapsed, by_id.values())):
        return {}
    return {id: group for id, node in by_id.items() if (group := _outermost(node, by_id))}


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
