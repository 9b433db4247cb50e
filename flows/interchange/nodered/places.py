"""Where the nodes of a tab stand here: centres become corners, and unfolded subflows get room of their own."""

from collections import defaultdict
from collections.abc import Mapping

from flows.document.kinds.ports import default_size
from flows.interchange.foreign_json import as_place
from flows.interchange.neutral import NeutralNode
from flows.interchange.nodered.subflows import Placed

BETWEEN = 80
MARGIN = 40
HEADER = 44


def set_down(placed: Mapping[str, Placed], nodes: Mapping[str, NeutralNode], below: float | None) -> float | None:
    """Give each node of a tab its corner; return where the tab ends.

    Unfolded subflows stand below their surroundings, and everything below the tab before, which ended at `below`.
    """
    inside: dict[str | None, list[Placed]] = defaultdict(list)
    for one in placed.values():
        inside[one.frame].append(one)
    for one in placed.values():
        node, raw = nodes[one.key], one.raw
        x, y = as_place(raw.get("x")), as_place(raw.get("y"))
        if x is None or y is None or one.unfolds:
            continue
        usual = default_size(node.kind, node.settings)
        width, height = node.width or usual[0], node.height or usual[1]
        node.x, node.y = (x, y) if node.kind == "group" else (x - width / 2, y - height / 2)
    for one in reversed([*placed.values()]):
        if one.unfolds:
            _stack(inside[one.key], nodes)
            _frame(nodes[one.key], inside[one.key], nodes)
    _stack(inside[None], nodes)
    _shift(placed, nodes)
    standing = [node for node in nodes.values() if node.y is not None]
    if below is not None and standing:
        down = below + BETWEEN - min(node.y or 0 for node in standing)
        for node in standing:
            node.y = (node.y or 0) + down
    return max(map(_bottom, standing), default=below)


def _stack(members: list[Placed], nodes: Mapping[str, NeutralNode]) -> None:
    """Place unfolded instances below each other, under all else that stands with them."""
    placed = [nodes[one.key] for one in members if not one.unfolds and nodes[one.key].y is not None]
    left = min((node.x or 0 for node in placed), default=0)
    below = max((_bottom(node) for node in placed), default=0)
    for one in members:
        if one.unfolds:
            node = nodes[one.key]
            node.x, node.y = left, below + MARGIN
            below = _bottom(node)


def _frame(group: NeutralNode, members: list[Placed], nodes: Mapping[str, NeutralNode]) -> None:
    """Size a group to hold its members, which are moved to their place in it when all places are known."""
    held = [nodes[one.key] for one in members if nodes[one.key].y is not None]
    left, top = min((node.x or 0 for node in held), default=0), min((node.y or 0 for node in held), default=0)
    right = max(
        ((node.x or 0) + (node.width or default_size(node.kind, node.settings)[0]) for node in held), default=240
    )
    group.width = right - left + 2 * MARGIN
    group.height = max((_bottom(node) for node in held), default=120) - top + HEADER + 2 * MARGIN
    for one in members:
        one.dx, one.dy = MARGIN - left, HEADER + MARGIN - top


def _shift(placed: Mapping[str, Placed], nodes: Mapping[str, NeutralNode]) -> None:
    """Move what is in an unfolded group to where the group stands, from the outside inwards."""
    for one in placed.values():
        node = nodes[one.key]
        if one.frame is not None and node.x is not None and node.y is not None:
            frame = nodes[one.frame]
            node.x += one.dx + (frame.x or 0)
            node.y += one.dy + (frame.y or 0)


def _bottom(node: NeutralNode) -> float:
    return (node.y or 0) + _height(node)


def _height(node: NeutralNode) -> float:
    return node.height or default_size(node.kind, node.settings)[1]
